"""The frame of the workspace's pages: its menu, and the one way in which a form acts.

`act` is the edge at which the verbs' refusals are caught: they become a sentence on the page.
"""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django_htmx.http import HttpResponseClientRedirect

from candidates import access, agenda, neighbours
from candidates.access import Role
from candidates.models import Application, Employee
from candidates.pipeline import ChangeNotAllowed
from candidates.views.menu import menu


def page(
    request: HttpRequest, template: str, context: dict[str, Any], *, section: str, status: int = 200
) -> HttpResponse:
    """Render a page of the workspace with what this person's role has in its menu.

    A page that has read its own `rail` gives it in its context.
    """
    user, now = access.person(request), timezone.now()
    rail = context.get("rail") or agenda.rail(user, now)
    frame = {
        "menu": menu(user, rail),
        "section": section,
        "rail_jobs": rail.jobs,
        "may_search": access.has(user, *access.READERS),
        "roles": [role.label for role in Role if access.has(user, role)],
        "now": now,
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
