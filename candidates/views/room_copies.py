"""What the applicant takes away from the room: at once what they gave, and the full copy."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime
from typing import IO

from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone, translation
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from candidates import copies, requests, retention
from candidates.models import Application, Request
from candidates.pipeline import ChangeNotAllowed
from candidates.views.roomkey import in_room
from storage.backends import StorageError

CHUNK = 64 * 1024


@require_GET
@in_room
def download(request: HttpRequest, application: Application) -> HttpResponseBase:
    """Hand out what the applicant gave, the mails and the events (Art. 20 GDPR). Changes nothing.

    A HEAD is refused: making the file is all the work there is.
    """
    now = timezone.now()
    try:
        file = copies.takeout(application, language=application.language, now=now)
    except StorageError:
        return _later(request)
    with translation.override(application.language):
        name = _("Application %(day)s") % {"day": retention.local_date(now).isoformat()}
    return _handed_over(file, f"{name}.zip")


@require_http_methods(["GET", "HEAD", "POST"])
@in_room
def copy(request: HttpRequest, application: Application) -> HttpResponseBase:
    """Say what the full copy is and what fetching it ends; fetch it by POST."""
    found, now = copies.standing(application).copy, timezone.now()
    if found is None:
        raise Http404
    if request.method != "POST":
        others = application.holds.in_force(now).exclude(request=found.request)
        ends = application.is_being_erased(now) and not others.exists()
        context = {"copy": found, "ends": ends}
        return render(request, "room/copy.html", context)
    try:
        file = copies.released(found, now=now)
    except StorageError:
        return _later(request)
    with translation.override(application.language):
        name = _("Copy of all data %(day)s") % {
            "day": retention.local_date(found.released_at).isoformat()
        }
    return _handed_over(file, f"{name}.zip", done=lambda: _fetched(found.request, now))


def _fetched(request: Request, now: datetime) -> None:
    with suppress(ChangeNotAllowed):  # erased while it was on its way
        requests.fetched(request, now=now)


def _later(request: HttpRequest) -> HttpResponse:
    return render(request, "room/no_files.html", status=503)


def _handed_over(
    file: IO[bytes], name: str, *, done: Callable[[], None] = lambda: None
) -> StreamingHttpResponse:
    """Return a ZIP as a download. `done` is called when its last byte has been handed on.

    So a download that breaks off has not been fetched.
    """
    size = file.seek(0, 2)
    file.seek(0)
    return StreamingHttpResponse(
        _pieces(file, done),
        content_type="application/zip",
        headers={
            "Content-Length": str(size),
            "Content-Disposition": str(
                content_disposition_header(as_attachment=True, filename=name)
            ),
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "private, no-store",
        },
    )


def _pieces(file: IO[bytes], done: Callable[[], None]) -> Iterator[bytes]:
    with file:
        yield from iter(lambda: file.read(CHUNK), b"")
    done()
