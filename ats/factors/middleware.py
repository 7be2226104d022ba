"""The one place that sees to it that nobody works here without a second factor."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from allauth.account.adapter import get_adapter
from allauth.core.exceptions import ReauthenticationRequired
from django.conf import settings
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.urls import ResolverMatch, reverse
from django.utils.functional import SimpleLazyObject

from ats.middleware import GetResponse
from candidates.models import User

from .proof import Type, factors, is_proven

#: Where a user without a second factor gets one.
SET_UP = {"mfa_index", "mfa_activate_totp", "mfa_add_webauthn", "account_reauthenticate"}
#: Where a user shows the second factor that the session was opened without.
PROVE = {"mfa_reauthenticate", "mfa_reauthenticate_webauthn"}
#: The beginnings of the names of log-in's own pages.
OURS = ("account_", "mfa_", "openid_connect_")


class SecondFactor:
    """Holds a session that has shown no second factor, whatever the address.

    With pages that need a log-in it leads to where the factor is set up, or shown if there is one
    already: whoever has only the password cannot add a factor of their own. For public pages
    such a session is nobody's; log-in's own handle it themselves.

    Where it applies no query is added: what was shown stands in the session.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: Any, kwargs: Any
    ) -> HttpResponseBase | None:
        if not settings.ATS_SECOND_FACTOR:
            return None
        name = own_name(request.resolver_match)
        if not getattr(view, "login_required", True):
            if not name:
                request.user = whoever_is_proven(request, request.user)
            return None
        if isinstance(request.user, AnonymousUser) or is_proven(request, request.user):
            return None
        return hold(request, request.user, name)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponseBase | None:
        """Ask once more who it is, then begin the page anew.

        allauth would keep what was sent in the session, and the visitor's whole address with it.
        """
        if not isinstance(error, ReauthenticationRequired):
            return None
        methods = get_adapter().get_reauthentication_methods(request.user)
        address = methods[0]["url"] if methods else reverse(settings.LOGIN_URL)
        following = urlencode({REDIRECT_FIELD_NAME: request.path})
        return HttpResponseRedirect(f"{address}?{following}")


def own_name(match: ResolverMatch | None) -> str:
    """Return the name of an address if it is one of log-in's own, else nothing."""
    name = match.url_name or "" if match and not match.namespaces else ""
    return name if name.startswith(OURS) else ""


def whoever_is_proven(request: HttpRequest, user: Any) -> Any:
    """Return the user if the session has shown a second factor, else nobody; asked when used."""
    return SimpleLazyObject(
        lambda: user if user.is_authenticated and is_proven(request, user) else AnonymousUser()
    )


def hold(request: HttpRequest, user: User, name: str) -> HttpResponseBase | None:
    """Return where a session without its second factor is led, or None if it is there."""
    kinds = set(factors(user).values_list("type", flat=True))
    if name in (PROVE if kinds else SET_UP):
        return None
    if not kinds:
        return HttpResponseRedirect(reverse("mfa_index"))
    page = "mfa_reauthenticate_webauthn" if Type.WEBAUTHN in kinds else "mfa_reauthenticate"
    following = {REDIRECT_FIELD_NAME: request.get_full_path()} if request.method == "GET" else {}
    return HttpResponseRedirect(reverse(page, query=following))
