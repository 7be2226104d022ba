"""Taking in what applicants ask for, and answering it in words or by putting data right."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from candidates import mail, tokens
from candidates.models import Application, Event, Hold, Mail, Request, User
from candidates.models.holds import UNTIL_ANSWERED
from candidates.pipeline import ChangeNotAllowed, Person, lock, officers_only

from .shared import decide, due_on, end, erase, given, locked, restrict, unreleased

#: The hold that stands while a request is pending.
HOLDS = {
    Request.Kind.ACCESS: Hold.Kind.ACCESS_REQUEST,
    Request.Kind.RESTRICTION: Hold.Kind.RESTRICTION,
}


@transaction.atomic
def register(
    application: Application,
    kind: Request.Kind,
    *,
    text: str = "",
    by: User | None,
    now: datetime,
) -> Request:
    """Take in a request; its month, its hold and its restriction begin, the applicant is told.

    `by` is the privacy officer who enters it, None if the applicant asks in their own room. A
    second request of a kind that is pending gives the first: asked twice is asked once.
    """
    application = lock(application.pk)
    if by:
        officers_only(by, application)
    first = application.requests.pending().filter(kind=kind).first()
    if first:
        return first
    request = application.requests.create(
        kind=kind,
        text=text.strip(),
        received_at=now,
        due_on=due_on(now),
        registered_by=by,
    )
    if kind in HOLDS:
        request.holds.create(
            application=application,
            kind=HOLDS[kind],
            reason=request.text,
            set_by=by,
            set_at=now,
            until=UNTIL_ANSWERED,
        )
    restrict(application, now)
    application.events.create(kind=Event.Kind.REQUESTED, by=by, at=now, detail=kind)
    mail.queue(application, Mail.Purpose.REQUESTED, now=now, send_at=now, request=request)
    return request


@transaction.atomic
def answer(request: Request, *, answer: str, by: User, now: datetime) -> Request:
    """Answer a request with what the applicant is told; what it had begun ends.

    An answered restriction is lifted; an answered objection is upheld: the application is closed
    if it was open, and due at once. An erasure is granted and confirmed instead.
    """
    application, request = locked(request, by=by)
    unreleased(request)
    if request.kind == Request.Kind.ERASURE:
        raise ChangeNotAllowed(
            _("Grant the erasure; a second person then confirms it. Or refuse it with a reason.")
        )
    decide(request, Request.State.ANSWERED, text=given(answer), by=by, now=now)
    if request.kind == Request.Kind.OBJECTION:
        erase(application, Application.Early.OBJECTION, by=by, now=now)
    end(request, application, by=by, now=now)
    return request


@transaction.atomic
def refuse(request: Request, *, reason: str, by: User, now: datetime) -> Request:
    """Refuse a request for a reason that the applicant is told (Art. 12(4), 17(3) GDPR)."""
    application, request = locked(request, by=by)
    unreleased(request)
    decide(request, Request.State.REFUSED, text=given(reason), by=by, now=now)
    end(request, application, by=by, now=now)
    return request


@transaction.atomic
def correct(request: Request, *, person: Person, answer: str, by: User, now: datetime) -> Request:
    """Put what the applicant says in place of what was wrong, and answer (Art. 16 GDPR).

    See `_put` for what goes with it.
    """
    application, request = locked(request, by=by)
    if request.kind != Request.Kind.CORRECTION:
        raise ChangeNotAllowed(_("This request asks for no correction. Look at it again."))
    put(application, asdict(person), by=by, now=now)
    decide(request, Request.State.ANSWERED, text=given(answer), by=by, now=now)
    end(request, application, by=by, now=now)
    return request


@transaction.atomic
def correct_own(
    application: Application, *, details: Mapping[str, str], now: datetime
) -> list[str]:
    """Put right what a person says of themself in their own room: asked and answered in one.

    Returns the names of the fields that were changed; without any, nothing is written. It is
    the person's own right, so it works on a closed and on a restricted application too, but not
    on one that is being erased.
    """
    application = lock(application.pk)
    refuse_if_going(application, now)
    changed = put(application, details, by=None, now=now)
    if changed:
        application.requests.create(
            kind=Request.Kind.CORRECTION,
            state=Request.State.ANSWERED,
            received_at=now,
            due_on=due_on(now),
            decided_at=now,
        )
    return changed


def refuse_if_going(application: Application, now: datetime) -> None:
    """Raise `ChangeNotAllowed` if the next purge takes the application."""
    if application.is_being_erased(now) and not application.holds.in_force(now).exists():
        raise ChangeNotAllowed(
            _("Your application is being erased. Nothing in it can be changed any more.")
        )


def put(
    application: Application, details: Mapping[str, str], *, by: User | None, now: datetime
) -> list[str]:
    """Write what differs; return the names of those fields. The history has them, no values.

    With another address all links go out of use, for whoever reads the old mailbox must not act
    on the application any more; what waits for the old address goes to the new one instead, with
    links of its own. What is being sent may be sent again, so that waits too.
    """
    changed = [name for name, value in details.items() if getattr(application, name) != value]
    if not changed:
        return []
    old_address = application.email
    for name in changed:
        setattr(application, name, details[name])
    application.save(update_fields=changed)
    if "email" in changed:
        application.mails.unsent().filter(to=old_address).update(to=application.email)
        tokens.replace(application)
    detail = ",".join(changed)
    application.events.create(kind=Event.Kind.CORRECTED, by=by, at=now, detail=detail)
    return changed
