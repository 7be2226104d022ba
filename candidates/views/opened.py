"""Who opens an application: a line of the read log, and what its person is told in the room."""

from django.db import IntegrityError
from django.http import Http404, HttpRequest
from django.utils import timezone

from candidates import access
from candidates.models import Application, Read

#: Where browsers say that they load a page before anybody has asked for it.
AHEAD = ("Sec-Purpose", "Purpose", "X-Moz")


def note(request: HttpRequest, application: Application | None) -> None:
    """Note that the application was opened, if this is the first time.

    Only for recruiters and hiring managers: a person who waits for a decision wants to know
    whether one of those has looked who take it, and not whether the privacy officer has.
    """
    if application is None or application.first_opened_at or not application.is_open:
        return
    if not _is_looked_at(request):
        return
    if access.may_decide(access.person(request)):
        application.mark_opened(timezone.now())


def record(request: HttpRequest, application: Application) -> None:
    """Write into the read log that this person opened the application: once in ten minutes.

    Raises Http404 if it has just gone.
    """
    if not _is_looked_at(request):
        return
    try:
        by, now = access.person(request), timezone.now()
        Read.objects.write_opening(application, by=by, now=now)
    except IntegrityError:  # the purge was faster
        raise Http404 from None


def _is_looked_at(request: HttpRequest) -> bool:
    is_ahead = any("prefetch" in request.headers.get(name, "").lower() for name in AHEAD)
    return request.method == "GET" and not is_ahead
