"""Who opened an application: for the read log, and for what its person is told in the room."""

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
    if not is_looked_at(request):
        return
    if access.may_decide(access.person(request)):
        application.mark_opened(timezone.now())


def record(request: HttpRequest, application: Application) -> bool:
    """Write into the read log that this person opens the application, and return whether it did.

    Once in `reads.ONE_LOOK`. Raises Http404 if the purge has just taken it.
    """
    if not is_looked_at(request):
        return False
    try:
        by, now = access.person(request), timezone.now()
        return Read.objects.write_opening(application, by=by, now=now)
    except IntegrityError:
        raise Http404 from None


def is_looked_at(request: HttpRequest) -> bool:
    """Whether a person sees the answer, as far as the request tells."""
    is_ahead = any("prefetch" in request.headers.get(name, "").lower() for name in AHEAD)
    return request.method == "GET" and not is_ahead
