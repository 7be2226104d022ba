"""The reader: what came with an application, page by page, as pictures of our own making."""

from dataclasses import dataclass
from typing import BinaryIO
from uuid import UUID

from django.db.models.functions import Left
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.views.decorators.http import require_safe

from candidates import access
from candidates.models import Application
from storage import preview
from storage.backends import StorageDown, StorageError
from storage.models import Attachment, Words
from storage.preview import NoPage

#: Pages that one look shows; the others follow when one scrolls to their end.
MOST_PAGES = 50
#: Letters of a text that one look shows; who needs more downloads the file.
MOST_LETTERS = 50_000

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    # No copy in a browser outlives the application.
    "Cache-Control": "private, no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
}


@dataclass
class Reader:
    """One document of an application as it lies open, beside the tabs of the others."""

    documents: list[Attachment]
    document: Attachment | None
    #: The words, if they are shown instead of pages.
    text: str | None
    #: The first page that is shown.
    first: int = 1

    @property
    def pages(self) -> range:
        if self.document is None or self.text is not None:
            return range(0)
        end = min(self.document.pages_to_see, self.first + MOST_PAGES - 1)
        return range(self.first, end + 1)

    @property
    def further(self) -> int | None:
        """The page after those that are shown, or None."""
        after = self.pages.stop
        is_there = self.document and self.pages and after <= self.document.pages_to_see
        return after if is_there else None

    @property
    def is_cut(self) -> bool:
        return self.text is not None and len(self.text) == MOST_LETTERS

    @property
    def is_waiting(self) -> bool:
        waiting = Attachment.Preparation.WAITING
        return self.document is not None and self.document.preparation == waiting


def reader(application: Application, query: QueryDict) -> Reader:
    """Open the document that the address names, or the first that can be seen."""
    documents = list(application.attachments.all())
    named = (row for row in documents if str(row.pk) == query.get("document"))
    seen = (row for row in documents if row.is_servable)
    document = next(named, None) or next(seen, None) or next(iter(documents), None)
    text = None
    as_text = document and (not document.pages_to_see or query.get("as") == "text")
    if document and document.is_servable and as_text:
        words = Words.objects.filter(attachment=document)
        text = words.values_list(Left("text", MOST_LETTERS), flat=True).first()
    return Reader(documents, document, text, _first(query.get("pages", "")))


def _first(value: str) -> int:
    return max(1, int(value[:6])) if value.isdecimal() and value.isascii() else 1


@require_safe
def page(request: HttpRequest, pk: UUID, number: int) -> HttpResponseBase:
    """Answer with a page as a picture. Whatever is wrong, there is none: it stands in a page."""
    attachment = access.get_attachment(request, pk)
    try:
        image, kind = preview.open_page(attachment, number, now=timezone.now())
    except StorageDown:
        return HttpResponse(status=503, headers=HEADERS)
    except (NoPage, StorageError) as error:
        raise Http404 from error
    return _picture(image, kind)


def _picture(image: BinaryIO | bytes, kind: str) -> HttpResponseBase:
    if isinstance(image, bytes):
        return HttpResponse(image, content_type=kind, headers=HEADERS)
    return FileResponse(image, content_type=kind, headers=HEADERS)
