"""PDF (ISO 32000-1): opened by qpdf, which reads what damaged files have left, as viewers do.

Proves: it opens without a password, comes to its end, has a page, and is no other file as well.
Refuses what runs on opening (scripts, launches, calls elsewhere) and programs within it. What a
form's field or a link does when somebody clicks is normal.
"""

from io import BytesIO
from mmap import ACCESS_READ, mmap
from pathlib import Path

import pikepdf
from pikepdf.settings import set_qpdf_limits

from storage.filetypes import pdf_inside, programs
from storage.filetypes.family import HEAD, Kind, Refusal

TYPE = "application/pdf"
PROPOSED = frozenset({TYPE})
REFUSALS = frozenset(
    f"pdf-{fault}" for fault in ("active", "broken", "no-pages", "password", "program")
)

MB = 1024 * 1024
#: Bytes for which qpdf believes numbers of objects up to 300,000.
ENOUGH_FOR_NUMBERS = MB
#: Formats with which a file can also begin: then it is two at once.
OTHER_STARTS = (
    *programs.STARTS,
    *(b"PK\x03\x04", b"GIF8", b"\x89PNG", b"\xff\xd8\xff", b"Rar!", b"7z\xbc\xaf", b"{\\rtf"),
    *(b"\xd0\xcf\x11\xe0", b"\x1f\x8b", b"BZh", b"%!", b"/*", b"@echo"),
)

# A stream that unpacks to more is damaged to qpdf. For the whole process: qpdf knows no other way.
# Its limit on warnings is not among these: with it, qpdf reads every object to open a file.
set_qpdf_limits(
    flate_max_memory=40 * MB,
    run_length_max_memory=40 * MB,
    png_max_memory=40 * MB,
    tiff_max_memory=40 * MB,
    max_stream_filters=8,
)


def claims(path: Path, head: bytes) -> bool:
    return b"%PDF-" in head[:HEAD]


def prove(path: Path, name: str) -> Kind:
    with path.open("rb") as file, mmap(file.fileno(), 0, access=ACCESS_READ) as content:
        _check_surroundings(content)
        try:
            pdf_inside.check(lambda: _opened(path, content))
        except (pikepdf.PasswordError, pikepdf.PdfError) as error:
            raise Refusal(_why(error)) from error
    return Kind(TYPE, ".pdf")


def _opened(path: Path, content: mmap) -> pikepdf.Pdf:
    """Open the file as it is; if it is short and cannot be opened, as if it were longer.

    qpdf believes no object's number above a third of the file's bytes. Tools that take pages out
    of a long document keep their numbers. A comment before the last lines moves nothing.
    """
    try:
        return _read(path)
    except pikepdf.PdfError:
        at = content.rfind(b"startxref")
        if at < 0 or len(content) > ENOUGH_FOR_NUMBERS:
            raise
    filling = b"%" + b" " * ENOUGH_FOR_NUMBERS + b"\n"
    return _read(BytesIO(content[:at] + filling + content[at:]))


def _read(source: Path | BytesIO) -> pikepdf.Pdf:
    # What pages inherit does not matter here, and finding it out would read nearly everything.
    document = pikepdf.open(source, inherit_page_attributes=False)
    # With an owner's password that is empty, qpdf opens what readers ask a password for.
    if document.is_encrypted and not document.user_password_matched:
        raise Refusal("pdf-password")
    return document


def _why(error: Exception) -> str:
    # With a certificate instead of a password, qpdf does not support the encryption.
    if isinstance(error, pikepdf.PasswordError) or "encryption" in str(error):
        return "pdf-password"
    return "pdf-no-pages" if "no pages found" in str(error) else "pdf-broken"


# Before and after ---------------------------------------------------------------------------


def _check_surroundings(content: mmap) -> None:
    """Refuse a file that is another one as well, before or after the PDF in it.

    Other bytes there are normal: printers' commands, headers of mails, blank lines. But a file
    that never comes to its end is half of one, however much of it qpdf can read.
    """
    if content.find(b"startxref") < 0 and content.rfind(b"%%EOF") < 0:
        raise Refusal("pdf-broken")
    before = content[: content.find(b"%PDF-", 0, HEAD)]
    if before.lstrip(b"\xef\xbb\xbf \t\r\n\0").startswith(OTHER_STARTS):
        raise Refusal("disguised")
    end = content.rfind(b"%%EOF")
    after = content[end + len(b"%%EOF") :] if end >= 0 else b""
    starts = programs.starts_like_one(after.lstrip())
    if starts or any(mark in after for mark in programs.ARCHIVE_STARTS):
        raise Refusal("disguised")
    if any(map(programs.holds_markup, (before, after))) or programs.ends_as_zip(content):
        raise Refusal("disguised")
