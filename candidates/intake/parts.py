"""The parts of a mail: its text, and its files. Bounded in depth and number.

Which pictures are decoration: one that the mail's HTML shows, or that is marked as inline, and
that has at most `SMALL` bytes. It is the logo of a signature and is left out without a word. What
is larger, a photo or a scan that a telephone puts between the lines, is a document like any
other; so is every file that is no picture, inline or not.
"""

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from email.message import Message
from email.parser import BytesParser
from itertools import count

from candidates.intake import headers, texts

DEEPEST = 30
MOST_PARTS = 300
#: Lines times multiparts; a mail of 40 MB has half a million lines, and rarely ten multiparts.
MOST_LOOKS = 50_000_000
SMALL = 64 * 1024

#: Parts that say something about the mail and bring nothing of it.
ABOUT = {
    "application/pgp-signature",
    "application/pkcs7-signature",
    "application/x-pkcs7-signature",
    "message/delivery-status",
    "message/disposition-notification",
    "message/global-delivery-status",
    "text/rfc822-headers",
}
MAILS = {"message/rfc822", "message/global"}
#: How Outlook packs files for itself alone.
PACKED = {"application/ms-tnef", "application/vnd.ms-tnef"}
SHOWN = re.compile(r"""cid:([^"'\s<>)]+)""", re.IGNORECASE)
BOUNDARY = re.compile(rb"\bboundary\s*=", re.IGNORECASE)
#: What a line that parts multiparts looks like where the header does not say it.
LINE = re.compile(rb"^--(\S(?:.{0,68}\S)?)[ \t]*\r?$", re.MULTILINE)


class Unreadable(Exception):
    """A mail that nobody writes: nested too deep, or cut into too many parts."""


@dataclass(frozen=True)
class File:
    """A file of a mail; `read` decodes it anew each time, since several may be large."""

    name: str
    part: "Message[str, str]"

    @property
    def is_packed(self) -> bool:
        named = self.name.lower() == "winmail.dat"
        return named or self.part.get_content_type() in PACKED

    def read(self) -> bytes:
        return content(self.part)


@dataclass
class Body:
    """What has been read of a part and the parts in it."""

    text: str = ""
    is_plain: bool = False
    files: list[File] = field(default_factory=list)


def parsed(raw: bytes) -> "Message[str, str]":
    """Return a mail in its parts. Raises `Unreadable` if Python cannot follow it so deep.

    Or not in time: it looks in each line for the end of every multipart that the line is in.
    """
    if raw.count(b"\n") * sum(1 for _ in BOUNDARY.finditer(raw)) > MOST_LOOKS:
        raise Unreadable("too many parts around too many lines")
    try:
        return BytesParser(policy=headers.AS_IT_CAME).parsebytes(raw)
    except RecursionError:
        raise Unreadable("too deep") from None


def content(part: "Message[str, str]") -> bytes:
    """Return the bytes of a part that has no parts, as far as they can be decoded."""
    found = part.get_payload(decode=True)
    return found if isinstance(found, bytes) else b""


def parameter(part: "Message[str, str]", name: str, header: str = "content-type") -> str:
    """Return a parameter of a header, or "" where there is none or nobody can read it."""
    with suppress(Exception):
        value = part.get_param(name, "", header)
        if isinstance(value, tuple):  # RFC 2231: charset, language, text
            return texts.decoded(value[2].encode("latin-1", "replace"), value[0] or "")
        return str(value)
    return ""


def file_name(part: "Message[str, str]") -> str:
    name = parameter(part, "filename", "content-disposition") or parameter(part, "name")
    return headers.readable(headers.mended(name[: headers.MOST]))


class Reader:
    """Reads one mail through, and counts its parts."""

    def __init__(self) -> None:
        self.numbers = count(1)
        self.shown: set[str] = set()
        self.tags = texts.MOST_TAGS

    def read(self, message: "Message[str, str]") -> Body:
        """Return the text and the files of a mail. Raises `Unreadable`."""
        body = self._read(message, 0)
        body.files = [each for each in body.files if not self._is_decoration(each.part)]
        return body

    def _read(self, part: "Message[str, str]", depth: int) -> Body:
        if depth > DEEPEST or next(self.numbers) > MOST_PARTS:
            raise Unreadable("too many parts")
        kind = part.get_content_type()
        if kind in ABOUT:
            return Body()
        if kind in MAILS:
            return self._forwarded(part, depth)
        children = list(_children(part))
        if not children:
            return self._leaf(part, kind)
        bodies = [self._read(child, depth + 1) for child in children]
        return (_best if kind == "multipart/alternative" else _joined)(bodies)

    def _forwarded(self, part: "Message[str, str]", depth: int) -> Body:
        """Return a mail in the mail: what it says and brings counts as the outer one's."""
        inner = _inner(part)
        if inner is None:
            return Body(files=[File(file_name(part), part)])
        body = self._read(inner, depth + 1)
        head = (f"{name}: {headers.text(inner, name)}" for name in ("From", "Date", "Subject"))
        return Body("\n".join([*head, "", body.text]), body.is_plain, body.files)

    def _leaf(self, part: "Message[str, str]", kind: str) -> Body:
        name = file_name(part)
        is_text = kind in {"text/plain", "text/html"} and not name
        if not is_text or _disposition(part) == "attachment":
            # A description of an event that comes along with a text is no document.
            return Body() if kind == "text/calendar" else Body(files=[File(name, part)])
        said = texts.decoded(content(part), parameter(part, "charset"))
        if kind == "text/plain":
            return Body(texts.clean(said), is_plain=True)
        self.shown |= {found.lower() for found in SHOWN.findall(said)}
        said = texts.until_tag(said[: texts.MOST_HTML], self.tags)
        self.tags -= said.count("<")
        return Body(texts.clean(texts.from_html(said)))

    def _is_decoration(self, part: "Message[str, str]") -> bool:
        if part.get_content_maintype() != "image":
            return False
        mark = headers.first(part, "Content-ID").strip("<> ").lower()
        is_between = mark in self.shown or _disposition(part) == "inline"
        return is_between and len(content(part)) <= SMALL


def _disposition(part: "Message[str, str]") -> str:
    return headers.first(part, "Content-Disposition").partition(";")[0].strip().lower()


def _children(part: "Message[str, str]") -> "Iterator[Message[str, str]]":
    payload = part.get_payload()
    if isinstance(payload, list):
        yield from (each for each in payload if isinstance(each, Message))
    elif part.get_content_maintype() == "multipart":
        yield from _divided(content(part))


def _divided(source: bytes) -> "Iterator[Message[str, str]]":
    """Yield the parts of a multipart whose header lacks the line that parts them."""
    if line := LINE.search(source):
        boundary = line[1].replace(b'"', b"")
        head = b'Content-Type: multipart/mixed; boundary="' + boundary + b'"\n\n'
        again = parsed(head + source).get_payload()
        if isinstance(again, list):
            yield from (each for each in again if isinstance(each, Message))
            return
    yield parsed(b"\n" + source)


def _inner(part: "Message[str, str]") -> "Message[str, str] | None":
    """Return the mail in a part, also where it was encoded against the rules."""
    payload = part.get_payload()
    inner = payload[0] if isinstance(payload, list) and payload else None
    if not isinstance(inner, Message):
        return None
    encoding = headers.first(part, "Content-Transfer-Encoding").lower()
    if encoding == "base64" and not inner.keys():
        inner["Content-Transfer-Encoding"] = "base64"
        return parsed(content(inner))
    return inner


def _joined(bodies: list[Body]) -> Body:
    said = [body for body in bodies if body.text.strip()]
    files = [file for body in bodies for file in body.files]
    return Body("\n\n".join(body.text for body in said), all(b.is_plain for b in said), files)


def _best(bodies: list[Body]) -> Body:
    """Return one text of several that say the same, plain if there is one, and all files."""
    said = [body for body in bodies if body.text.strip()]
    best = next((body for body in said if body.is_plain), said[-1] if said else Body())
    files = [file for body in bodies for file in body.files]
    return Body(best.text, best.is_plain, files)
