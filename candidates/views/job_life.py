"""Publishing a job, and closing it once everybody in it has an answer."""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from candidates import access, jobs, reads
from candidates.access import Role
from candidates.forms.jobs import CloseForm
from candidates.models import Application, Job, User
from candidates.status import Status
from candidates.views.job_edit import draw_preview
from candidates.views.page import act, is_preview, page
from candidates.views.verbs import as_closed

form_methods = require_http_methods(["GET", "HEAD", "POST"])

#: How many are answered by one request, each in a transaction of its own.
BATCH = 100


@require_POST
@access.allow(Role.RECRUITER)
def publish_job(request: HttpRequest, slug: str) -> HttpResponse:
    job, form = access.get_job(request, slug), forms.Form(request.POST)

    def draw(status: int) -> HttpResponse:
        error = str(form.non_field_errors()[0])
        return draw_preview(request, access.get_job(request, slug), error=error, status=status)

    def do(values: dict[str, Any]) -> HttpResponse:
        jobs.publish(job, now=timezone.now())
        messages.success(request, _("The job is published. Applicants see it from now on."))
        return redirect("hr:board", slug)

    return act(request, form, draw=draw, do=do)


# Closing --------------------------------------------------------------------------------------


@form_methods
@access.allow(Role.RECRUITER)
def close_job(request: HttpRequest, slug: str) -> HttpResponse:
    user, job, now = access.person(request), access.get_job(request, slug), timezone.now()
    waiting = _waiting(user, job)
    form = _form(request, waiting, by=user, now=now)

    def draw(status: int, **context: Any) -> HttpResponse:
        inside = _closing(user, job) | {"form": form, "blocked": _blocked(job, waiting)} | context
        return page(request, "hr/close_job.html", inside, section="jobs", status=status)

    def do(values: dict[str, Any]) -> HttpResponse:
        if said := _blocked(job, waiting):
            raise jobs.SomebodyWaits(said)
        if isinstance(form, CloseForm):
            answered = _answer(waiting[:BATCH], form, by=user, now=now)
            if left := _waiting(user, job):
                rest = _for_the_rest(request, left, by=user, now=now)
                return draw(200, form=rest, progress=_progress(answered))
        jobs.close(job)
        messages.success(request, _("The job is closed. Applicants do not see it any more."))
        return redirect(f"{reverse('hr:jobs')}?show=closed")

    return draw(200) if is_preview(request) else act(request, form, draw=draw, do=do)


def _waiting(user: User, job: Job) -> list[Application]:
    """Return those who wait and whom the user may answer, the longest waiting first."""
    seen = access.applications(user).open().filter(job=job)
    return list(seen.select_related("job").order_by("received_at", "pk"))


def _form(
    request: HttpRequest, waiting: Sequence[Application], *, by: User, now: datetime
) -> forms.Form:
    """Return the form for those who wait; a plain one if nobody does."""
    if not waiting:
        return forms.Form(request.POST)
    about = _about(waiting, by=by, now=now)
    if request.method != "POST":
        return CloseForm(**about)
    data = request.POST.copy()
    is_current, data["seen"] = data.get("seen") == about["seen"], about["seen"]
    return CloseForm(data, is_current=is_current, is_preview=is_preview(request), **about)


def _about(waiting: Sequence[Application], *, by: User, now: datetime) -> dict[str, Any]:
    """Return whom a form is for, and what tells whether they are still the same ones."""
    ids = "".join(sorted(str(each.pk) for each in waiting))
    closed = [as_closed(each, Status.REJECTED, now) for each in waiting]
    seen = hashlib.sha256(ids.encode()).hexdigest()[:16]
    return {"applications": closed, "by": by, "now": now, "seen": seen}


def _for_the_rest(
    request: HttpRequest, left: Sequence[Application], *, by: User, now: datetime
) -> CloseForm:
    """Return the form again for the rest, with what was entered: one press goes on."""
    about, data = _about(left, by=by, now=now), request.POST.copy()
    data["seen"], data["confirm"] = about["seen"], str(len(left))
    return CloseForm(data, **about)


def _blocked(job: Job, waiting: Sequence[Application]) -> str:
    """Return what to do if somebody waits whom others must answer; "" if there is nobody."""
    if jobs.unanswered(job).count() <= len(waiting):
        return ""
    return _(
        "Not everybody who waits here can be answered by you. Ask the privacy officer and your "
        "colleagues on the team; the job can be closed after that."
    )


def _answer(batch: Sequence[Application], form: CloseForm, *, by: User, now: datetime) -> int:
    """Answer as many as one request may; return how many."""
    values = form.cleaned_data
    return jobs.answer(
        batch,
        by=by,
        reason=values["reason"],
        mail_at=values["mail_at"],
        now=now,
        texts=form.texts,
    )


def _progress(answered: int) -> str:
    said = ngettext(
        "%(n)s application is rejected. Go on with the others.",
        "%(n)s applications are rejected. Go on with the others.",
        answered,
    )
    return said % {"n": answered}


def _closing(user: User, job: Job) -> dict[str, Any]:
    """Return what the dialog says: which job, and who waits in which stage."""
    counts, _closed = reads.job_counts(user, job)
    stages = [(stage, counts.get(stage.pk, 0)) for stage in job.stages.order_by("position")]
    return {
        "job": job,
        "record": {"name": job.title},
        "heading": _("Close “%(job)s”") % {"job": job},
        "away": reverse("hr:board", args=[job.slug]),
        "waits": [(stage, count) for stage, count in stages if count],
    }
