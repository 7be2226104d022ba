"""The jobs of a person: published ones, drafts and closed ones, each on a shelf of its own."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from django.views.decorators.http import require_safe

from candidates import access, reads, retention
from candidates.adverts import finding
from candidates.adverts.finding import Wanted
from candidates.models import Job, Stage, User
from candidates.models.jobs import Jobs
from candidates.views.page import page

#: Jobs on one page; the search finds the others.
MOST = 60
#: From how many jobs on there is something to search.
MANY = 10


class Shelf(models.TextChoices):
    PUBLISHED = "published", _("Published")
    DRAFTS = "drafts", _("Drafts")
    CLOSED = "closed", pgettext_lazy("jobs", "Closed")


ORDER = {
    Shelf.PUBLISHED: ("team", "title", "pk"),
    Shelf.DRAFTS: ("-created_at", "-pk"),
    Shelf.CLOSED: ("-published_on", "-pk"),
}


@dataclass(frozen=True)
class Column:
    """A stage with the number of its open applications."""

    stage: Stage
    count: int


@dataclass(frozen=True)
class Row:
    job: Job
    columns: list[Column]
    new: int
    #: Its last day for applications is past, but nobody has closed it.
    is_over: bool


@require_safe
@access.allow(*access.READERS)
def jobs(request: HttpRequest) -> HttpResponse:
    user, now = access.person(request), timezone.now()
    said = request.GET.get("show", "")
    shelf = Shelf(said) if said in Shelf else Shelf.PUBLISHED
    wanted = Wanted(q=Wanted.of(request.GET).q)
    counts = _counts(user)
    found = _found(user, shelf, wanted)
    rows = _rows(found[:MOST], user, now)
    context = {
        "jobs": rows,
        "total": sum(column.count for row in rows for column in row.columns),
        "shelf": shelf,
        "shelves": [(each, counts[each]) for each in Shelf],
        "wanted": wanted.q,
        "more": len(found) - len(rows),
        "has_search": bool(wanted) or sum(counts.values()) > MANY,
        "may_edit": access.may_edit_jobs(user),
    }
    return page(request, "hr/jobs.html", context, section="jobs")


def _on(jobs: Jobs, shelf: Shelf) -> Jobs:
    shelves = {
        Shelf.PUBLISHED: Jobs.published,
        Shelf.DRAFTS: Jobs.drafts,
        Shelf.CLOSED: Jobs.closed,
    }
    return shelves[shelf](jobs)


def _counts(user: User) -> dict[Shelf, int]:
    """Return how many jobs the user sees on each shelf, in one query."""
    counts = access.jobs(user).aggregate(
        all=Count("pk"),
        published=Count("pk", filter=Q(is_published=True)),
        drafts=Count("pk", filter=Q(is_published=False, published_on__isnull=True)),
    )
    closed = counts["all"] - counts["published"] - counts["drafts"]
    return {
        Shelf.PUBLISHED: counts["published"],
        Shelf.DRAFTS: counts["drafts"],
        Shelf.CLOSED: closed,
    }


def _found(user: User, shelf: Shelf, wanted: Wanted) -> list[Job]:
    """Return what is looked for; in memory, since a firm has at most some hundreds of jobs."""
    seen = _on(access.jobs(user), shelf).order_by(*ORDER[shelf])
    if not wanted:
        seen = seen.defer("description")
    return [job for job in seen if finding.has_all(job, wanted.q)]


def _rows(jobs: list[Job], user: User, now: datetime) -> list[Row]:
    today = retention.local_date(now)
    models.prefetch_related_objects(jobs, "stages")
    counts: dict[Any, int] = reads.stage_counts(user)
    new = reads.new_today(user, now)
    return [
        Row(
            job,
            [Column(stage, counts.get(stage.pk, 0)) for stage in job.stages.all()],
            new.get(job.pk, 0),
            job.is_published and not job.is_taking(today),
        )
        for job in jobs
    ]
