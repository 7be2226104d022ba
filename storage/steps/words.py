"""The words of a document, one paragraph a line: for searching, and for reading without pages."""

import re
import unicodedata
import zlib
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any
from zipfile import BadZipFile, ZipFile

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import ParseError, iterparse

from storage.steps import Unreadable

#: Characters that are kept: some 80 pages.
LONGEST = 200_000
#: What a part may unpack to before it is cut off.
MAX_PART = 64 * 1024 * 1024

WORD_PARTS = re.compile(
    r"word/(document|header|footer|footnotes|endnotes)[^/]*\.xml", re.IGNORECASE
)
BREAKS = {"p", "h", "br", "cr", "line-break", "tr", "table-row"}


def put(place: Path, text: str) -> dict[str, Any]:
    """Write the words as `words`: without what no database takes, and cut where it is enough."""
    (place / "words").write_text(_tidy(text)[:LONGEST], encoding="utf-8")
    return {}


def docx(place: Path) -> dict[str, Any]:
    with _archive(place) as archive:
        names = [name for name in archive.namelist() if WORD_PARTS.fullmatch(name)]
        # The text before its headers and notes.
        names.sort(key=lambda name: ("document" not in name, name))
        return put(place, _all(archive, names))


def odt(place: Path) -> dict[str, Any]:
    with _archive(place) as archive:
        return put(place, _all(archive, ["content.xml"]))


def txt(place: Path) -> dict[str, Any]:
    data = (place / "in").read_bytes()[: 4 * LONGEST]
    for mark, encoding in (
        (BOM_UTF8, "utf-8"),
        (BOM_UTF16_LE, "utf-16-le"),
        (BOM_UTF16_BE, "utf-16-be"),
    ):
        if data.startswith(mark):
            return put(place, data[len(mark) :].decode(encoding, "replace"))
    try:
        # The last character may be cut in two.
        return put(place, data[:-3].decode("utf-8") + data[-3:].decode("utf-8", "ignore"))
    except UnicodeDecodeError:
        return put(place, data.decode("cp1252", "replace"))


def rtf(place: Path) -> dict[str, Any]:
    from storage.steps.rtf import text

    return put(place, text((place / "in").read_bytes(), longest=LONGEST))


def _archive(place: Path) -> ZipFile:
    try:
        return ZipFile(place / "in")
    except (BadZipFile, OSError, ValueError) as error:
        raise Unreadable from error


def _all(archive: ZipFile, names: list[str]) -> str:
    pieces, left = [], LONGEST
    for name in names:
        for piece in _pieces(archive, name):
            pieces.append(piece)
            left -= len(piece)
            if left < 0:
                return "".join(pieces)
        pieces.append("\n")
    return "".join(pieces)


def _pieces(archive: ZipFile, name: str) -> Iterator[str]:
    """Yield the text of a part of OOXML or ODF, a line for a paragraph, as far as it goes."""
    try:
        with archive.open(name) as part:
            yield from _walk(Part(part))
    except (BadZipFile, zlib.error, KeyError, OSError, ParseError, DefusedXmlException, ValueError):
        return


class Part:
    """The beginning of a part, for a parser: no more of it than we ever need."""

    def __init__(self, part: IO[bytes]) -> None:
        self.part, self.left = part, MAX_PART

    def read(self, size: int = 65_536) -> bytes:
        piece = self.part.read(min(size, self.left))
        self.left -= len(piece)
        return piece


def _walk(part: Part) -> Iterator[str]:
    # Word writes what is in a drawing twice: for itself, and for those that cannot draw it.
    skipping = 0
    for event, element in iterparse(part, ("start", "end"), forbid_dtd=True):
        space, _, name = element.tag.rpartition("}")
        if name == "Fallback":
            skipping += 1 if event == "start" else -1
        if event == "start":
            continue
        if not skipping:
            yield from _said(name, "opendocument" in space, element)
        if name in {"p", "h"}:
            element.clear()  # what was said is not kept


def _said(name: str, is_odf: bool, element: Any) -> Iterator[str]:
    if is_odf:
        if name in {"p", "h"}:
            yield "".join(_inside(element))
            yield "\n"
    elif name == "t":
        yield element.text or ""
    elif name == "tab":
        yield "\t"
    elif name in BREAKS:
        yield "\n"


def _inside(element: Any) -> Iterator[str]:
    """Yield the text of an ODF paragraph, whose spaces and tabs are elements."""
    yield element.text or ""
    for child in element:
        name = child.tag.rpartition("}")[2]
        if name in {"s", "tab"}:
            yield " "
        elif name == "line-break":
            yield "\n"
        elif name not in {"annotation", "tracked-changes"}:
            yield from _inside(child)
        yield child.tail or ""


def _tidy(text: str) -> str:
    text = re.sub(r"\r\n?|[\v\f\x85\u2028\u2029]", "\n", unicodedata.normalize("NFC", text))
    text = "".join(sign for sign in text if sign in "\n\t" or _is_text(sign))
    return re.sub(r"\n{3,}", "\n\n", re.sub(r"[ \xa0]+\n", "\n", text)).strip()


def _is_text(sign: str) -> bool:
    """Leave out control and bidi characters, surrogates, and what no font has."""
    return not unicodedata.category(sign).startswith("C")
