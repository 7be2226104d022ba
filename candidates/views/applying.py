"""The application form: what it takes in, and what comes back with all that was entered."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from math import ceil
from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_not_required
from django.core.files.uploadedfile import UploadedFile
from django.forms import model_to_dict
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import get_random_string, salted_hmac
from django.utils.translation import get_language
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from ats.keeping import comes_back
from candidates import addresses, legal, limits, pipeline, policy, retention
from candidates.forms import stamps
from candidates.forms.apply import ApplyForm, to_uuid
from candidates.forms.files import Files, earlier, hold, receive, refusals
from candidates.models import Application, Job
from candidates.pipeline import Person
from candidates.views.jobs import closed, known
from candidates.views.visitor import held_until
from storage import uploads

#: What a browser session holds that has put up files.
UPLOADS = "uploads"

require_form = require_http_methods(["GET", "HEAD", "POST"])


@dataclass
class Sheet:
    """What the page of the form shows."""

    job: Job | None
    stamp: str
    form: ApplyForm = field(default_factory=ApplyForm)
    files: Files = field(default_factory=Files)
    was_closed: bool = False
    #: Whether it has to be sent once more, though nothing need be wrong with it.
    asks_again: bool = False
    #: Whether it came without the token that shows that it is ours.
    lacks_token: bool = False
    #: From when on it can be sent, if too many were.
    held_until: datetime | None = None

    @property
    def faults(self) -> int:
        return len(self.form.errors) + len(self.files.troubles) + self.was_closed

    @property
    def is_unsent(self) -> bool:
        return self.asks_again or self.lacks_token or self.held_until is not None

    @property
    def action(self) -> str:
        if self.job:
            return reverse("careers:apply", args=[self.job.slug])
        return reverse("careers:speculative")

    @property
    def status(self) -> int:
        if self.lacks_token:
            return 403
        if self.was_closed:
            return 410
        if self.held_until:
            return 429
        # With a 5xx the session that a first file has just begun would not reach the browser.
        if self.files.down and not self.files.news:
            return 503
        return 422 if self.faults or self.asks_again else 200


@never_cache
def again(request: HttpRequest, slug: str | None = None) -> HttpResponse:
    """Show the form with what a request holds that lacks its safety token; send nothing."""
    now = timezone.now()
    sheet = read(request, taking(slug, now), slug=slug, now=now)
    sheet.lacks_token = True
    return page(request, sheet, now=now)


@login_not_required
@never_cache
@require_form
@comes_back(again)
def apply(request: HttpRequest, slug: str) -> HttpResponse:
    """Show or take in the form of a job.

    What is sent to a job that is not there, or not any more, gets the speculative form: nothing
    that was typed is lost, and the answer does not tell whether there was such a job.
    """
    now = timezone.now()
    job = taking(slug, now)
    if job or request.method == "POST":
        return answer(request, job, slug=slug)
    today = retention.local_date(now)
    return closed(request, known(slug, today=today), today=today)


@login_not_required
@never_cache
@require_form
@comes_back(again)
def speculative(request: HttpRequest) -> HttpResponse:
    return answer(request, None)


def taking(slug: str | None, now: datetime) -> Job | None:
    today = retention.local_date(now)
    return Job.objects.taking(today).filter(slug=slug).first() if slug else None


def answer(request: HttpRequest, job: Job | None, *, slug: str | None = None) -> HttpResponse:
    """Show the form, or take in what it brings: an application, or the form again.

    A job that closed while someone filled in its form (a `slug` without `job`) leaves them the
    speculative one, with all that they entered.
    """
    now = timezone.now()
    if request.method != "POST":
        form = ApplyForm(initial={"submission": number(request, slug, now)})
        return page(request, Sheet(job, stamps.made(now), form), now=now)
    form = ApplyForm(request.POST)
    is_used = Application.objects.filter(submission=form.submission).exists()
    if is_used and is_known(request, form, slug):
        return thank(job)
    sheet = read(request, job, slug=slug, now=now)
    if is_used:
        sheet.form.renew()
    if sheet.form.is_bound and not sheet.faults:
        return hand_in(request, sheet, now=now)
    return page(request, sheet, now=now)


def read(request: HttpRequest, job: Job | None, *, slug: str | None, now: datetime) -> Sheet:
    """Return what a request holds: its files taken in, its form not yet sent.

    A form whose files are only to be added or removed is not bound: nobody looks for faults yet.
    """
    form, stamp = ApplyForm(request.POST), stamps.asked(now)
    if {"remove", "add"} & request.POST.keys():
        form = ApplyForm.unchecked(request.POST, submission=form.submission)
        stamp = stamps.kept(request.POST.get("made", ""), now=now)
    files = desk(request, now=now)
    return Sheet(job, stamp, form, files, was_closed=slug is not None and job is None)


def hand_in(request: HttpRequest, sheet: Sheet, *, now: datetime) -> HttpResponse:
    """Send a form without faults; show it again if it may not go yet, or if something came up."""
    made, bait = request.POST.get("made", ""), request.POST.get(stamps.BAIT, "")
    if not stamps.passes(made, bait=bait, now=now):
        sheet.asks_again = True
    elif until := held_until(request, limits.APPLICATIONS, now=now):
        sheet.held_until = until
    else:
        session = browser(request, start=False)
        try:
            send(sheet, session=session, now=now)
            forget(request)
            return thank(sheet.job)
        except pipeline.JobClosed:
            sheet.job, sheet.was_closed = None, True
        except uploads.UploadGone:
            tokens = [str(attachment.pk) for attachment in sheet.files.kept]
            sheet.files = earlier(tokens, session=session, now=now)
    return page(request, sheet, now=now)


def number(request: HttpRequest, slug: str | None, now: datetime) -> UUID:
    """Return the number of a new form: the same for this browser and job until the day is over.

    The way back from the thanks may lead to a form that is fetched anew, and what is then sent
    again is the same application.
    """
    get_token(request)  # a first visit has no secret yet
    what = f"{request.META['CSRF_COOKIE']} {slug} {retention.local_date(now)}"
    return UUID(bytes=salted_hmac("candidates.submission", what).digest()[:16], version=4)


def is_known(request: HttpRequest, form: ApplyForm, slug: str | None) -> bool:
    """Return whether this form has been sent before, to this job by the same person.

    One that brings something new is not known: what somebody added to it must not be lost.
    """
    if not form.is_valid():
        return False
    sent = Application.objects.filter(submission=form.submission, job__slug=slug)
    first = sent.filter(email__iexact=form.person.email).first()
    if first is None:
        return False
    person = replace(form.person, email=first.email)
    return person == Person(**model_to_dict(first, asdict(person))) and has_files(first, request)


def has_files(application: Application, request: HttpRequest) -> bool:
    """Return whether an application has all the files that a request brings."""
    files = application.attachments.all()
    ids, sizes = {str(file.pk) for file in files}, {file.size for file in files}
    staged = {str(to_uuid(token)) for token in request.POST.getlist("staged")}
    return staged <= ids and {upload.size for upload in given(request)} <= sizes


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


def forget(request: HttpRequest) -> None:
    """Keep nothing of a session that began with the files of a form that has been sent."""
    if not request.session.session_key:
        request.session.clear()


def desk(
    request: HttpRequest,
    *,
    now: datetime,
    tokens: Iterable[str] | None = None,
    most: int | None = None,
) -> Files:
    """Return the files from before without the one to be removed, and the new ones.

    Those from before are `tokens`, by default all that the form brings; `most` may be kept.
    """
    session = browser(request, start=bool(request.FILES))
    tokens = list(request.POST.getlist("staged") if tokens is None else tokens)
    removed = to_uuid(request.POST.get("remove"))
    if removed and session:
        uploads.discard(removed, session=session, now=now)
        tokens = [token for token in tokens if to_uuid(token) != removed]
    files = earlier(tokens, session=session, now=now, most=most)
    for upload in given(request):
        if until := held_until(request, limits.UPLOADS, now=now):
            hold(files, upload, until=until)
        else:
            receive(files, [upload], session=session, now=now)
    return files


def given(request: HttpRequest) -> "list[UploadedFile[bytes]]":
    return [upload for upload in request.FILES.getlist("attachments") if upload.name]


def send(sheet: Sheet, *, session: str, now: datetime) -> None:
    pipeline.submit(
        sheet.form.person,
        job=sheet.job,
        attachments=[attachment.pk for attachment in sheet.files.kept],
        session=session,
        submission=sheet.form.submission,
        language=(get_language() or "de")[:2],
        now=now,
    )


def thank(job: Job | None) -> HttpResponse:
    if job is None:
        return HttpResponseRedirect(reverse("careers:speculative_thanks"), status=303)
    return HttpResponseRedirect(reverse("careers:thanks", args=[job.slug]), status=303)


def page(request: HttpRequest, sheet: Sheet, *, now: datetime) -> HttpResponse:
    job, today = sheet.job, retention.local_date(now)
    context: dict[str, Any] = {
        "sheet": sheet,
        "job": job,
        "form": sheet.form,
        "files": sheet.files,
        "refusals": refusals(),
        "action": sheet.action,
        "address": sheet.action,
        "bait": stamps.BAIT,
        "mail_address": addresses.of_job(job),
        "answer_by": today + timedelta(days=job.answer_days) if job else None,
        "basis": legal.basis().label,
        "parts": policy.notice(),
    }
    wait = (sheet.held_until or now) - now
    context["minutes"] = ceil(wait / timedelta(minutes=1))
    response = render(request, "careers/apply.html", context, status=sheet.status)
    if wait:
        response["Retry-After"] = str(ceil(wait.total_seconds()))
    return response
