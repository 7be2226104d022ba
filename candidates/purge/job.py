"""The order of a run.

Batch by batch, each in one transaction: lock the rows that are due (those that someone else has
locked wait for the next run), look again under the lock, write a tombstone for every object and
a ledger line for every record, delete the rows and whatever names them elsewhere. After the
commits, the tombstones are worked, and an independent reader looks whether anything is left.
Stopped at any line, it leaves nothing half done that the next run does not finish.
"""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from candidates import ledger, retention, runs
from candidates.models import Application, Employee, Heartbeat, Run
from storage import bounded, erasure, leftovers
from storage.backends import StorageError

from . import batches, brake, proof, records, traces
from .census import Census, breaches, ending_certificates, unproven
from .clocks import shorten_clocks
from .moment import database_now, drift

log = logging.getLogger("ats.purge")


@dataclass
class Outcome:
    """What a run found and did, in numbers of records; `objects_deleted` in objects.

    `failed` counts both: records that could not be erased, and objects. `stopped` has the codes
    of `brake.SENTENCES`; if there is one, nothing was erased, or would be, after a dry run.
    `unforeseen` counts what was due without a forecast or a person's word.
    """

    due: int = 0
    purged: int = 0
    objects_deleted: int = 0
    failed: int = 0
    held: int = 0
    breaches: int = 0
    unforeseen: int = 0
    stopped: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    def __str__(self) -> str:
        numbers = {name: value for name, value in self.as_dict().items() if name != "stopped"}
        text = ", ".join(f"{name} {value}" for name, value in numbers.items())
        return f"{text}, stopped: {' '.join(self.stopped)}" if self.stopped else text


def run(*, now: datetime | None = None, dry_run: bool = False, exempt: bool = False) -> Outcome:
    """Erase what is due at `now` (the database's time if not given) and say what was done.

    Safe to run twice, late, or beside itself. A dry run writes nothing. `exempt` leaves the brake
    out: for another day than today under DEBUG.
    """
    database = database_now()
    away, now = drift(database), now or database
    is_behind = _is_behind()
    with _undone() if dry_run else nullcontext():
        if not is_behind:
            shorten_clocks()
        census = Census.take(now)
        outcome = Outcome(due=census.all_due, held=census.held, breaches=census.breaches)
        if is_behind:
            outcome.stopped = [brake.BEHIND]
        elif not exempt:
            _brake(now, census, outcome, away)
    if not dry_run:
        Job(now, census, outcome, database=database).do()
    return outcome


@contextmanager
def _undone() -> Iterator[None]:
    """Take back all that is written: a dry run counts with the clocks that a run would shorten."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def _is_behind() -> bool:
    """Whether the database is older than the storage's copy of the ledger.

    A storage that does not answer keeps no record past its day: its tombstone waits instead.
    """
    try:
        return ledger.behind() is not None
    except StorageError as error:
        log.warning("the storage could not be asked for the ledger: %s", error.code)
        return False


def _brake(now: datetime, census: Census, outcome: Outcome, away: timedelta) -> None:
    """Stop a run that has a reason to, unless a privacy officer has confirmed it for today."""
    due, unforeseen = census.all_due, census.unforeseen
    found = brake.reasons(now, due=due, unforeseen=unforeseen, drift=away)
    if not found:
        outcome.unforeseen = unforeseen
    elif not brake.is_confirmed(retention.local_date(now), due=due, reasons=found):
        outcome.stopped = found


class Job:
    """A run that may write: its row, its deletions, its proof."""

    def __init__(
        self, now: datetime, census: Census, outcome: Outcome, *, database: datetime
    ) -> None:
        self.now, self.census, self.outcome = now, census, outcome
        self.database = database
        self.began = time.monotonic()
        #: What went wrong, as codes for the run's row.
        self.troubles: list[str] = []

    def do(self) -> None:
        if self.outcome.stopped:
            self._stop()
        elif self.census.is_idle:
            self._end(Run(job=Run.Job.PURGE, started_at=self.now))
        else:
            row = runs.start(Run.Job.PURGE, now=self.now)
            self._erase()
            self.outcome.breaches = breaches(self.now)
            self._end(row)

    def _stop(self) -> None:
        codes, due = self.outcome.stopped, self.outcome.due
        row = Run(job=Run.Job.PURGE, started_at=self.now)
        numbers = self.outcome.as_dict()
        runs.finish(
            row,
            state=Run.State.STOPPED,
            numbers=numbers,
            reasons=codes,
            now=self.now + self._elapsed(),
        )
        log.error("stopped before the first deletion, %d due: %s", due, ", ".join(codes))
        brake.tell(codes, due, self.now)

    def _erase(self) -> None:
        if self.census.ending_certificates:
            ending_certificates(self.now).delete()
        erased = self._erase_records()
        work = erasure.work(now=self.now, patient=False)
        self.outcome.objects_deleted = work.erased
        self._count_failures("objects", work.failed)
        self._prove(erased)
        # A job does it every minute, too; but the sooner it is out of reach, the better.
        ledger.keep(now=self.now)

    def _erase_records(self) -> list[records.Erased]:
        due = Application.objects.due(self.now)
        found = batches.erase_all(due, records.erase_applications, self.now)
        due_employees = Employee.objects.due(self.now)
        employees = batches.erase_all(due_employees, records.erase_employees, self.now)
        erased = found.erased + employees.erased
        self.outcome.purged = len(erased)
        self._count_failures("records", found.failed + employees.failed)
        return erased

    def _prove(self, erased: list[records.Erased]) -> None:
        if not erased and not self.census.unproven:
            return
        if self.census.unproven:
            traces.erase([], set(unproven().values_list("record", flat=True)))
        try:
            finding = proof.prove(erased, now=self.now, others=bool(self.census.unproven))
        except StorageError as error:
            log.warning("the storage could not be asked for a proof: %s", error.code)
            self._count_failures("unproven", 1)
            return
        self._count_failures("remains", len(finding.left))

    def _count_failures(self, code: str, count: int) -> None:
        self.outcome.failed += count
        self.troubles += [code] if count else []

    def _end(self, row: Run) -> None:
        """Write how the run ended. Only a good one knows what the next day brings, and beats."""
        is_good = not self.outcome.failed
        if is_good and self.census.unforecast:
            brake.foresee(self.now)
        bounded.clean()
        leftovers.forget(erased=bool(self.outcome.purged))
        runs.finish(
            row,
            state=Run.State.GOOD if is_good else Run.State.FAILED,
            numbers=self.outcome.as_dict(),
            reasons=self.troubles,
            now=self.now + self._elapsed(),
        )
        if is_good:
            Heartbeat.objects.beat("purge", self.database + self._elapsed())

    def _elapsed(self) -> timedelta:
        return timedelta(seconds=time.monotonic() - self.began)
