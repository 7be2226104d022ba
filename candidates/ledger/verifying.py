"""Verifying: reads the whole chain, in the database and in storage, and names what is wrong."""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path

from candidates.models import LedgerLine
from storage.backends import StorageError

from . import chain, copies, files
from .chain import Line
from .copies import Copy
from .faults import SEVERAL, Code, Fault

#: Faults that are named; where there are more, nothing is right.
MOST = 1_000
#: Copies that are fetched at once, and the most that wait in memory.
THREADS, AHEAD = 8, 32


def verify() -> list[Fault]:
    """Read the chain and the storage's copies to the end; return what is wrong, at most `MOST`.

    Takes memory that does not grow with the ledger, and time that grows as it does.
    """
    return list(islice(_together(_all_faults()), MOST))


def _all_faults() -> Iterator[Fault]:
    copied = LedgerLine.objects.sealed().reverse().filter(is_copied=True)
    last = copied.values_list("sequence", flat=True).first() or 0
    followed = chain.Chain()
    for line in chain.stored():
        yield from followed.follow(line)
    try:
        yield from _faults_of_copies(last)
    except StorageError:
        yield Fault(0, Code.STORAGE)


def _together(faults: Iterable[Fault]) -> Iterator[Fault]:
    """Put faults of neighbouring lines into one, where there is a sentence for that."""
    held: Fault | None = None
    for fault in faults:
        if held and (fault.code, fault.line) == (held.code, held.end + 1) and held.code in SEVERAL:
            held = replace(held, last=fault.end)
            continue
        if held:
            yield held
        held = fault
    if held:
        yield held


# Copies ---------------------------------------------------------------------------------------


def _faults_of_copies(last: int) -> Iterator[Fault]:
    """Compare all copies with the database, which believes to have copied up to line `last`."""
    reached = 0
    for copy, content in _fetched(copies.listed()):
        if copy.first > reached + 1:
            yield Fault(reached + 1, Code.UNCOPIED, last=copy.first - 1)
        reached = max(reached, copy.last)
        yield from _faults_of_copy(copy, content)
    if reached < last:
        yield Fault(reached + 1, Code.UNCOPIED, last=last)


def _fetched(found: Iterator[Copy]) -> Iterator[tuple[Copy, bytes]]:
    """Fetch copies in their order, some at once: a bucket takes its time for each."""
    with ThreadPoolExecutor(THREADS, thread_name_prefix="ledger-copies") as pool:
        while some := list(islice(found, AHEAD)):
            yield from zip(some, pool.map(copies.content, some), strict=True)


def _faults_of_copy(copy: Copy, content: bytes) -> Iterator[Fault]:
    if not 1 <= copy.length <= copies.BATCH:
        yield Fault(copy.first, Code.COPY_UNKNOWN)
        return
    stored = {line.sequence: line for line in chain.stored(first=copy.first, last=copy.last)}
    if len(stored) == copy.length and content == b"".join(line.bytes for line in stored.values()):
        return
    copied = dict(_numbered(content))
    faults = [
        fault
        for number in range(copy.first, copy.last + 1)
        if (fault := _compared(number, stored.get(number), copied.get(number)))
    ]
    # All lines are there, so it is their order, or something between them.
    yield from faults or [Fault(copy.first, Code.COPY_DISORDERED, last=copy.last)]


def _numbered(content: bytes) -> Iterator[tuple[int, Line]]:
    for raw in content.splitlines(keepends=True):
        line = files.line_or_none(raw)
        if line:
            yield line.sequence, line


def _compared(number: int, stored: Line | None, copied: Line | None) -> Fault | None:
    """Return what is wrong with a line as the database and as a copy has it."""
    if copied is None or copied.hash != copied.true_hash:
        return Fault(number, Code.COPY_CHANGED)
    if stored is None:
        return Fault(number, Code.LOST, last=number)
    return Fault(number, Code.DIFFERS) if stored != copied else None


# Files ----------------------------------------------------------------------------------------


@dataclass
class Verified:
    """What became of a file: its first and last line, and what is wrong with it."""

    first: int = 0
    last: int = 0
    faults: list[Fault] = field(default_factory=list)


def verify_file(path: Path) -> Verified:
    """Read an exported or copied file to its end, and compare it with the database.

    Lines that only one of the two has are no fault: a file may be older, or part of the whole.
    """
    done = Verified()
    with path.open("rb") as file:
        faults = _faults_of_file(*files.read(file), done)
        done.faults = list(islice(_together(faults), MOST))
    return done


def _faults_of_file(
    followed: chain.Chain, found: Iterator[files.Item], done: Verified
) -> Iterator[Fault]:
    while page := list(islice(found, chain.PAGE)):
        good = []
        for item in page:
            faults = list(followed.take(item))
            yield from faults
            if isinstance(item, Line) and not faults:
                good.append(item)
        if good:
            done.first, done.last = done.first or good[0].sequence, good[-1].sequence
            yield from _unlike_stored(good)
    yield from followed.end()


def _unlike_stored(lines: list[Line]) -> Iterator[Fault]:
    first, last = lines[0].sequence, lines[-1].sequence
    stored = {line.sequence: line for line in chain.stored(first=first, last=last)}
    for line in lines:
        if stored.get(line.sequence, line) != line:
            yield Fault(line.sequence, Code.DIFFERS)
