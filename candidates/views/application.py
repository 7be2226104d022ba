"""The page of an application: its documents at the left, data, history and actions at the right."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from candidates import access, history, neighbours, notes, reads, record, retention, why, writing
from candidates.access import Role
from candidates.forms.notes import NoteForm
from candidates.history import History
from candidates.models import Application, User
from candidates.status import Status
from candidates.views import opened
from candidates.views.page import page
from candidates.views.reader import reader


@require_safe
def application(request: HttpRequest, pk: UUID) -> HttpResponse:
    user, now = access.person(request), timezone.now()
    found: Any = access.get_application(request, pk, add=lambda rows: record.read(rows, user))
    opened.note(request, found)
    found.read_lines += opened.record(request, found)
    if found.has_unseen and opened.is_looked_at(request):
        notes.see(found, by=user, now=now)
    return draw(request, found)


def draw(
    request: HttpRequest,
    application: Application,
    *,
    note: NoteForm | None = None,
    error: str = "",
    status: int = 200,
) -> HttpResponse:
    """Render an application's page, with what could not be done or noted, if anything."""
    user, now = access.person(request), timezone.now()
    if not hasattr(application, "read_lines"):  # a verb's, which needed less of it
        rows = record.read(access.applications(user), user)
        application = rows.filter(pk=application.pk).first() or application
    record.complete(application, user)
    is_officer = access.has(user, Role.PRIVACY_OFFICER)
    context = {
        "application": application,
        "reader": reader(application, request.GET),
        "around": neighbours.around(user, application, request.GET),
        "kept": neighbours.kept(request.GET),
        "kept_on": neighbours.kept_on(request.GET),
        "onward": neighbours.onward(request.GET, application),
        "way_back": neighbours.way_back(request.GET),
        "history": _history(request, application, now),
        "note": note or NoteForm(),
        "error": error,
        "address": application.get_absolute_url(),  # also where a verb's answer is drawn
        "is_officer": is_officer,
        "pending": [each for each in application.requests.all() if each.is_pending],
        "may_confirm": access.has(user, *access.CONFIRMERS),
        "may_write": access.may_decide(user) and writing.may_write(application, now),
        "may_note": not application.restricted_at and not application.is_being_erased(now),
        **_scores(application, user),
        **(
            _open(application, user, now) | (_kept(application, now) if is_officer else {})
            if application.is_open
            else _closed(application, user, now)
        ),
    }
    return page(request, "hr/application.html", context, section="applications", status=status)


def _history(request: HttpRequest, application: Any, now: datetime) -> History:
    """Return the page of the history that the address asks for, with what its lines need."""
    user, query = access.person(request), request.GET
    found = history.page(
        application,
        user,
        tab=history.tab(query.get("history")),
        after=query.get("after", ""),
        whole=query.get("whole", ""),
    )
    cards = {card.row.pk: card for card in application.cards}
    held = any(hold.until > now for hold in application.holds.all())
    for line in found.lines:
        if line.table == "score":
            line.row.card = cards.get(line.row.pk)
        elif line.table == "note":
            line.row.may_go = not held and notes.is_deletable(line.row, by=user, now=now)
    return found


def _scores(application: Any, user: User) -> dict[str, Any]:
    """Return what the page says of scorecards: one's own, and the mean of those one may see."""
    mine = next((card for card in application.cards if card.is_mine), None)
    others = [card for card in application.cards if not card.is_mine]
    values = [grade.value for card in application.cards for grade in card.grades]
    is_takes = application.is_open and not application.restricted_at and access.may_decide(user)
    return {
        "my_card": mine,
        "other_cards": others,
        "mean": sum(values) / len(values) if values else None,
        "may_score": is_takes and not (mine and others),
    }


def _open(application: Application, user: User, now: datetime) -> dict[str, Any]:
    """Return what the page of an open application says of its way."""
    if application.job:
        reads.add_wait(application, answer_days=application.job.answer_days, now=now)
    if not access.may_decide(user):
        return {}
    if application.restricted_at:
        return {"may_withdraw": True}
    stages = list(application.job.stages.all()) if application.job else []
    after = [stage for stage in stages if stage.position > _position(application)]
    return {
        "may_decide": True,
        "stages": stages,
        "next_stage": after[0] if after else None,
    }


def _position(application: Application) -> int:
    return application.stage.position if application.stage else 0


def _closed(application: Application, user: User, now: datetime) -> dict[str, Any]:
    """Return what the page of a closed application says of its end."""
    holds = list(application.holds.all())
    application.held_until = holds[-1].until if holds else None  # type: ignore[attr-defined]
    may_reopen = application.status == Status.REJECTED and not application.restricted_at
    return {
        **_kept(application, now),
        "today": retention.local_date(now),
        "rejection_mail": application.rejection_mail,  # type: ignore[attr-defined]
        "may_reopen": may_reopen and not application.is_being_erased(now),
        "employee": access.employee_of(user, application),
    }


def _kept(application: Application, now: datetime) -> dict[str, Any]:
    """Return the holds in force, the last to end first, and why the date is what it is."""
    in_force = [hold for hold in application.holds.all() if hold.until > now]
    return {"holds": in_force[::-1], "why": why.why(application, now)}
