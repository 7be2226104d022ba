"""What must be true after any fault and two clean runs, and how it is found out.

Due and unheld means: no row, no version, marker or unfinished upload, and nothing that names it.
All else is byte for byte as it was. One line of the ledger for each record, proven, in a chain
that verifies; and the figures are what they were.
"""

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction

from candidates import ledger, purge, statistics
from candidates.models import Application, CertificateMail, LedgerLine
from storage.models import Tombstone
from tests.faults import objects, rows, worlds
from tests.faults.worlds import World
from tests.world import NOW, TODAY

Shelf = objects.FolderShelf | objects.BucketShelf
#: The tables of which a line counts the rows.
COUNTED = {
    *("candidates_application", "candidates_event", "candidates_mail", "candidates_hold"),
    *("candidates_request", "candidates_employee", "storage_attachment", "storage_words"),
    "storage_page",
}


@dataclass(frozen=True)
class Expected:
    """What a purge must leave of a world; computed before one has begun, and not by one."""

    rows: rows.Rows
    gone_keys: Collection[str]
    #: The keyed hash of each record that goes, and the lines that were there before.
    records: Counter[str]
    lines: dict[int, tuple[Any, ...]]
    #: How many rows and objects the new lines have to count.
    counts: tuple[int, int]
    addresses: Collection[str]
    figures: statistics.Figures

    @classmethod
    def of(cls, world: World) -> "Expected":
        before = rows.dump()
        own = [key for record in world.due for a in record.attachments.all() for key in a.keys]
        keys, addresses = world.gone_keys, worlds.certificates(world)
        after = _without(world)
        gone = sum(sum((before[table] - after[table]).values()) for table in COUNTED)
        # An employee that stays loses its way back to an application: that row is changed.
        changed = sum(sum((after[table] - before[table]).values()) for table in COUNTED)
        return cls(
            after,
            keys,
            Counter(ledger.keyed_hash(record.pk) for record in world.due),
            _lines(),
            (gone - changed, len(own)),
            addresses,
            statistics.figures(),
        )


def _without(world: World) -> rows.Rows:
    """Return all rows as they are without those that must go, in a transaction that is undone."""
    with transaction.atomic():
        for row in (*world.traces, *world.due):
            type(row)._base_manager.filter(pk=row.pk).delete()
        Tombstone.objects.filter(not_before__isnull=True).delete()
        foreseen = [application.pk for application in world.foreseen]
        Application.objects.filter(pk__in=foreseen).update(foreseen_on=TODAY)
        after = rows.dump()
        transaction.set_rollback(True)
    return after


def _lines() -> dict[int, tuple[Any, ...]]:
    fields = ("day", "kind", "record", "rows", "objects_count", "rule", "policy_version")
    return {pk: values for pk, *values in LedgerLine.objects.values_list("pk", *fields)}


@dataclass
class Verdict:
    """What is left that should be gone, and what is lost that should be there."""

    traces: list[str]
    lost: list[str]


def judge(expected: Expected, shelf: Shelf, before: objects.Entries) -> Verdict:
    """Run the purge twice, undisturbed, and look at everything."""
    verdict = Verdict([], [])
    try:
        for _ in range(2):
            outcome = purge.run(now=NOW)
        if outcome.failed or outcome.due or outcome.breaches or outcome.stopped:
            verdict.traces.append(f"the second clean run: {outcome}")
    except Exception as error:  # noqa: BLE001  it is a finding like any other
        verdict.traces.append(f"a clean run: {error!r}")
        connection.close()
    _compare_rows(expected, verdict)
    _compare_objects(expected, shelf.entries(), before, verdict)
    verdict.lost += _wrong_with_the_ledger(expected)
    if statistics.figures() != expected.figures:
        verdict.lost.append("the figures are others")
    return verdict


def _compare_rows(expected: Expected, verdict: Verdict) -> None:
    now = rows.dump()
    for table in now.keys() | expected.rows.keys():
        there, wanted = now.get(table, Counter()), expected.rows.get(table, Counter())
        verdict.traces += [f"{table}: {row}" for row in (there - wanted).elements()]
        verdict.lost += [f"{table}: {row}" for row in (wanted - there).elements()]
    addresses = set(CertificateMail.objects.values_list("to", flat=True))
    verdict.traces += [f"the address {each}" for each in addresses - set(expected.addresses)]
    verdict.lost += [f"the address {each}" for each in set(expected.addresses) - addresses]


def _compare_objects(
    expected: Expected, now: objects.Entries, before: objects.Entries, verdict: Verdict
) -> None:
    wanted = {
        entry: content
        for entry, content in before.items()
        if objects.key_of(entry) not in expected.gone_keys
    }
    verdict.traces += [f"storage: {entry}" for entry in now.keys() - wanted.keys()]
    verdict.lost += [
        f"storage: {entry}" for entry, content in wanted.items() if now.get(entry) != content
    ]


def _wrong_with_the_ledger(expected: Expected) -> Iterator[str]:
    ledger.keep(now=NOW)
    lines = _lines()
    if any(lines.get(pk) != line for pk, line in expected.lines.items()):
        yield "a line of the ledger is another"
    new = LedgerLine.objects.exclude(pk__in=expected.lines).exclude(kind=LedgerLine.Kind.PROOF)
    records = Counter(new.values_list("record", flat=True))
    for record in (records - expected.records).elements():
        yield f"a line too many, {record[:8]}"
    for record in (expected.records - records).elements():
        yield f"a line is missing, {record[:8]}"
    counts = [sum(column) for column in zip(*new.values_list("rows", "objects_count"), strict=True)]
    if counts != list(expected.counts):
        yield f"the lines count {counts} rows and objects, not {expected.counts}"
    for line in purge.census.unproven():
        yield f"line {line.pk} is not proven"
    if LedgerLine.objects.unsealed().exists():
        yield "a line is not sealed"
    for fault in ledger.verify():
        yield f"the chain: {fault}"
