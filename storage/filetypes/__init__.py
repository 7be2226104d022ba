"""Says of a file what it is and whether it is taken: by its bytes, never by its name.

libmagic proposes the family from the whole file; a family may claim a file itself; the file's
structure decides. Both errors count: a good file refused loses an applicant.
"""

import logging
from pathlib import Path
from typing import NamedTuple

import magic
from django.conf import settings

from storage.filetypes import ooxml, pdf
from storage.filetypes.family import HEAD, Family, Refusal
from storage.filetypes.sentences import sentence

__all__ = ["FAMILIES", "Verdict", "inspect", "max_bytes", "sentence"]

log = logging.getLogger("ats.filetypes")

#: A new format is a new module here.
FAMILIES: tuple[Family, ...] = (pdf, ooxml)


class Verdict(NamedTuple):
    """`type` and `extension` are the file's true ones; of a refused file `type` is a guess."""

    accepted: bool
    code: str
    type: str = ""
    extension: str = ""


def max_bytes() -> int:
    return settings.ATS_MAX_FILE_MB * 1024 * 1024


def inspect(path: Path, name: str) -> Verdict:
    """Judge a file on disk. `name` only helps to say the right thing of a file that is refused.

    Never raises for what is in the file: a parser that crashes is a refusal, too.
    """
    guess = ""
    try:
        _check_size(path)
        guess = _proposed(path)
        family = _family(path, name, guess)
        guess = family.TYPE
        kind = family.prove(path)
    except Refusal as refusal:
        return Verdict(False, refusal.code, guess)
    except Exception as error:  # noqa: BLE001  # no file may bring the page down
        log.warning("a file made its parser fail: %s", type(error).__name__)
        return Verdict(False, "unreadable", guess)
    return Verdict(True, "ok", kind.type, kind.extension)


def _check_size(path: Path) -> None:
    size = path.stat().st_size
    if size == 0:
        raise Refusal("empty")
    if size > max_bytes():
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
    if len(claiming) == 1:
        return claiming[0]
    promised = any(name.lower().endswith(tuple(family.ENDINGS)) for family in FAMILIES)
    # Of two families at once, or of none although its name says so.
    raise Refusal("disguised" if claiming or promised else "type-not-accepted")
