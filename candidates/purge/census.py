"""What there is to do and what is late: every count of a run in one query."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Self

from django.db.models import CharField, Count, Exists, OuterRef, Q, QuerySet, Value

from candidates import retention
from candidates.models import Application, CertificateMail, Employee, Hold, LedgerLine
from candidates.models.applications import NEVER_FORESEEN, Applications
from storage.models import Tombstone

#: How long before its end an address that still waits for its certificate goes: the purge comes
#: every hour, and at the end it would be too late.
BEFORE_THE_END = timedelta(hours=2)


@dataclass(frozen=True)
class Census:
    """Numbers of records at a moment; `tombstones` counts those that can be worked."""

    due: int
    due_employees: int
    unforeseen: int
    held: int
    tombstones: int
    ending_certificates: int
    unproven: int
    unforecast: int
    late: int
    late_employees: int
    late_tombstones: int
    late_certificates: int

    @classmethod
    def take(cls, now: datetime) -> Self:
        return cls(
            **counted(
                due=Application.objects.due(now),
                due_employees=Employee.objects.due(now),
                unforeseen=unforeseen(now),
                held=Application.objects.past(now).held(now),
                tombstones=Tombstone.objects.workable(now),
                ending_certificates=ending_certificates(now),
                unproven=unproven(),
                unforecast=unforecast(now),
                **late(now),
            )
        )

    @property
    def all_due(self) -> int:
        return self.due + self.due_employees

    @property
    def breaches(self) -> int:
        records = self.late + self.late_employees
        return records + self.late_tombstones + self.late_certificates

    @property
    def is_idle(self) -> bool:
        """Whether a run has nothing to do but to say so."""
        work = (self.all_due, self.tombstones, self.ending_certificates, self.unproven)
        return not any(work) and not self.unforecast


def counted(**questions: "QuerySet[Any]") -> dict[str, int]:
    """Count the rows of each queryset: one query for all."""
    answers = [
        rows.order_by()
        .values(what=Value(name, output_field=CharField()))
        .annotate(n=Count("pk"))
        .values_list("what", "n")
        for name, rows in questions.items()
    ]
    return dict.fromkeys(questions, 0) | dict(answers[0].union(*answers[1:], all=True))


def breaches(now: datetime) -> int:
    """Count what should be gone by now and is not: records, and objects whose rows are gone."""
    return sum(counted(**late(now)).values())


def late(now: datetime) -> dict[str, "QuerySet[Any]"]:
    """Return what is in breach, by its name in a census."""
    today = retention.local_date(now)
    recent = now - retention.GRACE
    held = Exists(Hold.objects.filter(application=OuterRef("pk"), until__gt=recent))
    return {
        "late": Application.objects.filter(delete_on__lt=today)
        .exclude(held)
        .exclude(early_at__isnull=False, early_at__gt=recent),
        "late_employees": Employee.objects.filter(delete_on__lt=today),
        "late_tombstones": Tombstone.objects.in_breach(now),
        "late_certificates": CertificateMail.objects.filter(keep_until__lte=now),
    }


def ending_certificates(now: datetime) -> "QuerySet[CertificateMail]":
    """Return the addresses that may not wait for the mail server until the next run."""
    return CertificateMail.objects.filter(keep_until__lte=now + BEFORE_THE_END)


def unproven() -> "QuerySet[LedgerLine]":
    """Return the deletions whose absence no reader has confirmed."""
    return LedgerLine.objects.filter(~Q(kind=LedgerLine.Kind.PROOF), is_proven=False)


def unforecast(now: datetime) -> Applications:
    """Return what tomorrow's purge will take and no forecast has yet."""
    tomorrow = retention.local_date(now) + timedelta(days=1)
    end = retention.end_of(tomorrow) - timedelta(microseconds=1)
    return Application.objects.due(end).filter(NEVER_FORESEEN)


def unforeseen(now: datetime) -> Applications:
    """Return what is due although no run of a day before today foresaw it."""
    since = Q(foreseen_on__gte=retention.local_date(now))
    return Application.objects.due(now).filter(NEVER_FORESEEN | since)
