"""The jobs as strangers see them: the list, one job, and both for machines; and thanks."""

from datetime import date

from django.contrib.auth.decorators import login_not_required
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from candidates import retention
from candidates.adverts import feeds, finding
from candidates.adverts.finding import ANYWHERE, Wanted
from candidates.models import Job

#: How many other jobs the page of one shows.
OTHERS = 4


def today() -> date:
    return retention.local_date(timezone.now())


@login_not_required
@require_safe
def jobs(request: HttpRequest) -> HttpResponse:
    offered, wanted = taking(today()), Wanted.of(request.GET)
    place = "" if wanted.place == ANYWHERE else wanted.place
    context = {
        "jobs": [job for job in offered if wanted.fits(job)],
        "offered": offered,
        "wanted": wanted,
        "teams": finding.values((job.team for job in offered), chosen=wanted.team),
        "places": finding.values((job.place for job in offered), chosen=place),
        "kinds": Job.Kind.choices,
        "anywhere": ANYWHERE if any(job.is_remote for job in offered) else "",
    }
    return render(request, "careers/jobs.html", context)


@login_not_required
@require_safe
def job(request: HttpRequest, slug: str) -> HttpResponse:
    day = today()
    job = known(slug, today=day)
    if not job.is_taking(day):
        return closed(request, job, today=day)
    context = {"job": job, "others": finding.others(job, today=day)[:OTHERS]}
    return render(request, "careers/job.html", context)


@login_not_required
@require_safe
def thanks(request: HttpRequest, slug: str | None = None) -> HttpResponse:
    """Say what happens next. Knows nothing of the person or the application."""
    day = today()
    job = known(slug, today=day) if slug else None
    shown = job if job and job.is_taking(day) else None
    return render(request, "careers/thanks.html", {"job": shown})


def taking(today: date) -> list[Job]:
    return list(Job.objects.taking(today).order_by("team", "title", "pk"))


def known(slug: str, *, today: date) -> Job:
    """Return a job that strangers may know of. Raises Http404.

    That is one that was published once; a confidential one only while it takes applications.
    """
    known = Q(pk__in=Job.objects.taking(today)) | Q(
        is_confidential=False, published_on__isnull=False
    )
    return get_object_or_404(Job, known, slug=slug)


def closed(request: HttpRequest, job: Job, *, today: date) -> HttpResponse:
    """Say that a job takes no applications any more, and offer the others, the nearest first."""
    others = finding.by_team(finding.others(job, today=today))
    ended = job.apply_until if job.is_published else None
    return render(request, "careers/closed.html", {"jobs": others, "ended": ended}, status=410)


# For machines -----------------------------------------------------------------------------


@login_not_required
@require_safe
def feed(request: HttpRequest) -> HttpResponse:
    text = feeds.rss(taking(today()), language=(get_language() or "de")[:2])
    return HttpResponse(text, content_type="application/rss+xml; charset=utf-8")


@login_not_required
@require_safe
def sitemap(request: HttpRequest) -> HttpResponse:
    return HttpResponse(feeds.sitemap(taking(today())), content_type="application/xml")
