"""What the families of formats share: how they are asked, and how they refuse."""

from pathlib import Path
from typing import NamedTuple, Protocol

#: A header may stand this far from a file's first byte (PDF readers look no further).
HEAD = 1_024


class Kind(NamedTuple):
    """What a file has proven to be: its media type, and the ending that its name gets."""

    type: str
    extension: str


class Refusal(Exception):
    """A file is not taken. `code` is one of `sentences.SENTENCES`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Family(Protocol):
    """A module of this package; `judge.FAMILIES` names those that are asked.

    libmagic proposes a family by `PROPOSED`, its media types. That is wrong both ways, so a
    family may claim a file of its own accord, and `prove` decides by the file's structure.
    """

    #: What the family's refused files are called; empty if libmagic knows better.
    TYPE: str
    PROPOSED: frozenset[str]
    #: The codes of its own refusals; others are common to all (`sentences.COMMON`).
    REFUSALS: frozenset[str]

    def claims(self, path: Path, head: bytes) -> bool:
        """Say whether a reader of this family would open the file. Never raises."""

    def prove(self, path: Path, name: str) -> Kind:
        """Return what the file is, or raise `Refusal`. `parser.py` bounds time and memory."""
