"""The stages of one job: named, ordered, added, removed, taken over from another job."""

from dataclasses import dataclass
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.forms import BoundField
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone

from candidates import access, stages
from candidates.forms.stages import StagesForm
from candidates.models import Application, Job, Stage
from candidates.views.page import Draw, act, page, sent
from candidates.views.verbs import form_methods


@dataclass(frozen=True)
class Line:
    """A stage on the page: its field, the name it was seen under, and who stands in it."""

    stage: Stage
    field: BoundField
    seen: str
    open: int
    closed: int


@form_methods
@access.allow(*access.READERS)
def edit(request: HttpRequest, slug: str) -> HttpResponse:
    job = access.get_job(request, slug)
    if not access.may_decide(access.person(request)):
        raise PermissionDenied
    access.check_named(request, "source")
    form = StagesForm(sent(request), stages=_stages(job), jobs=_others(request, job))
    if form.is_foreign:
        raise Http404

    def do(values: dict[str, Any]) -> HttpResponse:
        stages.rename(job, form.names)
        _press(request, job, form, values)
        return redirect("hr:stages", job.slug)

    return act(request, form, draw=_drawn(request, job, form), do=do)


def _press(request: HttpRequest, job: Job, form: StagesForm, values: dict[str, Any]) -> None:
    verb, pk = form.pressed
    if values.get("new"):  # whichever button it was: what was typed is kept
        stages.add(job, values["new"])
    if verb == "copy":
        stages.copy(job, values["source"])
    elif verb == "remove" and pk:
        stages.remove(job, pk, by=access.person(request), now=timezone.now())
    elif pk:
        stages.shift(job, pk, by=-1 if verb == "up" else 1)


def _stages(job: Job) -> QuerySet[Stage]:
    return job.stages.order_by("position")


def _others(request: HttpRequest, job: Job) -> QuerySet[Job]:
    """Return the other jobs that the user sees, if they have stages to start from."""
    jobs = access.jobs(access.person(request)).exclude(pk=job.pk)
    return jobs.filter(Exists(Stage.objects.filter(job=OuterRef("pk"))))


def _drawn(request: HttpRequest, job: Job, form: StagesForm) -> Draw:
    def draw(status: int) -> HttpResponse:
        counts = _counts(request, job)
        context = {
            "job": job,
            "form": form,
            "lines": [Line(*row, *counts.get(row[0].pk, (0, 0))) for row in form.rows],
            "is_full": len(form.stages) >= stages.MOST,
            "is_fresh": not Application.objects.filter(job=job).exists(),
            "record": {"name": job.title},
            "away": reverse("hr:board", args=[job.slug]),
        }
        return page(request, "hr/stages.html", context, section="jobs", status=status)

    return draw


def _counts(request: HttpRequest, job: Job) -> dict[int | None, tuple[int, int]]:
    """Return the open and the closed applications of each stage that the user sees."""
    rows = access.applications(access.person(request)).filter(job=job).order_by()
    counted = rows.values_list("stage").annotate(
        open=Count("pk", filter=Q(delete_on=None)), closed=Count("pk", filter=~Q(delete_on=None))
    )
    return {stage: (open_, closed) for stage, open_, closed in counted}
