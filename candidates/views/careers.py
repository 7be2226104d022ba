"""The careers pages: jobs, one job, and thanks. The form is in `applying`."""

from django.contrib.auth.decorators import login_not_required
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from candidates.models import Job


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
