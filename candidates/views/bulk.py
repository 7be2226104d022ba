"""Several applications moved at once, from the board or from the list."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from candidates import access, pipeline, reads
from candidates.forms.bulk import MoveChosenForm
from candidates.models import Application, Stage, User
from candidates.pipeline import ChangeNotAllowed
from candidates.templatetags.workspace import happened
from candidates.views import board
from candidates.views.page import is_htmx, page, whole

#: Longer addresses are not those of our pages.
LONGEST = 2000


@require_POST
@access.allow(*access.DECIDERS)
def move(request: HttpRequest) -> HttpResponse:
    """Move those that are as they were seen; of the others it says what happened to them.

    A board names itself in `board`: it is drawn again, or for a script what changed on it.
    """
    user, now = access.person(request), timezone.now()
    slug = request.POST.get("board")
    job = access.get_job(request, slug) if slug else None
    form = MoveChosenForm(
        request.POST,
        seen=access.applications(user),
        stages=Stage.objects.filter(job__in=access.jobs(user)),
    )
    if not form.is_valid():
        return _ask(request, form, rows=form.rows, status=422)
    late = _move_each(form.cleaned_data, by=user, now=now)
    if job and is_htmx(request):
        told = {row.pk: row.happened for row in late}  # type: ignore[attr-defined]
        return board.redraw(request, job, rows=form.rows, happened=told)
    if late:
        return (
            board.draw(request, job, missed=late, status=409)
            if job
            else _ask(request, form, rows=late, status=409)
        )
    messages.success(request, _said(form.number, form.cleaned_data["stage"]))
    return whole(request, redirect(origin(request)))


def _move_each(values: dict[str, Any], *, by: User, now: datetime) -> list[Application]:
    """Return those that could not be moved, as they are now, with why not in `happened`."""
    refused = {}
    for application, seen in values["chosen"]:
        stage = None if seen is None else Stage(pk=seen)
        try:
            pipeline.move(application, to=values["stage"], seen=stage, by=by, now=now)
        except ChangeNotAllowed as refusal:
            refused[application.pk] = str(refusal)
    return missed(refused, values["chosen"], by=by, now=now)


#: Applications, each with the id of the stage that it was seen in.
Chosen = list[tuple[Application, int | None]]


def missed(
    refused: dict[UUID, str], chosen: Chosen, *, by: User, now: datetime
) -> list[Application]:
    """Return those that a verb refused, as they are now, with what happened in `happened`."""
    if not refused:
        return []
    fresh = access.applications(by).select_related("job", "stage").in_bulk(refused)
    steps = reads.last_steps(fresh.values())
    rows = [(fresh.get(row.pk, row), stage) for row, stage in chosen if row.pk in refused]
    for row, stage in rows:
        step = steps.get(row.pk)
        elsewhere = row.stage_id != stage or not row.is_open
        row.happened = happened(step, now) if step and elsewhere else refused[row.pk]  # type: ignore[attr-defined]
        row.is_left = row.is_open and row.pk in fresh  # type: ignore[attr-defined]
    return [row for row, _stage in rows]


def left(rows: list[Application]) -> list[Application]:
    """Return those that can be tried again: open, and still seen by who tried."""
    return [row for row in rows if getattr(row, "is_left", row.is_open)]


def _said(number: int, stage: Stage) -> str:
    said = ngettext(
        "%(n)d application moved to “%(stage)s”.",
        "%(n)d applications moved to “%(stage)s”.",
        number,
    )
    return said % {"n": number, "stage": stage}


def origin(request: HttpRequest) -> str:
    """Return the page of the workspace that a selection was sent from, by default the list."""
    sent = request.POST.get("next", "")
    ours = sent.startswith("/hr/") and url_has_allowed_host_and_scheme(sent, allowed_hosts=None)
    return sent if ours and len(sent) <= LONGEST else reverse("hr:applications")


def _ask(
    request: HttpRequest, form: MoveChosenForm, *, rows: list[Application], status: int
) -> HttpResponse:
    """Draw the form on a page of its own, with what is wrong or what happened meanwhile.

    Those that are still open can be moved from where they are now, by sending it again.
    """
    again = left(rows)
    context = {
        "form": form,
        "record": {"name": _("Applications")},
        "heading": _("Move to another stage"),
        "away": origin(request),
        "rows": rows,
        "chosen": [f"{row.pk}:{row.stage_id or ''}" for row in again],
        "stages": _stages(again),
    }
    return page(request, "hr/move.html", context, section="applications", status=status)


def _stages(rows: list[Application]) -> list[Stage]:
    """Return the stages of the one job that all are in; of several or none, none."""
    jobs = {row.job_id for row in rows}
    return list(Stage.objects.filter(job__in=jobs)) if len(jobs) == 1 else []
