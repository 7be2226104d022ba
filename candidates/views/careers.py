"""The careers pages: jobs, one job, the application form, and thanks."""

from collections.abc import Iterable
from datetime import timedelta

from django.contrib.auth.decorators import login_not_required
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import get_random_string
from django.utils.translation import get_language
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe
from django_q.tasks import async_task

from candidates import legal, pipeline, retention
from candidates.forms.apply import ApplyForm, to_uuid
from candidates.forms.files import Files, earlier, receive, refusals
from candidates.models import Application, Job
from storage import uploads

#: What a browser session holds that has put up files.
UPLOADS = "uploads"

require_form = require_http_methods(["GET", "HEAD", "POST"])


@login_not_required
@require_safe
def jobs(request: HttpRequest) -> HttpResponse:
    return render(request, "careers/jobs.html", {"jobs": published()})


@login_not_required
@require_safe
def job(request: HttpRequest, slug: str) -> HttpResponse:
    job = known(slug)
    if not job.is_published:
        return closed(request)
    return render(request, "careers/job.html", {"job": job})


@login_not_required
@never_cache
@require_form
def apply(request: HttpRequest, slug: str) -> HttpResponse:
    """Show or take in the form of a job.

    What is sent to a job that is not there, or not any more, gets the speculative form: nothing
    that was typed is lost, and the answer does not tell whether there was such a job.
    """
    job = Job.objects.filter(slug=slug, is_published=True).first()
    if job or request.method == "POST":
        return answer(request, job, slug=slug)
    known(slug)
    return closed(request)


@login_not_required
@never_cache
@require_form
def speculative(request: HttpRequest) -> HttpResponse:
    return answer(request, None)


@login_not_required
@require_safe
def thanks(request: HttpRequest, slug: str | None = None) -> HttpResponse:
    """Say what happens next. Knows nothing of the person or the application."""
    job = known(slug) if slug else None
    return render(
        request, "careers/thanks.html", {"job": job if job and job.is_published else None}
    )


def published() -> list[Job]:
    return list(Job.objects.filter(is_published=True).order_by("team", "title", "pk"))


def known(slug: str) -> Job:
    """Return a job that strangers may know of; a confidential one only while it is published."""
    return get_object_or_404(Job, Q(is_published=True) | Q(is_confidential=False), slug=slug)


def closed(request: HttpRequest) -> HttpResponse:
    return render(request, "careers/closed.html", {"jobs": published()}, status=410)


def answer(request: HttpRequest, job: Job | None, *, slug: str | None = None) -> HttpResponse:
    """Show the form, or take in what it brings: an application, or the form again.

    A job that closed while someone filled in its form (a `slug` without `job`) leaves them the
    speculative one, with all that they entered.
    """
    if request.method != "POST":
        return page(request, job, ApplyForm(), Files())
    form = ApplyForm(request.POST)
    if Application.objects.filter(submission=form.submission).exists():
        if is_known(form, slug):
            return thank(job)
        form.renew()
    was_closed = slug is not None and job is None
    session = browser(request, start=bool(request.FILES))
    files = desk(request, session)
    if {"remove", "add"} & request.POST.keys():
        unchecked = ApplyForm.unchecked(request.POST, submission=form.submission)
        return page(request, job, unchecked, files, was_closed=was_closed)
    if form.is_valid() and not files.troubles and not was_closed:
        try:
            send(form, files, job, session)
        except pipeline.JobClosed:
            job, was_closed = None, True
        except uploads.UploadGone:
            tokens = [str(attachment.pk) for attachment in files.kept]
            files = earlier(tokens, session=session, now=timezone.now())
        else:
            return thank(job)
    return page(request, job, form, files, was_closed=was_closed)


def is_known(form: ApplyForm, slug: str | None) -> bool:
    """Return whether this form has been sent before, to this job by the same person."""
    if not form.is_valid():
        return False
    first = Application.objects.filter(submission=form.submission, job__slug=slug)
    return first.filter(email__iexact=form.person.email).exists()


def browser(request: HttpRequest, *, start: bool) -> str:
    """Return what stands for this browser session in rows of staged files, "" without one.

    Sessions begin with the first file, so that reading and plain applying need none.
    """
    session = request.session
    if start:
        # Not the session's key: that changes when somebody logs in, who may have a form open.
        session.setdefault(UPLOADS, get_random_string(32))
        if not request.user.is_authenticated:
            session.set_expiry(uploads.STAGED_FOR)  # as long as its files
    secret = session.get(UPLOADS)
    return uploads.owner(secret) if secret else ""


def desk(
    request: HttpRequest,
    session: str,
    *,
    tokens: Iterable[str] | None = None,
    most: int | None = None,
) -> Files:
    """Return the files from before without the one to be removed, and the new ones."""
    now = timezone.now()
    tokens = list(request.POST.getlist("staged") if tokens is None else tokens)
    removed = to_uuid(request.POST.get("remove"))
    if removed and session:
        uploads.discard(removed, session=session, now=now)
        tokens = [token for token in tokens if to_uuid(token) != removed]
    files = earlier(tokens, session=session, now=now, most=most)
    receive(files, given(request), session=session, now=now)
    return files


def given(request: HttpRequest) -> "list[UploadedFile[bytes]]":
    return [upload for upload in request.FILES.getlist("attachments") if upload.name]


def send(form: ApplyForm, files: Files, job: Job | None, session: str) -> None:
    pipeline.submit(
        form.person,
        job=job,
        attachments=[attachment.pk for attachment in files.kept],
        session=session,
        submission=form.submission,
        language=(get_language() or "de")[:2],
        now=timezone.now(),
    )
    if files.kept:
        # The minutely schedule would do it otherwise.
        transaction.on_commit(_prepare, robust=True)


def _prepare() -> None:
    async_task("candidates.tasks.prepare_attachments")


def thank(job: Job | None) -> HttpResponse:
    if job is None:
        return HttpResponseRedirect(reverse("careers:speculative_thanks"), status=303)
    return HttpResponseRedirect(reverse("careers:thanks", args=[job.slug]), status=303)


def page(
    request: HttpRequest,
    job: Job | None,
    form: ApplyForm,
    files: Files,
    *,
    was_closed: bool = False,
) -> HttpResponse:
    today = retention.local_date(timezone.now())
    action = reverse("careers:apply", args=[job.slug]) if job else reverse("careers:speculative")
    context = {
        "job": job,
        "form": form,
        "files": files,
        "refusals": refusals(),
        "was_closed": was_closed,
        "faults": len(form.errors) + len(files.troubles) + was_closed,
        "action": action,
        "address": action,
        "answer_by": today + timedelta(days=job.answer_days) if job else None,
        "basis": legal.basis().label,
    }
    return render(request, "careers/apply.html", context, status=status(form, files, was_closed))


def status(form: ApplyForm, files: Files, was_closed: bool) -> int:
    if was_closed:
        return 410
    # With a 5xx the session that a first file has just begun would not reach the browser.
    if files.down and not files.news:
        return 503
    return 422 if form.errors or files.troubles else 200
