"""The page of one application."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from candidates import access, reads, retention, why
from candidates.access import Role
from candidates.models import Application, Event, Mail, User
from candidates.status import Status
from candidates.views import opened
from candidates.views.page import page
from candidates.views.reader import reader


@dataclass(frozen=True)
class Line:
    """One line of an application's history."""

    at: datetime
    event: Event | None = None
    mail: Mail | None = None


@require_safe
def application(request: HttpRequest, pk: UUID) -> HttpResponse:
    found = access.get_application(request, pk)
    opened.note(request, found)
    return draw(request, found)


def draw(
    request: HttpRequest, application: Application, *, error: str = "", status: int = 200
) -> HttpResponse:
    """Render an application's page, with the sentence of what could not be done, if any."""
    user, now = access.person(request), timezone.now()
    is_officer = access.has(user, Role.PRIVACY_OFFICER)
    # Whoever decides needs the stages instead, and an open application has no date to hold.
    reads.with_story(application, holds=is_officer or not application.is_open)
    lines = history(application)
    context = {
        "application": application,
        "reader": reader(application, request.GET),
        "others": reads.others_of(application, user),
        "history": lines,
        "rejection_mail": _unsent_rejection(application, lines),
        "error": error,
        "address": application.get_absolute_url(),  # also where a verb's answer is drawn
        "is_officer": is_officer,
        "pending": [each for each in application.requests.all() if each.is_pending],
        "may_confirm": access.has(user, *access.CONFIRMERS),
        **(
            _open(application, user, now) | (_kept(application, now) if is_officer else {})
            if application.is_open
            else _closed(application, user, now)
        ),
    }
    return page(request, "hr/application.html", context, section="applications", status=status)


def _open(application: Application, user: User, now: datetime) -> dict[str, Any]:
    """Return what the page of an open application says of its way."""
    if application.job:
        reads.add_wait(application, answer_days=application.job.answer_days, now=now)
    if not access.may_decide(user):
        return {}
    if application.restricted_at:
        return {"may_withdraw": True}
    stages = list(application.job.stages.order_by("position")) if application.job else []
    after = [stage for stage in stages if stage.position > _position(application)]
    return {"may_decide": True, "stages": stages, "next_stage": after[0] if after else None}


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
        "may_reopen": may_reopen and not application.is_being_erased(now),
        "employee": access.employee_of(user, application),
    }


def _kept(application: Application, now: datetime) -> dict[str, Any]:
    """Return the holds in force, the last to end first, and why the date is what it is."""
    in_force = [hold for hold in application.holds.all() if hold.until > now]
    return {"holds": in_force[::-1], "why": why.why(application, now)}


def _unsent_rejection(application: Application, lines: list[Line]) -> Mail | None:
    """Return the rejection that nobody has begun to send, so that it can be undone unseen."""
    mails = (line.mail for line in lines if line.mail and application.status == Status.REJECTED)
    unsent = (mail for mail in mails if mail.state == Mail.State.QUEUED)
    return next((mail for mail in unsent if mail.purpose == Mail.Purpose.REJECTION), None)


def history(application: Application) -> list[Line]:
    """Return events and mails in one line of time, the newest first."""
    lines = [Line(event.at, event=event) for event in application.events.all()]
    lines += [Line(mail.created_at, mail=mail) for mail in application.mails.all()]
    # A mail is written after the event that it tells of, in the same moment.
    return sorted(lines, key=lambda line: (line.at, line.mail is not None), reverse=True)
