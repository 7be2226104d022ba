"""Downloads: bytes from strangers, handed on without ever being shown by this origin."""

from uuid import UUID

from django.db import IntegrityError, transaction
from django.http import FileResponse, Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.views.decorators.http import require_safe

from candidates import access
from candidates.models import Read
from candidates.views import opened
from candidates.views.page import page
from storage import scanning
from storage.backends import StorageDown, StorageError, attachment_store
from storage.models import Attachment

#: What waited already when it was asked for.
WAITS = {Attachment.Verdict.PENDING.value: "waits"}


@require_safe
def attachment(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    found = access.get_document(request, pk)
    opened.note(request, found.application)
    response = fetch(found)
    if isinstance(response, str):
        context = {"document": found, "why": response}
        template, status = "hr/no_document.html", status_of(response)
        return page(request, template, context, section="", status=status)
    return _hand_over(request, found, response)


def fetch(found: Attachment) -> FileResponse | str:
    """Return a document as a download, or why it cannot be had: for now, or for good.

    If its last scan is long ago, the virus scanner looks again first. Raises Http404 if it has
    just gone.
    """
    if not found.is_servable:
        return WAITS.get(found.verdict, found.verdict)
    try:
        verdict = scanning.recheck(found, now=timezone.now())
        return _stream(found) if verdict == Attachment.Verdict.CLEAN else verdict
    except Attachment.DoesNotExist:
        raise Http404 from None
    except StorageError as error:
        return "down" if isinstance(error, StorageDown) else "missing"


def status_of(why: str) -> int:
    """Return the HTTP status of what `fetch` says."""
    return 503 if why in {"down", Attachment.Verdict.PENDING} else 404


def _hand_over(request: HttpRequest, found: Attachment, response: FileResponse) -> FileResponse:
    """Hand it over, once the read log has who takes it. Raises Http404 if it has just gone.

    A HEAD takes nothing.
    """
    if request.method == "GET":
        try:
            _log(request, found)
        except IntegrityError:  # the purge was faster
            response.close()
            raise Http404 from None
    return response


def _log(request: HttpRequest, found: Attachment) -> None:
    with transaction.atomic():
        Read.objects.create(
            application_id=found.application_id,
            employee_id=found.employee_id,
            document=found.name,
            by=access.person(request),
            at=timezone.now(),
        )


def _stream(found: Attachment) -> FileResponse:
    """Return the object as a download that no browser opens by itself or keeps."""
    response = FileResponse(
        attachment_store().open_object(found.key),
        as_attachment=True,
        filename=found.name,
        content_type=found.content_type or "application/octet-stream",
        headers={
            "X-Content-Type-Options": "nosniff",
            # The middleware leaves a policy that is already there.
            "Content-Security-Policy": "default-src 'none'; sandbox",
            "Cache-Control": "private, no-store",
            "Cross-Origin-Resource-Policy": "same-origin",
        },
    )
    response.headers.setdefault("Content-Length", str(found.size))
    return response
