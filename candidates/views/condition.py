"""How the machinery of deletion is, in lines that a person can read at a glance."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db.models import Count, Min, OuterRef, Subquery
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from candidates import watch
from candidates.models import Run
from candidates.templatetags.deletion import ago, outcome
from storage import scanning
from storage.models import Attachment, Tombstone

#: After how long a job's silence needs somebody, and an object that has not gone.
SILENCE = {
    Run.Job.PURGE: timedelta(hours=25),
    Run.Job.SWEEP: timedelta(hours=49),
    Run.Job.VERIFY: timedelta(hours=49),
}
PATIENCE = timedelta(hours=24)


class Line(NamedTuple):
    """One thing that is well, or waits for somebody."""

    is_well: bool
    says: str
    detail: str = ""
    url: str = ""


def newest_runs() -> dict[str, Run]:
    """Return the newest run of each job, by the job, in one query."""
    newest = Run.objects.filter(job=OuterRef("job")).order_by("-started_at", "-pk")
    runs = Run.objects.filter(pk=Subquery(newest.values("pk")[:1]))
    return {run.job: run for run in runs}


def lines(runs: dict[str, Run], now: datetime) -> Iterator[Line]:
    """Yield how the jobs, the storage and the virus scanner are."""
    yield _job(runs.get(Run.Job.PURGE), now, Run.Job.PURGE, _("Purge"), _("every hour"))
    yield _job(runs.get(Run.Job.SWEEP), now, Run.Job.SWEEP, _("Storage as recorded"), _("daily"))
    yield _job(runs.get(Run.Job.VERIFY), now, Run.Job.VERIFY, _("Ledger complete"), _("daily"))
    yield _objects(now)
    yield from _scanner(now)
    yield from _others(now)


def _job(run: Run | None, now: datetime, job: Run.Job, well: str, rhythm: str) -> Line:
    if run is None:
        return Line(False, _("%(job)s: has not run yet") % {"job": job.label}, rhythm)
    when = _("%(ago)s, %(rhythm)s") % {"ago": ago(run.started_at, now), "rhythm": rhythm}
    if now - run.started_at > SILENCE[job]:
        return Line(False, _("%(job)s: silent for too long") % {"job": job.label}, when)
    if _is_odd(run):
        said = {"job": job.label, "outcome": outcome(run)}
        return Line(False, _("%(job)s: %(outcome)s") % said, when)
    return Line(True, well, when)


def _is_odd(run: Run) -> bool:
    """Whether a run asks for a person: objects that miss or belong to nobody do, too."""
    found = run.numbers.get("missing") or run.numbers.get("foreign")
    return run.state in {Run.State.FAILED, Run.State.STOPPED} or bool(found)


def _objects(now: datetime) -> Line:
    open_ones: dict[str, Any] = Tombstone.objects.aggregate(
        n=Count("pk"), oldest=Min("created_at"), breach=Min("breach_at")
    )
    number, oldest = open_ones["n"], open_ones["oldest"]
    if not number:
        return Line(True, _("No objects wait to be erased"))
    says = ngettext("%(n)s object waits to be erased", "%(n)s objects wait to be erased", number)
    detail = _("the oldest was noted %(ago)s") % {"ago": ago(oldest, now)}
    is_well = now - oldest <= PATIENCE and open_ones["breach"] > now
    return Line(is_well, says % {"n": number}, detail, reverse("hr:tombstones"))


def _scanner(now: datetime) -> Iterator[Line]:
    pending = Attachment.objects.filter(verdict=Attachment.Verdict.PENDING)
    waiting: dict[str, Any] = pending.aggregate(n=Count("pk"), oldest=Min("created_at"))
    number = waiting["n"]
    if number:
        says = ngettext("%(n)s file waits for the scan", "%(n)s files wait for the scan", number)
        detail = _("the oldest came %(ago)s") % {"ago": ago(waiting["oldest"], now)}
        yield Line(False, says % {"n": number}, detail)
    elif scanning.is_on():
        yield Line(True, _("Virus scan"), _("no file waits"))


#: Conditions of `watch` that other lines or other places of the page tell.
TOLD = {
    "breach",
    "ledger-faults",
    "object-missing",
    "purge-silent",
    "sweep-silent",
    "verify-silent",
    "purge-stopped",
    "tombstone-old",
    "undecided",
}


def _others(now: datetime) -> Iterator[Line]:
    """Yield what else is wrong, without asking the storage: a page must not wait for it."""
    for found in watch.conditions(now, ask_storage=False):
        if found.code not in TOLD:
            yield Line(False, found.sentence)
