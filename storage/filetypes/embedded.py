"""What a document carries within itself: objects of other programs, which may be programs."""

import re
from collections.abc import Iterable
from io import BytesIO
from zipfile import BadZipFile, ZipFile

import olefile

from storage.filetypes import programs
from storage.filetypes.family import Refusal

OLE = olefile.MAGIC
ZIP = b"PK\x03\x04"
RTF = b"{\\rt"

#: Storages and streams that hold Visual Basic.
VBA = {"vba", "_vba_project", "_vba_project_cur"}
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
#: The streams that are looked at.
TELLING = {PACKAGED, "\x01ole", "equation native", "package"}
MAX_ENTRIES = 4_000
#: An object is looked through as a whole.
MAX_OBJECT = 24 * 1024 * 1024


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
        if kept or (size == len(piece) and piece.startswith((OLE, ZIP, RTF))):
            kept.append(piece)
            if size > MAX_OBJECT:
                raise Refusal(f"{kind}-program")
    if found := fault(b"".join(kept)):
        raise Refusal(f"{kind}-{found}")


def fault(content: bytes) -> str:
    """Say what is wrong with an embedded object: "macro", "program", "external", or nothing."""
    if programs.starts_like_one(content):
        return "program"
    if content.startswith(OLE):
        return _ole_fault(content)
    if content.startswith(RTF):
        # A document that becomes part of this one brings its own objects.
        return "program" if b"\\objdata" in content.lower() else ""
    return _zip_fault(content) if content.startswith(ZIP) else ""


def fault_of(compound: olefile.OleFileIO) -> str:
    """Say the same of a compound file that is open already, and of all objects in it."""
    names = [[step.lower() for step in path] for path in compound.listdir(True, True)]
    if any(VBA.intersection(path) for path in names):
        return "macro"
    for path in compound.listdir(True, False):
        name = path[-1].lower()
        if name in TELLING and (found := _stream_fault(name, compound.openstream(path).read())):
            return found
    return ""


def packaged_fault(head: bytes) -> str:
    """Say what is wrong with a packed file, by the names that stand before it."""
    if PACKAGED_PROGRAM.search(head):
        return "program"
    return "macro" if PACKAGED_MACROS.search(head) else ""


def _ole_fault(content: bytes) -> str:
    if VBA_TEXT in content:
        return "macro"
    try:
        with olefile.OleFileIO(BytesIO(content)) as compound:
            if compound.root.clsid == EQUATION and not compound.exists("Equation Native"):
                return "program"
            return fault_of(compound)
    except (OSError, IndexError, KeyError, ValueError, AttributeError):
        # What cannot be read through is not carried on.
        return "program"


def _stream_fault(name: str, content: bytes) -> str:
    if name == PACKAGED:
        return "program" if DOS_STUB in content else packaged_fault(content[:4_096])
    if name == "\x01ole":
        linked = len(content) > 4 and content[4] & 1
        return "external" if linked and REMOTE.search(content) else ""
    if name == "equation native":
        # Of the editor's own time; later ones write other records.
        is_old = content[MTEF : MTEF + 1] < b"\5"
        return "program" if is_old and OVERLONG_FONT.search(content) else ""
    if name == "package":
        return fault(content)
    return ""


def _zip_fault(content: bytes) -> str:
    if content.count(b"PK\x01\x02") > MAX_ENTRIES:
        return "program"
    try:
        with ZipFile(BytesIO(content)) as archive:
            names = archive.namelist()
    except (BadZipFile, NotImplementedError, ValueError, EOFError):
        return "program"
    return next(filter(None, map(_name_fault, names)), "")


def _name_fault(name: str) -> str:
    if programs.is_named_like_one(name):
        return "program"
    last = name.lower().rpartition("/")[2]
    return "macro" if last.startswith("vbaproject") or programs.is_named_like_macros(name) else ""
