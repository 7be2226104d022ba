"""The chain: what a line is in bytes, its hash, and what can be wrong with a sequence of lines.

The canonical form of a line is one JSON object on one line, without spaces, in ASCII (anything else
escaped), with these keys in this order:

    sequence  the place in the chain, from 1
    day       of the deletion, as YYYY-MM-DD
    kind, rule  codes of `LedgerLine.Kind` and `LedgerLine.Rule`
    record    keyed hash of the record's id
    rows, objects  how many went
    policy_version
    previous  the hash of the line before; 64 zeros in the first line

Its SHA-256, in hex, is the line's hash. In a file the same object has the hash as its last key,
and a line feed behind it. This form never changes: old lines must stay verifiable.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from datetime import date
from typing import NamedTuple

from django.db.models import QuerySet

from candidates.models import LedgerLine

from .faults import Code, Fault

#: What the first line has for the hash of the line before.
NOTHING = "0" * 64
#: The most that a line may have in bytes.
LONGEST = 4_096
#: Lines in memory at a time.
PAGE = 2_000

_dumps = json.JSONEncoder(separators=(",", ":")).encode
_HASH = re.compile(r"[0-9a-f]{64}")


class NotALine(ValueError):
    """These bytes are no line of a ledger in its canonical form."""


class Line(NamedTuple):
    """A line of the chain. The fields, in the order of the canonical form."""

    sequence: int
    day: str
    kind: str
    record: str
    rows: int
    objects: int
    rule: str
    policy_version: str
    previous: str
    hash: str

    @property
    def bytes(self) -> bytes:
        """The line as it stands in a file."""
        return f"{_dumps(self._asdict())}\n".encode()

    @property
    def true_hash(self) -> str:
        """The hash that the line must have."""
        return hash_of(self[:-1])


def hash_of(fields: Iterable[str | int]) -> str:
    """Return the hash of a line: of all its fields but the hash, in their order."""
    text = _dumps(dict(zip(Line._fields, fields, strict=False)))
    return hashlib.sha256(text.encode()).hexdigest()


def parse(raw: bytes) -> Line:
    """Return the line that stands in a file. Raises `NotALine` if any byte is not as it must be."""
    try:
        found = json.loads(raw)
        line = Line(*found.values())
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        raise NotALine from error
    # Whatever JSON leaves open (order, spaces, a key twice) is settled by writing it anew.
    if not _has_right_types(line) or line.bytes != raw:
        raise NotALine
    return line


def _has_right_types(line: Line) -> bool:
    numbers, texts = (line.sequence, line.rows, line.objects), (line.kind, line.rule, line.day)
    return (
        all(type(number) is int and number >= 0 for number in numbers)
        and all(isinstance(text, str) for text in (*texts, line.policy_version))
        and all(_is_hash(text) for text in (line.record, line.previous, line.hash))
        and _is_day(line.day)
    )


def _is_hash(text: object) -> bool:
    return isinstance(text, str) and _HASH.fullmatch(text) is not None


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


# Lines of the database ------------------------------------------------------------------------

_COLUMNS = [{"objects": "objects_count"}.get(name, name) for name in Line._fields]


def stored(*, first: int = 1, last: int | None = None) -> Iterator[Line]:
    """Yield the sealed lines of the database from `first` to `last`, a page in memory at a time."""
    lines = LedgerLine.objects.sealed()
    if last is not None:
        lines = lines.filter(sequence__lte=last)
    while page := _page(lines, first):
        yield from page
        first = page[-1].sequence + 1


def _page(lines: QuerySet[LedgerLine], first: int) -> list[Line]:
    rows = lines.filter(sequence__gte=first).values_list(*_COLUMNS)[:PAGE]
    return [Line(row[0], row[1].isoformat(), *row[2:]) for row in rows]


def newest() -> tuple[int, str]:
    """Return number and hash of the database's last line; 0 and zeros of an empty chain."""
    lines = LedgerLine.objects.sealed().reverse()
    sequence, hash = lines.values_list("sequence", "hash").first() or (None, NOTHING)  # noqa: A001
    return sequence or 0, hash


# Following a chain ----------------------------------------------------------------------------


class Chain:
    """Follows a chain line by line and says what is wrong with it, each line at most once.

    It begins behind a known line (`sequence`, `hash`), or anywhere if `sequence` is None.
    """

    def __init__(self, sequence: int | None = 0, hash: str = NOTHING) -> None:  # noqa: A002
        self.begins_anywhere = sequence is None
        self.sequence = sequence or 0
        #: What the next line may have as the hash before it; empty: anything.
        self.links = {hash}
        #: How many lines since `sequence` could not be read.
        self.unread = 0

    def take(self, item: Line | Fault | None) -> Iterator[Fault]:
        """Take what was read next: a line, or None for one that is none, or a fault of the file."""
        if item is None:
            self.unread += 1
        elif isinstance(item, Fault):
            yield item
        else:
            yield from self.follow(item)

    def follow(self, line: Line) -> Iterator[Fault]:
        """Take the next line; yield what is wrong with it and before it."""
        if self.begins_anywhere:
            self._begin(line)
        if self.unread:
            yield from self._say_unread(most=line.sequence - 1 - self.sequence)
        line, is_changed = self._placed(line)
        if line.sequence <= self.sequence:
            yield Fault(line.sequence, Code.MISPLACED)
            return
        if line.sequence > self.sequence + 1:
            yield Fault(self.sequence + 1, Code.MISSING, last=line.sequence - 1)
            self.links = set()
        if is_changed:
            yield Fault(line.sequence, Code.CHANGED)
        elif self.links and line.previous not in self.links:
            yield Fault(line.sequence, Code.UNLINKED)
        # Of a changed line, either the hash or the rest is what the next one builds on.
        self.links = {line.hash, line.true_hash} if is_changed else {line.hash}
        self.sequence = line.sequence

    def end(self) -> Iterator[Fault]:
        """Yield what is left to say when nothing follows any more."""
        if self.unread:
            yield from self._say_unread(most=self.unread)

    def _begin(self, line: Line) -> None:
        self.begins_anywhere = False
        self.sequence = max(line.sequence - 1 - self.unread, 0)
        self.links = {NOTHING} if self.sequence == 0 else set()

    def _placed(self, line: Line) -> tuple[Line, bool]:
        """Return a line, with the number that it must have had, and whether it was changed."""
        if line.hash == line.true_hash:
            return line, False
        renumbered = line._replace(sequence=self.sequence + 1)
        return (renumbered if renumbered.true_hash == line.hash else line), True

    def _say_unread(self, *, most: int) -> Iterator[Fault]:
        """Name what could not be read: one line may have been torn into several."""
        lines = max(min(self.unread, most), 0)
        for number in range(max(lines, 1)):
            yield Fault(self.sequence + 1 + number, Code.NO_LINE)
        self.sequence, self.unread = self.sequence + lines, 0
        self.links = set() if lines else self.links
