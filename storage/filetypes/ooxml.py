"""Word documents (.docx): a zip of XML parts, with types and relations between them (ECMA-376)."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from mmap import ACCESS_READ, mmap
from pathlib import Path
from posixpath import normpath
from typing import TYPE_CHECKING
from xml.parsers import expat

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import ParseError, fromstring

from storage.filetypes import programs
from storage.filetypes.archive import MB, Archive, Budget
from storage.filetypes.family import Kind, Refusal

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
PROPOSED = frozenset({TYPE})
ENDINGS = frozenset({".docx"})

ZIP = b"PK\x03\x04"
#: A compound file: what Office makes of a document with a password, and of what it embeds.
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

TYPES_PART = "[Content_Types].xml"
MAIN_TYPE = f"{TYPE}.main+xml"
NAMESPACES = (
    "http://schemas.openxmlformats.org/wordprocessingml/2006/main",
    "http://purl.oclc.org/ooxml/wordprocessingml/main",
)
#: Types, relations: small parts that are read whole.
MAX_INDEX = 2 * MB
#: Text: thousands of pages.
MAX_XML = 32 * MB
#: What the parser keeps in memory: open elements, names, one tag with all that is in it.
MAX_DEPTH = 1_000
MAX_NAMES = 50_000
MAX_TAG = 2 * MB

#: Relations that must not lead out of the file: what they load is run or becomes the document.
INSIDE_ONLY = {"afchunk", "control", "frame", "oleobject", "package", "subdocument"}
#: A template on the author's own machine, as Word notes it for every résumé template.
OWN_TEMPLATE = re.compile(r"(file:/{0,3}[a-z]:[\\/]|[a-z]:[\\/]|[^:\\/]*$)", re.IGNORECASE)

#: In a compound file: a packaged file with a program's ending, and VBA's own stream.
PACKAGED_PROGRAM = re.compile(
    rb"\.(%s)\0" % "|".join(sorted(programs.ENDINGS)).encode(), re.IGNORECASE
)
OLE_MACROS = "_VBA_PROJECT".encode("utf-16-le")
OLE_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")


def claims(path: Path, head: bytes) -> bool:
    if not head.startswith((ZIP, OLE)):
        return False
    mark = TYPES_PART.encode() if head.startswith(ZIP) else OLE_ENCRYPTED
    with path.open("rb") as file, mmap(file.fileno(), 0, access=ACCESS_READ) as content:
        return content.find(mark) >= 0


def prove(path: Path) -> Kind:
    with path.open("rb") as file:
        if file.read(len(OLE)) == OLE:
            raise Refusal("docx-password")
    with Archive(path) as archive:
        types = Types.of(archive)
        types.refuse_macros()
        main = _main_part(archive)
        if types.of_part(main) != MAIN_TYPE:
            raise Refusal("type-not-accepted")
        _check_parts(archive, types, main, Budget(path.stat().st_size))
    return Kind(TYPE, ".docx")


# Types and relations --------------------------------------------------------------------------


@dataclass
class Types:
    """Which part is of which media type, by its name or by its ending; all in lower case."""

    by_name: dict[str, str]
    by_ending: dict[str, str]

    @classmethod
    def of(cls, archive: Archive) -> "Types":
        root = _tree(archive.read(TYPES_PART, limit=MAX_INDEX))
        by_name, by_ending = {}, {}
        for element in root:
            kind = element.get("ContentType", "")
            if name := element.get("PartName"):
                by_name[name.lower().lstrip("/")] = kind
            elif ending := element.get("Extension"):
                by_ending[ending.lower()] = kind
        return cls(by_name, by_ending)

    def of_part(self, name: str) -> str:
        name = name.lower()
        return self.by_name.get(name) or self.by_ending.get(name.rpartition(".")[2], "")

    def refuse_macros(self) -> None:
        for kind in (*self.by_name.values(), *self.by_ending.values()):
            if "macroenabled" in kind.lower() or "vba" in kind.lower():
                raise Refusal("docx-macro")


def _main_part(archive: Archive) -> str:
    relations = _tree(archive.read("_rels/.rels", limit=MAX_INDEX))
    for relation in relations:
        if _kind(relation) == "officedocument":
            return normpath(relation.get("Target", "").lstrip("/"))
    raise Refusal("docx-broken")


def _kind(relation: "Element") -> str:
    """Return the last word of a relation's type: the rest differs between two editions."""
    return relation.get("Type", "").rpartition("/")[2].lower()


def _check_relations(content: bytes) -> None:
    for relation in _tree(content):
        kind, target = _kind(relation), relation.get("Target", "").strip()
        if "vba" in kind:
            raise Refusal("docx-macro")
        if relation.get("TargetMode", "").lower() != "external":
            continue
        if kind in INSIDE_ONLY:
            raise Refusal("docx-external")
        if kind == "attachedtemplate" and not OWN_TEMPLATE.match(target):
            raise Refusal("docx-external")


def _tree(content: bytes) -> "Element":
    try:
        return fromstring(content, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError) as error:
        raise Refusal("docx-broken") from error


# Every part -------------------------------------------------------------------------------------


def _check_parts(archive: Archive, types: Types, main: str, budget: Budget) -> None:
    names = set()
    for entry in archive.entries:
        name = entry.filename.lower()
        names.add(name)
        if programs.is_named_like_one(name):
            raise Refusal("docx-program")
        if name.rpartition("/")[2].startswith("vbaproject"):
            raise Refusal("docx-macro")
        pieces = _spent(archive.unpack(entry), budget)
        if name.endswith(".rels"):
            for _ in pieces:
                pass
            _check_relations(archive.read(name, limit=MAX_INDEX))
        elif name == main.lower():
            _check_xml(pieces, root=tuple(f"{space} document" for space in NAMESPACES))
        elif _is_xml(name, types):
            _check_xml(pieces)
        else:
            _check_bytes(pieces)
    if main.lower() not in names:
        raise Refusal("docx-broken")


def _spent(pieces: Iterable[bytes], budget: Budget) -> Iterator[bytes]:
    for piece in pieces:
        budget.spend(len(piece))
        yield piece


def _is_xml(name: str, types: Types) -> bool:
    return name.endswith((".xml", ".vml")) or types.of_part(name).lower().endswith(("+xml", "/xml"))


def _check_xml(pieces: Iterable[bytes], *, root: tuple[str, ...] = ()) -> None:
    """Refuse XML that is not well-formed, declares a DTD, or is not what `root` says."""
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartDoctypeDeclHandler = _refuse_dtd
    depth = 0

    def start(name: str, _attributes: object) -> None:
        nonlocal depth
        if root and not depth and name not in root:
            raise Refusal("docx-broken")
        depth += 1
        if depth > MAX_DEPTH:
            raise Refusal("docx-bomb")

    def end(_name: str) -> None:
        nonlocal depth
        depth -= 1

    parser.StartElementHandler, parser.EndElementHandler = start, end
    size = 0
    try:
        for piece in pieces:
            size += len(piece)
            if size > MAX_XML:
                raise Refusal("docx-bomb")
            parser.Parse(piece)
            if size - parser.CurrentByteIndex > MAX_TAG or len(parser.intern) > MAX_NAMES:
                raise Refusal("docx-bomb")
        parser.Parse(b"", True)
    except (expat.ExpatError, ValueError, LookupError) as error:
        raise Refusal("docx-broken") from error


def _refuse_dtd(*_declaration: object) -> None:
    raise Refusal("docx-broken")


def _check_bytes(pieces: Iterable[bytes]) -> None:
    """Refuse programs, and macros or programs within embedded objects."""
    first, tail, is_ole = True, b"", False
    for piece in pieces:
        if first and programs.starts_like_one(piece):
            raise Refusal("docx-program")
        is_ole = piece.startswith(OLE) if first else is_ole
        first = False
        if is_ole:
            window = tail + piece
            if PACKAGED_PROGRAM.search(window):
                raise Refusal("docx-program")
            if OLE_MACROS in window:
                raise Refusal("docx-macro")
            tail = window[-64:]
