"""What is wrong: each condition with its code, its sentence for the officer, and its number.

A constant number of questions to the database, each of them answered by an index.
"""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from dateutil.relativedelta import relativedelta
from django.conf import settings
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy, ngettext_lazy

from candidates import holds, ledger, retention, runs
from candidates.models import (
    Application,
    CertificateMail,
    Heartbeat,
    LedgerLine,
    Request,
    Run,
)
from candidates.purge import brake
from candidates.purge.census import counted, late
from storage.backends import StorageError
from storage.models import Attachment, Tombstone

log = logging.getLogger("ats.watch")

#: After how long a job's silence means that it is dead.
SILENCE = {"cluster": timedelta(minutes=5), "purge": timedelta(hours=25)}
#: How old the tombstone of an object that can be erased may become.
OLDEST_TOMBSTONE = timedelta(hours=24)
#: How long a line of the ledger may wait for its seal.
LONGEST_UNSEALED = timedelta(minutes=10)
#: How long a sealed line may wait for its copy in storage.
LONGEST_UNCOPIED = timedelta(hours=1)
#: The daily jobs, each with how long it may leave no sign: two runs, and an hour.
DAILY = {"sweep": timedelta(hours=49), "verify": timedelta(hours=49)}
#: How long after its 24 hours an upload may still be there: the job that clears them is hourly.
SLACK = timedelta(hours=2)

#: Conditions that turn `/health/` into a 503, each with its part of the answer and what it says.
GRAVE = {
    "cluster-silent": ("cluster", "silent"),
    "purge-silent": ("purge", "silent"),
    "tombstone-old": ("tombstones", "older than 24 hours: {}"),
    "breach": ("breaches", "kept too long: {}"),
    "hold-ended": ("holds", "ended, and not erased since: {}"),
    "ledger-behind": ("ledger", "behind its copy in storage"),
}

#: The sentence of each condition, the grave ones first: what is wrong and what to do.
SENTENCES: dict[str, Any] = {
    "cluster-silent": gettext_lazy(
        "The job cluster gives no sign. Nothing is erased and no mail goes until it is started"
        " again.",
    ),
    "purge-silent": gettext_lazy(
        "No purge has ended well for 25 hours. Look at its last run.",
    ),
    "tombstone-old": ngettext_lazy(
        "%(count)d file has waited for more than 24 hours to be erased from storage. Look at its"
        " error.",
        "%(count)d files have waited for more than 24 hours to be erased from storage. Look at"
        " their errors.",
        "count",
    ),
    "breach": ngettext_lazy(
        "%(count)d record or file should be gone and is still there. Look at the last purge.",
        "%(count)d records or files should be gone and are still there. Look at the last purge.",
        "count",
    ),
    "hold-ended": ngettext_lazy(
        "%(count)d application has not been erased although its hold has ended.",
        "%(count)d applications have not been erased although their holds have ended.",
        "count",
    ),
    "ledger-behind": gettext_lazy(
        "The database is older than the ledger’s copy in storage. The site stays closed until the"
        " ledger is replayed.",
    ),
    "purge-stopped": ngettext_lazy(
        "The purge has stopped before its first deletion and waits for you: %(count)d record is"
        " due.",
        "The purge has stopped before its first deletion and waits for you: %(count)d records are"
        " due.",
        "count",
    ),
    "proof-remains": gettext_lazy(
        "The check after the last purge has found something that should be gone. The next purge"
        " looks again."
    ),
    "unsealed": ngettext_lazy(
        "%(count)d line of the ledger has waited for its seal for more than ten minutes.",
        "%(count)d lines of the ledger wait for their seals, one for more than ten minutes.",
        "count",
    ),
    "uncopied": ngettext_lazy(
        "%(n)d line of the record of deletions has no copy in storage yet.",
        "%(n)d lines of the record of deletions have no copy in storage yet.",
        "n",
    ),
    "sweep-silent": gettext_lazy("%(job)s: silent for too long"),
    "verify-silent": gettext_lazy("%(job)s: silent for too long"),
    "ledger-faults": ngettext_lazy(
        "The last check of the ledger found %(count)d fault.",
        "The last check of the ledger found %(count)d faults.",
        "count",
    ),
    "request-late": ngettext_lazy(
        "%(count)d request of an applicant is past its month. Answer it.",
        "%(count)d requests of applicants are past their month. Answer them.",
        "count",
    ),
    "undecided": ngettext_lazy(
        "%(count)d application has been open for too long without a decision.",
        "%(count)d applications have been open for too long without a decision.",
        "count",
    ),
    "certificate-late": ngettext_lazy(
        "%(count)d address for a certificate is kept past its time.",
        "%(count)d addresses for certificates are kept past their time.",
        "count",
    ),
    "object-missing": ngettext_lazy(
        "%(count)d file is missing in storage although an application or employee has it.",
        "%(count)d files are missing in storage although applications or employees have them.",
        "count",
    ),
    "upload-old": ngettext_lazy(
        "%(count)d upload that was never sent is kept for more than 24 hours.",
        "%(count)d uploads that were never sent are kept for more than 24 hours.",
        "count",
    ),
}


@dataclass(frozen=True)
class Condition:
    """Something that is wrong: `count` is how many there are, 1 where there can only be one."""

    code: str
    count: int

    @property
    def sentence(self) -> str:
        """What is wrong and what to do, in the language that is active."""
        job = Run.Job(name).label if (name := self.code.removesuffix("-silent")) in DAILY else ""
        return str(SENTENCES[self.code] % {"count": self.count, "n": self.count, "job": job})

    @property
    def is_grave(self) -> bool:
        """Whether `/health/` answers 503 while it is so."""
        return self.code in GRAVE


def conditions(now: datetime, *, ask_storage: bool = True) -> list[Condition]:
    """Return what is wrong, what is grave first; nothing if all is well.

    Without `ask_storage` nobody looks whether the ledger is behind its copy.
    """
    return _listed(_grave(now, ask_storage=ask_storage) | _minor(now))


def grave(now: datetime, *, ask_storage: bool = True) -> list[Condition]:
    """Return of what is wrong that which `/health/` tells."""
    return [each for each in _listed(_grave(now, ask_storage=ask_storage)) if each.is_grave]


def _grave(now: datetime, *, ask_storage: bool) -> dict[str, int]:
    counts = _silent(now) | _too_old(now)
    counts["hold-ended"] = holds.ended_unnoticed(now)
    counts["ledger-behind"] = int(ask_storage and _is_behind())
    return counts


def _minor(now: datetime) -> dict[str, int]:
    return _overdue(now) | _runs() | _ledger(now)


def _listed(counts: dict[str, int]) -> list[Condition]:
    return [Condition(code, counts[code]) for code in SENTENCES if counts.get(code)]


def _silent(now: datetime) -> dict[str, int]:
    """Say of each job whether it has left no sign for too long, or never, in one query."""
    jobs = SILENCE | DAILY
    beats = dict(Heartbeat.objects.filter(name__in=jobs).values_list("name", "at"))
    return {
        f"{name}-silent": int(name not in beats or beats[name] < now - silence)
        for name, silence in jobs.items()
    }


def _too_old(now: datetime) -> dict[str, int]:
    """Count what should be gone by now, in one query."""
    parts, old = late(now), now - OLDEST_TOMBSTONE
    # Counted from the moment in which somebody can erase it.
    tombstones = Tombstone.objects.workable(old).filter(created_at__lte=old)
    counts = counted(tombstones=tombstones, **parts)
    return {
        "tombstone-old": counts["tombstones"],
        "breach": sum(counts[part] for part in parts),
    }


def _overdue(now: datetime) -> dict[str, int]:
    """Count what somebody should have seen to by now, in one query."""
    today = retention.local_date(now)
    day = today - relativedelta(months=settings.ATS_OPEN_MONTHS)
    rows: dict[str, QuerySet[Any]] = {
        "undecided": Application.objects.open().filter(received_at__lt=retention.end_of(day)),
        "request-late": Request.objects.late(today),
        "certificate-late": CertificateMail.objects.filter(keep_until__lte=now),
        "upload-old": Attachment.objects.expired(now - SLACK),
    }
    return counted(**rows)


def _runs() -> dict[str, int]:
    """Read what the jobs' last runs have left to be seen to."""
    checks = Run.objects.of(Run.Job.VERIFY).exclude(state=Run.State.RUNNING)
    return {
        "purge-stopped": _number(brake.stopped_run(), "due"),
        "object-missing": _number(runs.last_good(Run.Job.SWEEP), "missing"),
        "ledger-faults": _number(checks.first(), "faults"),
    }


def _number(run: Run | None, name: str) -> int:
    return int(run.numbers.get(name, 0)) if run else 0


def _ledger(now: datetime) -> dict[str, int]:
    waited = ledger.unsealed_since(now)
    is_late = waited is not None and waited > LONGEST_UNSEALED
    waited = ledger.uncopied_since(now)
    is_alone = waited is not None and waited > LONGEST_UNCOPIED
    return {
        "unsealed": LedgerLine.objects.unsealed().count() if is_late else 0,
        "uncopied": LedgerLine.objects.sealed().filter(is_copied=False).count() if is_alone else 0,
        "proof-remains": _left(),
    }


def _left() -> int:
    """Return 1 if the newest proof found something, else 0.

    As long as something is left each purge looks again, so the newest proof says how it is.
    """
    # No proof is ever proven itself, so the index of unproven lines has them all.
    proofs = LedgerLine.objects.filter(kind=LedgerLine.Kind.PROOF, is_proven=False)
    newest = proofs.order_by("-pk").first()
    return int(newest is not None and newest.rule == LedgerLine.Rule.REMAINS)


def _is_behind() -> bool:
    try:
        return ledger.behind() is not None
    except StorageError as error:
        log.warning("storage does not say whether the ledger is behind: %s", error.code)
        return False
