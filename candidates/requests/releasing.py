"""The full copy (Art. 15 GDPR): released into the applicant's room, and fetched there."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from candidates import copies, mail, retention
from candidates.models import AccessCopy, Application, Event, Mail, Request, User
from candidates.pipeline import ChangeNotAllowed, lock

from .shared import decide, locked, unreleased

#: How long a released copy waits for its person before its request counts as answered.
FETCH = timedelta(days=14)


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
    application, request = locked(request, by=by)
    unreleased(request)
    if request.kind != Request.Kind.ACCESS:
        raise ChangeNotAllowed(_("This request asks for no copy. Look at it again."))
    if mail.is_secret(application):
        raise ChangeNotAllowed(
            _("The mail about the rejection has not gone yet. Release the copy after it has.")
        )
    content = copies.compile(application, now)
    # A strike that meets nothing would leave in what somebody believes to be out.
    if copies.digest(content) != seen or strikes.entries - copies.ids(content):
        raise ChangeNotAllowed(
            _(
                "Something has changed since you looked. This is the copy as it is now: go "
                "through it again."
            )
        )
    decide(request, Request.State.RELEASED, text="", by=by, now=now)
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
