"""Word documents (.docx): a zip of XML parts, with types and relations between them (ECMA-376).

Proves: the zip is one that any two programs read alike, its parts are what they say, its main
part is a Word document. Refuses passwords, macros, controls, DDE fields, what is loaded from
elsewhere, and programs, also within embedded objects.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from posixpath import normpath
from typing import TYPE_CHECKING
from urllib.parse import unquote

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import ParseError, fromstring

from storage.filetypes import embedded, markup, programs, relations
from storage.filetypes.archive import MB, Archive, Budget, holds_parts_of
from storage.filetypes.family import Kind, Refusal
from storage.filetypes.formats import WORD

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

TYPE = WORD
PROPOSED = frozenset({TYPE})
REFUSALS = frozenset(
    f"docx-{fault}"
    for fault in ("active", "bomb", "broken", "external", "macro", "password", "program")
)

TYPES_PART = "[Content_Types].xml"
MAIN_TYPE = f"{TYPE}.main+xml"
NAMESPACES = (
    "http://schemas.openxmlformats.org/wordprocessingml/2006/main",
    "http://purl.oclc.org/ooxml/wordprocessingml/main",
)
#: A field, in one element or between marks; and what it is told to do.
SIMPLE_FIELDS = frozenset(f"{space} fldSimple" for space in NAMESPACES)
FIELD_MARKS = frozenset(f"{space} fldChar" for space in NAMESPACES)
INSTRUCTIONS = frozenset(f"{space} instrText" for space in NAMESPACES)
#: Types, relations: small parts that are read whole.
MAX_INDEX = 2 * MB
#: Controls run with the document.
CONTROLS = ("application/vnd.ms-office.activex+xml", "application/vnd.ms-office.activex")
#: Parts of these types may name the workbook that they came from.
CHARTS = ("drawingml.chart+xml", "chartex+xml")
#: The content of a field that talks to another program when the document is opened.
DDE = re.compile(r"[\s\"]*dde(auto)?\b", re.IGNORECASE)


def claims(path: Path, head: bytes) -> bool:
    return holds_parts_of(path, head) == "ooxml"


def prove(path: Path, name: str) -> Kind:
    with Archive(path, "docx") as archive:
        types = Types.of(archive)
        types.refuse_macros()
        main = _main_part(archive)
        if types.of_part(main) != MAIN_TYPE:
            raise Refusal("type-not-accepted")
        _check_parts(archive, types, main, Budget(path.stat().st_size, "docx"))
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
        for name, kind in self.by_name.items():
            is_ours = name.endswith(".xml")
            if "vba" in kind.lower() or (is_ours and "macroenabled" in kind.lower()):
                raise Refusal("docx-macro")
            if kind.lower() in CONTROLS:
                raise Refusal("docx-active")


def _main_part(archive: Archive) -> str:
    for relation in _tree(archive.read("_rels/.rels", limit=MAX_INDEX)):
        if relations.kind(relation) == "officedocument":
            return normpath(relation.get("Target", "").lstrip("/"))
    raise Refusal("docx-broken")


def _named_in(archive: Archive, types: Types) -> set[str]:
    """Check all relations; return the last words of the names that they lead to, in lower case.

    A part with any other last word is read by nobody, however programs resolve a path.
    """
    named = set()
    for entry in archive.entries:
        name = entry.filename.lower()
        if not name.endswith(".rels"):
            continue
        source = name.removesuffix(".rels").replace("_rels/", "")
        of_chart = types.of_part(source).endswith(CHARTS)
        for relation in _tree(archive.read(name, limit=MAX_INDEX)):
            if fault := relations.fault(relation, of_chart=of_chart):
                raise Refusal(f"docx-{fault}")
            target = unquote(relation.get("Target", "")).replace("\\", "/")
            named.add(target.rpartition("/")[2].strip().lower())
    return named


def _tree(content: bytes) -> "Element":
    try:
        return fromstring(content, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError) as error:
        raise Refusal("docx-broken") from error


# Every part -------------------------------------------------------------------------------------


def _check_parts(archive: Archive, types: Types, main: str, budget: Budget) -> None:
    named, names = _named_in(archive, types), set()
    for entry in archive.entries:
        name = entry.filename.lower()
        names.add(name)
        _check_name(name, types)
        pieces = budget.spent(archive.unpack(entry))
        if name == main.lower():
            _check_text(pieces, root=tuple(f"{space} document" for space in NAMESPACES))
        else:
            idle = name.rpartition("/")[2] not in named and name not in types.by_name
            kind = types.of_part(name).lower().partition(";")[0].strip()
            _check_part(name, kind, pieces, idle=idle)
    if main.lower() not in names:
        raise Refusal("docx-broken")


def _check_part(name: str, kind: str, pieces: Iterator[bytes], *, idle: bool) -> None:
    head = next(pieces, b"")
    pieces = chain([head], pieces)
    is_object = embedded.starts_like_one(head)
    # Word names a sheet within by what it could hold. What it holds is seen where it is opened.
    may_hold_macros = programs.is_named_like_macros(name) or "macroenabled" in kind
    if may_hold_macros and not is_object:
        raise Refusal("docx-macro")
    # The type of an embedded document says XML as well, and means what is packed in it.
    says_xml = "+xml" in kind and kind not in embedded.PAGES and not is_object
    if name.endswith((".xml", ".rels")) or says_xml:
        _check_text(pieces, idle=idle and not is_object)
    elif name.endswith(".vml"):
        _check_vml(pieces)
    else:
        embedded.check(embedded.page(pieces, "docx") if kind in embedded.PAGES else pieces, "docx")


def _check_name(name: str, types: Types) -> None:
    if programs.is_named_like_one(name):
        raise Refusal("docx-program")
    last = name.rpartition("/")[2]
    if last.startswith("vbaproject") or "vbaproject" in types.of_part(name).lower():
        raise Refusal("docx-macro")


class Fields:
    """Listens for fields while XML goes by. What a field does may be written in many pieces."""

    def __init__(self) -> None:
        self.said = ""

    def start(self, name: str, attributes: markup.Attributes) -> None:
        if name in FIELD_MARKS:
            self.end()
        for attribute, value in attributes.items():
            if attribute.endswith(" instr"):
                self.check(value)

    def text(self, text: str) -> None:
        if len(self.said) < 1_000:
            self.said += text

    def end(self) -> None:
        self.check(self.said)
        self.said = ""

    def check(self, said: str) -> None:
        if DDE.match(said):
            raise Refusal("docx-active")


def _check_text(pieces: Iterable[bytes], *, root: tuple[str, ...] = (), idle: bool = False) -> None:
    fields = Fields()
    markup.check(
        pieces,
        "docx",
        root=root,
        idle=idle,
        on_start=fields.start,
        starts=FIELD_MARKS | SIMPLE_FIELDS,
        on_text=fields.text,
        texts=INSTRUCTIONS,
    )
    fields.end()


def _check_vml(pieces: Iterable[bytes]) -> None:
    """Drawings of older days need not be well-formed: some programs leave tags open."""
    for piece in pieces:
        if programs.holds_script(piece) or b"<!DOCTYPE" in piece:
            raise Refusal("docx-active")
