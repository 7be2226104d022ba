"""When somebody who decides first opened an application: what its person is told in the room."""

from django.http import HttpRequest
from django.utils import timezone

from candidates import access
from candidates.models import Application

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


def _is_looked_at(request: HttpRequest) -> bool:
    is_ahead = any("prefetch" in request.headers.get(name, "").lower() for name in AHEAD)
    return request.method == "GET" and not is_ahead
