"""The memory of the jobs that nobody watches: a row for each run, without personal data."""

from datetime import datetime, timedelta
from typing import Any

from candidates.models import Confirmation, Run

#: How long rows of runs and of the confirmations of the brake are kept.
KEPT = timedelta(days=400)


def start(job: Run.Job, *, now: datetime) -> Run:
    """Write that a run has begun. Outside a transaction, so that it stays if the run dies."""
    return Run.objects.create(job=job, started_at=now)


def finish(
    run: Run,
    *,
    state: Run.State,
    numbers: dict[str, Any] | None = None,
    reasons: list[str] | None = None,
    now: datetime,
) -> Run:
    """Write how a run ended, and create its row if it has none: a run that had nothing to do."""
    run.state, run.ended_at = state, now
    run.numbers, run.reasons = numbers or {}, reasons or []
    run.save()
    return run


def last_good(job: Run.Job) -> Run | None:
    """Return the newest run of a job that ended well."""
    return Run.objects.of(job).filter(state=Run.State.GOOD).first()


def forget_old(now: datetime) -> int:
    """Delete what is older than `KEPT`, but never a job's last good run; return how many rows."""
    kept = [run.pk for job in Run.Job if (run := last_good(job))]
    runs, _ = Run.objects.filter(started_at__lt=now - KEPT).exclude(pk__in=kept).delete()
    words, _ = Confirmation.objects.filter(at__lt=now - KEPT).delete()
    return runs + words
