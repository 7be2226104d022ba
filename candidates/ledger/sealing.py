"""The sealer: numbers and chains the lines that deletions have left."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Min, QuerySet

from candidates.models import LedgerLine
from storage.given import update

from . import chain, copies
from .locks import Lock, try_to_take

#: Lines in one transaction.
BATCH = 500
#: What the sealer writes into a line.
PLACE = ("sequence", "previous", "hash")


def seal(*, now: datetime) -> int:  # `now` as all jobs
    """Number and chain all committed lines that are not yet; return how many that were.

    One at a time: who comes second does nothing. No deletion ever waits for it: it locks no row
    that one writes. A line that is committed later than others which were written after it gets
    a later number. Raises `LedgerBehind` and, since a chain must not be continued without knowing
    how it goes on in storage, `StorageError`.
    """
    if not LedgerLine.objects.unsealed().exists():
        return 0
    copies.raise_if_behind()
    sealed = 0
    while count := _seal_batch():
        sealed += count
    return sealed


@transaction.atomic
def _seal_batch() -> int:
    if not try_to_take(Lock.SEALER):
        return 0
    # Locked rows are somebody's who is just noting that they are proven; they come next time.
    lines = list(LedgerLine.objects.unsealed().select_for_update(skip_locked=True)[:BATCH])
    sequence, previous = chain.newest()
    for line in lines:
        sequence += 1
        link(line, sequence, previous)
        previous = line.hash
    if lines:
        _save(lines)
    return len(lines)


def _save(lines: list[LedgerLine]) -> None:
    """Write the places of lines: one statement for all."""
    places = {name: [getattr(line, name) for line in lines] for name in PLACE}
    update(LedgerLine, [line.pk for line in lines], places)


def link(line: LedgerLine, sequence: int, previous: str) -> None:
    """Give a line its place behind the line of this hash. Does not save."""
    line.sequence, line.previous = sequence, previous
    line.hash = chain.hash_of(
        (
            sequence,
            line.day.isoformat(),
            line.kind,
            line.record,
            line.rows,
            line.objects_count,
            line.rule,
            line.policy_version,
            previous,
        )
    )


def unsealed_since(now: datetime) -> timedelta | None:
    """Return for how long the oldest line has waited to be sealed; None if none waits."""
    return _waiting(LedgerLine.objects.filter(sequence__isnull=True), now)


def uncopied_since(now: datetime) -> timedelta | None:
    """Return how old the oldest sealed line is that storage does not have; None if it has all."""
    return _waiting(LedgerLine.objects.filter(sequence__isnull=False, is_copied=False), now)


def _waiting(lines: QuerySet[LedgerLine], now: datetime) -> timedelta | None:
    oldest = lines.aggregate(at=Min("written_at"))["at"]
    return max(now - oldest, timedelta()) if oldest else None
