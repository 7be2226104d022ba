"""Rich Text Format (.rtf), as Word, WordPad, TextEdit and LibreOffice write it (version 1.9.1).

Proves: it begins as RTF, its groups close. Refuses templates
elsewhere, links that update themselves, controls, DDE fields, and objects that are programs or
cannot be read; what Word would read another way than we do is refused rather than guessed at.
"""

import re
import struct
from binascii import unhexlify
from collections.abc import Iterator
from mmap import ACCESS_READ, mmap
from pathlib import Path

from storage.filetypes import embedded, programs
from storage.filetypes.family import Kind, Refusal
from storage.filetypes.places import is_remote

TYPE = "application/rtf"
PROPOSED = frozenset({"text/rtf", TYPE})
REFUSALS = frozenset(
    f"rtf-{fault}" for fault in ("active", "bomb", "broken", "external", "macro", "program")
)

START = re.compile(rb"[\s\xef\xbb\xbf]{0,64}\{\\rtf1?(?![a-z])", re.IGNORECASE)
#: All that opens and closes groups, or hides what looks like it. Other control words do not.
TOKEN = re.compile(rb"[{}]|\\bin(-?\d{1,10})? ?(?![a-z])|\\[^a-z]", re.IGNORECASE)
MAX_DEPTH = 2_000
#: Groups that nobody closed; what may stand after the end; how far from there to look for it.
MAX_OPEN, BLANK, LAST = 16, b"\0\r\n\t \x1a", 64
MAX_OBJECT = 24 * 1024 * 1024

#: An object that is asked for, or that asks, when the document is opened.
BY_ITSELF = re.compile(rb"\\(objupdate|objautlink|objocx|objlink|objhtml)(?![a-z])", re.IGNORECASE)
DATA = re.compile(rb"\\objdata(?![a-z])", re.IGNORECASE)
TEMPLATE = re.compile(rb"\\template(?![a-z])", re.IGNORECASE)
#: A field: its instruction, however many groups and words of format it is cut into.
FIELD = re.compile(rb"\\fldinst(?![a-z])", re.IGNORECASE)
#: Bytes that are not text, and may look like it.
RAW = re.compile(rb"\\bin(?![a-z])", re.IGNORECASE)
LONGEST_ESCAPE = 100
DDE = re.compile(r"[\s\"]*dde(auto)?\b", re.IGNORECASE)
#: What stands in a group: groups, characters by number, words, symbols, plain characters.
WRITTEN = re.compile(
    rb"[{}]|\\'([0-9a-f]{2})|\\u(-?\d{1,6})[ ?]?|\\[a-z]+-?\d* ?|\\(.)|([^{}\\\r\n]+)|[\r\n]",
    re.IGNORECASE | re.DOTALL,
)
LONGEST_GROUP = 4_000
HEX = re.compile(rb"[0-9a-fA-F\s]*")
#: Embedded objects of these programs are documents. The equation editor is a way in.
EQUATION = re.compile(rb"equation", re.IGNORECASE)
LINKED, EMBEDDED, PICTURE = 1, 2, 5
LINKS = re.compile(rb"ole2link|package2?link|htmlfile|script", re.IGNORECASE)


def claims(path: Path, head: bytes) -> bool:
    return START.match(head) is not None or head.lstrip()[:4].lower() == b"{\\rt"


def prove(path: Path, name: str) -> Kind:
    with path.open("rb") as file, mmap(file.fileno(), 0, access=ACCESS_READ) as content:
        if not START.match(content):
            raise Refusal("rtf-broken")
        end = _check_groups(content)
        rest = content[end:].lstrip(BLANK + b"}")
        if rest.startswith(programs.OTHER_STARTS) or programs.holds_script(rest):
            raise Refusal("disguised")
        words = Words(content)
        _check_references(content, words)
        for match in words.find(DATA):
            _check_object(content, match.end())
    return Kind(TYPE, ".rtf")


def _check_groups(content: mmap) -> int:
    """Follow the groups; return where the outermost one ends."""
    depth = at = 0
    while match := TOKEN.search(content, at):
        at = match.end()
        token = match[0]
        if token == b"{":
            depth += 1
            if depth > MAX_DEPTH:
                raise Refusal("rtf-bomb")
        elif token == b"}":
            depth -= 1
            if depth <= 0:
                return at
        elif token[1:4].lower() == b"bin":
            at += _bytes_after(match[1], len(content) - at)
    # Some ends are missing. Readers close what is open, and LibreOffice leaves some for them after
    # a form's fields; but a text that does not stop at an end is half a text.
    is_half = not content[-LAST:].rstrip(BLANK).endswith(b"}")
    if is_half or depth > MAX_OPEN:
        raise Refusal("rtf-broken")
    return len(content)


def _bytes_after(count: bytes | None, left: int) -> int:
    size = int(count or 0)
    if not 0 <= size <= left:
        raise Refusal("rtf-broken")
    return size


class Words:
    """Finds control words, but not where the text only speaks of them (`\\\\word`)."""

    def __init__(self, content: mmap) -> None:
        self.content = content
        # Among raw bytes nobody can tell, so there each is one.
        self.has_raw = any(True for _ in self.meant(RAW))

    def find(self, word: re.Pattern[bytes]) -> Iterator[re.Match[bytes]]:
        return word.finditer(self.content) if self.has_raw else self.meant(word)

    def meant(self, word: re.Pattern[bytes]) -> Iterator[re.Match[bytes]]:
        for match in word.finditer(self.content):
            if not _is_spoken_of(self.content, match.start()):
                yield match


def _is_spoken_of(content: mmap, start: int) -> bool:
    """Say whether the backslash at `start` is escaped by the one before it."""
    before = content[max(0, start - LONGEST_ESCAPE) : start]
    text = before.rstrip(b"\\")
    # After a number that is none, a backslash may be its digit.
    return bool((len(before) - len(text)) % 2 and text and b"\\'" not in text[-3:])


def _check_references(content: mmap, words: Words) -> None:
    if any(True for _ in words.find(BY_ITSELF)):
        raise Refusal("rtf-active")
    for match in words.find(TEMPLATE):
        if is_remote(_text_of_group(content, match.end())):
            raise Refusal("rtf-external")
    for match in words.find(FIELD):
        if DDE.match(_text_of_group(content, match.end())):
            raise Refusal("rtf-active")


def _text_of_group(content: mmap, start: int) -> str:
    """Return what is written up to the end of the group that `start` lies in."""
    said, depth = [], 1
    for match in WRITTEN.finditer(content, start, start + LONGEST_GROUP):
        token = match[0]
        depth += (token == b"{") - (token == b"}")
        if depth == 0:
            break
        if match[1]:
            said.append(unhexlify(match[1]).decode("latin-1"))
        elif match[2]:
            said.append(chr(int(match[2]) & 0xFFFF))
        else:
            said.append((match[3] or match[4] or b"").decode("latin-1"))
    return "".join(said)


def _check_object(content: mmap, start: int) -> None:
    data = _decoded(content, start)
    if not data:
        return  # of an object that was lost
    name, native = _ole1(data)
    if EQUATION.search(name) or LINKS.search(name):
        raise Refusal("rtf-program")
    fault = embedded.fault(native)
    if b"package" in name.lower():
        fault = fault or embedded.native_fault(native)
    if fault:
        raise Refusal("rtf-active" if fault == "external" else f"rtf-{fault}")


def _decoded(content: mmap, start: int) -> bytes:
    """Return an object's bytes. Words and groups within them are only there to mislead."""
    match = HEX.match(content, start)
    digits = bytes(match[0]) if match else b""
    if match is None or content[match.end() : match.end() + 1] != b"}":
        raise Refusal("rtf-program")
    if len(digits) > 2 * MAX_OBJECT:
        raise Refusal("rtf-bomb")
    digits = digits.translate(None, b" \t\r\n\v\f")
    return unhexlify(digits[: len(digits) & ~1])


def _ole1(data: bytes) -> tuple[bytes, bytes]:
    """Return the class and the data of an embedded object ([MS-OLEDS], 2.2.5)."""
    try:
        _version, kind = struct.unpack_from("<II", data)
        if kind == PICTURE:
            return b"", b""  # of an object that is not there
        strings = list(_strings(data))
        at = 8 + sum(4 + len(string) for string in strings)
        (size,) = struct.unpack_from("<I", data, at)
    except (struct.error, ValueError) as error:
        raise Refusal("rtf-program") from error
    if kind != EMBEDDED:
        raise Refusal("rtf-active" if kind == LINKED else "rtf-program")
    return strings[0], data[at + 4 : at + 4 + size]


def _strings(data: bytes) -> Iterator[bytes]:
    """Yield the class, the topic and the item, each with its length before it."""
    at = 8
    for _ in range(3):
        (length,) = struct.unpack_from("<I", data, at)
        if length > 1_000:
            raise ValueError
        yield data[at + 4 : at + 4 + length]
        at += 4 + length
