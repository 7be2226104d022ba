"""The stages of a job: added, named, ordered, removed, taken over from another job.

Each verb locks the job first, so that of two people who change its stages one waits. What enters
a stage locks its row (`pipeline`), so that none is removed under it.
"""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from candidates.models import Application, Event, Job, Stage, User
from candidates.pipeline import ChangeNotAllowed

#: More columns than these are no board.
MOST = 12
#: Further than positions reach: where they stand while they are counted anew.
ASIDE = 1000

GONE = gettext_lazy(
    "Somebody has removed this stage meanwhile. Look at the stages as they are now."
)


def _locked(job: Job) -> list[Stage]:
    """Return the stages in their order, locked together with their job."""
    Job.objects.select_for_update(no_key=True).get(pk=job.pk)
    return list(job.stages.select_for_update().order_by("position"))


def _among(stages: list[Stage], pk: int) -> Stage:
    for stage in stages:
        if stage.pk == pk:
            return stage
    raise ChangeNotAllowed(str(GONE))


@transaction.atomic
def add(job: Job, name: str) -> Stage:
    """Add a stage behind the others."""
    stages = _locked(job)
    if len(stages) >= MOST:
        raise ChangeNotAllowed(_("A job has %(n)d stages at most. Remove one first.") % {"n": MOST})
    _check_names([*(stage.name for stage in stages), name])
    position = stages[-1].position + 1 if stages else 1
    return job.stages.create(name=name, position=position)


@transaction.atomic
def rename(job: Job, names: Mapping[int, tuple[str, str]]) -> None:
    """Rename stages by their id, each from what the person saw it called to what it shall be.

    What keeps its name is not written, so that it does not undo what somebody else has done.
    """
    stages = _locked(job)
    wanted = {pk: new for pk, (seen, new) in names.items() if new != seen}
    for pk in wanted:
        _check_seen(_among(stages, pk), *names[pk])
    _check_names([wanted.get(stage.pk, stage.name) for stage in stages])
    changed = [stage for stage in stages if stage.pk in wanted]
    for stage in changed:  # out of the way first: two may swap their names
        Stage.objects.filter(pk=stage.pk).update(name=uuid4().hex)
    for stage in changed:
        Stage.objects.filter(pk=stage.pk).update(name=wanted[stage.pk])


def _check_seen(stage: Stage, seen: str, new: str) -> None:
    if stage.name not in {seen, new}:
        said = _(
            "Somebody has renamed “%(seen)s” to “%(name)s” meanwhile. Look whether that will do."
        )
        raise ChangeNotAllowed(said % {"seen": seen, "name": stage.name})


def _check_names(names: list[str]) -> None:
    """Let no two be called alike, in capitals or not."""
    known: set[str] = set()
    for name in names:
        if name.casefold() in known:
            said = _("Two stages cannot both be called “%(name)s”. Choose another name.")
            raise ChangeNotAllowed(said % {"name": name})
        known.add(name.casefold())


@transaction.atomic
def shift(job: Job, pk: int, *, by: int) -> None:
    """Move a stage so many places on, or back with a negative number; at an end it stays."""
    stages = _locked(job)
    stage = _among(stages, pk)
    place = max(0, min(stages.index(stage) + by, len(stages) - 1))
    stages.remove(stage)
    stages.insert(place, stage)
    _number(job, stages)


def _number(job: Job, stages: list[Stage]) -> None:
    """Count their positions anew: by way of others, for no two may share one at any moment."""
    job.stages.update(position=F("position") + ASIDE)
    for position, stage in enumerate(stages, start=1):
        stage.position = position
        stage.save(update_fields=["position"])


@transaction.atomic
def remove(job: Job, pk: int, *, by: User, now: datetime) -> None:
    """Remove a stage in which no open application stands; not the last one.

    Closed ones go along to the stage before it (after the first one, to the next), each with its
    event: they need a place to be reopened in, and nobody could move them out of the way.
    """
    stages = _locked(job)
    stage = _among(stages, pk)
    if len(stages) == 1:
        raise ChangeNotAllowed(_("A job needs a stage that applications enter. Rename this one."))
    inside = Application.objects.filter(stage=stage).select_for_update().order_by("pk")
    rows = list(inside.values_list("pk", "delete_on"))
    _check_empty(stage, sum(delete_on is None for _pk, delete_on in rows))
    place = stages.index(stage)
    heir = stages[place - 1] if place else stages[1]
    _take_along(stage, [pk for pk, _delete_on in rows], to=heir, by=by, now=now)
    stage.delete()


def _check_empty(stage: Stage, number: int) -> None:
    if number:
        said = ngettext(
            "%(n)d open application stands in “%(stage)s”. Move it to another stage first. If you "
            "see none, its use is restricted: ask the privacy officer.",
            "%(n)d open applications stand in “%(stage)s”. Move them to another stage first. If "
            "you see fewer, the use of some is restricted: ask the privacy officer.",
            number,
        )
        raise ChangeNotAllowed(said % {"n": number, "stage": stage})


def _take_along(
    stage: Stage, applications: list[UUID], *, to: Stage, by: User, now: datetime
) -> None:
    """Put the closed applications of a stage, locked, into another. No clock is touched."""
    Application.objects.filter(stage=stage).update(stage=to)
    moved = Event.Kind.MOVED
    Event.objects.bulk_create(
        (
            Event(application_id=pk, kind=moved, by=by, at=now, detail=to.name)
            for pk in applications
        ),
        batch_size=1000,
    )


@transaction.atomic
def copy(job: Job, source: Job) -> None:
    """Give a job that nobody has applied for yet the stages of another, in place of its own."""
    stages = _locked(job)
    if Application.objects.filter(stage__in=stages).exists():
        raise ChangeNotAllowed(
            _("Applications stand in this job’s stages. Change its stages one by one.")
        )
    names = list(source.stages.order_by("position").values_list("name", flat=True))
    if not names:
        raise ChangeNotAllowed(_("“%(job)s” has no stages yet. Choose another.") % {"job": source})
    job.stages.all().delete()
    Stage.objects.bulk_create(
        Stage(job=job, name=name, position=n) for n, name in enumerate(names, start=1)
    )
