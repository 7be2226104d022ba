"""Compares storage with rows, both ways: objects that nobody knows, and rows without their object.

It trusts no list. What a list or a table says was true when it was read, so each finding is
looked at again the other way round before it counts.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, Literal, TypeVar
from uuid import UUID

from django.db import transaction

from storage.backends import attachment_store
from storage.models import Attachment, Tombstone
from storage.store import KEY

T = TypeVar("T")

#: Where this system's objects are. Others of the same storage are none of the sweep's business.
PREFIX = "attachments/"
#: What is younger may belong to an upload that goes on.
AGE = timedelta(hours=24)
#: How long the object of a new tombstone may take to go.
GRACE = timedelta(hours=24)
#: Objects that one run buries: more would be a fault of ours, and a person must look first.
MOST = 100
#: Keys in memory at a time, keys in one statement.
PAGE = 500
LONGEST_KEY = Tombstone._meta.get_field("key").max_length


@dataclass
class Swept:
    """What a comparison found and did.

    Its numbers: `strays` objects without a row, `foreign` ones among them whose names are not ours
    and that only a person can remove, `MOST` at most of either; `buried` strays that have a
    tombstone now; `missing` objects of rows; `unfinished` uploads beside an object, `abandoned` of
    these.
    """

    strays: int = 0
    foreign: int = 0
    buried: int = 0
    missing: int = 0
    unfinished: int = 0
    abandoned: int = 0
    #: The names of strays, and the ids of attachments that miss an object: the first `MOST`.
    names: list[str] = field(default_factory=list)
    attachments: list[UUID] = field(default_factory=list)

    def as_dict(self) -> dict[str, int]:
        """Return the numbers alone."""
        return {name: n for name, n in vars(self).items() if isinstance(n, int)}

    def __str__(self) -> str:
        return ", ".join(f"{name} {number}" for name, number in self.as_dict().items())


def sweep(*, now: datetime, fix: bool) -> Swept:
    """Compare, and say what was found; with `fix` strays become tombstones, `MOST` at most.

    Raises `StorageError` if the storage does not answer. Safe to run twice, late, or beside
    itself and all else. Call it outside any transaction.
    """
    swept = Swept()
    strays = _strays(now - AGE, swept, fix=fix)
    swept.names = [*strays]
    swept.strays = len(strays)
    ours = [key for key in strays if _can_be_ours(key)]
    swept.foreign = swept.strays - len(ours)
    if fix:
        swept.buried = _bury(ours, now=now)
    for attachment in _without_object():
        swept.missing += 1
        swept.attachments += [attachment][: MOST - len(swept.attachments)]
    return swept


# Objects without a row -----------------------------------------------------------------------


def _strays(before: datetime, swept: Swept, *, fix: bool) -> dict[str, None]:
    """Return the names of objects from before that no row names, until `MOST` of them are ours.

    Foreign ones, `MOST` at most, take no other's place: they stay until a person removes them.
    """
    strays: dict[str, None] = {}
    found_so_far = Counter[bool]()
    old = (found for found in attachment_store().found(PREFIX) if found.at < before)
    for page in _pages(old):
        known = _known(found.key for found in page)
        for key in dict.fromkeys(found.key for found in page if found.key not in known):
            is_ours = _can_be_ours(key)
            if key not in strays and found_so_far[is_ours] < MOST and _is_there(key):
                strays[key] = None
                found_so_far[is_ours] += 1
            if found_so_far[True] == MOST:
                return strays
        for key in {found.key for found in page if found.is_half} & known:
            swept.unfinished += 1
            if fix:
                swept.abandoned += attachment_store().abandon(key, before=before)
    return strays


def _known(keys: Iterable[str]) -> set[str]:
    """Return those of the keys that a row names."""
    # No database need understand other names.
    wanted = {key for key in keys if _can_be_ours(key)}
    attachments, tombstones = Attachment.objects.order_by(), Tombstone.objects.order_by()
    # Attachments become tombstones and never the other way round, but for copies a moment old.
    found = [
        *attachments.filter(key__in=wanted).values_list("key", flat=True),
        *attachments.filter(view_key__in=wanted).values_list("view_key", flat=True),
        *tombstones.filter(key__in=wanted).values_list("key", flat=True),
    ]
    return {key for key in found if key}


def _is_there(key: str) -> bool:
    """Whether it still is: its tombstone may have been worked since the list was read."""
    return not _can_be_ours(key) or attachment_store().is_left(key)


def _can_be_ours(key: str) -> bool:
    return KEY.fullmatch(key) is not None and len(key) <= (LONGEST_KEY or 0)


def _bury(keys: list[str], *, now: datetime) -> int:
    with transaction.atomic():
        known = _known(keys)
        lost = [key for key in keys if key not in known]
        # Somebody who sweeps at the same time may have been faster.
        Tombstone.objects.bulk_create(
            (
                Tombstone(key=key, created_at=now, breach_at=now + GRACE, next_try_at=now)
                for key in lost
            ),
            ignore_conflicts=True,
        )
    return len(lost)


# Rows without an object ------------------------------------------------------------------------


def _without_object() -> Iterator[UUID]:
    """Yield the ids of attachments of which an object cannot be read."""
    names: tuple[Literal["key", "view_key"], ...] = ("key", "view_key")
    for name in names:
        for keys in _keys_of_rows(name):
            if gone := attachment_store().missing(keys):
                # Read again, afterwards: what is not there may have gone together with its row.
                yield from _written().filter(**{f"{name}__in": gone}).values_list("pk", flat=True)


def _written() -> Any:
    """Return the attachments whose objects have been written."""
    return Attachment.objects.exclude(verdict=Attachment.Verdict.AWAITED).order_by()


def _keys_of_rows(name: str) -> Iterator[list[str]]:
    """Yield the keys of all rows, a page at a time, in the order of the index."""
    rows = _written().filter(**{f"{name}__isnull": False}).order_by(name)
    last = ""
    while keys := list(rows.filter(**{f"{name}__gt": last}).values_list(name, flat=True)[:PAGE]):
        yield keys
        last = keys[-1]


def _pages(items: Iterable[T]) -> Iterator[list[T]]:
    iterator = iter(items)
    while page := list(islice(iterator, PAGE)):
        yield page
