"""One batch after the other, each in a transaction of its own, each record once."""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import DatabaseError, connection
from django.db.models import QuerySet

from .records import Erased

log = logging.getLogger("ats.purge")

#: Records in one transaction: the most that a claim locks.
BATCH = 500

Erase = Callable[["QuerySet[Any]", list[UUID], datetime], list[Erased]]


@dataclass
class Harvest:
    """What the batches erased, and how many records could not be."""

    erased: list[Erased] = field(default_factory=list)
    failed: int = 0


def erase_all(due: "QuerySet[Any]", erase: Erase, now: datetime) -> Harvest:
    """Erase all that is due, whatever becomes of a single record."""
    harvest = Harvest()
    for page in _pages(due):
        try:
            harvest.erased += erase(due, page, now)
        except DatabaseError:
            _begin_anew()
            # One bad record must not keep the others: take each by itself.
            for record in page:
                _erase_one(due, erase, record, now, harvest)
    return harvest


def _erase_one(
    due: "QuerySet[Any]", erase: Erase, record: UUID, now: datetime, harvest: Harvest
) -> None:
    try:
        harvest.erased += erase(due, [record], now)
    except DatabaseError:
        _begin_anew()
        log.exception("could not erase a record; it stays due")
        harvest.failed += 1


def _begin_anew() -> None:
    """Let go of a connection on which a commit has broken off; the next statement connects anew.

    Nothing on it would be committed any more. What is erased, and copied to storage as erased,
    would be back with the end of the process.
    """
    if not connection.in_atomic_block and not connection.autocommit:
        connection.close()


def _pages(due: "QuerySet[Any]") -> Iterator[list[UUID]]:
    """Yield the ids of all that is due, a batch at a time, oldest first, each once."""
    last: tuple[date, UUID] | None = None
    while True:
        page = due.order_by("delete_on", "pk").values_list("delete_on", "pk")
        if last:
            page = page.filter(delete_on__gte=last[0]).exclude(delete_on=last[0], pk__lte=last[1])
        rows = list(page[:BATCH])
        if not rows:
            return
        yield [pk for _, pk in rows]
        last = rows[-1]
