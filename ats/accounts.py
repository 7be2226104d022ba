"""Log-in: django-allauth with e-mail and password, and nothing of it that is not needed."""

from allauth.account import views
from allauth.account.adapter import DefaultAccountAdapter
from django.urls import path, re_path
from django.views.generic import RedirectView


class Adapter(DefaultAccountAdapter):  # type: ignore[misc]
    pass


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
        RedirectView.as_view(pattern_name="account_reset_password"),
        name="account_set_password",
    ),
    path("password/reset/", views.password_reset, name="account_reset_password"),
    path("password/reset/done/", views.password_reset_done, name="account_reset_password_done"),
    re_path(
        r"^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>[^/]+)/$",
        views.password_reset_from_key,
        name="account_reset_password_from_key",
    ),
    path(
        "password/reset/key/done/",
        views.password_reset_from_key_done,
        name="account_reset_password_from_key_done",
    ),
]
