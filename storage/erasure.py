"""The way out: what must go gets a tombstone, and a tombstone stays until the object is gone."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import TypeVar
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, connection, transaction
from django.db.models import QuerySet

from storage.backends import StorageDown, StorageError, attachment_store
from storage.commits import unhurried
from storage.given import delete, insert
from storage.models import Attachment, Page, Tombstone, Words

T = TypeVar("T")
#: What a run reads of a tombstone that it works: these columns.
Claimed = tuple[int, str, int]
CLAIMED = ("pk", "key", "attempts")

#: Tombstones in memory at a time, rows in one statement. Those of one transaction are fewer: as
#: many as the storage takes at once.
PAGE = 1_000
#: The pause after the first failure; it doubles with each up to the longest, and never ends.
FIRST_PAUSE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(hours=1)
#: After so many objects in a row that could not be reached, a run leaves the rest for the next.
ENOUGH = 3


@dataclass
class Work:
    """What a run did: tombstones closed, tombstones that stay, versions of objects deleted."""

    erased: int = 0
    failed: int = 0
    objects: int = 0


def bury(attachments: QuerySet[Attachment], *, now: datetime, breach_at: datetime) -> list[str]:
    """Delete attachments in the caller's transaction; a tombstone takes the place of each.

    `breach_at` is the moment from which an object that is left breaks a promise. Returns the
    keys, which are more than the attachments: copies go along. The objects go when `work` is
    called after the commit.
    """
    with transaction.atomic():
        # Locked, and then deleted by what was read: a file that is moved or added meanwhile
        # must not lose its row without getting a tombstone.
        rows = attachments.select_for_update(of=("self",)).order_by("pk")
        found = list(rows.values_list("pk", "key", "view_key"))
        keys = [key for _, *both in found for key in both if key]
        lay_out(keys, now=now, breach_at=breach_at)
        remove(pk for pk, *_ in found)
    return keys


def remove(pks: Iterable[UUID]) -> list[UUID]:
    """Delete locked attachments whose keys have their tombstones, in the caller's transaction.

    One statement for each table; return of each row that is gone the id of its attachment. What
    points at them and is not named here makes the database refuse the commit.
    """
    gone = []
    for page in _pages(pks):
        for part in (Words, Page):
            gone += delete(part, "attachment", page)
        gone += delete(Attachment, "pk", page)
    return gone


def lay_out(
    keys: Iterable[str],
    *,
    now: datetime,
    breach_at: datetime,
    not_before: datetime | None = None,
) -> None:
    """Write tombstones in the caller's transaction. None is worked before `not_before`."""
    for page in _pages(keys):
        insert(
            Tombstone,
            {"key": page},
            created_at=now,
            breach_at=breach_at,
            next_try_at=not_before or now,
            not_before=not_before,
        )


def work(*, now: datetime, keys: Iterable[str] | None = None, patient: bool = True) -> Work:
    """Erase the objects of tombstones, and each tombstone whose object is proven gone.

    Of all tombstones those whose pause is over, or every one if not `patient`; or those of
    `keys`. None whose object may still be being written. Call it outside any transaction.
    Safe to run twice, late, or beside itself.
    """
    done = Work()
    unreachable = 0
    found = _found(now=now, keys=keys, patient=patient)
    for page in _pages(found, attachment_store().at_once):
        for answer in _work_page(page, now=now, done=done):
            unreachable = unreachable + 1 if isinstance(answer, StorageDown) else 0
        if unreachable >= ENOUGH:
            break
    return done


def _found(*, now: datetime, keys: Iterable[str] | None, patient: bool) -> Iterator[int]:
    """Yield the ids of the tombstones to work, each once, a page at a time."""
    workable = Tombstone.objects.workable(now)
    if keys is not None:
        for page in _pages(keys):
            yield from list(workable.filter(key__in=page).values_list("pk", flat=True))
        return
    tombstones = workable.order_by("pk")
    if patient:
        tombstones = tombstones.ready(now)
    last = 0
    while ids := list(tombstones.filter(pk__gt=last).values_list("pk", flat=True)[:PAGE]):
        yield from ids
        last = ids[-1]


def _work_page(pks: list[int], *, now: datetime, done: Work) -> list[int | StorageError]:
    """Work those tombstones that nobody else does; return what became of each object."""
    with _claimed(pks) as tombstones:
        answers = _erase([key for _, key, _ in tombstones])
        gone = []
        for (pk, _, attempts), answer in zip(tombstones, answers, strict=True):
            if isinstance(answer, StorageError):
                _pause(pk, attempts, answer.code, now=now)
                done.failed += 1
            else:
                gone.append(pk)
                done.objects += answer
        Tombstone.objects.filter(pk__among=gone)._raw_delete(DEFAULT_DB_ALIAS)
        done.erased += len(gone)
    return answers


@contextmanager
def _claimed(pks: list[int]) -> Iterator[list[Claimed]]:
    """Hold tombstones while their objects are erased; without those gone, or that somebody has.

    SQLite cannot lock rows, and its one lock must not be held while a bucket answers: there, two
    runs may work the same tombstone, which does no harm.
    """
    tombstones = Tombstone.objects.filter(pk__among=pks).order_by("pk")
    if connection.features.has_select_for_update_skip_locked:
        # A tombstone that came back would be worked once more.
        with unhurried():
            yield list(tombstones.select_for_update(skip_locked=True).values_list(*CLAIMED))
    else:
        yield list(tombstones.values_list(*CLAIMED))


def _erase(keys: list[str]) -> list[int | StorageError]:
    try:
        return attachment_store().erase_each(keys)
    except Exception as error:  # noqa: BLE001  it must not keep the tombstones that follow
        return [StorageError(f"unexpected-{type(error).__name__}")] * len(keys)


def _pause(pk: int, attempts: int, code: str, *, now: datetime) -> None:
    """Put a tombstone off, twice as long as the time before."""
    doublings = min(attempts, 10)
    Tombstone.objects.filter(pk=pk).update(
        attempts=attempts + 1,
        error=code,
        next_try_at=now + min(FIRST_PAUSE * 2**doublings, LONGEST_PAUSE),
    )


def _pages(items: Iterable[T], size: int | None = None) -> Iterator[list[T]]:
    iterator = iter(items)
    while page := list(islice(iterator, size or PAGE)):
        yield page
