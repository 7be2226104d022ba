"""The purge job: erases what is due, from the tables and from storage. Nobody watches it.

Batch by batch, each in one transaction: lock the rows that are due (those that someone else has
locked wait for the next run), look again under the lock, write a tombstone for every object and
a ledger line for every record, delete the rows. After the commits, the tombstones are worked.
Stopped at any line, it leaves nothing half done that the next run does not finish.
"""

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from itertools import groupby
from typing import Any, NamedTuple
from uuid import UUID

from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.db.models import Count, Exists, Max, OuterRef, QuerySet

from candidates import ledger, retention
from candidates.models import (
    Application,
    Employee,
    Event,
    Heartbeat,
    Hold,
    LedgerLine,
    Mail,
    Read,
)
from storage import bounded, erasure
from storage.models import Attachment, Tombstone

log = logging.getLogger("ats.purge")

#: Records in one transaction: the most that a claim locks and that memory holds.
BATCH = 200


@dataclass
class Outcome:
    """What a run found and did, in numbers of records; `objects_deleted` in objects.

    `failed` counts both: records that could not be erased, and objects.
    """

    due: int = 0
    purged: int = 0
    objects_deleted: int = 0
    failed: int = 0
    held: int = 0
    breaches: int = 0

    def as_dict(self) -> dict[str, int]:
        return asdict(self)

    def __str__(self) -> str:
        return ", ".join(f"{name} {value}" for name, value in self.as_dict().items())


class Claimed(NamedTuple):
    """A locked record that is due, and the moment from which its existence breaks a promise."""

    id: UUID
    breach_at: datetime
    rule: LedgerLine.Rule


def run(*, now: datetime | None = None, dry_run: bool = False) -> Outcome:
    """Erase what is due at `now` (the database's time if not given) and say what was done.

    Safe to run twice, late, or beside itself. A dry run writes nothing.
    """
    now = now or database_now()
    if not dry_run:
        shorten_clocks()
    outcome = Outcome(
        due=Application.objects.due(now).count() + Employee.objects.due(now).count(),
        held=Application.objects.past(now).held(now).count(),
    )
    if not dry_run:
        _erase_all(Application.objects.due(now), _erase_applications, now, outcome)
        _erase_all(Employee.objects.due(now), _erase_employees, now, outcome)
        work = erasure.work(now=now, patient=False)
        outcome.objects_deleted, outcome.failed = work.erased, outcome.failed + work.failed
        _forget_old_pages()
        bounded.clean()
    outcome.breaches = breaches(now)
    if not dry_run and not outcome.failed:
        Heartbeat.objects.beat("purge", database_now())
    return outcome


def database_now() -> datetime:
    """Return the database's time: the one clock that all processes share."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT CURRENT_TIMESTAMP")
        (moment,) = cursor.fetchone()
    if isinstance(moment, str):  # SQLite gives text, in UTC
        moment = datetime.fromisoformat(moment).replace(tzinfo=UTC)
    return moment  # type: ignore[no-any-return]


def breaches(now: datetime) -> int:
    """Count what should be gone by now and is not: records, and objects whose rows are gone."""
    today = retention.local_date(now)
    recent_hold = Hold.objects.filter(application=OuterRef("pk"), until__gt=now - retention.GRACE)
    late = Application.objects.filter(delete_on__lt=today).exclude(Exists(recent_hold)).count()
    not_started = Employee.objects.filter(delete_on__lt=today).count()
    return late + not_started + Tombstone.objects.in_breach(now).count()


def shorten_clocks() -> None:
    """Shorten the clocks that are longer than `ATS_RETENTION_MONTHS`; nothing lengthens one."""
    months = settings.ATS_RETENTION_MONTHS
    for records in (Application.objects, Employee.objects):
        longer = records.filter(delete_on__isnull=False, retention_months__gt=months)
        for day in list(longer.order_by().values_list("decided_on", flat=True).distinct()):
            if day:
                longer.filter(decided_on=day).update(
                    delete_on=retention.delete_on(day, months=months), retention_months=months
                )


# One batch after the other ------------------------------------------------------------------


def _erase_all(
    due: QuerySet[Any],
    erase: Callable[[QuerySet[Any], list[UUID], datetime], int],
    now: datetime,
    outcome: Outcome,
) -> None:
    """Erase all that is due, each record once, whatever becomes of it."""
    for page in _pages(due):
        try:
            outcome.purged += erase(due, page, now)
        except DatabaseError:
            # One bad record must not keep the others: take each by itself.
            for record in page:
                outcome.failed += not _erase_one(due, erase, record, now, outcome)


def _erase_one(
    due: QuerySet[Any],
    erase: Callable[[QuerySet[Any], list[UUID], datetime], int],
    record: UUID,
    now: datetime,
    outcome: Outcome,
) -> bool:
    try:
        outcome.purged += erase(due, [record], now)
    except DatabaseError:
        log.exception("could not erase a record; it stays due")
        return False
    return True


def _pages(due: QuerySet[Any]) -> Iterator[list[UUID]]:
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


def _lock(due: QuerySet[Any], ids: list[UUID]) -> dict[UUID, date]:
    """Lock those of the records that are due and nobody else has; return their last days."""
    rows = due.filter(pk__in=ids).select_for_update(skip_locked=True, of=("self",))
    locked = list(rows.values_list("pk", flat=True))
    # Again, now that nobody can change them: a hold may have come since the rows were found.
    return dict(due.filter(pk__in=locked).values_list("pk", "delete_on"))


# What an application and an employee comprise ---------------------------------------------------


@transaction.atomic
def _erase_applications(due: QuerySet[Application], ids: list[UUID], now: datetime) -> int:
    claimed = sorted(_claims(_lock(due, ids)), key=lambda claim: claim.breach_at)
    ids = [claim.id for claim in claimed]
    documents, copies = _count(Attachment, ids), _count_copies(ids)
    others = _count(Event, ids) + _count(Mail, ids) + _count(Hold, ids) + _count(Read, ids)
    for breach_at, group in groupby(claimed, key=lambda claim: claim.breach_at):
        attachments = Attachment.objects.filter(application__in=[claim.id for claim in group])
        erasure.bury(attachments, now=now, breach_at=breach_at)
    Application.objects.filter(pk__in=ids).delete()
    ledger.append(
        (
            ledger.Deletion(
                claim.id,
                LedgerLine.Kind.APPLICATION,
                claim.rule,
                rows=1 + documents[claim.id] + others[claim.id],
                objects=documents[claim.id] + copies[claim.id],
            )
            for claim in claimed
        ),
        day=retention.local_date(now),
    )
    return len(claimed)


def _claims(last_days: dict[UUID, date]) -> Iterator[Claimed]:
    """Say for each locked application by which rule it goes, and from when it is in breach."""
    holds = Hold.objects.filter(application__in=last_days).values_list("application")
    ended: dict[UUID, datetime] = dict(holds.annotate(Max("until")).order_by())
    for pk, last_day in last_days.items():
        breach_at = retention.end_of(last_day)
        if pk in ended and ended[pk] + retention.GRACE > breach_at:
            yield Claimed(pk, ended[pk] + retention.GRACE, LedgerLine.Rule.HOLD_ENDED)
        else:
            yield Claimed(pk, breach_at, LedgerLine.Rule.RETENTION)


@transaction.atomic
def _erase_employees(due: QuerySet[Employee], ids: list[UUID], now: datetime) -> int:
    last_days = _lock(due, ids)
    documents = _count(Attachment, last_days, owner="employee")
    reads = _count(Read, last_days, owner="employee")
    copies = _count_copies(last_days, owner="employee")
    for pk, last_day in last_days.items():
        attachments = Attachment.objects.filter(employee=pk)
        erasure.bury(attachments, now=now, breach_at=retention.end_of(last_day))
    Employee.objects.filter(pk__in=last_days).delete()
    ledger.append(
        (
            ledger.Deletion(
                pk,
                LedgerLine.Kind.EMPLOYEE,
                LedgerLine.Rule.NOT_STARTED,
                rows=1 + documents[pk] + reads[pk],
                objects=documents[pk] + copies[pk],
            )
            for pk in last_days
        ),
        day=retention.local_date(now),
    )
    return len(last_days)


def _count(
    model: type[Attachment | Event | Hold | Mail | Read],
    ids: Iterable[UUID],
    *,
    owner: str = "application",
) -> Counter[UUID]:
    """Count the rows of a model by their owner."""
    rows = model._default_manager.filter(**{f"{owner}__in": list(ids)}).order_by()
    return Counter(dict(rows.values_list(owner).annotate(Count("pk"))))


def _count_copies(ids: Iterable[UUID], *, owner: str = "application") -> Counter[UUID]:
    """Count the attachments that have a second object, their copy for viewing."""
    rows = Attachment.objects.filter(**{f"{owner}__in": list(ids)}, view_key__isnull=False)
    return Counter(dict(rows.order_by().values_list(owner).annotate(Count("pk"))))


def _forget_old_pages() -> None:
    """Empty SQLite's write-ahead log: until then it holds what was deleted, in clear text.

    Inside a transaction of the caller SQLite refuses it; the next run outside of one does it.
    """
    if connection.vendor == "sqlite" and not connection.in_atomic_block:
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
