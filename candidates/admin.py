"""The admin's pages: users, groups and schedules. ats/admin.py says who comes in."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import Group
from django.db import transaction
from django.db.models import Count, Exists, Model, OuterRef, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django_q.models import Schedule

from ats import accounts
from ats.factors import proof
from candidates.access import Role
from candidates.models import User

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Any]
    ModelForm = forms.ModelForm[User]
else:
    ModelAdmin, ModelForm = admin.ModelAdmin, forms.ModelForm


class Page(ModelAdmin):
    """A model whose page is open to everyone whom the site lets in, without adding or deleting."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        return True

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return True

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return True

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class UserForm(ModelForm):
    class Meta:
        model = User
        fields = ("email", "first_name", "last_name", "groups", "is_active")
        labels = {"groups": _("Roles"), "is_active": _("May log in")}
        help_texts = {
            "email": _("Log-in, and where the link to set a password goes."),
            "groups": _("What this person may see and do."),
            "is_active": _("Take this away instead of deleting; it works at once."),
        }
        widgets = {"groups": forms.CheckboxSelectMultiple}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "groups" in self.fields:
            self.fields["groups"].label_from_instance = role_name  # type: ignore[attr-defined]

    def clean_email(self) -> str:
        """Return the address as log-in looks for it: in small letters."""
        return str(self.cleaned_data["email"]).lower()


def role_name(group: Group) -> str:
    """Return a role in words; a group that is no role has its name only."""
    return str(Role(group.name).label) if group.name in Role.values else group.name


class RoleFilter(admin.SimpleListFilter):
    """Filters users by role, in words."""

    title = _("role")
    parameter_name = "role"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(Role.choices)

    def queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> QuerySet[User]:
        return queryset.filter(groups__name=self.value()) if self.value() else queryset


@admin.register(User)
class UserPage(Page):
    form = UserForm
    list_display = (
        *("email", "first_name", "last_name", "role_names"),
        *("has_factor", "is_active", "last_login"),
    )
    list_filter = ("is_active", RoleFilter)
    search_fields = ("email", "first_name", "last_name")
    ordering = ("email",)
    readonly_fields = ("last_login", "date_joined")
    actions = ("send_link", "begin_again")

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        users: QuerySet[User] = super().get_queryset(request).prefetch_related("groups")
        return users.annotate(factor=Exists(proof.factors_of(OuterRef("pk"))))

    @admin.display(description=_("Second factor"), boolean=True)
    def has_factor(self, user: User) -> bool:
        return bool(user.factor)  # type: ignore[attr-defined]

    @admin.display(description=_("Roles"))
    def role_names(self, user: User) -> str:
        return ", ".join(role_name(group) for group in user.groups.all())

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return True

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Whoever is switched off can be deleted: a second step, so that none goes by mistake."""
        return isinstance(obj, User) and not obj.is_active

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        """Save a user; a new one gets the link to set a password, since nobody else knows it."""
        if change:
            super().save_model(request, obj, form, change)
            return
        obj.set_unusable_password()
        super().save_model(request, obj, form, change)
        transaction.on_commit(lambda: accounts.invite(obj))
        messages.info(request, gettext("A mail with the link to set a password is on its way."))

    @admin.action(description=_("Send the link to set a password"))
    def send_link(self, request: HttpRequest, users: QuerySet[User]) -> None:
        active = users.filter(is_active=True)
        for user in active:
            accounts.invite(user)
        sent = len(active)
        messages.info(
            request,
            ngettext("%(sent)d link is on its way.", "%(sent)d links are on their way.", sent)
            % {"sent": sent},
        )

    @admin.action(description=_("Take away password and second factor, and send the link"))
    def begin_again(self, request: HttpRequest, users: QuerySet[User]) -> None:
        """For a phone that is lost, or a password that others know: all sessions end too."""
        for user in users:
            proof.begin_again(user)
            self.log_change(request, user, gettext("Password and second factor taken away"))
        self.send_link(request, users)


@admin.register(Group)
class RolePage(Page):
    """Roles are fixed; who has them is set at the user."""

    fields = readonly_fields = ("role", "members")
    list_display = ("role", "members")
    actions = None

    def get_queryset(self, request: HttpRequest) -> QuerySet[Group]:
        roles: QuerySet[Group] = super().get_queryset(request)
        return roles.annotate(members=Count("user"))

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    @admin.display(description=_("Role"))
    def role(self, group: Group) -> str:
        return role_name(group)

    @admin.display(description=_("People"))
    def members(self, group: Group) -> int:
        return int(group.members)  # type: ignore[attr-defined]


@admin.register(Schedule)
class SchedulePage(Page):
    """When the jobs run next. What they run is fixed: it would be any code at all."""

    fields = ("name", "func", "minutes", "next_run")
    readonly_fields = ("name", "func", "minutes")
    list_display = ("name", "func", "minutes", "next_run")
    actions = None
