"""Log-in at the operator's own provider of OpenID Connect, for users that are here already.

The provider says who somebody is, by the address that it has for them; it makes no users, and no
row is kept of it. Whoever decides over its addresses decides who logs in: see docs/operation.md.
"""

from collections.abc import Callable
from functools import wraps
from logging import getLogger
from typing import Any

from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.internal import jwtkit
from allauth.socialaccount.models import SocialApp, SocialLogin
from allauth.socialaccount.providers.base.constants import AuthError, AuthProcess
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView, OAuth2LoginView
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.cache import cache
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from requests import RequestException

from candidates.models import User

logger = getLogger("ats.oidc")

#: For how many seconds we remember where the provider's addresses are.
KNOWN_FOR = 600


class Provider(OpenIDConnectOAuth2Adapter):  # type: ignore[misc]
    """Believes what the provider has signed, and nothing else."""

    @property
    def openid_config(self) -> dict[str, Any]:
        address = self.get_provider().server_url
        found: dict[str, Any] | None = cache.get(f"oidc-{address}")
        if found is None:
            found = dict(super().openid_config)
            cache.set(f"oidc-{address}", found, KNOWN_FOR)
        return found

    def complete_login(
        self, request: HttpRequest, app: SocialApp, token: Any, **kwargs: Any
    ) -> SocialLogin:
        claims = self.signed(app, kwargs["response"]["id_token"])
        said = {"id_token": claims}
        if not claims.get("email"):
            about = self._fetch_user_info(token.token)
            if about["sub"] != claims["sub"]:  # OpenID Connect Core 1.0, 5.3.2
                raise OAuth2Error("userinfo is about somebody else")
            said["userinfo"] = about
        return self.get_provider().sociallogin_from_response(request, said)

    def signed(self, app: SocialApp, id_token: str) -> dict[str, Any]:
        """Return what an id_token says; allauth takes one that came over TLS without a look."""
        found: dict[str, Any] = jwtkit.verify_and_decode(
            credential=id_token,
            keys_url=self.openid_config["jwks_uri"],
            issuer=self.openid_config["issuer"],
            audience=app.client_id,
            lookup_kid=jwtkit.lookup_kid_jwk,
        )
        return found


class Adapter(DefaultSocialAccountAdapter):  # type: ignore[misc]
    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        return False

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Find whose log-in this is: by the address, and without linking anything."""
        if sociallogin.state.get("process") != AuthProcess.LOGIN:
            raise ImmediateHttpResponse(failed(request, status=400))
        sociallogin.user = whose(said(sociallogin))
        if sociallogin.user is None:
            raise ImmediateHttpResponse(failed(request, status=403))

    def on_authentication_error(
        self,
        request: HttpRequest,
        provider: Any,
        error: str | None = None,
        exception: Exception | None = None,
        extra_context: dict[str, Any] | None = None,
    ) -> None:
        if error == AuthError.CANCELLED:
            raise ImmediateHttpResponse(HttpResponseRedirect(reverse("account_login")))
        raise ImmediateHttpResponse(failed(request, error=exception))


def said(sociallogin: SocialLogin) -> dict[str, Any]:
    """Return what the provider said of a person; what it signed comes before the rest."""
    data = sociallogin.account.extra_data
    return {**data.get("userinfo", {}), **data["id_token"]}


def whose(claims: dict[str, Any]) -> User | None:
    """Return the user with the address, unless the provider says that it is not confirmed.

    Some providers of firms do not say either: whoever runs one decides on its addresses.
    """
    confirmed = claims.get("email_verified", True) in {True, "true"}
    address = claims.get("email")
    if not confirmed or not isinstance(address, str):
        return None
    return User.objects.filter(email=address.lower()).first()


def has_second_factor(sociallogin: SocialLogin) -> bool:
    """Whether the provider has asked for a second factor: always, or this time (RFC 8176)."""
    methods = sociallogin.account.extra_data["id_token"].get("amr")
    return settings.ATS_OIDC_SECOND_FACTOR or (isinstance(methods, list) and "mfa" in methods)


# Pages ------------------------------------------------------------------------------------

View = Callable[[HttpRequest, str], HttpResponseBase]


def failed(
    request: HttpRequest, *, status: int = 502, error: Exception | None = None
) -> HttpResponse:
    """Return the page that says why nobody is logged in; the log has no more than the kind."""
    logger.warning("No log-in by OpenID Connect: %s %s", status, type(error).__name__)
    return render(request, "account/oidc_failed.html", {"status": status}, status=status)


def careful(view: View) -> View:
    """Answer with a page, whatever a provider that is down or not one at all sends."""

    @login_not_required
    @wraps(view)
    def guarded(request: HttpRequest, provider_id: str) -> HttpResponseBase:
        if not settings.SOCIALACCOUNT_PROVIDERS:
            raise Http404
        try:
            return view(request, provider_id)
        except (RequestException, OAuth2Error, LookupError, TypeError, ValueError) as error:
            return failed(request, error=error)

    return guarded


@careful
def login(request: HttpRequest, provider_id: str) -> HttpResponseBase:
    view: View = OAuth2LoginView.adapter_view(Provider(request, provider_id))
    return view(request)  # type: ignore[call-arg]


@careful
def callback(request: HttpRequest, provider_id: str) -> HttpResponseBase:
    view: View = OAuth2CallbackView.adapter_view(Provider(request, provider_id))
    return view(request)  # type: ignore[call-arg]
