"""The board of one job."""

from dataclasses import dataclass
from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from candidates import access, reads
from candidates.models import Application, Job, Stage, User
from candidates.models.applications import Applications
from candidates.views.page import page

#: Cards in a column; the list has the others.
CARDS = 25
#: Closed applications in the drawer.
DRAWER = 10


@dataclass(frozen=True)
class Column:
    """A stage on a page, with the number of its open applications, and its first cards."""

    stage: Stage
    count: int
    cards: list[Application]

    @property
    def more(self) -> int:
        return self.count - len(self.cards)


@require_safe
@access.allow(*access.READERS)
def board(request: HttpRequest, slug: str) -> HttpResponse:
    user, job, now = access.person(request), access.get_job(request, slug), timezone.now()
    counts, closed_count = reads.job_counts(user, job)
    closed = list(_closed(user, job))
    context = {
        "job": job,
        "team": job.hiring_team.all(),
        "columns": _columns(user, job, counts, now),
        "closed": closed,
        "closed_count": closed_count,
        "closed_more": closed_count - len(closed),
    }
    return page(request, "hr/board.html", context, section="jobs")


def _columns(user: User, job: Job, counts: dict[int, int], now: datetime) -> list[Column]:
    stages = list(job.stages.order_by("position"))
    waiting = reads.with_documents(access.applications(user).open())
    cards: dict[int | None, list[Application]] = {stage.pk: [] for stage in stages}
    parts = [waiting.filter(stage=stage).order_by("stage_since", "pk")[:CARDS] for stage in stages]
    rows = reads.first_of_each(parts)
    for application in sorted(rows, key=lambda row: (row.stage_since, row.pk)):
        card = reads.add_wait(application, answer_days=job.answer_days, now=now)
        cards[card.stage_id].append(card)
    return [Column(stage, counts.get(stage.pk, 0), cards[stage.pk]) for stage in stages]


def _closed(user: User, job: Job) -> Applications:
    """Return the closed applications that are erased next."""
    closed = access.applications(user).filter(job=job).closed()
    return reads.with_hold(closed).order_by("delete_on", "pk")[:DRAWER]
