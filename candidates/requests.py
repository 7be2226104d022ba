"""The register of requests of data subjects (Art. 15 to 21 GDPR), and the verbs that answer them.

While a request for access or restriction is pending, a hold keeps the application. A restriction
and an objection leave the application to the privacy officer alone; an objection holds nothing,
for objecting must not prolong storage. An erasure ahead of the clock takes two people.
"""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from candidates import copies, mail, retention, tokens
from candidates.access import CONFIRMERS, Role
from candidates.models import AccessCopy, Application, Event, Hold, Mail, Request, User
from candidates.models.holds import UNTIL_ANSWERED
from candidates.pipeline import (
    ChangeNotAllowed,
    Person,
    close,
    erase_now,
    lock,
    officers_only,
)
from candidates.status import Status

#: The time for an answer, in calendar months (Art. 12(3) GDPR).
MONTHS = 1
#: What stands for the second person where there is only one.
WAIT = timedelta(hours=24)
#: How long a released copy waits for its person before its request counts as answered.
FETCH = timedelta(days=14)

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
        due_on=_due_on(now),
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
    _restrict(application, now)
    application.events.create(kind=Event.Kind.REQUESTED, by=by, at=now, detail=kind)
    mail.queue(application, Mail.Purpose.REQUESTED, now=now, send_at=now, request=request)
    return request


# Answers ------------------------------------------------------------------------------------


@transaction.atomic
def answer(request: Request, *, answer: str, by: User, now: datetime) -> Request:
    """Answer a request with what the applicant is told; what it had begun ends.

    An answered restriction is lifted; an answered objection is upheld: the application is closed
    if it was open, and due at once. An erasure is granted and confirmed instead.
    """
    application, request = _locked(request, by=by)
    _unreleased(request)
    if request.kind == Request.Kind.ERASURE:
        raise ChangeNotAllowed(
            _("Grant the erasure; a second person then confirms it. Or refuse it with a reason.")
        )
    _decide(request, Request.State.ANSWERED, text=_given(answer), by=by, now=now)
    if request.kind == Request.Kind.OBJECTION:
        _erase(application, Application.Early.OBJECTION, by=by, now=now)
    _end(request, application, by=by, now=now)
    return request


@transaction.atomic
def refuse(request: Request, *, reason: str, by: User, now: datetime) -> Request:
    """Refuse a request for a reason that the applicant is told (Art. 12(4), 17(3) GDPR)."""
    application, request = _locked(request, by=by)
    _unreleased(request)
    _decide(request, Request.State.REFUSED, text=_given(reason), by=by, now=now)
    _end(request, application, by=by, now=now)
    return request


@transaction.atomic
def correct(request: Request, *, person: Person, answer: str, by: User, now: datetime) -> Request:
    """Put what the applicant says in place of what was wrong, and answer (Art. 16 GDPR).

    See `_put` for what goes with it.
    """
    application, request = _locked(request, by=by)
    if request.kind != Request.Kind.CORRECTION:
        raise ChangeNotAllowed(_("This request asks for no correction. Look at it again."))
    _put(application, asdict(person), by=by, now=now)
    _decide(request, Request.State.ANSWERED, text=_given(answer), by=by, now=now)
    _end(request, application, by=by, now=now)
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
    changed = _put(application, details, by=None, now=now)
    if changed:
        application.requests.create(
            kind=Request.Kind.CORRECTION,
            state=Request.State.ANSWERED,
            received_at=now,
            due_on=_due_on(now),
            decided_at=now,
        )
    return changed


def refuse_if_going(application: Application, now: datetime) -> None:
    """Raise `ChangeNotAllowed` if the next purge takes the application."""
    if application.is_being_erased(now) and not application.holds.in_force(now).exists():
        raise ChangeNotAllowed(
            _("Your application is being erased. Nothing in it can be changed any more.")
        )


def _put(
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


# Erasure ahead of the clock -----------------------------------------------------------------


@transaction.atomic
def grant(request: Request, *, by: User, now: datetime) -> Request:
    """Agree to an erasure; a second person must confirm it.

    A hold does not keep it from being granted, but the application stays until that has ended.
    """
    application, request = _locked(request, by=by)
    if request.kind != Request.Kind.ERASURE or request.state != Request.State.OPEN:
        raise ChangeNotAllowed(_("There is no erasure to grant here. Look at the request again."))
    _decide(request, Request.State.GRANTED, text="", by=by, now=now)
    request.save()
    application.events.create(kind=Event.Kind.GRANTED, by=by, at=now, detail=request.kind)
    return request


@transaction.atomic
def confirm(request: Request, *, by: User, now: datetime) -> Request:
    """Confirm an erasure that another person has granted: the application is due at once."""
    application, request = _locked(request)
    if request.state != Request.State.GRANTED:
        raise ChangeNotAllowed(_("The privacy officer has to grant this erasure first."))
    if by.pk == request.decided_by_id:
        raise ChangeNotAllowed(_("You granted this erasure yourself. A second person confirms it."))
    if not seconds(request).filter(pk=by.pk).exists():
        raise ChangeNotAllowed(_("Your role does not allow this. Ask a colleague to confirm it."))
    _confirm(request, application, by=by, now=now)
    return request


def confirm_waited(now: datetime) -> int:
    """Confirm the erasures that nobody else could and that were granted `WAIT` ago; hourly."""
    waited = Request.objects.filter(state=Request.State.GRANTED, decided_at__lte=now - WAIT)
    return sum(_confirm_waited(request, now) for request in list(waited))


@transaction.atomic
def _confirm_waited(request: Request, now: datetime) -> bool:
    try:
        application, request = _locked(request)
    except ChangeNotAllowed:  # erased or answered meanwhile
        return False
    if request.state != Request.State.GRANTED or needs_second_person(request):
        return False
    _confirm(request, application, by=None, now=now)
    return True


def _confirm(request: Request, application: Application, *, by: User | None, now: datetime) -> None:
    request.state, request.confirmed_by = Request.State.ANSWERED, by
    _erase(application, Application.Early.REQUEST, by=by, now=now)
    _end(request, application, by=by, now=now)


def seconds(request: Request) -> QuerySet[User]:
    """Return who may confirm an erasure: neither who granted it nor who asks for it.

    What is restricted only privacy officers see, so only they confirm it.
    """
    people = _people().exclude(email__iexact=request.application.email)
    if request.application.restricted_at:
        people = people.filter(groups__name=Role.PRIVACY_OFFICER)
    return people.exclude(pk=request.decided_by_id) if request.decided_by_id else people


def needs_second_person(request: Request | None = None) -> bool:
    """Whether there is anybody else to confirm a granted erasure; else 24 hours stand for them."""
    return seconds(request).exists() if request else _people().count() > 1


def _people() -> QuerySet[User]:
    return User.objects.filter(
        is_active=True, groups__name__in=[role.value for role in CONFIRMERS]
    ).distinct()


# The full copy ------------------------------------------------------------------------------


@transaction.atomic
def release(
    request: Request, *, strikes: copies.Strikes, seen: str, by: User, now: datetime
) -> AccessCopy:
    """Lay the full copy (Art. 15 GDPR) into the applicant's room, less what is struck.

    `seen` is the `copies.digest` of what the officer looked at: what has come since then nobody
    has looked through for other people, so it must be looked at first.

    The hold stands on until the copy is fetched, for `FETCH` at most. By the letter of the design
    it would end here, with the answer; but the purge would then take an application whose day has
    passed within the hour, and its copy with it, before the person could fetch it.
    """
    application, request = _locked(request, by=by)
    _unreleased(request)
    if request.kind != Request.Kind.ACCESS:
        raise ChangeNotAllowed(_("This request asks for no copy. Look at it again."))
    if mail.is_secret(application):
        raise ChangeNotAllowed(
            _("The mail about the rejection has not gone yet. Release the copy after it has.")
        )
    content = copies.compile(application, now)
    if copies.digest(content) != seen:
        raise ChangeNotAllowed(
            _(
                "Something has changed since you looked. This is the copy as it is now: go "
                "through it again."
            )
        )
    _decide(request, Request.State.RELEASED, text="", by=by, now=now)
    request.save()
    copy = AccessCopy.objects.create(
        request=request,
        content=copies.strike(content, strikes).content,
        released_at=now,
        fetch_until=retention.end_of(retention.local_date(now + FETCH)),
    )
    application.events.create(kind=Event.Kind.RELEASED, by=by, at=now, detail=request.kind)
    mail.queue(application, Mail.Purpose.COPY, now=now, send_at=now, until=copy.last_day)
    return copy


@transaction.atomic
def fetched(request: Request, *, now: datetime) -> None:
    """Note that the applicant has fetched the copy: the first time answers the request.

    The hold ends; the copy can be fetched again for as long as the application is there.
    """
    application = lock(request.application_id)
    AccessCopy.objects.filter(request=request, fetched_at=None).update(fetched_at=now)
    _close_released(request, application, now=now)


def close_unfetched(now: datetime) -> int:
    """Count as answered the requests whose copies nobody fetched in time; hourly."""
    waited = Request.objects.filter(state=Request.State.RELEASED, copy__fetch_until__lte=now)
    return sum(_close_unfetched(request, now) for request in list(waited))


@transaction.atomic
def _close_unfetched(request: Request, now: datetime) -> bool:
    try:
        application = lock(request.application_id)
    except ChangeNotAllowed:  # erased meanwhile
        return False
    return _close_released(request, application, now=now)


def _close_released(request: Request, application: Application, *, now: datetime) -> bool:
    """Answer a released request and end its hold, without a mail; False if it was before."""
    released = application.requests.filter(pk=request.pk, state=Request.State.RELEASED)
    if not released.update(state=Request.State.ANSWERED):
        return False
    request.holds.in_force(now).update(until=now)
    application.events.create(kind=Event.Kind.ANSWERED, at=now, detail=request.kind)
    return True


def _unreleased(request: Request) -> None:
    if request.state == Request.State.RELEASED:
        raise ChangeNotAllowed(
            _("The copy is released. The request is answered as soon as it has been fetched.")
        )


# What the verbs share -----------------------------------------------------------------------


def _locked(request: Request, *, by: User | None = None) -> tuple[Application, Request]:
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


def _due_on(now: datetime) -> date:
    return retention.delete_on(retention.local_date(now), months=MONTHS)


def _given(text: str) -> str:
    if not text.strip():
        raise ChangeNotAllowed(_("Write what the applicant is told: the answer, or the reason."))
    return text.strip()


def _decide(request: Request, state: Request.State, *, text: str, by: User, now: datetime) -> None:
    """Set what became of a request and by whom. Does not save."""
    request.state, request.answer = state, text
    request.decided_by, request.decided_at = by, now


def _erase(
    application: Application, early: Application.Early, *, by: User | None, now: datetime
) -> None:
    """Make an application due at once; an open one is withdrawn with it."""
    if application.is_open:
        close(application, Status.WITHDRAWN, now=now)
        application.events.create(kind=Event.Kind.WITHDRAWN, by=by, at=now)
    erase_now(application, now=now, early=early, by=by)


def _end(request: Request, application: Application, *, by: User | None, now: datetime) -> None:
    """Save a decided request; end its hold and, if nothing else restricts, the restriction."""
    request.save()
    request.holds.in_force(now).update(until=now)
    restricted = application.restricted_at
    _restrict(application, now)
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


def _restrict(application: Application, now: datetime) -> None:
    """Restrict an application as soon as a request wants it, and as long as one does."""
    restricts = application.requests.restricting().exists()
    if restricts != bool(application.restricted_at):
        application.restricted_at = now if restricts else None
        application.save(update_fields=["restricted_at"])
