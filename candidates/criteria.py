"""The criteria of a job's scorecards: added, renamed, ordered, removed.

What scorecards have given stays under the name that a criterion had then.
"""

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from candidates.models import Criterion, Job
from candidates.pipeline import ChangeNotAllowed

#: More than anybody judges with care.
MOST = 12


def _lock(job_id: int) -> None:
    """Let one person at a time at a job's criteria."""
    if not Job.objects.select_for_update(no_key=True).filter(pk=job_id).exists():
        raise ChangeNotAllowed(_("This job is not there any more."))


def _locked(criterion: Criterion) -> Criterion:
    _lock(criterion.job_id)
    fresh = Criterion.objects.filter(pk=criterion.pk).first()
    if fresh is None:
        raise ChangeNotAllowed(_("This criterion has been removed meanwhile."))
    return fresh


def _refuse_twice(job_id: int, name: str, *, but: int = 0) -> None:
    others = Criterion.objects.filter(job=job_id).exclude(pk=but)
    if name.casefold() in {other.name.casefold() for other in others}:
        raise ChangeNotAllowed(
            _("This job has a criterion “%(name)s” already. Choose another name.") % {"name": name}
        )


@transaction.atomic
def add(job: Job, name: str) -> Criterion:
    """Add one at the end."""
    _lock(job.pk)
    _refuse_twice(job.pk, name)
    if job.criteria.count() >= MOST:
        raise ChangeNotAllowed(
            _("A job has at most %(most)s criteria. Remove one first.") % {"most": MOST}
        )
    last = job.criteria.aggregate(last=Max("position"))["last"] or 0
    return job.criteria.create(name=name, position=last + 1)


@transaction.atomic
def rename(criterion: Criterion, name: str) -> None:
    criterion = _locked(criterion)
    _refuse_twice(criterion.job_id, name, but=criterion.pk)
    criterion.name = name
    criterion.save(update_fields=["name"])


@transaction.atomic
def shift(criterion: Criterion, *, up: bool) -> None:
    """Let it change places with the one before or after it; the first and last stay there."""
    criterion = _locked(criterion)
    others = Criterion.objects.filter(job=criterion.job_id)
    beside = (
        others.filter(position__lt=criterion.position).order_by("-position").first()
        if up
        else others.filter(position__gt=criterion.position).order_by("position").first()
    )
    if beside is None:
        return
    here, there = criterion.position, beside.position
    free = (others.aggregate(last=Max("position"))["last"] or 0) + 1
    # Two rows of a job never have one position, not even for a moment.
    for row, position in ((criterion, free), (beside, here), (criterion, there)):
        row.position = position
        row.save(update_fields=["position"])


@transaction.atomic
def remove(criterion: Criterion) -> None:
    _locked(criterion).delete()
