"""What goes when: the privacy officer's reads of all clocks, each in one query, however many run.

An application goes on its `delete_on`, or on the day on which its last hold ends if that is later;
what should have gone before today goes today.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from dateutil.relativedelta import relativedelta
from django.conf import settings
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Greatest, TruncDate

from candidates import access, retention
from candidates.models import Application, Employee, Event, Hold, LedgerLine, User
from candidates.models.applications import Applications
from candidates.models.holds import Holds

WEEKS = 13


@dataclass(frozen=True)
class Day:
    """A day of the calendar: how many records go then, or went if it is over."""

    day: date
    today: date
    count: int

    @property
    def is_over(self) -> bool:
        return self.day < self.today

    @property
    def is_today(self) -> bool:
        return self.day == self.today

    @property
    def left(self) -> int:
        """How much of its clock a decision has left whose day this is, in percent."""
        end = retention.delete_on(self.today, months=settings.ATS_RETENTION_MONTHS)
        decided_on = self.day - (end - self.today)
        return retention.share_left(decided_on, self.day, today=self.today)


@dataclass(frozen=True)
class Calendar:
    """The weeks from the Monday of this one, each with its seven days."""

    weeks: list[list[Day]]

    @property
    def days(self) -> list[tuple[Day, ...]]:
        """The days by weekday, as the rows of a table."""
        return list(zip(*self.weeks, strict=True))

    @property
    def first(self) -> date:
        return self.weeks[0][0].day

    @property
    def last(self) -> date:
        return self.weeks[-1][-1].day

    @property
    def busy_weeks(self) -> list[list[Day]]:
        """The weeks in which something goes or went."""
        return [week for week in self.weeks if any(day.count for day in week)]

    def within(self, days: int) -> int:
        """Return how many records go today or within so many days."""
        coming = (day for week in self.weeks for day in week if not day.is_over)
        return sum(day.count for day in coming if (day.day - day.today).days <= days)


def calendar(now: datetime) -> Calendar:
    """Return what went this week and what goes in this one and the twelve that follow."""
    today = retention.local_date(now)
    monday = today - timedelta(days=today.weekday())
    days = [monday + timedelta(days=n) for n in range(7 * WEEKS)]
    counts = going(now, until=days[-1]) + gone(monday, before=today)
    line = [Day(day, today, counts[day]) for day in days]
    return Calendar([line[n : n + 7] for n in range(0, len(line), 7)])


def going(now: datetime, *, until: date) -> Counter[date]:
    """Count the records that go on each day up to `until`, in one query."""
    return by_days(counts_of_all(now, until=until), today=retention.local_date(now), until=until)


def by_days(counts: Iterable[Sequence[Any]], *, today: date, until: date) -> Counter[date]:
    """Add up counts of days: what is late goes today, and what a hold keeps for longer is left."""
    found: Counter[date] = Counter()
    for day, number in counts:
        if day <= until:
            found[max(day, today)] += number
    return found


def counts_of_all(now: datetime, *, until: date) -> QuerySet[Any]:
    """Return the counts of all records that go up to `until`, by day."""
    employees = Employee.objects.filter(delete_on__lte=until).order_by()
    parts = _of_applications(Application.objects.all(), now, until=until)
    return parts[0].union(*parts[1:], _by_day(employees, F("delete_on")), all=True)


def counts_among(
    applications: Applications, now: datetime, *, less: Applications, until: date
) -> QuerySet[Any]:
    """Return the counts of these applications by day, and as negative ones those of `less`."""
    parts = _of_applications(applications, now, until=until)
    parts += _of_applications(less, now, until=until, sign=-1)
    return parts[0].union(*parts[1:], all=True)


def _of_applications(
    applications: Applications, now: datetime, *, until: date, sign: int = 1
) -> list[QuerySet[Any]]:
    """Return the counts of those that nothing holds, and of those held."""
    closed = applications.filter(delete_on__lte=until).order_by()
    free, held = closed.exclude(Exists(_holds(now))), closed.filter(Exists(_holds(now)))
    end = TruncDate(_last_end(now), tzinfo=retention.zone())
    return [
        _by_day(free, F("delete_on"), sign=sign),
        _by_day(held.annotate(end=end), Greatest("delete_on", "end"), sign=sign),
    ]


def gone(first: date, *, before: date) -> Counter[date]:
    """Count the records that went on each day from `first` to the one before `before`."""
    lines = erased().filter(day__gte=first, day__lt=before).order_by()
    return Counter(dict(lines.values_list("day").annotate(n=Count("pk"))))


def erased() -> QuerySet[LedgerLine]:
    """Return the ledger's lines of whole records: neither of single files nor of proofs."""
    return LedgerLine.objects.filter(
        kind__in=(LedgerLine.Kind.APPLICATION, LedgerLine.Kind.EMPLOYEE)
    )


def _by_day(records: QuerySet[Any], day: Any, *, sign: int = 1) -> QuerySet[Any]:
    days = records.annotate(day=day).values("day")
    counted: QuerySet[Any] = days.annotate(n=Count("pk") * Value(sign)).values_list("day", "n")
    return counted


def _holds(now: datetime) -> Holds:
    return Hold.objects.in_force(now).filter(application=OuterRef("pk"))


def _last_end(now: datetime) -> Subquery:
    return Subquery(_holds(now).order_by("-until").values("until")[:1])


# Which applications --------------------------------------------------------------------------


def leaving(applications: Applications, *, first: date, last: date, now: datetime) -> Applications:
    """Return those that go on one of these days."""
    start = datetime.combine(first, time.min, tzinfo=retention.zone())
    end = retention.end_of(last)
    found = applications.filter(delete_on__lte=last).exclude(
        Exists(_holds(now).filter(until__gte=end))
    )
    if first <= retention.local_date(now):
        return found  # with all that is late
    return found.filter(Q(delete_on__gte=first) | Exists(_holds(now).filter(until__gte=start)))


def employees_leaving(*, first: date, last: date, now: datetime) -> QuerySet[Employee]:
    """Return the employee records without a start that go on one of these days."""
    records = Employee.objects.filter(delete_on__lte=last)
    is_ahead = first > retention.local_date(now)
    return records.filter(delete_on__gte=first) if is_ahead else records


def held(user: User, now: datetime) -> QuerySet[Hold]:
    """Return the holds in force on applications that the user sees, with what a list says."""
    seen = Hold.objects.in_force(now).filter(application__in=access.applications(user))
    return seen.select_related("application__job", "set_by", "request")


def undecided(user: User, today: date) -> Applications:
    """Return the open applications that have waited `ATS_OPEN_MONTHS` for a decision."""
    last_day = today - relativedelta(months=settings.ATS_OPEN_MONTHS)
    seen = access.applications(user).open().filter(received_at__lt=retention.end_of(last_day))
    return seen.select_related("job", "stage")


def reopened(user: User) -> QuerySet[Event]:
    """Return the reopenings of applications that the user sees: who, when, and why."""
    events = Event.objects.filter(kind=Event.Kind.REOPENED)
    seen = events.filter(application__in=access.applications(user))
    return seen.select_related("application__job", "by")
