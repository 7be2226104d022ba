"""Log-in: django-allauth, and nothing of it that is not needed.

Nobody signs up: administrators create users, who set their passwords by the link in a mail. The
second factor is in factors/, log-in elsewhere in oidc.py.
"""

import ipaddress
from collections.abc import Callable
from logging import getLogger
from smtplib import SMTPException
from typing import Any

from allauth.account import views
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from allauth.mfa.base.views import ReauthenticateView
from django.conf import settings
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.models import AnonymousUser
from django.core.mail import send_mail
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import path, re_path, reverse
from django.utils import translation
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _
from django.views.generic import RedirectView
from django_q.tasks import async_task

from ats import oidc
from ats.factors import proof
from ats.factors import views as factors
from ats.middleware import client_ip
from candidates import access
from candidates.access import Role
from candidates.models import User

logger = getLogger("ats.accounts")

WRONG = _("The e-mail address or the password is not right. Check both and try again.")


class Adapter(DefaultAccountAdapter):  # type: ignore[misc]
    """How we differ from allauth's defaults."""

    error_messages = DefaultAccountAdapter.error_messages | {
        "account_inactive": _("This account is switched off. Ask your administrator."),
        "email_password_mismatch": WRONG,
        "enter_current_password": _("This is not your present password. Type it again."),
        "incorrect_password": _("This is not your password. Type it again."),
        "too_many_login_attempts": _(
            "Too many wrong tries. Wait five minutes, then try again, or set a new password."
        ),
        "rate_limited": _("Too many tries. Wait a few minutes, then try again."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def is_ajax(self, request: HttpRequest) -> bool:
        """Every page is a page: allauth's answers in JSON would be a second way in."""
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        """Return what stands for the visitor's address in rate limits.

        A keyed hash, since limits are kept in the cache; of the network for IPv6, where one
        visitor has many addresses.
        """
        address = client_ip(request)
        if isinstance(address, ipaddress.IPv6Address):
            address = ipaddress.ip_network((address, 64), strict=False).network_address
        return salted_hmac("ats.accounts.address", str(address)).hexdigest()

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        return home(request.user)

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return home(request.user)

    def add_message(self, request: HttpRequest, level: int, *args: Any, **kwargs: Any) -> None:
        """Say only what the next page does not show by itself: that the password is changed."""
        if "account/messages/password_changed.txt" in args:
            super().add_message(request, level, *args, **kwargs)

    def get_login_stages(self) -> list[str]:
        ours = {"allauth.mfa.stages.AuthenticateStage": "ats.factors.adapter.Stage"}
        return [ours.get(stage, stage) for stage in super().get_login_stages()]

    def pre_login(self, request: HttpRequest, user: User, **kwargs: Any) -> HttpResponse | None:
        """Note the second factor that the provider asked for, if somebody comes from there."""
        elsewhere = (kwargs["signal_kwargs"] or {}).get("sociallogin")
        if elsewhere and oidc.has_second_factor(elsewhere):
            proof.note(request, user, kind="oidc")
        answer: HttpResponse | None = super().pre_login(request, user, **kwargs)
        return answer

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """Ask nobody once more who has just logged in."""
        asked: bool = super().is_reauthentication_required(app=app, **kwargs)
        return asked and not proof.is_fresh(self.request, self.request.user)

    def get_reauthentication_methods(self, user: User) -> list[dict[str, Any]]:
        """Return how to say once more who one is; not by password where a factor is lacking."""
        methods: list[dict[str, Any]] = super().get_reauthentication_methods(user)
        factors = [method for method in methods if method["id"] != "reauthenticate"]
        is_held = settings.ATS_SECOND_FACTOR and not proof.is_proven(self.request, user)
        return factors if is_held and factors else methods

    def set_password(self, user: User, password: str) -> None:
        """Set it, and forget the wrong tries before it."""
        super().set_password(user, password)
        self._delete_login_attempts_cached_email(self.request, email=user.email)

    def send_notification_mail(self, template_prefix: str, user: User, *args: Any) -> None:
        """Tell a user that the log-in was changed, by a job; not of the first password."""
        if user.last_login:
            async_task("ats.accounts.send_notice", user.pk, translation.get_language() or "")

    def reauthenticate(self, user: User, password: str) -> bool:
        found = self.authenticate(self.request, email=user.email, password=password)
        return found is not None and found.pk == user.pk

    def send_password_reset_mail(self, user: User, email: str, context: dict[str, Any]) -> None:
        invite(user)


def home(user: User | AnonymousUser) -> str:
    """Return where a user starts: administrators who are nothing else at the admin."""
    if access.roles(user) == {Role.ADMINISTRATOR}:
        return reverse("admin:index")
    return reverse(settings.LOGIN_REDIRECT_URL)


def log_in_url(following: str) -> str:
    """Return the log-in page's address, to go on to another afterwards."""
    return reverse(settings.LOGIN_URL, query={REDIRECT_FIELD_NAME: following})


def invite(user: User) -> None:
    """Have a mail sent with the link to set a password.

    By a job, so that neither a slow mail server nor the time it takes tells who has an account.
    """
    async_task("ats.accounts.send_link", user.pk, translation.get_language() or "")


def send_link(user_id: int, language: str) -> str:
    """Send a user the link to set a password; the job's entry point.

    The token is made here: it stands in no queue.
    """
    return send(user_id, language, link_mail)


def send_notice(user_id: int, language: str) -> str:
    """Tell a user that something was changed at the log-in; the job's entry point."""
    return send(user_id, language, notice_mail)


def send(user_id: int, language: str, write: Callable[[User], tuple[str, str]]) -> str:
    user = User.objects.filter(pk=user_id, is_active=True).first()
    if user is None:
        return "gone"
    with translation.override(language or settings.LANGUAGE_CODE):
        subject, body = write(user)
    try:
        send_mail(subject, body, None, [user.email])
    except (SMTPException, OSError) as error:
        # Without the server's answer, which names the address; django-q keeps what we raise.
        name = type(error).__name__
        raise RuntimeError(f"The mail with the link was not taken: {name}") from None
    return "sent"


def link_mail(user: User) -> tuple[str, str]:
    """Return subject and body of the mail with the link to set a password."""
    key = {"uidb36": user_pk_to_url_str(user), "key": default_token_generator.make_token(user)}
    context = {
        "url": settings.ATS_SITE_URL + reverse("account_reset_password_from_key", kwargs=key),
        "hours": settings.PASSWORD_RESET_TIMEOUT // 3600,
        "is_new": user.last_login is None,
        "needs_second_factor": settings.ATS_SECOND_FACTOR and not proof.has_factor(user),
    }
    return letter("password_reset_key", user, context)


def notice_mail(user: User) -> tuple[str, str]:
    """Return subject and body of the mail that something was changed at the log-in."""
    return letter("changed", user, {"url": settings.ATS_SITE_URL + reverse("mfa_index")})


def letter(name: str, user: User, context: dict[str, Any]) -> tuple[str, str]:
    context |= {"user": user, "operator": settings.ATS_OPERATOR}
    subject = render_to_string(f"account/email/{name}_subject.txt", context)
    body = render_to_string(f"account/email/{name}_message.txt", context)
    return subject.strip(), body.strip() + "\n"


#: The part of allauth's addresses that is in use. Nobody signs up, so there is no sign-up.
urlpatterns = [
    path("login/", views.login, name="account_login"),
    path("logout/", views.logout, name="account_logout"),
    path("inactive/", views.account_inactive, name="account_inactive"),
    path("reauthenticate/", views.reauthenticate, name="account_reauthenticate"),
    path("password/change/", views.password_change, name="account_change_password"),
    # Whoever has no password sets one as if it were forgotten: by the link in a mail.
    path(
        "password/set/",
        login_not_required(RedirectView.as_view(pattern_name="account_reset_password")),
        name="account_set_password",
    ),
    path("password/reset/", views.password_reset, name="account_reset_password"),
    path("password/reset/done/", views.password_reset_done, name="account_reset_password_done"),
    path(
        "password/reset/key/done/",
        views.password_reset_from_key_done,
        name="account_reset_password_from_key_done",
    ),
    re_path(
        r"^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>[^/]+)/$",
        views.password_reset_from_key,
        name="account_reset_password_from_key",
    ),
    path("2fa/", factors.Index.as_view(), name="mfa_index"),
    path("2fa/authenticate/", factors.Authenticate.as_view(), name="mfa_authenticate"),
    path("2fa/reauthenticate/", ReauthenticateView.as_view(), name="mfa_reauthenticate"),
    path("2fa/totp/activate/", factors.ActivateApp.as_view(), name="mfa_activate_totp"),
    path("2fa/totp/deactivate/", factors.DeactivateApp.as_view(), name="mfa_deactivate_totp"),
    path("2fa/recovery-codes/", factors.RecoveryCodes.as_view(), name="mfa_view_recovery_codes"),
    path(
        "2fa/recovery-codes/generate/",
        factors.NewRecoveryCodes.as_view(),
        name="mfa_generate_recovery_codes",
    ),
    path("2fa/passkeys/login/", factors.LogInByPasskey.as_view(), name="mfa_login_webauthn"),
    path("2fa/passkeys/add/", factors.AddPasskey.as_view(), name="mfa_add_webauthn"),
    path(
        "2fa/passkeys/<int:pk>/remove/",
        factors.RemovePasskey.as_view(),
        name="mfa_remove_webauthn",
    ),
    path(
        "2fa/passkeys/reauthenticate/",
        factors.AgainByPasskey.as_view(),
        name="mfa_reauthenticate_webauthn",
    ),
    path("oidc/login/", oidc.login, {"provider_id": "oidc"}, name="openid_connect_login"),
    path(
        "oidc/login/callback/",
        oidc.callback,
        {"provider_id": "oidc"},
        name="openid_connect_callback",
    ),
]
