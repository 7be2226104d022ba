"""How an application and an employee's record go: a batch of either in one transaction."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, transaction
from django.db.models import Max, QuerySet

from candidates import certificates, ledger, retention, statistics
from candidates.models import Application, Employee, Hold, LedgerLine
from storage import erasure
from storage.models import Attachment

from . import comprises, traces

Rule = LedgerLine.Rule
#: What a batch reads of its records.
APPLICATION = ("delete_on", "early_at", "early", "wants_certificate", "email", "language")
EMPLOYEE = ("delete_on",)
EARLY = {Application.Early.REQUEST: Rule.REQUEST, Application.Early.OBJECTION: Rule.OBJECTION}


@dataclass(frozen=True)
class Erased:
    """A record that is gone: its id, its line's in the ledger, and the keys of its objects."""

    record: UUID
    line: int
    keys: tuple[str, ...]


@dataclass(frozen=True)
class Claim:
    """A locked record that is due, and the moment from which its existence breaks a promise."""

    record: Application | Employee
    rule: LedgerLine.Rule
    breach_at: datetime


@transaction.atomic
def erase_applications(due: QuerySet[Application], ids: list[UUID], now: datetime) -> list[Erased]:
    """Erase those of the applications that are due and nobody else has locked."""
    locked = _lock(due, ids, APPLICATION)
    if not locked:
        return []
    claims = list(_claims(locked.values()))
    keys, rows = _bury(claims, "application", now)
    rows += comprises.delete_rows(comprises.APPLICATION, locked)
    # A hire's way back, and its documents'.
    Employee.objects.filter(application__among=locked).update(application=None)
    Attachment.objects.filter(came_from__among=locked).update(came_from=None)
    lines = _write_down(LedgerLine.Kind.APPLICATION, claims, rows, keys, now)
    certificates.order(
        [
            (locked[claim.record.pk], line, claim.breach_at)
            for claim, line in zip(claims, lines, strict=True)
            if locked[claim.record.pk].wants_certificate
        ],
        now=now,
    )
    erased = _erased(claims, lines, keys)
    traces.erase(erased)
    # Last, since until the commit every other purge that has one of the counters waits for it.
    statistics.count_out(locked)
    Application.objects.filter(pk__among=locked)._raw_delete(DEFAULT_DB_ALIAS)
    return erased


@transaction.atomic
def erase_employees(due: QuerySet[Employee], ids: list[UUID], now: datetime) -> list[Erased]:
    """Erase those of the employees' records that are due and nobody else has locked."""
    locked = _lock(due, ids, EMPLOYEE)
    if not locked:
        return []
    claims = [
        Claim(employee, Rule.NOT_STARTED, retention.end_of(employee.delete_on))
        for employee in locked.values()
        if employee.delete_on
    ]
    keys, rows = _bury(claims, "employee", now)
    rows += comprises.delete_rows(comprises.EMPLOYEE, locked)
    Employee.objects.filter(pk__among=locked)._raw_delete(DEFAULT_DB_ALIAS)
    lines = _write_down(LedgerLine.Kind.EMPLOYEE, claims, rows, keys, now)
    erased = _erased(claims, lines, keys)
    traces.erase(erased)
    return erased


def _lock(due: "QuerySet[Any]", ids: list[UUID], fields: Collection[str]) -> dict[UUID, Any]:
    """Lock those of the records that are due and nobody else has; return them as they are now.

    With these fields alone: there are many, and most of what they say is just deleted.
    """
    found = due.filter(pk__among=ids).order_by("pk")
    rows = found.select_for_update(skip_locked=True, of=("self",))
    locked = list(rows.values_list("pk", flat=True))
    # Again, now that nobody can change them: a hold may have come since the rows were found.
    return {row.pk: row for row in due.filter(pk__among=locked).only(*fields)}


def _claims(applications: Iterable[Application]) -> Iterator[Claim]:
    """Say for each locked application by which rule it goes, and from when it is in breach."""
    applications = list(applications)
    ids = [application.pk for application in applications]
    holds = Hold.objects.filter(application__among=ids).values_list("application")
    ended: dict[UUID, datetime] = dict(holds.annotate(Max("until")).order_by())
    for application in applications:
        assert application.delete_on  # noqa: S101  it is due
        own = [retention.end_of(application.delete_on)]
        own += [application.early_at + retention.GRACE] if application.early_at else []
        held = [ended[application.pk] + retention.GRACE] if application.pk in ended else []
        rule = Rule.HOLD_ENDED if held and held > [max(own)] else Rule.RETENTION
        rule = EARLY.get(Application.Early(application.early), rule) if application.early else rule
        yield Claim(application, rule, max(own + held))


def _bury(
    claims: Collection[Claim], owner: str, now: datetime
) -> tuple[dict[UUID, tuple[str, ...]], Counter[UUID]]:
    """Turn the records' documents into tombstones.

    Return the keys of each record's objects, and how many rows of its documents are gone.
    """
    records = [claim.record.pk for claim in claims]
    documents = Attachment.objects.filter(**{f"{owner}__among": records})
    # Locked, so that what is read here is what is buried.
    rows = documents.select_for_update(of=("self",)).order_by("pk")
    found = list(rows.values_list("pk", owner, "key", "view_key"))
    keys: dict[UUID, tuple[str, ...]] = dict.fromkeys(records, ())
    for _, record, *both in found:
        keys[record] += tuple(filter(None, both))
    late_first = sorted(claims, key=lambda claim: claim.breach_at)
    for breach_at, group in groupby(late_first, key=lambda claim: claim.breach_at):
        theirs = (key for claim in group for key in keys[claim.record.pk])
        erasure.lay_out(theirs, now=now, breach_at=breach_at)
    owners = {pk: record for pk, record, *_ in found}
    return keys, Counter(owners[pk] for pk in erasure.remove(owners))


def _write_down(
    kind: LedgerLine.Kind,
    claims: Iterable[Claim],
    rows: Counter[UUID],
    keys: dict[UUID, tuple[str, ...]],
    now: datetime,
) -> list[int]:
    deletions = (
        ledger.Deletion(
            claim.record.pk,
            kind,
            claim.rule,
            rows=1 + rows[claim.record.pk],
            objects=len(keys[claim.record.pk]),
        )
        for claim in claims
    )
    return ledger.append(deletions, day=retention.local_date(now))


def _erased(
    claims: Iterable[Claim], lines: Iterable[int], keys: dict[UUID, tuple[str, ...]]
) -> list[Erased]:
    return [
        Erased(pk, line, keys[pk])
        for pk, line in zip((claim.record.pk for claim in claims), lines, strict=True)
    ]
