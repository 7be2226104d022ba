"""The way out: what must go gets a tombstone, and a tombstone stays until the object is gone."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import TypeVar

from django.db import connection, transaction
from django.db.models import QuerySet

from storage.backends import StorageDown, StorageError, attachment_store
from storage.models import Attachment, Tombstone

T = TypeVar("T")

#: Tombstones in memory at a time, rows in one statement.
PAGE = 200
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
        found = list(rows.only("pk", "key", "view_key"))
        keys = [key for row in found for key in row.keys]
        lay_out(keys, now=now, breach_at=breach_at)
        for page in _pages(row.pk for row in found):
            Attachment.objects.filter(pk__in=page).delete()
    return keys


def lay_out(
    keys: Iterable[str],
    *,
    now: datetime,
    breach_at: datetime,
    not_before: datetime | None = None,
) -> None:
    """Write tombstones in the caller's transaction. None is worked before `not_before`."""
    Tombstone.objects.bulk_create(
        (
            Tombstone(
                key=key,
                created_at=now,
                breach_at=breach_at,
                next_try_at=not_before or now,
                not_before=not_before,
            )
            for key in keys
        ),
        batch_size=PAGE,
    )


def work(*, now: datetime, keys: Iterable[str] | None = None, patient: bool = True) -> Work:
    """Erase the objects of tombstones, and each tombstone whose object is proven gone.

    Of all tombstones those whose pause is over, or every one if not `patient`; or those of
    `keys`. None whose object may still be being written. Call it outside any transaction.
    Safe to run twice, late, or beside itself.
    """
    done = Work()
    unreachable = 0
    for pk in _found(now=now, keys=keys, patient=patient):
        failure = _work_one(pk, now=now, done=done)
        unreachable = unreachable + 1 if isinstance(failure, StorageDown) else 0
        if unreachable == ENOUGH:
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


def _work_one(pk: int, *, now: datetime, done: Work) -> StorageError | None:
    """Work one tombstone unless somebody else does; return what went wrong."""
    with _claimed(pk) as tombstone:
        if tombstone is None:
            return None
        try:
            done.objects += _erase(tombstone.key)
        except StorageError as error:
            done.failed += 1
            _pause(tombstone, error.code, now=now)
            return error
        tombstone.delete()
        done.erased += 1
        return None


@contextmanager
def _claimed(pk: int) -> Iterator[Tombstone | None]:
    """Hold a tombstone while its object is erased; None if it is gone or somebody has it.

    SQLite cannot lock one row, and its one lock must not be held while a bucket answers: there,
    two runs may work the same tombstone, which does no harm.
    """
    tombstones = Tombstone.objects.filter(pk=pk)
    if not connection.features.has_select_for_update_skip_locked:
        yield tombstones.first()
        return
    with transaction.atomic():
        yield tombstones.select_for_update(skip_locked=True).first()


def _erase(key: str) -> int:
    try:
        return attachment_store().erase(key)
    except StorageError:
        raise
    except Exception as error:  # One object must not keep all others.
        raise StorageError(f"unexpected-{type(error).__name__}") from error


def _pause(tombstone: Tombstone, code: str, *, now: datetime) -> None:
    """Put a tombstone off, twice as long as the time before."""
    doublings = min(tombstone.attempts, 10)
    Tombstone.objects.filter(pk=tombstone.pk).update(
        attempts=tombstone.attempts + 1,
        error=code,
        next_try_at=now + min(FIRST_PAUSE * 2**doublings, LONGEST_PAUSE),
    )


def _pages(items: Iterable[T]) -> Iterator[list[T]]:
    iterator = iter(items)
    while page := list(islice(iterator, PAGE)):
        yield page
