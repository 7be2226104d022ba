"""Downloads: bytes from strangers, handed on without ever being shown by this origin."""

from uuid import UUID

from django.db import IntegrityError, transaction
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.views.decorators.http import require_safe

from candidates import access
from candidates.models import Read
from candidates.views.page import page
from storage import scanning
from storage.backends import StorageDown, StorageError, attachment_store
from storage.models import Attachment

#: What waited already when it was asked for.
WAITS = {Attachment.Verdict.PENDING.value: "waits"}


@require_safe
def attachment(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    found = access.get_document(request, pk)
    if not found.is_servable:
        return _refuse(request, found, WAITS.get(found.verdict, found.verdict))
    try:
        verdict = scanning.recheck(found, now=timezone.now())
        if verdict == Attachment.Verdict.CLEAN:
            return _hand_over(request, found)
    except Attachment.DoesNotExist:
        raise Http404 from None
    except StorageError as error:
        return _refuse(request, found, "down" if isinstance(error, StorageDown) else "missing")
    return _refuse(request, found, verdict)


def _refuse(request: HttpRequest, found: Attachment, why: str) -> HttpResponse:
    """Say why the document cannot be had: for now, or for good."""
    status = 503 if why in {"down", Attachment.Verdict.PENDING} else 404
    context = {"document": found, "why": why}
    return page(request, "hr/no_document.html", context, section="", status=status)


def _hand_over(request: HttpRequest, found: Attachment) -> FileResponse:
    """Stream the document, once the read log has who takes it. Raises Http404 if it has just gone.

    A HEAD takes nothing.
    """
    response = _stream(found)
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
