"""Publishing a job, and closing it once everybody in it has an answer."""

import hashlib
from copy import copy
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

from candidates import access, jobs, mail, reads, retention
from candidates.access import Role
from candidates.forms.jobs import CloseForm
from candidates.models import Application, Job, Mail, User
from candidates.models.applications import Applications
from candidates.status import Status
from candidates.views.job_edit import draw_preview
from candidates.views.page import act, page

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


@form_methods
@access.allow(Role.RECRUITER)
def close_job(request: HttpRequest, slug: str) -> HttpResponse:
    user, job, now = access.person(request), access.get_job(request, slug), timezone.now()
    waiting = access.applications(user).open().filter(job=job)
    form = _form(request, waiting)

    def draw(status: int, **context: Any) -> HttpResponse:
        inside = _closing(user, job, waiting, now) | {"form": form} | context
        return page(request, "hr/close_job.html", inside, section="jobs", status=status)

    def do(values: dict[str, Any]) -> HttpResponse:
        if isinstance(form, CloseForm):
            answered = _answer(job, waiting, form, by=user, now=now)
            if waiting.exists():
                return draw(200, form=_go_on(form, waiting), progress=_progress(answered))
        jobs.close(job)
        messages.success(request, _("The job is closed. Applicants do not see it any more."))
        return redirect(f"{reverse('hr:jobs')}?show=closed")

    return act(request, form, draw=draw, do=do)


def _form(request: HttpRequest, waiting: Applications) -> forms.Form:
    """Return the form for those who wait; a plain one if nobody does."""
    number, seen = _seen(waiting)
    if not number:
        return forms.Form(request.POST)
    if request.method != "POST":
        return CloseForm(number=number, seen=seen)
    data = request.POST.copy()
    is_current, data["seen"] = data.get("seen") == seen, seen
    return CloseForm(data, number=number, seen=seen, is_current=is_current)


def _seen(waiting: Applications) -> tuple[int, str]:
    """Return how many wait, and what tells whether they are still the same ones."""
    ids = [str(pk) for pk in waiting.order_by("pk").values_list("pk", flat=True)]
    return len(ids), hashlib.sha256("".join(ids).encode()).hexdigest()[:16]


def _answer(job: Job, waiting: Applications, form: CloseForm, *, by: User, now: datetime) -> int:
    """Answer as many as one request may; refuse if there are some that others must answer."""
    if jobs.unanswered(job).count() > form.number:
        raise jobs.SomebodyWaits(
            _(
                "Not everybody who waits here can be answered by you. Ask the privacy officer and "
                "your colleagues on the team; nobody has been rejected yet."
            )
        )
    return jobs.answer(
        waiting.order_by("received_at", "pk")[:BATCH],
        by=by,
        reason=form.cleaned_data["reason"],
        mail_at=form.mail_at(now),
        now=now,
    )


def _progress(answered: int) -> str:
    said = ngettext(
        "%(n)s application is rejected. Go on with the others.",
        "%(n)s applications are rejected. Go on with the others.",
        answered,
    )
    return said % {"n": answered}


def _go_on(form: CloseForm, waiting: Applications) -> CloseForm:
    """Return the form again for the rest, with what was entered: one press goes on."""
    number, seen = _seen(waiting)
    data = dict(form.cleaned_data) | {"seen": seen, "confirm": number}
    return CloseForm(data, number=number, seen=seen)


def _closing(user: User, job: Job, waiting: Applications, now: datetime) -> dict[str, Any]:
    """Return what the dialog says: who waits in which stage, and what they would be sent."""
    counts, _closed = reads.job_counts(user, job)
    stages = [(stage, counts.get(stage.pk, 0)) for stage in job.stages.order_by("position")]
    first = waiting.select_related("job").order_by("received_at", "pk").first()
    return {
        "job": job,
        "record": {"name": job.title},
        "heading": _("Close “%(job)s”") % {"job": job},
        "away": reverse("hr:board", args=[job.slug]),
        "waits": [(stage, count) for stage, count in stages if count],
        "number": sum(count for _stage, count in stages),
        **(_fate(first, now) if first else {}),
    }


def _fate(application: Application, now: datetime) -> dict[str, Any]:
    """Return the mail and the clock of one of those who wait, as an example; nothing is written."""
    closed = copy(application)
    closed.close(Status.REJECTED, on=retention.local_date(now))
    subject, body = mail.compose(closed, Mail.Purpose.REJECTION)
    return {"example": application, "closed": closed, "subject": subject, "body": body}
