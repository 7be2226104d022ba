"""Log-in: django-allauth with e-mail and password, and nothing of it that is not needed.

Nobody signs up: administrators create users, who set their passwords by the link in a mail.
"""

import ipaddress
from logging import getLogger
from smtplib import SMTPException
from typing import Any

from allauth.account import views
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.models import AnonymousUser
from django.core.mail import send_mail
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import path, re_path, reverse
from django.utils import translation
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _
from django.views.generic import RedirectView
from django_q.tasks import async_task

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
    user = User.objects.filter(pk=user_id, is_active=True).first()
    if user is None:
        return "gone"
    with translation.override(language or settings.LANGUAGE_CODE):
        subject, body = link_mail(user)
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
        "user": user,
        "operator": settings.ATS_OPERATOR,
        "url": settings.ATS_SITE_URL + reverse("account_reset_password_from_key", kwargs=key),
        "hours": settings.PASSWORD_RESET_TIMEOUT // 3600,
    }
    subject = render_to_string("account/email/password_reset_key_subject.txt", context)
    body = render_to_string("account/email/password_reset_key_message.txt", context)
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
]
