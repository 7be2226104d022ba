"""What a document carries within itself: objects of other programs, which may be programs."""

import re
import zlib
from collections.abc import Iterable, Iterator
from io import BytesIO
from zipfile import BadZipFile, ZipFile, ZipInfo

import olefile
from defusedxml import DefusedXmlException
from defusedxml.ElementTree import ParseError, fromstring

from storage.filetypes import programs, relations
from storage.filetypes.family import Refusal

OLE = olefile.MAGIC
ZIP = b"PK\x03\x04"
RTF = b"{\\rt"
OBJECTS = (OLE, ZIP, RTF)
#: A document that becomes part of this one brings no objects of its own, nor asks for any.
RTF_OBJECTS = re.compile(
    rb"\\obj(data|update|autlink|ocx|link|html)(?![a-z])|\\fldinst[^}]{0,200}dde", re.IGNORECASE
)

#: Pages of the web that become text of a document: without what would run.
PAGES = ("text/html", "application/xhtml+xml", "message/rfc822", "multipart/related")
ACTIVE = re.compile(
    rb"(<|=3c)(script|i?frame|frameset|object|embed|applet|base)[\s>/=]", re.IGNORECASE
)

#: Storages and streams that hold Visual Basic.
VBA = {"vba", "_vba_project", "_vba_project_cur"}
#: Where a workbook keeps macros of older days.
SHEETS_OF_MACROS = re.compile(r"macrosheets$")
#: How Visual Basic's text begins, packed; it stands in no other stream.
VBA_TEXT = b"\x00Attribut\x00e "
#: A file that was packed into the document: the ending of its name, or its own first lines.
PACKAGED = "\x01ole10native"
PACKAGED_PROGRAM = re.compile(rb"\.(%s)\0" % "|".join(sorted(programs.ENDINGS)).encode(), re.I)
PACKAGED_MACROS = re.compile(rb"\.(%s)\0" % "|".join(programs.MACRO_ENDINGS).encode(), re.I)
DOS_STUB = b"This program cannot be run in DOS mode"
#: A link to an object elsewhere: http:// or \\server, in wide characters.
REMOTE = re.compile(rb"h\0t\0t\0p\0|:\0/\0/\0|\\\0\\\0[a-z]\0", re.IGNORECASE)
#: A font's name in an equation that is longer than the equation editor has room for.
#: Its version stands behind the stream's own header.
MTEF = 28
OVERLONG_FONT = re.compile(rb"\x08[^\x00]{36,}")
#: {0002CE02-0000-0000-C000-000000000046}: the equation editor.
EQUATION = "0002CE02-0000-0000-C000-000000000046"
#: Controls that have run or loaded what they were told to: Flash, and the pages that are objects.
CONTROLS = {
    "D27CDB6E-AE6D-11CF-96B8-444553540000",
    "25336920-03F9-11CF-8FD0-00AA00686F13",
    "8856F961-340A-11D0-A96B-00C04FD705A2",
    "EAB22AC3-30C1-11CF-A7EB-0000C05BAE0B",
}
#: The name of a control.
CONTROL = "\x03ocxname"
#: The streams that are looked at.
TELLING = {PACKAGED, "\x01ole", "equation native", "package"}
MAX_ENTRIES = 4_000
#: An object is looked through as a whole.
MAX_OBJECT = 24 * 1024 * 1024
#: A sheet in a text in a sheet.
MAX_DEPTH = 4
MAX_RELATIONS = 1024 * 1024


def check(pieces: Iterable[bytes], kind: str) -> None:
    """Refuse a part of a document that is a program, or an object with a program or macros in it.

    All pieces are taken, since that is what proves them. `kind` begins the refusals' codes.
    """
    kept: list[bytes] = []
    size = 0
    for piece in pieces:
        size += len(piece)
        if not kept and size == len(piece) and programs.starts_like_one(piece):
            raise Refusal(f"{kind}-program")
        if kept or (size == len(piece) and piece.startswith(OBJECTS)):
            kept.append(piece)
            if size > MAX_OBJECT:
                raise Refusal(f"{kind}-program")
    content = b"".join(kept)
    kept.clear()
    if found := fault(content):
        raise Refusal(f"{kind}-{found}")


def starts_like_one(head: bytes) -> bool:
    """Say whether this is an object or a program by its first bytes."""
    return programs.starts_like_one(head) or head.startswith(OBJECTS)


def page(pieces: Iterable[bytes], kind: str) -> Iterator[bytes]:
    """Yield what a page of the web says, and refuse it if something in it would run."""
    end = b""
    for piece in pieces:
        if ACTIVE.search(end + piece):
            raise Refusal(f"{kind}-active")
        end = piece[-20:]
        yield piece


def fault(content: bytes, depth: int = 0) -> str:
    """Say what is wrong with an object: "macro", "program", "active", "external", or nothing.

    `depth` is that of the objects around it.
    """
    if programs.starts_like_one(content) or depth > MAX_DEPTH:
        return "program"
    if content.startswith(OLE):
        return _ole_fault(content, depth)
    if content.startswith(RTF):
        return "program" if RTF_OBJECTS.search(content) else ""
    return _zip_fault(content, depth) if content.startswith(ZIP) else ""


def fault_of(compound: olefile.OleFileIO, depth: int = 0) -> str:
    """Say the same of a compound file that is open already, and of all objects in it."""
    names = [[step.lower() for step in path] for path in compound.listdir(True, True)]
    if any(VBA.intersection(path) for path in names):
        return "macro"
    for path in compound.listdir(True, False):
        name = path[-1].lower()
        if name == CONTROL:
            return "active"
        if name in TELLING:
            content = compound.openstream(path).read()
            if found := _stream_fault(name, content, depth):
                return found
    return ""


def packaged_fault(head: bytes) -> str:
    """Say what is wrong with a packed file, by the names that stand before it."""
    if PACKAGED_PROGRAM.search(head):
        return "program"
    return "macro" if PACKAGED_MACROS.search(head) else ""


def native_fault(content: bytes, depth: int = 0) -> str:
    """Say what is wrong with a packed file and with what it holds, if that is an archive."""
    if DOS_STUB in content:
        return "program"
    at = content.find(ZIP, 0, 4_096)
    return packaged_fault(content[:4_096]) or (fault(content[at:], depth + 1) if at >= 0 else "")


def _ole_fault(content: bytes, depth: int) -> str:
    if VBA_TEXT in content:
        return "macro"
    try:
        with olefile.OleFileIO(BytesIO(content)) as compound:
            if compound.root.clsid == EQUATION and not compound.exists("Equation Native"):
                return "program"
            return "active" if compound.root.clsid in CONTROLS else fault_of(compound, depth)
    except (OSError, IndexError, KeyError, ValueError, AttributeError):
        # What cannot be read through is not carried on.
        return "program"


def _stream_fault(name: str, content: bytes, depth: int) -> str:
    if name == PACKAGED:
        return native_fault(content, depth)
    if name == "\x01ole":
        linked = len(content) > 4 and content[4] & 1
        return "external" if linked and REMOTE.search(content) else ""
    if name == "equation native":
        # Of the editor's own time; later ones write other records.
        is_old = content[MTEF : MTEF + 1] < b"\5"
        return "program" if is_old and OVERLONG_FONT.search(content) else ""
    if name == "package":
        return fault(content, depth + 1)
    return ""


def _zip_fault(content: bytes, depth: int) -> str:
    if content.count(b"PK\x01\x02") > MAX_ENTRIES:
        return "program"
    try:
        with ZipFile(BytesIO(content)) as archive:
            entries = archive.infolist()
            faults = (_entry_fault(archive, entry, depth) for entry in entries)
            return next(filter(None, faults), "")
    except (BadZipFile, EOFError, RuntimeError, ValueError, zlib.error):
        return "program"


def _entry_fault(archive: ZipFile, entry: ZipInfo, depth: int) -> str:
    if found := _name_fault(entry.filename):
        return found
    with archive.open(entry) as file:
        if entry.filename.lower().endswith(".rels"):
            of_chart = "charts/" in entry.filename.lower()
            return _relations_fault(file.read(MAX_RELATIONS), of_chart=of_chart)
        head = file.read(8)
        if not starts_like_one(head):
            return "macro" if programs.is_named_like_macros(entry.filename) else ""
        content = head + file.read(MAX_OBJECT)
    return "program" if len(content) > MAX_OBJECT else fault(content, depth + 1)


def _relations_fault(content: bytes, *, of_chart: bool) -> str:
    try:
        tree = fromstring(content, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError):
        return "program"
    faults = (relations.fault(relation, of_chart=of_chart) for relation in tree)
    return next(filter(None, faults), "")


def _name_fault(name: str) -> str:
    if programs.is_named_like_one(name):
        return "program"
    *folders, last = name.lower().split("/")
    is_macro = last.startswith("vbaproject") or any(map(SHEETS_OF_MACROS.search, folders))
    return "macro" if is_macro else ""
