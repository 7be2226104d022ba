"""The judgement itself. It needs no settings, no database and no Django: see `parser.py`."""

from pathlib import Path

import magic

from storage.filetypes import images, odf, ole, ooxml, pdf, rtf, text
from storage.filetypes.family import HEAD, Family, Kind, Refusal
from storage.filetypes.formats import BY_TYPE, promised

#: A new format is a new module here.
FAMILIES: tuple[Family, ...] = (pdf, ooxml, odf, ole, rtf, images)
#: Whatever no other family claims may still be text: nothing at its beginning says so.
LAST: Family = text

#: accepted, code, type, extension
Judged = tuple[bool, str, str, str]


def judge(path: Path, name: str, limit: int) -> Judged:
    """Judge a file of at most `limit` bytes. Never raises for what is in it."""
    guess = ""
    try:
        _check_size(path, limit)
        guess = _proposed(path)
        family = _family(path, name, guess)
        guess = family.TYPE or guess
        kind = family.prove(path, name)
        guess = kind.type
        _check_name(kind, name)
    except Refusal as refusal:
        return False, _named(refusal.code, name), guess, ""
    except Exception:  # noqa: BLE001  # no file may bring the page down
        return False, "unreadable", guess, ""
    return True, "ok", kind.type, kind.extension


def warm_up() -> None:
    """Load what the libraries load with their first file."""
    _proposed(Path(__file__))
    images.warm_up()


def _check_size(path: Path, limit: int) -> None:
    size = path.stat().st_size
    if size == 0:
        raise Refusal("empty")
    if size > limit:
        raise Refusal("too-large")


def _proposed(path: Path) -> str:
    try:
        return str(magic.from_file(str(path), mime=True))
    except magic.MagicException:
        return ""


def _family(path: Path, name: str, proposed: str) -> Family:
    with path.open("rb") as file:
        head = file.read(HEAD)
    claiming = [
        family for family in FAMILIES if proposed in family.PROPOSED or family.claims(path, head)
    ]
    if not claiming and LAST.claims(path, head):
        return LAST
    if len(claiming) == 1:
        return claiming[0]
    # Of two families at once, or of none.
    raise Refusal("disguised" if claiming else "type-not-accepted")


def _named(code: str, name: str) -> str:
    """Return the code that tells a person most: a broken promise of the name comes first."""
    said = promised(name)
    is_text = code.startswith("text-") and said and said.group != "text"
    return "disguised" if is_text or (said and code == "type-not-accepted") else code


def _check_name(kind: Kind, name: str) -> None:
    """Refuse a good file whose name promises one of another group: somebody would be misled."""
    said = promised(name)
    if said and said.group != BY_TYPE[kind.type].group:
        raise Refusal("misnamed")
