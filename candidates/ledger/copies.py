"""The storage's copies: sealed lines as objects that are written once and never touched again.

`ledger/<first>-<last>.jsonl` has the lines of these numbers, twelve digits each. Whoever has the
database alone cannot change the past unseen, and a database that was restored from a backup is
seen to be one: storage knows lines that it does not.
"""

import hashlib
import hmac
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from logging import getLogger
from typing import NamedTuple

from django.conf import settings
from django.utils.translation import gettext as _

from candidates.models import LedgerLine
from storage.backends import ObjectExists, StorageError, attachment_store

from . import chain, keys
from .locks import Lock, alone

log = getLogger("ats.ledger")

#: The most lines of one object.
BATCH = 1_000
FOLDER = "ledger/"
KEYS = "ledger-keys/"
_NAME = re.compile(r"ledger/(\d{12})-(\d{12})\.jsonl")


class CopyDiffers(Exception):
    """Storage has another object where a copy belongs. Somebody should look at it."""


class Copy(NamedTuple):
    """An object in storage with the lines `first` to `last`."""

    first: int
    last: int

    @property
    def length(self) -> int:
        return self.last - self.first + 1

    @property
    def key(self) -> str:
        return f"{FOLDER}{self.first:012}-{self.last:012}.jsonl"


def listed(*, first: int = 1) -> Iterator[Copy]:
    """Yield the copies that begin with line `first` or later, in order. Raises `StorageError`."""
    for key in attachment_store().records(FOLDER, after=f"{FOLDER}{first:012}"):
        if name := _NAME.fullmatch(key):
            yield Copy(int(name[1]), int(name[2]))


def content(copy: Copy) -> bytes:
    """Return a copy's bytes. Raises `StorageError`."""
    return attachment_store().read_record(copy.key)


def as_it_should_be(copy: Copy) -> bytes:
    """Return what a copy must have by the database."""
    return b"".join(line.bytes for line in chain.stored(first=copy.first, last=copy.last))


# Copying --------------------------------------------------------------------------------------


def copy(*, now: datetime) -> int:  # `now` as all jobs
    """Write the sealed lines that storage does not have; return how many that were.

    Safe to run twice, or to be killed at any line: what lies there already is compared and left.
    Raises `LedgerBehind`, `StorageError` and `CopyDiffers`.
    """
    if not _next():
        return 0
    raise_if_behind()
    copied = 0
    while count := _copy_batch():
        copied += count
    return copied


def _copy_batch() -> int:
    with alone(Lock.COPIER) as is_alone:
        wanted = _next() if is_alone else None
        return _copy_next(wanted) if wanted else 0


def _copy_next(wanted: Copy) -> int:
    there = next(listed(first=wanted.first), None)
    if there and there.first == wanted.first:
        wanted = there
    elif there:
        wanted = Copy(wanted.first, min(wanted.last, there.first - 1))
    _write(wanted)
    lines = LedgerLine.objects.filter(sequence__range=wanted, is_copied=False)
    return lines.update(is_copied=True)


def _next() -> Copy | None:
    """Return the next copy to write: the oldest lines that are not copied, without a gap."""
    lines = LedgerLine.objects.sealed().filter(is_copied=False)
    numbers = [number or 0 for number in lines.values_list("sequence", flat=True)[:BATCH]]
    run = [number for at, number in enumerate(numbers) if number == numbers[0] + at]
    return Copy(run[0], run[-1]) if run else None


def _write(copy: Copy) -> None:
    """Write a copy unless it is there. Raises `CopyDiffers` if what is there is something else."""
    lines = as_it_should_be(copy)
    _remember_key()
    try:
        attachment_store().create(copy.key, lines)
    except ObjectExists as error:
        if content(copy) != lines:
            raise CopyDiffers(copy.key) from error


# Behind ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Behind:
    """The database is not the one that wrote the storage's copies last: it is older, or another.

    `database` and `storage` are the numbers of lines: the database's last, and one of storage.
    """

    database: int
    storage: int

    def __str__(self) -> str:
        if self.storage > self.database:
            text = _(
                "The ledger of this database ends with line %(database)d, and storage has line"
                " %(storage)d: the database was restored from a backup, or is a new one beside an"
                " old storage. Erase again what was erased since, with “manage.py ledger export"
                " --from-storage --output FILE” and “manage.py ledger replay FILE”; see"
                " docs/restore.md."
            )
        else:
            text = _(
                "Line %(storage)d of the ledger is another in this database than in storage: the"
                " two do not belong together. See docs/restore.md."
            )
        return text % {"database": self.database, "storage": self.storage}


class LedgerBehind(Exception):
    """Refused, because the database's ledger is behind the storage's copy; `behind` says how."""

    def __init__(self, behind: Behind) -> None:
        super().__init__(str(behind))
        self.behind = behind


def behind() -> Behind | None:
    """Return how the database is behind the storage's copies; None if it is not.

    It costs the same at any length: one or two listings, and once in a process the last copy's
    content. Raises `StorageError` if storage cannot say.
    """
    copied = LedgerLine.objects.sealed().reverse().filter(is_copied=True)
    known = copied.values_list("sequence", flat=True).first() or 0
    # What the database knows to be copied ends with an object that has at most BATCH lines.
    nearby = list(_nearby(known))
    # Only now: what was sealed and copied in the meantime must not look like somebody else's.
    database, _hash = chain.newest()
    beyond = [copy for copy in nearby if copy.last > database]
    if beyond:
        return Behind(database, beyond[-1].last)
    if nearby and not _agrees(nearby[-1]):
        return Behind(database, nearby[-1].last)
    return None


def _nearby(known: int) -> Iterator[Copy]:
    """Yield the copies about the last line that is known to be copied, and few of those beyond."""
    beyond = 0
    for copy in listed(first=max(known - BATCH + 1, 1)):
        yield copy
        beyond += copy.first > known
        if beyond == BATCH:
            return


def _agrees(copy: Copy) -> bool:
    """Whether the last line of a copy is that of the database."""
    hashes = LedgerLine.objects.filter(sequence=copy.last).values_list("hash", flat=True)
    last = hashes.first()
    if last is None:  # a line is missing, which is for `verify` to say
        return True
    try:
        _require_last(copy, last)
    except chain.NotALine:
        return False
    return True


@lru_cache(maxsize=8)
def _require_last(copy: Copy, hash: str) -> None:  # noqa: A002
    """Raise `NotALine` unless a copy ends with the line of this hash. Success is remembered."""
    lines = content(copy).splitlines(keepends=True)
    if not lines or chain.parse(lines[-1]).hash != hash:
        raise chain.NotALine


def raise_if_behind() -> None:
    """Raise `LedgerBehind` if the database is behind, `StorageError` if storage cannot say."""
    if found := behind():
        raise LedgerBehind(found)


def refuse_if_behind() -> None:
    """Raise `LedgerBehind` if the database is behind the storage's copies.

    For who erases: a storage that does not answer is no reason to keep what is due. What a purge
    deletes meanwhile is not lost on a replay either.
    """
    try:
        raise_if_behind()
    except StorageError as error:
        log.warning("Storage does not say whether the ledger is behind: %s", error.code)


# Keys -----------------------------------------------------------------------------------------


def _remember_key() -> None:
    """Note in storage under which key lines are written, so that a replay can ask for it."""
    name = fingerprint(settings.ATS_LEDGER_KEY)
    try:
        attachment_store().create(f"{KEYS}{name}.jsonl", _note(name))
    except ObjectExists:
        return


def _note(name: str) -> bytes:
    return f"{json.dumps({'ledger_key': name})}\n".encode()


def missing_keys() -> list[str]:
    """Return the fingerprints of keys that lines were written with and that are not set here."""
    known = {fingerprint(key) for key in keys.all_keys()}
    names = (key.removeprefix(KEYS) for key in attachment_store().records(KEYS))
    return [name for each in names if (name := each.removesuffix(".jsonl")) not in known]


def fingerprint(key: str) -> str:
    """Return what tells a key from others and says nothing of it."""
    return hmac.new(key.encode(), b"the key of Halbjahr's ledger", hashlib.sha256).hexdigest()[:32]
