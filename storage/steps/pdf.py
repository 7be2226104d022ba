"""PDF: how many pages, which words, and each page as a picture. PDFium reads, as in Chromium."""

import math
import time
from pathlib import Path
from typing import Any

import pypdfium2

from storage.steps import Unreadable
from storage.steps.words import LONGEST, put

#: A page on the screen: twice the reader's column wide, and at most so many pixels altogether.
WIDTH, LONGEST_SIDE, MOST = 1_472, 8_000, 6_000_000
#: Seconds of processor time after which the words that were found are enough.
ENOUGH = 5


def read(place: Path) -> dict[str, Any]:
    """Say how many `pages` there are, and write their words as `words`."""
    document = _opened(place)
    pieces, left = [], LONGEST
    for number in range(len(document)):
        if left <= 0 or time.process_time() > ENOUGH:
            break
        pieces.append(_words(document, number)[:left])
        left -= len(pieces[-1])
    put(place, "\n".join(pieces))
    return {"pages": len(document)}


def page(place: Path, *, number: int) -> dict[str, Any]:
    """Draw a page, counted from 1, as `page`, a WebP."""
    document = _opened(place)
    if not 1 <= number <= len(document):
        raise Unreadable
    document.init_forms()  # what was typed into fields is drawn by them
    try:
        sheet = document[number - 1]
        picture = (
            sheet.render(scale=_scale(*sheet.get_size()), rev_byteorder=True)
            .to_pil()
            .convert("RGB")
        )
    except pypdfium2.PdfiumError as error:
        raise Unreadable from error
    picture.save(place / "page", "WEBP", quality=80, method=2)
    return {"width": picture.width, "height": picture.height}


def _opened(place: Path) -> pypdfium2.PdfDocument:
    try:
        return pypdfium2.PdfDocument(place / "in")
    except pypdfium2.PdfiumError:
        return _mended(place)


def _mended(place: Path) -> pypdfium2.PdfDocument:
    """Have qpdf write anew what PDFium cannot read: it mends more."""
    import pikepdf

    try:
        with pikepdf.open(place / "in") as document:
            document.save(place / "mended")
        return pypdfium2.PdfDocument(place / "mended")
    except (pikepdf.PdfError, pikepdf.PasswordError, pypdfium2.PdfiumError) as error:
        raise Unreadable from error


def _scale(width: float, height: float) -> float:
    """Return pixels a point, for a page of any size in points."""
    width, height = max(width, 1), max(height, 1)
    return min(WIDTH / width, LONGEST_SIDE / height, math.sqrt(MOST / (width * height)))


def _words(document: pypdfium2.PdfDocument, number: int) -> str:
    try:
        return str(document[number].get_textpage().get_text_range())
    except pypdfium2.PdfiumError:
        return ""
