"""The admin: users, groups and schedules, for administrators, behind our own log-in.

No model with applicants' data is ever shown here: it would go round the verbs and the roles.
"""

from typing import Any

from django.conf import settings
from django.contrib.admin import AdminSite
from django.contrib.auth import REDIRECT_FIELD_NAME, logout
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from ats import accounts
from candidates import access
from candidates.access import Role

#: All that may be registered, by label; an app that registers more is not listened to.
SHOWN = {"candidates.User", "auth.Group", "django_q.Schedule"}


class Site(AdminSite):
    site_header = site_title = _("Halbjahr: administration")
    index_title = _("Users, roles and schedules")
    site_url = "/hr/"
    enable_nav_sidebar = False

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        """Register what may be shown and is not yet; candidates/admin.py comes first."""
        several = isinstance(model_or_iterable, list | tuple)
        for model in model_or_iterable if several else [model_or_iterable]:
            if model._meta.label in SHOWN and not self.is_registered(model):
                super().register(model, admin_class, **options)

    def has_permission(self, request: HttpRequest) -> bool:
        user = request.user
        if isinstance(user, AnonymousUser) or not user.is_active:
            return False
        return user.is_superuser or access.has(user, Role.ADMINISTRATOR)

    @method_decorator(never_cache)
    @method_decorator(login_not_required)
    def login(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Lead to our own log-in, or say that the role is missing."""
        if request.user.is_authenticated and not self.has_permission(request):
            raise PermissionDenied
        following = request.GET.get(REDIRECT_FIELD_NAME) or reverse("admin:index")
        return redirect(accounts.log_in_url(following))

    @method_decorator(require_POST)
    def logout(  # type: ignore[override]
        self, request: HttpRequest, extra_context: Any = None
    ) -> HttpResponse:
        logout(request)
        return redirect(settings.ACCOUNT_LOGOUT_REDIRECT_URL)

    def password_change(  # type: ignore[override]
        self, request: HttpRequest, extra_context: Any = None
    ) -> HttpResponse:
        return redirect("account_change_password")
