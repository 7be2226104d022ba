"""The menu of the workspace: to each role what it has, and how much of it waits."""

from typing import NamedTuple

from django.urls import reverse_lazy
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from candidates import access
from candidates.access import Role
from candidates.agenda import MOST, Kind, Rail
from candidates.models import User


class Entry(NamedTuple):
    """One line of the menu and the roles that have it."""

    section: str
    label: Promise
    icon: str
    url: Promise
    roles: tuple[Role, ...]
    #: How much of it waits, in figures; "" shows no number.
    waiting: str = ""


OFFICER = (Role.PRIVACY_OFFICER,)

MENU = (
    Entry("today", _("Today"), "inbox", reverse_lazy("hr:today"), tuple(Role)),
    Entry(
        "applications", _("Applications"), "list", reverse_lazy("hr:applications"), access.READERS
    ),
    Entry("jobs", _("Jobs"), "square-kanban", reverse_lazy("hr:jobs"), access.READERS),
    Entry("mail", _("Mail"), "mail", reverse_lazy("hr:mails"), (Role.RECRUITER,)),
    Entry("employees", _("Employees"), "users", reverse_lazy("hr:employees"), (Role.PERSONNEL,)),
    Entry("retention", _("Retention"), "contrast", reverse_lazy("hr:retention"), OFFICER),
    Entry(
        "requests",
        _("Requests"),
        "message-square-text",
        reverse_lazy("hr:requests"),
        access.CONFIRMERS,
    ),
    Entry("reads", _("Read log"), "eye", reverse_lazy("hr:reads"), OFFICER),
    Entry("policy", _("Policy"), "scale", reverse_lazy("hr:policy"), OFFICER),
    Entry(
        "settings",
        _("Settings"),
        "sliders-horizontal",
        reverse_lazy("hr:templates"),
        (Role.RECRUITER, Role.ADMINISTRATOR),
    ),
    Entry(
        "admin", _("Administration"), "settings", reverse_lazy("admin:index"), (Role.ADMINISTRATOR,)
    ),
)


def menu(user: User, rail: Rail) -> list[Entry]:
    """Return the entries of a person's roles, with the numbers of what waits.

    Mail is there only while some waits; so is Today for those who read no applications.
    """
    numbers = {"today": figures(rail.total), "mail": figures(rail.of(Kind.STRAY))}
    always = {"today"} if access.has(user, *access.READERS) else set()
    return [
        entry._replace(waiting=numbers.get(entry.section, ""))
        for entry in MENU
        if access.has(user, *entry.roles)
        and (entry.section in always or numbers.get(entry.section) != "")
    ]


def figures(number: int) -> str:
    """Return a number for a narrow place: none for nothing, and no more than we count."""
    if number >= MOST:
        return f"{MOST - 1}+"
    return str(number or "")
