"""Relations between the parts of an OOXML package: what they load, and from where."""

from typing import TYPE_CHECKING

from storage.filetypes.places import is_remote

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

#: Must not lead out of the file: what they load is run or becomes the document.
INSIDE_ONLY = {"afchunk", "control", "frame", "oleobject", "package", "subdocument"}
#: May lie on their author's machine: a template, the addresses of letters to many.
NEARBY = {"attachedtemplate", "mailmergesource", "mailmergeheadersource"}
#: A chart pasted from a workbook names it, and is drawn from numbers of its own until somebody
#: edits them. Word says so even of a workbook that was never saved: "Book1".
SOURCES = {"oleobject", "package"}


def kind(relation: "Element") -> str:
    """Return the last word of a relation's type: the rest differs between two editions."""
    return relation.get("Type", "").rpartition("/")[2].lower()


def fault(relation: "Element", *, of_chart: bool = False) -> str:
    """Say what is wrong with a relation: "macro", "active", "external", or nothing."""
    what, target = kind(relation), relation.get("Target", "").strip()
    if "vba" in what:
        return "macro"
    if what.startswith("activex"):
        return "active"
    if relation.get("TargetMode", "").lower() != "external":
        return ""
    may_lie_nearby = what in NEARBY or (of_chart and what in SOURCES)
    if may_lie_nearby:
        return "external" if is_remote(target) else ""
    return "external" if what in INSIDE_ONLY else ""
