"""The figures of `/metrics/`: of the whole system, never of a job or a person."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Max, Min, Q, QuerySet

from candidates import ledger, retention
from candidates.models import Application, CertificateMail, Employee, Heartbeat, LedgerLine, Mail
from candidates.models import Request as Register
from candidates.purge.census import counted, late
from storage.models import Attachment, Tombstone

from .conditions import SENTENCES, Condition

#: Jobs that leave a pulse when they have ended well.
JOBS = ("cluster", "purge", "sweep", "verify")


@dataclass(frozen=True)
class Gauge:
    """A figure: its name without the prefix, what it is, and its values by their label's value.

    Without a label there is one value, under "".
    """

    name: str
    help: str
    values: dict[str, float]
    label: str = ""


def gauges(now: datetime, wrong: Iterable[Condition]) -> list[Gauge]:
    """Return all figures; `wrong` is what `conditions` found."""
    return [_conditions(wrong), _pulses(now), *_counts(now), *_ages(now), _lines()]


def _one(name: str, help: str, value: float) -> Gauge:  # noqa: A002
    return Gauge(name, help, {"": value})


def _conditions(wrong: Iterable[Condition]) -> Gauge:
    codes = {condition.code for condition in wrong}
    values = {code: float(code in codes) for code in SENTENCES}
    return Gauge("condition", "1 while something is wrong, by its code", values, "code")


def _pulses(now: datetime) -> Gauge:
    """Return how long ago each job ended well; infinity, if it never has."""
    beats = dict(Heartbeat.objects.filter(name__in=JOBS).values_list("name", "at"))
    ages = {job: _seconds(now, beats.get(job), never=math.inf) for job in JOBS}
    return Gauge("job_last_good_seconds", "Seconds since the job last ended well", ages, "job")


def _counts(now: datetime) -> list[Gauge]:
    """Count rows, in one query."""
    breaches = late(now)
    questions: dict[str, tuple[str, QuerySet]] = {  # type: ignore[type-arg]
        "applications_due": (
            "Applications that the next purge takes",
            Application.objects.due(now),
        ),
        "applications_held": (
            "Applications past their day that a hold keeps",
            Application.objects.past(now).held(now),
        ),
        "employees_due": (
            "Employees who did not start and whom the next purge takes",
            Employee.objects.due(now),
        ),
        "tombstones": ("Objects that wait to be erased", Tombstone.objects.workable(now)),
        "mails_unsent": ("Mails that are due and that no server has taken", _waiting(now)),
        "certificates_unsent": ("Certificates that no server has taken", _certificates()),
        "attachments_pending_scan": (
            "Files that wait for the virus scanner",
            Attachment.objects.filter(verdict=Attachment.Verdict.PENDING),
        ),
        "uploads_staged": (
            "Uploads that are not sent yet",
            Attachment.objects.filter(staged_until__isnull=False),
        ),
        "requests_pending": (
            "Requests of data subjects without an answer",
            Register.objects.pending(),
        ),
        "requests_late": (
            "Requests of data subjects past their month",
            Register.objects.late(retention.local_date(now)),
        ),
        "ledger_lines_unsealed": (
            "Lines of the ledger without a seal",
            LedgerLine.objects.unsealed(),
        ),
    }
    found = counted(**breaches, **{name: rows for name, (_, rows) in questions.items()})
    return [
        _one("breaches", "Records and objects kept too long", sum(found[name] for name in breaches))
    ] + [_one(name, text, found[name]) for name, (text, _) in questions.items()]


def _ages(now: datetime) -> list[Gauge]:
    """Return how old the oldest of what waits is, in seconds; 0 if nothing does."""
    tombstone = Tombstone.objects.workable(now).aggregate(at=Min("created_at"))["at"]
    mail = _waiting(now).aggregate(at=Min("created_at"))["at"]
    unsealed = ledger.unsealed_since(now) or timedelta()
    return [
        _one(
            "tombstone_oldest_seconds", "Age of the oldest open tombstone", _seconds(now, tombstone)
        ),
        _one("mail_oldest_seconds", "Age of the oldest mail that is due", _seconds(now, mail)),
        _one(
            "ledger_unsealed_oldest_seconds",
            "Age of the oldest line without a seal",
            unsealed.total_seconds(),
        ),
    ]


def _lines() -> Gauge:
    # Lines are numbered without a gap: nobody has to count them.
    last = LedgerLine.objects.aggregate(last=Max("sequence"))["last"]
    return _one("ledger_lines", "Sealed lines of the ledger", last or 0)


def _waiting(now: datetime) -> QuerySet[Mail]:
    """Return mails that should have gone: tried ones wait longer, but are none the less late."""
    return Mail.objects.unsent().filter(Q(send_at__lte=now) | Q(attempts__gt=0))


def _certificates() -> QuerySet[CertificateMail]:
    return CertificateMail.objects.all()


def _seconds(now: datetime, at: datetime | None, *, never: float = 0) -> float:
    return max((now - at).total_seconds(), 0) if at else never
