"""What the workspace's pages read of many rows, each in one query, whatever their number."""

from collections.abc import Iterable, Sequence
from datetime import datetime, time
from typing import Any
from uuid import UUID

from django.db import connections
from django.db.models import (
    Avg,
    BooleanField,
    Case,
    Count,
    Exists,
    FloatField,
    IntegerField,
    OuterRef,
    Prefetch,
    QuerySet,
    Subquery,
    Value,
    When,
    prefetch_related_objects,
)
from django.db.models.functions import Coalesce

from candidates import access, retention
from candidates.gathering import Counted
from candidates.models import (
    Application,
    Event,
    Grade,
    Hold,
    Job,
    Mention,
    Note,
    Request,
    Scorecard,
    Stage,
    User,
)
from candidates.models.applications import Applications
from candidates.models.requests import Requests
from candidates.status import Status
from storage.models import Attachment


def with_documents(applications: Applications) -> Applications:
    """Add `documents`, the number of files of each application."""
    return applications.annotate(documents=number_of(Attachment.objects.all()))


def with_hold(applications: Applications) -> Applications:
    """Add `held_until`, when the latest hold ends or ended, or None, for the clock."""
    holds = Hold.objects.filter(application=OuterRef("pk")).order_by("-until")
    return applications.annotate(held_until=Subquery(holds.values("until")[:1]))


def with_notes(applications: Applications, user: User) -> Applications:
    """Add `note_count`, the number of notes that the user may read on each application."""
    return applications.annotate(note_count=number_of(Note.objects.seen_by(user)))


def with_scores(applications: Applications, user: User) -> Applications:
    """Add `score`, the mean of all grades (1 to 4), and `scorers`, how many scorecards there are.

    The score is None for somebody who decides and has not judged yet: with one other card it
    would say what that one thinks. How many there are says nothing of it.
    """
    seen = access.scorecards(user)
    grades = Grade.objects.filter(scorecard__in=seen, scorecard__application=OuterRef("pk"))
    mean = grades.order_by().values("scorecard__application").annotate(mean=Avg("value"))
    return applications.annotate(
        score=Subquery(mean.values("mean"), output_field=FloatField()),
        scorers=number_of(Scorecard.objects.all()),
    )


def with_badges(applications: Applications, user: User) -> Applications:
    """Add all that a card says: documents, notes, scores, and what waits for somebody.

    `is_mentioned`: a note that the user has not seen yet is meant for them. `is_checked`: a
    document still waits for the virus scanner.
    """
    mentions = Mention.objects.filter(user=user, seen_at=None, note__application=OuterRef("pk"))
    pending = Attachment.objects.filter(
        application=OuterRef("pk"), verdict=Attachment.Verdict.PENDING
    )
    marked = applications.annotate(is_mentioned=Exists(mentions), is_checked=Exists(pending))
    return with_scores(with_notes(with_documents(marked), user), user)


def last_steps(applications: Iterable[Application]) -> dict[UUID, Event]:
    """Return what brought each application where it is now, by its id: who, where to and when."""
    by_id = {application.pk: application for application in applications}
    events = Event.objects.filter(application__in=by_id).select_related("by").order_by("at", "pk")
    return {
        event.application_id: event
        for event in events
        if event.kind in STEPS[Status(by_id[event.application_id].status)]
    }


#: The events that lead to a status, or to a stage of the open.
STEPS = {
    Status.OPEN: {Event.Kind.MOVED, Event.Kind.ASSIGNED, Event.Kind.REOPENED},
    Status.REJECTED: {Event.Kind.REJECTED},
    Status.WITHDRAWN: {Event.Kind.WITHDRAWN},
    Status.HIRED: {Event.Kind.HIRED},
}


def number_of(rows: QuerySet[Any]) -> Coalesce:
    """Return the expression for how many of these rows belong to each application."""
    mine = rows.filter(application=OuterRef("pk")).order_by().values("application")
    number = Subquery(mine.annotate(n=Count("pk")).values("n"), output_field=IntegerField())
    return Coalesce(number, 0)


def with_story(application: Application, *, holds: bool = True) -> Application:
    """Prefetch an application's events, requests and holds with who did them, each in one query."""
    requests = Request.objects.select_related("decided_by", "confirmed_by")
    story = [
        Prefetch("events", Event.objects.select_related("by")),
        Prefetch("requests", requests),
    ]
    if holds:
        kept = Hold.objects.select_related("set_by", "request__copy").order_by("until")
        kept = kept.defer("request__copy__content")
        story.append(Prefetch("holds", kept))
    prefetch_related_objects([application], *story)
    return application


def with_end(requests: Requests) -> Requests:
    """Add `is_over`, whether somebody has answered a request for good, for their order."""
    pending = When(state__in=Request.PENDING, then=Value(False))
    return requests.annotate(
        is_over=Case(pending, default=Value(True), output_field=BooleanField())
    )


def first_of_each(parts: Sequence[QuerySet[Application]]) -> list[Application]:
    """Return the rows of several limited querysets of one shape, in one query, in no order.

    Django's `union()` cannot limit its parts on SQLite; wrapped as tables, they can be.
    """
    if not parts:
        return []
    queries = [part.query.get_compiler(connection=connections[part.db]).as_sql() for part in parts]
    union = " UNION ALL ".join(f"SELECT * FROM ({sql}) AS part" for sql, _params in queries)  # noqa: S608
    params = [value for _sql, values in queries for value in values]
    return list(Application.objects.raw(union, params))


def stage_counts(user: User) -> dict[int, int]:
    """Return the number of open applications in each stage, by the stage's id; two queries."""
    stages = Stage.objects.filter(job__in=access.jobs(user))
    counts = dict(stages.values_list("pk", Counted(_open_in_stage())))
    kept = access.kept_back(user).open().filter(stage__isnull=False).order_by()
    for stage, number in kept.values_list("stage").annotate(n=Count("pk")):
        counts[stage] -= number
    return counts


def _open_in_stage() -> QuerySet[Any]:
    return Application.objects.open().filter(stage=OuterRef("pk")).values("pk")


def new_today(user: User, now: datetime) -> dict[int, int]:
    """Return the number of open applications received today, by the job's id."""
    midnight = datetime.combine(retention.local_date(now), time.min, tzinfo=retention.zone())
    seen = access.applications(user).open().filter(received_at__gte=midnight, job__isnull=False)
    return dict(seen.order_by().values_list("job").annotate(n=Count("pk")))


def job_counts(user: User, job: Job) -> tuple[dict[int, int], int]:
    """Return the open applications by the stage's id, and the number of closed ones.

    Of a job that the user sees: all that an index counts, less those that are kept back.
    """
    kept = access.kept_back(user).filter(job=job)
    kept_open = kept.open().filter(stage=OuterRef("pk")).values("pk")
    closed = Application.objects.closed().filter(job=job).values("pk")
    rows = Stage.objects.filter(job=job).values_list(
        "pk",
        Counted(_open_in_stage()) - Counted(kept_open),
        Counted(closed) - Counted(kept.closed().values("pk")),
    )
    found = list(rows)
    return {stage: number for stage, number, _closed in found}, found[0][2] if found else 0


def others_of(application: Application, user: User) -> Applications:
    """Return the newest other applications of the same address that the user may see."""
    seen = with_hold(access.applications(user).same_address(application))
    return seen.select_related("job").order_by("-received_at")[:20]


def add_wait(application: Application, *, answer_days: int, now: datetime) -> Application:
    """Add what a card says: `is_new`, and `late`, the days past the promised answer (or less)."""
    today = retention.local_date(now)
    waited = (today - retention.local_date(application.stage_since)).days
    application.is_new = retention.local_date(application.received_at) == today  # type: ignore[attr-defined]
    application.late = waited - answer_days  # type: ignore[attr-defined]
    return application
