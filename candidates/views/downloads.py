"""Downloads: bytes from strangers, handed on without ever being shown by this origin."""

from uuid import UUID

from django.http import FileResponse, HttpRequest
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_safe

from candidates import access
from candidates.views.page import page
from storage.backends import StorageDown, StorageError, attachment_store
from storage.models import Attachment


@require_safe
def attachment(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    found = access.get_attachment(request, pk)
    try:
        return _stream(found)
    except StorageError as error:
        is_down = isinstance(error, StorageDown)
        context = {"document": found, "is_down": is_down}
        return page(
            request, "hr/no_document.html", context, section="", status=503 if is_down else 404
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
