"""What the verbs of the register share: the lock, the decision, and what ends with it."""

from datetime import date, datetime
from typing import Any

from django.utils.translation import gettext as _

from candidates import mail, retention
from candidates.models import Application, Event, Mail, Request, User
from candidates.pipeline import ChangeNotAllowed, close, erase_now, lock, officers_only
from candidates.status import Status

#: The time for an answer, in calendar months (Art. 12(3) GDPR).
MONTHS = 1


def locked(request: Request, *, by: User | None = None) -> tuple[Application, Request]:
    """Return application and request, locked and read again, if the request is pending.

    With `by`, only for a privacy officer.
    """
    application = lock(request.application_id)
    if by:
        officers_only(by, application)
    fresh = application.requests.pending().filter(pk=request.pk).first()
    if fresh is None:
        raise ChangeNotAllowed(_("This request has been answered. Look at it before you go on."))
    return application, fresh


def due_on(now: datetime) -> date:
    return retention.delete_on(retention.local_date(now), months=MONTHS)


def given(text: str) -> str:
    if not text.strip():
        raise ChangeNotAllowed(_("Write what the applicant is told: the answer, or the reason."))
    return text.strip()


def decide(request: Request, state: Request.State, *, text: str, by: User, now: datetime) -> None:
    """Set what became of a request and by whom. Does not save."""
    request.state, request.answer = state, text
    request.decided_by, request.decided_at = by, now


def erase(
    application: Application, early: Application.Early, *, by: User | None, now: datetime
) -> None:
    """Make an application due at once; an open one is withdrawn with it."""
    if application.is_open:
        close(application, Status.WITHDRAWN, now=now)
        application.events.create(kind=Event.Kind.WITHDRAWN, by=by, at=now)
    erase_now(application, now=now, early=early, by=by)


def end(request: Request, application: Application, *, by: User | None, now: datetime) -> None:
    """Save a decided request; end its hold and, if nothing else restricts, the restriction."""
    request.save()
    request.holds.in_force(now).update(until=now)
    restricted = application.restricted_at
    restrict(application, now)
    about: dict[str, Any] = {
        "request": request,
        "held": Application.objects.filter(pk=application.pk).held(now).exists(),
        "lifted": restricted and not application.restricted_at,
    }
    kinds = {
        Request.State.ANSWERED: Event.Kind.ANSWERED,
        Request.State.REFUSED: Event.Kind.REFUSED,
    }
    application.events.create(
        kind=kinds[Request.State(request.state)], by=by, at=now, detail=request.kind
    )
    mail.queue(application, Mail.Purpose.ANSWERED, now=now, send_at=now, **about)


def restrict(application: Application, now: datetime) -> None:
    """Restrict an application as soon as a request wants it, and as long as one does."""
    restricts = application.requests.restricting().exists()
    if restricts != bool(application.restricted_at):
        application.restricted_at = now if restricts else None
        application.save(update_fields=["restricted_at"])


def unreleased(request: Request) -> None:
    if request.state == Request.State.RELEASED:
        raise ChangeNotAllowed(
            _("The copy is released. The request is answered as soon as it has been fetched.")
        )
