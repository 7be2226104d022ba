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

from candidates import access, pipeline
from candidates.forms.bulk import MoveChosenForm
from candidates.models import Application, Stage, User
from candidates.pipeline import ChangeNotAllowed
from candidates.views.page import page, whole

#: Longer addresses are not those of our pages.
LONGEST = 2000

#: Which of the chosen could not be moved, and why.
Refused = dict[UUID, str]


@require_POST
@access.allow(*access.DECIDERS)
def move(request: HttpRequest) -> HttpResponse:
    """Move those that are as they were seen; of the others it says what happened to them."""
    user, now = access.person(request), timezone.now()
    form = MoveChosenForm(
        request.POST,
        seen=access.applications(user),
        stages=Stage.objects.filter(job__in=access.jobs(user)),
    )
    if not form.is_valid():
        return _ask(request, form, status=422)
    refused = _move_each(form.cleaned_data, by=user, now=now)
    if refused:
        return _ask(request, form, refused=refused, status=409)
    messages.success(request, _said(form.number, form.cleaned_data["stage"]))
    return whole(request, redirect(origin(request)))


def _move_each(values: dict[str, Any], *, by: User, now: datetime) -> Refused:
    refused: Refused = {}
    for application, seen in values["chosen"]:
        stage = None if seen is None else Stage(pk=seen)
        try:
            pipeline.move(application, to=values["stage"], seen=stage, by=by, now=now)
        except ChangeNotAllowed as refusal:
            refused[application.pk] = str(refusal)
    return refused


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
    request: HttpRequest, form: MoveChosenForm, *, status: int, refused: Refused | None = None
) -> HttpResponse:
    """Draw the form on a page of its own: to which stage, and what could not be moved and why."""
    rows = [row for row in form.rows if not refused or row.pk in refused]
    context = {
        "form": form,
        "record": {"name": _("Applications")},
        "heading": _("Move to another stage"),
        "away": origin(request),
        "rows": [(row, (refused or {}).get(row.pk, "")) for row in rows],
        "stages": _stages(rows),
    }
    return page(request, "hr/move.html", context, section="applications", status=status)


def _stages(rows: list[Application]) -> list[Stage]:
    """Return the stages of the one job that all are in; of several or none, none."""
    jobs = {row.job_id for row in rows}
    return list(Stage.objects.filter(job__in=jobs)) if len(jobs) == 1 else []
