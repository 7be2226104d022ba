"""How much waits for a person, and the person's jobs: what stands in the rail of every page."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import Case, CharField, Exists, OuterRef, Q, QuerySet, Value, When

from candidates import access, retention
from candidates.gathering import Counted
from candidates.models import Stage, User
from candidates.statements import Statement, kept

from . import kinds
from .kinds import MOST, Kind

#: Jobs in the rail; the page of jobs has all.
JOBS = 12
#: What counts as late, beside the kinds.
OVERDUE = "overdue"


class RailJob(NamedTuple):
    """A job as the rail names it, with the number of open applications, up to `MOST`."""

    whose: str
    open_count: int
    title: str
    slug: str


@dataclass(frozen=True)
class Rail:
    counts: dict[str, int]
    jobs: list[RailJob]

    def of(self, kind: Kind) -> int:
        return self.counts.get(kind, 0)

    @property
    def total(self) -> int:
        """How many things wait, `MOST` of each kind at most."""
        return sum(self.of(kind) for kind in Kind)

    @property
    def overdue(self) -> int:
        return self.counts.get(OVERDUE, 0)


def rail(user: User, now: datetime, *, overdue: bool = False) -> Rail:
    """Count what waits for a person and list the own jobs before others: one query for all.

    `overdue` counts also how many answers are late.
    """
    if not access.roles(user):
        return Rail({}, [])
    rows = [RailJob(*row) for row in _statement(user, retention.local_date(now), overdue).rows()]
    counts = {row.whose: row.open_count for row in rows if not row.slug}
    jobs = [row for row in rows if row.slug]
    return Rail(counts, sorted(jobs, key=lambda job: (job.whose != "mine", job.title.casefold())))


def _questions(user: User, today: date, overdue: bool) -> dict[str, QuerySet[Any]]:
    """Return the rows to count, by what they are counted as."""
    questions: dict[str, QuerySet[Any]] = {**kinds.waiting(user, today)}  # type: ignore[dict-item]
    if Kind.LATE in questions:
        questions[Kind.LATE] = kinds.late_in_stages(user, today)
        if overdue:
            questions[OVERDUE] = kinds.overdue_in_stages(user, today)
    return questions


@kept
def _statement(user: User, today: date, overdue: bool) -> Statement:
    """Count each question's rows up to `MOST`, and read the jobs: one statement.

    Django's `union()` cannot limit its parts on SQLite; wrapped as tables, they can be.
    """
    parts, params = [], []
    for name, rows in _questions(user, today, overdue).items():
        is_summed = rows.model is Stage and connection.vendor != "postgresql"
        column = rows.values("late" if rows.model is Stage else "pk")
        sql, values = _sql(column if is_summed else column[:MOST])
        number = "CAST(COALESCE(SUM(late), 0) AS bigint)" if is_summed else "COUNT(*)"
        parts.append(f"SELECT %s AS whose, {number}, '' AS title, '' AS slug FROM ({sql}) AS part")  # noqa: S608
        params += [str(name), *values]
    if access.has(user, *access.READERS):
        sql, values = _sql(_jobs(user))
        parts.append(f"SELECT * FROM ({sql}) AS part")  # noqa: S608
        params += values
    return Statement(" UNION ALL ".join(parts), params)


def _sql(rows: QuerySet[Any]) -> tuple[str, list[Any]]:
    sql, params = rows.query.get_compiler(connection=connection).as_sql()
    return sql, list(params)


def _jobs(user: User) -> QuerySet[Any]:
    mine = Exists(user.jobs.filter(pk=OuterRef("pk")))
    whose = Case(When(mine, then=Value("mine")), default=Value("other"), output_field=CharField())
    there = access.applications(user).open().filter(job=OuterRef("pk")).order_by()
    shown = access.jobs(user).filter(Q(is_published=True) | Exists(there)).annotate(whose=whose)
    first = shown.annotate(open_count=Counted(there.values("pk")[:MOST]))
    ordered = first.order_by("whose", "title", "pk")
    return ordered.values_list("whose", "open_count", "title", "slug")[:JOBS]
