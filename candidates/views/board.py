"""The board of one job."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from candidates import access, reads
from candidates.models import Application, Job, Stage, User
from candidates.models.applications import Applications
from candidates.views.page import page

#: Cards in a column, and on a board whose columns are many; the list has the others.
CARDS = 25
CARDS_IN_ALL = 100
#: Closed applications in the drawer.
DRAWER = 10

#: What happened to applications that somebody wanted to move, by their ids.
Happened = Mapping[UUID, str]


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
    return draw(request, access.get_job(request, slug))


def draw(
    request: HttpRequest, job: Job, *, missed: Iterable[Application] = (), status: int = 200
) -> HttpResponse:
    """Render a job's board as it is now. `missed` are those that somebody else was faster with.

    Each of them says in `happened` what became of it.
    """
    user, now = access.person(request), timezone.now()
    counts, closed_count = reads.job_counts(user, job)
    closed = list(_closed(user, job))
    missed = list(missed)
    happened = {row.pk: row.happened for row in missed}  # type: ignore[attr-defined]
    columns = _columns(user, job, counts, now, happened)
    context = {
        "job": job,
        "here": reverse("hr:board", args=[job.slug]),
        "team": job.hiring_team.all(),
        "columns": columns,
        "stages": [column.stage for column in columns],
        "closed": closed,
        "closed_count": closed_count,
        "closed_more": closed_count - len(closed),
        "missed": missed,
        "may_decide": access.may_decide(user),
    }
    return page(request, "hr/board.html", context, section="jobs", status=status)


def _columns(
    user: User, job: Job, counts: dict[int, int], now: datetime, happened: Happened
) -> list[Column]:
    stages = list(job.stages.order_by("position"))
    most = min(CARDS, CARDS_IN_ALL // max(1, len(stages)))
    waiting = reads.with_badges(access.applications(user).open(), user)
    parts = [waiting.filter(stage=stage).order_by("stage_since", "pk")[:most] for stage in stages]
    rows = reads.first_of_each(parts)
    cards: dict[int | None, list[Application]] = {stage.pk: [] for stage in stages}
    for card in _as_cards(rows, job=job, happened=happened, now=now):
        cards[card.stage_id].append(card)
    return [Column(stage, counts.get(stage.pk, 0), cards[stage.pk]) for stage in stages]


def _as_cards(
    rows: Iterable[Application], *, job: Job, happened: Happened, now: datetime
) -> list[Application]:
    """Return applications in the order of a column, each with what its card says."""
    cards = sorted(rows, key=lambda row: (row.stage_since, row.pk))
    for card in cards:
        reads.add_wait(card, answer_days=job.answer_days, now=now)
        card.happened = happened.get(card.pk, "")  # type: ignore[attr-defined]
    return cards


def _closed(user: User, job: Job) -> Applications:
    """Return the closed applications that are erased next."""
    closed = access.applications(user).filter(job=job).closed()
    return reads.with_hold(closed).order_by("delete_on", "pk")[:DRAWER]


def redraw(
    request: HttpRequest, job: Job, *, rows: Iterable[Application], happened: Happened
) -> HttpResponse:
    """Render what changed on a board: the cards of these applications, and all counts.

    Answers 409 if somebody else was faster with some. `rows` are as they were before.
    """
    user, now = access.person(request), timezone.now()
    before = {row.pk: row for row in rows}
    seen = reads.with_badges(access.applications(user).open().filter(job=job), user)
    cards = _as_cards(seen.filter(pk__in=before), job=job, happened=happened, now=now)
    here = {card.pk for card in cards}
    counts, closed_count = reads.job_counts(user, job)
    context = {
        "job": job,
        "cards": cards,
        "gone": [(row, happened.get(pk, "")) for pk, row in before.items() if pk not in here],
        "counts": [(stage.pk, counts.get(stage.pk, 0)) for stage in job.stages.all()],
        "closed_count": closed_count,
        "missed": len(happened),
        "moved": len(before) - len(happened),
        "may_decide": True,
        "now": now,
    }
    return render(request, "hr/_moved.html", context, status=409 if happened else 200)
