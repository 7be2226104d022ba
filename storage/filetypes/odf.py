"""OpenDocument text (.odt): a zip of XML parts with a manifest (ODF 1.2, part 3).

Proves: the zip is one that any two programs read alike, its type is that of a text, its content is
well-formed. Refuses passwords, macros and what calls them, DDE, what is loaded from elsewhere
but pictures, and programs, also within embedded objects.
"""

import re
from collections.abc import Iterable
from pathlib import Path

from storage.filetypes import embedded, markup, programs
from storage.filetypes.archive import MB, Archive, Budget, holds_parts_of
from storage.filetypes.family import Kind, Refusal
from storage.filetypes.places import is_remote

TYPE = "application/vnd.oasis.opendocument.text"
PROPOSED = frozenset({TYPE})
REFUSALS = frozenset(
    f"odt-{fault}"
    for fault in ("active", "bomb", "broken", "external", "macro", "password", "program")
)

#: A module of Basic, or a script of another language. The lists of libraries may stand empty.
MACROS = re.compile(r"(basic|dialogs)/.+/(?!(script|dialog)-l[bc]\.xml$)[^/]+$|scripts/.*[^/]$")
#: How a document calls a macro, and other languages by their schemes.
CALLS = re.compile(r"\s*(vnd\.sun\.star\.(script|jdbc)|macro|javascript|vbscript|service):", re.I)
#: Elements whose content comes from elsewhere when the document is opened.
LOADED = {
    *("section-source", "object", "object-ole", "floating-frame", "plugin"),
    *("template", "auto-reload"),
}
ACTIVE = {"dde-source", "dde-connection-decl", "dde-connection", "applet"}
MANIFEST, MAX_MANIFEST = "META-INF/manifest.xml", 2 * MB
XLINK = "http://www.w3.org/1999/xlink href"


def claims(path: Path, head: bytes) -> bool:
    return holds_parts_of(path, head) == "odf"


def prove(path: Path, name: str) -> Kind:
    with Archive(path, "odt") as archive:
        if archive.read("mimetype", limit=200).strip() != TYPE.encode():
            raise Refusal("type-not-accepted")
        names = {entry.filename.lower() for entry in archive.entries}
        if any(map(MACROS.match, names)):
            raise Refusal("odt-macro")
        if any(map(programs.is_named_like_one, names)):
            raise Refusal("odt-program")
        # What it says is encrypted cannot be anything else, so this comes first.
        manifest = archive.read(MANIFEST, limit=MAX_MANIFEST)
        markup.check([manifest], "odt", on_start=_check_manifest, doctype=True)
        budget = Budget(path.stat().st_size, "odt")
        for entry in archive.entries:
            _check_part(entry.filename.lower(), budget.spent(archive.unpack(entry)))
        if "content.xml" not in names:
            raise Refusal("odt-broken")
    return Kind(TYPE, ".odt")


def _check_part(name: str, pieces: Iterable[bytes]) -> None:
    if name.endswith((".xml", ".rdf")):
        markup.check(pieces, "odt", on_start=_check_element, doctype=True)
    else:
        embedded.check(pieces, "odt")


def _check_manifest(name: str, _attributes: markup.Attributes) -> None:
    if name.endswith(" encryption-data"):
        raise Refusal("odt-password")


def _check_element(name: str, attributes: markup.Attributes) -> None:
    space, _, tag = name.rpartition(" ")
    # An office:script may stand there empty, around a list of no libraries.
    if tag == "module" or (tag == "script" and ":text:" in space):
        raise Refusal("odt-macro")
    if tag in ACTIVE:
        raise Refusal("odt-active")
    if target := attributes.get(XLINK):
        if CALLS.match(target):
            raise Refusal("odt-macro")
        if tag in LOADED and is_remote(target):
            raise Refusal("odt-external")
