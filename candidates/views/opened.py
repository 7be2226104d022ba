"""Who opened an application: for the read log, and for what its person is told in the room."""

from datetime import datetime, timedelta

from django.db import IntegrityError
from django.db.models import Max
from django.http import Http404, HttpRequest
from django.utils import timezone

from candidates import access
from candidates.models import Application, Read

#: Where browsers say that they load a page before anybody has asked for it.
AHEAD = ("Sec-Purpose", "Purpose", "X-Moz")
#: One line of the read log stands for all that a person opens of an application in this time.
ONE_LOOK = timedelta(minutes=10)


def note(request: HttpRequest, application: Application | None) -> None:
    """Note that the application was opened, if this is the first time.

    Only for recruiters and hiring managers: a person who waits for a decision wants to know
    whether one of those has looked who take it, and not whether the privacy officer has.
    """
    if application is None or application.first_opened_at or not application.is_open:
        return
    if not is_looked_at(request):
        return
    if access.may_decide(access.person(request)):
        application.mark_opened(timezone.now())


def log(request: HttpRequest, application: Application, *, last: datetime | None) -> bool:
    """Write into the read log that somebody opens the application, and return whether it did.

    `last` is when they last opened it. Raises Http404 if the purge has just taken it.
    """
    now = timezone.now()
    if not is_looked_at(request) or (last and now < last + ONE_LOOK):
        return False
    try:
        Read.objects.create(application=application, by=access.person(request), at=now)
    except IntegrityError:
        raise Http404 from None
    return True


def look_through(request: HttpRequest, application: Application) -> None:
    """Write an opening into the read log for a page of another kind that shows all there is."""
    mine = application.document_reads.filter(by=access.person(request), document="")
    log(request, application, last=mine.aggregate(last=Max("at"))["last"])


def is_looked_at(request: HttpRequest) -> bool:
    """Whether a person sees the answer, as far as the request tells."""
    is_ahead = any("prefetch" in request.headers.get(name, "").lower() for name in AHEAD)
    return request.method == "GET" and not is_ahead
