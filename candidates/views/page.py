"""The frame of the workspace's pages: its menu, and the one way in which a form acts.

`act` is the edge at which the verbs' refusals are caught: they become a sentence on the page.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse_lazy
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django_htmx.http import HttpResponseClientRedirect

from candidates import access, neighbours, reads
from candidates.access import Role
from candidates.models import Application, Employee, StrayMail, User
from candidates.pipeline import ChangeNotAllowed


class Entry(NamedTuple):
    """One line of the menu and the roles that have it."""

    section: str
    label: Promise
    icon: str
    url: Promise
    roles: tuple[Role, ...]
    #: How much of it waits; 0 shows no number.
    waiting: int = 0


MENU = (
    Entry(
        "applications", _("Applications"), "list", reverse_lazy("hr:applications"), access.READERS
    ),
    Entry("jobs", _("Jobs"), "square-kanban", reverse_lazy("hr:jobs"), access.READERS),
    Entry("employees", _("Employees"), "users", reverse_lazy("hr:employees"), (Role.PERSONNEL,)),
    Entry(
        "retention",
        _("Retention"),
        "contrast",
        reverse_lazy("hr:retention"),
        (Role.PRIVACY_OFFICER,),
    ),
    Entry(
        "requests",
        _("Requests"),
        "message-square-text",
        reverse_lazy("hr:requests"),
        access.CONFIRMERS,
    ),
    Entry("policy", _("Policy"), "scale", reverse_lazy("hr:policy"), (Role.PRIVACY_OFFICER,)),
    Entry(
        "admin", _("Administration"), "settings", reverse_lazy("admin:index"), (Role.ADMINISTRATOR,)
    ),
)


#: Stands in the menu only while there are any; after the jobs.
MAIL = Entry("mail", _("Mail"), "mail", reverse_lazy("hr:mails"), (Role.RECRUITER,))


def _menu(user: User) -> list[Entry]:
    entries = [entry for entry in MENU if access.has(user, *entry.roles)]
    if access.has(user, *MAIL.roles) and (waiting := StrayMail.objects.count()):
        entries.insert(2, MAIL._replace(waiting=waiting))
    return entries


def page(
    request: HttpRequest, template: str, context: dict[str, Any], *, section: str, status: int = 200
) -> HttpResponse:
    """Render a page of the workspace with what this person's role has in its menu."""
    user = access.person(request)
    is_reader = access.has(user, *access.READERS)
    frame = {
        "menu": _menu(user),
        "section": section,
        "rail_jobs": reads.rail_jobs(user) if is_reader else [],
        "roles": [role.label for role in Role if access.has(user, role)],
        "now": timezone.now(),
    }
    return render(request, template, frame | context, status=status)


def back(request: HttpRequest, application: Application, said: str) -> HttpResponse:
    """Return to the application's page and say it there: without a name, for it is a cookie."""
    messages.success(request, said)
    return redirect(application.get_absolute_url() + neighbours.kept(request.GET))


def sent(request: HttpRequest) -> QueryDict | None:
    """Return what a form was sent with, or None if it is only to be shown."""
    return request.POST if request.method == "POST" else None


#: Draws a page with a form on it, given the HTTP status.
Draw = Callable[[int], HttpResponse]


def dialog(
    request: HttpRequest,
    template: str,
    record: Application | Employee,
    *,
    heading: str,
    form: forms.Form,
    away: str = "",
    section: str = "",
    **context: Any,
) -> Draw:
    """Return what draws a verb's form on a page of its own. `heading` takes the person's name.

    `away` is where it can be left to, by default the record's page.
    """
    inside = {"record": record, "heading": heading % {"name": record.name}, "form": form}
    inside["away"] = away or record.get_absolute_url()
    section = section or ("employees" if isinstance(record, Employee) else "applications")

    def draw(status: int) -> HttpResponse:
        return page(request, template, inside | context, section=section, status=status)

    return draw


def act(
    request: HttpRequest,
    form: forms.BaseForm,
    *,
    draw: Draw,
    do: Callable[[dict[str, Any]], HttpResponse],
) -> HttpResponse:
    """Show a form, or do what was sent. What is wrong or refused is told in it; nothing is lost.

    Answers 422 to what was filled in wrongly, and 409 to what the rules refuse now.
    """
    if request.method != "POST":
        return draw(200)
    if not form.is_valid():
        return draw(422)
    try:
        return whole(request, do(form.cleaned_data))
    except ChangeNotAllowed as refusal:
        form.add_error(None, str(refusal))
        return draw(409)


def whole(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Have a page that was asked for from within a dialog loaded as a whole."""
    if is_htmx(request) and isinstance(response, HttpResponseRedirect):
        leaving = HttpResponseClientRedirect(response.url)
        leaving.cookies = response.cookies
        return leaving
    return response


def is_preview(request: HttpRequest) -> bool:
    """Whether a form was sent only to see what its text would look like."""
    return request.method == "POST" and "preview" in request.POST


def is_htmx(request: HttpRequest) -> bool:
    """Whether a script of ours asks, which takes a part of the page or nothing."""
    return bool(request.headers.get("HX-Request"))
