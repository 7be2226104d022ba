"""The proof: what an independent reader finds of that which a run erased."""

import logging
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from uuid import uuid4

from django.db import transaction

from candidates import ledger, retention
from candidates.models import LedgerLine
from storage import erasure
from storage.models import Tombstone

from . import reader
from .census import unproven
from .records import Erased

log = logging.getLogger("ats.purge")

#: Lines of others that one run proves: it reads every id that there is, and remembers them.
MOST = 50_000
#: Lines in one statement.
PAGE = 500


@dataclass(frozen=True)
class Finding:
    """How many records and keys were looked for, and the names of the places that had one."""

    records: int
    keys: int
    left: list[str]


def prove(erased: Iterable[Erased], *, now: datetime, others: bool = True) -> Finding:
    """Look for what a run erased, and for what others left unproven; write down what was found.

    Not `others` if there was none when the run began: lines that have come since are of a run
    beside this one, which proves them itself, or, if it dies, of the next.
    What still waits as a tombstone is not gone: its line is for a later run. Nothing is written
    if there is nothing to look for. Raises `StorageError` if the storage cannot be asked.
    """
    erased = list(erased)
    waiting = reader.pending(key for record in erased for key in record.keys)
    gone = [record for record in erased if waiting.isdisjoint(record.keys)]
    ids, keys = [each.record for each in gone], [key for each in gone for key in each.keys]
    earlier = _earlier({record.line for record in erased}) if others else {}
    if not gone and not earlier:
        return Finding(0, 0, [])
    kept = reader.keys_in_storage(keys)
    left = [*reader.tables_with(ids, keys), *reader.texts_with(ids, keys)]
    left += ["storage"] * bool(kept) + ["ledger"] * _has_come_back(earlier)
    finding = Finding(len(gone) + len(earlier), len(keys), left)
    _write_down(finding, [record.line for record in gone] + list(earlier), kept, now)
    return finding


def _earlier(own: Collection[int]) -> dict[int, str]:
    """Return unproven lines of other runs, by id with their hashes: of those that died, mostly.

    Without those of days of which a tombstone is left, since it might be theirs: the day of the
    deletion, and that on which a replay wrote the line anew.
    """
    days = _days_of_open_tombstones()
    lines = unproven().exclude(day__in=days).exclude(written_at__date__in=days).order_by("pk")
    # The own ones are the youngest: there are as many of others, or those are all.
    found = lines.values_list("pk", "record")[: MOST + len(own)].iterator(chunk_size=PAGE)
    return {pk: record for pk, record in found if pk not in own}


def _days_of_open_tombstones() -> set[date]:
    since = Tombstone.objects.filter(not_before__isnull=True).values_list("created_at", flat=True)
    return {retention.local_date(moment) for moment in since.iterator()}


def _has_come_back(earlier: dict[int, str]) -> bool:
    """Whether a record that a line calls erased is in some table."""
    records = set(earlier.values())
    return bool(records) and any(each in records for each in reader.hashes_of_what_exists())


@transaction.atomic
def _write_down(finding: Finding, lines: list[int], kept: set[str], now: datetime) -> None:
    """Write the proof; if something was found, no line is proven, and objects go once more."""
    rule = LedgerLine.Rule.REMAINS if finding.left else LedgerLine.Rule.ABSENT
    proof = ledger.Deletion(
        uuid4(), LedgerLine.Kind.PROOF, rule, rows=finding.records, objects=finding.keys
    )
    ledger.append([proof], day=retention.local_date(now))
    if finding.left:
        log.error("something is left of what was erased, in: %s", ", ".join(finding.left))
        erasure.lay_out(kept, now=now, breach_at=now)
        return
    today = retention.local_date(now)
    for start in range(0, len(lines), PAGE):
        page = LedgerLine.objects.filter(pk__among=lines[start : start + PAGE])
        page.update(is_proven=True, proven_on=today)
