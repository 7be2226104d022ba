"""What is known of applications without anybody in it: numbers by month, of all and for good.

A row that is erased is added to the counters in the transaction that erases it. Rows and counters
are grouped by one and the same expression, so the sum of both is the same before and after.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from typing import Any, NamedTuple
from uuid import UUID

from django.core.exceptions import EmptyResultSet
from django.db import connection, models
from django.db.models import Case, Count, F, QuerySet, Value, When
from django.db.models.functions import Coalesce, TruncDate, TruncMonth

from candidates import retention
from candidates.models import Application, Duration, Tally
from candidates.status import Status

#: The upper ends of the classes of the time to a decision, in days.
CLASSES = (3, 7, 14, 30, 60, 90, 180)
#: The class of what took longer: the largest number that the column holds.
LONGER = 32_767
#: Outcomes that were decided here; who withdraws has not been waited for.
DECIDED = (Status.REJECTED, Status.HIRED)
#: Groups of fewer people are never shown.
SMALLEST = 5


class Group(NamedTuple):
    """What is counted together. In a report, None stands for several that had to be put together.

    `month` is the first day of that of receipt, `job` a slug and `stage` a name, both empty for
    speculative applications.
    """

    month: date | None
    job: str | None
    source: str | None
    stage: str | None
    outcome: str | None


class Span(NamedTuple):
    """Month of receipt, slug of the job, and the class of the days until the decision."""

    month: date
    job: str
    days: int


# Grouping: one expression for the living and for those that go ---------------------------------


def _tallies(applications: QuerySet[Application]) -> QuerySet[Application, Any]:
    """Group applications by what `Tally` counts, in the order of its unique key."""
    return _counted(
        applications,
        month=_month(),
        slug=Coalesce("job__slug", Value("")),
        origin=F("source"),
        step=Coalesce("stage__name", Value("")),
        outcome=F("status"),
    )


def _durations(applications: QuerySet[Application]) -> QuerySet[Application, Any]:
    """Group those that were decided here by what `Duration` counts, in the order of its key."""
    decided = applications.filter(status__in=DECIDED, decided_on__isnull=False)
    return _counted(
        decided, month=_month(), slug=Coalesce("job__slug", Value("")), within=_class_of_days()
    )


def _counted(applications: QuerySet[Application], **key: Any) -> QuerySet[Application, Any]:
    # Sorted, so that two transactions come to the counters in the same order, and none waits
    # for a counter that the other has while it keeps one that the other wants.
    groups = applications.order_by().annotate(**key).values(*key).annotate(count=Count("pk"))
    rows: QuerySet[Application, Any] = groups.order_by(*key).values_list(*key, "count")
    return rows


def _month() -> TruncMonth:
    return TruncMonth("received_at", tzinfo=retention.zone(), output_field=models.DateField())


def _class_of_days() -> Case:
    """Return the class of the days from receipt to decision, both days of `ATS_TIME_ZONE`."""
    received_on = TruncDate("received_at", tzinfo=retention.zone())
    waited = models.ExpressionWrapper(F("decided_on") - received_on, models.DurationField())
    return Case(
        *(
            When(models.lookups.LessThanOrEqual(waited, timedelta(days=days)), then=Value(days))
            for days in CLASSES
        ),
        default=Value(LONGER),
        output_field=models.PositiveSmallIntegerField(),
    )


# The counters ----------------------------------------------------------------------------------


def count_out(application_ids: Iterable[UUID]) -> None:
    """Add applications to the counters. Call it once in the transaction that deletes them, before.

    Two statements, however many there are.
    """
    going = Application.objects.filter(pk__among=list(application_ids))
    _add(Tally, ("month", "job", "source", "stage", "outcome"), _tallies(going))
    _add(Duration, ("month", "job", "days"), _durations(going))


def _add(
    model: type[Tally | Duration], key: Sequence[str], groups: QuerySet[Application, Any]
) -> None:
    quote = connection.ops.quote_name
    table = quote(model._meta.db_table)
    columns = ", ".join(map(quote, key))
    try:
        select, values = groups.query.sql_with_params()
    except EmptyResultSet:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} ({columns}, count) {select}"
            f" ON CONFLICT ({columns}) DO UPDATE SET count = {table}.count + excluded.count",
            values,
        )


# The figures and what of them is shown -----------------------------------------------------------


@dataclass(frozen=True)
class Figures:
    """The exact numbers, small groups among them: to be added up, and not to be shown."""

    tallies: Counter[Group]
    durations: Counter[Span]


def figures() -> Figures:
    """Return the sum of what lives and what is gone."""
    everybody = Application.objects.all()
    tallies = Tally.objects.values_list("month", "job", "source", "stage", "outcome", "count")
    durations = Duration.objects.values_list("month", "job", "days", "count")
    return Figures(
        _sum(Group, _tallies(everybody), tallies), _sum(Span, _durations(everybody), durations)
    )


def _sum(key: Callable[..., Any], *parts: Iterable[tuple[Any, ...]]) -> Counter[Any]:
    total: Counter[Any] = Counter()
    for part in parts:
        for *fields, count in part:
            total[key(*fields)] += count
    return total


@dataclass(frozen=True)
class Histogram:
    """How long decisions took for a month's applications to a job.

    `shares` are the upper end of each class in days (`LONGER`: no end) and how many percent of the
    decisions it has, in steps of five. Each class has at least `SMALLEST` people, or is put
    together with the next; shares, and not numbers, so that nothing can be subtracted.
    """

    month: date
    job: str
    shares: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Report:
    """What may be shown. There are no totals, and everybody is counted in one group only."""

    groups: list[tuple[Group, int]]
    histograms: list[Histogram]


def report() -> Report:
    """Return what the figures say, without any group of fewer than `SMALLEST` people."""
    known = figures()
    return Report(list(_shown(known.tallies)), list(_histograms(known.durations)))


#: What is given up, step by step, to put small groups together until they are large enough.
GIVEN_UP = (
    (),
    ("stage",),
    ("stage", "source"),
    ("stage", "source", "outcome"),
    ("stage", "source", "outcome", "job"),
    Group._fields,
)


def _shown(exact: Counter[Group]) -> Iterator[tuple[Group, int]]:
    """Yield groups of at least `SMALLEST`; what is smaller goes into a coarser one with others.

    Every group stands for people of its own, so none can be found by subtracting one from another.
    What is too small even all together is left out, and nothing says how much that is.
    """
    rest = exact
    for fields in GIVEN_UP:
        coarser: Counter[Group] = Counter()
        for group, count in rest.items():
            coarser[group._replace(**dict.fromkeys(fields))] += count
        yield from _sorted((key, n) for key, n in coarser.items() if n >= SMALLEST)
        rest = Counter({key: n for key, n in coarser.items() if n < SMALLEST})


def _sorted(groups: Iterable[tuple[Group, int]]) -> list[tuple[Group, int]]:
    return sorted(groups, key=lambda item: tuple(map(str, item[0])))


def _histograms(exact: Counter[Span]) -> Iterator[Histogram]:
    spans = sorted(exact.items())
    for (month, job), found in groupby(spans, key=lambda item: (item[0].month, item[0].job)):
        classes = _merged([(span.days, count) for span, count in found])
        whole = sum(count for _, count in classes)
        if whole >= SMALLEST:
            shares = tuple((days, 5 * round(20 * count / whole)) for days, count in classes)
            yield Histogram(month, job, shares)


def _merged(classes: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Put each class that is too small together with the next, and a small last one before."""
    merged: list[tuple[int, int]] = []
    waiting = 0
    last = 0
    for days, count in classes:
        waiting, last = waiting + count, days
        if waiting >= SMALLEST:
            merged.append((days, waiting))
            waiting = 0
    if waiting:
        _, before = merged.pop() if merged else (0, 0)
        merged.append((last, before + waiting))
    return merged


# Rows for a table --------------------------------------------------------------------------------


def as_rows(shown: Report) -> list[list[str | int]]:
    """Return the groups of a report as rows of a table, a heading first; "*" is "several".

    Safe for a spreadsheet: no cell begins like a formula.
    """
    heading: list[str | int] = [*Group._fields, "count"]
    return [heading] + [[*map(_cell, group), count] for group, count in shown.groups]


def _cell(value: object) -> str:
    text = "*" if value is None else str(value)
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r", "\n")) else text
