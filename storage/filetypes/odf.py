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
#: What the two parts that every text has must be, by the names of two editions.
TEXT = tuple(
    f"urn:oasis:names:tc:opendocument:xmlns:office:1.0 {tag}"
    for tag in ("document-content", "document")
)
LIST = (
    "urn:oasis:names:tc:opendocument:xmlns:manifest:1.0 manifest",
    "http://openoffice.org/2001/manifest manifest",
)
ACTIVE = {"dde-source", "dde-connection-decl", "dde-connection", "applet"}
MANIFEST, MAX_MANIFEST = "META-INF/manifest.xml", 2 * MB
XLINK = "http://www.w3.org/1999/xlink href"


def claims(path: Path, head: bytes) -> bool:
    return holds_parts_of(path, head) == "odf"


def prove(path: Path, name: str) -> Kind:
    with Archive(path, "odt") as archive:
        names = {entry.filename.lower() for entry in archive.entries}
        if "mimetype" in names:
            _check_type(archive.read("mimetype", limit=200).decode("latin-1"))
        if any(map(MACROS.match, names)):
            raise Refusal("odt-macro")
        if any(map(programs.is_named_like_one, names)):
            raise Refusal("odt-program")
        # What it says is encrypted cannot be anything else, so this comes first.
        manifest = Manifest()
        content = archive.read(MANIFEST, limit=MAX_MANIFEST)
        markup.check([content], "odt", root=LIST, on_start=manifest.start, doctype=True)
        if "mimetype" not in names:
            _check_type(manifest.type)
        budget = Budget(path.stat().st_size, "odt")
        for entry in archive.entries:
            _check_part(entry.filename.lower(), budget.spent(archive.unpack(entry)))
        if "content.xml" not in names:
            raise Refusal("odt-broken")
    return Kind(TYPE, ".odt")


def _check_part(name: str, pieces: Iterable[bytes]) -> None:
    if name.endswith((".xml", ".rdf")):
        root = TEXT if name == "content.xml" else ()
        markup.check(pieces, "odt", root=root, on_start=_check_element, doctype=True)
    else:
        embedded.check(pieces, "odt")


class Manifest:
    """Listens to the list of parts. It names the type again, if other programs left that out."""

    type = ""

    def start(self, name: str, attributes: markup.Attributes) -> None:
        if name.endswith(" encryption-data"):
            raise Refusal("odt-password")
        said = {key.rpartition(" ")[2]: value for key, value in attributes.items()}
        if said.get("full-path") == "/":
            self.type = said.get("media-type", "")


def _check_type(said: str) -> None:
    if said.strip() != TYPE:
        raise Refusal("type-not-accepted")


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
