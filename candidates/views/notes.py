"""Notes and scorecards on an application."""

from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from candidates import access, neighbours, notes, scores
from candidates.forms.notes import NoteForm, ScoreForm
from candidates.models import Application
from candidates.pipeline import ChangeNotAllowed
from candidates.views import application as application_page
from candidates.views.page import act, back, dialog, is_htmx, sent
from candidates.views.verbs import form_methods


def _to_the_page(request: HttpRequest, application: Application) -> HttpResponse:
    """Return to the application's page without a word: what was noted stands there, or does not.

    A script takes the record of it at once, so that the document beside stays where it is.
    """
    if is_htmx(request):
        return application_page.draw(request, application)
    return redirect(application.get_absolute_url() + neighbours.kept(request.GET))


@require_POST
def add(request: HttpRequest, pk: UUID) -> HttpResponse:
    application = access.get_application(request, pk)
    user, now = access.person(request), timezone.now()
    form = NoteForm(request.POST, people=access.readers(application).exclude(pk=user.pk))

    def do(values: dict[str, Any]) -> HttpResponse:
        notes.add(application, by=user, now=now, **values)
        return _to_the_page(request, application)

    def draw(status: int) -> HttpResponse:
        return application_page.draw(request, application, note=form, status=status)

    return act(request, form, draw=draw, do=do)


@require_POST
def delete(request: HttpRequest, pk: int) -> HttpResponse:
    note = access.get_note(request, pk)
    if note.by_id != access.person(request).pk:
        raise PermissionDenied
    try:
        notes.delete(note, by=access.person(request), now=timezone.now())
    except ChangeNotAllowed as refusal:
        error = str(refusal)
        return application_page.draw(request, note.application, error=error, status=409)
    return _to_the_page(request, note.application)


@form_methods
def score(request: HttpRequest, pk: UUID) -> HttpResponse:
    application = access.get_application(request, pk, may="decide")
    user = access.person(request)
    own = application.scorecards.filter(by=user).prefetch_related("grades").first()
    form = ScoreForm(sent(request), criteria=scores.criteria(application), own=own)

    def do(values: dict[str, Any]) -> HttpResponse:
        given = {"grades": values["grades"], "text": values["text"]}
        scores.give(application, by=user, now=timezone.now(), **given)
        return back(request, application, _("Your scorecard is in."))

    heading = _("Scorecard for %(name)s")
    away = application.get_absolute_url() + neighbours.kept(request.GET)
    draw = dialog(request, "hr/score.html", application, heading=heading, form=form, away=away)
    return act(request, form, draw=draw, do=do)
