"""The clock, held against a reading of the law that shares no code with it."""

import calendar
import os
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest

from candidates import retention

FOUR_YEARS = [date(2025, 1, 1) + timedelta(days=n) for n in range(4 * 365 + 1)]


def bgb_end(decided_on: date, months: int) -> date:
    """Read BGB §§ 187(1), 188(2), (3) again: the same number, or the month's last day."""
    year, month = decided_on.year, decided_on.month + months
    if month > 12:
        year, month = year + 1, month - 12
    return date(year, month, min(decided_on.day, calendar.monthrange(year, month)[1]))


def berlin_offset(day: date) -> timedelta:
    """Return what Berlin is ahead of UTC at the first moment of a day (directive 2000/84/EC)."""

    def last_sunday(month: int) -> date:
        last = date(day.year, month, 31)
        return last - timedelta(days=(last.weekday() + 1) % 7)

    return timedelta(hours=2 if last_sunday(3) < day <= last_sunday(10) else 1)


def first_moment(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC) - berlin_offset(day)


@pytest.fixture(params=["UTC", "Europe/Berlin", "Pacific/Auckland"])
def _server_in(request: pytest.FixtureRequest) -> Iterator[None]:
    before = os.environ.get("TZ")
    os.environ["TZ"] = request.param
    time.tzset()
    yield
    os.environ["TZ"] = before or "UTC"
    if before is None:
        del os.environ["TZ"]
    time.tzset()


@pytest.mark.usefixtures("_server_in")
def test_a_moment_belongs_to_its_day_in_berlin_wherever_the_server_stands() -> None:
    for day in FOUR_YEARS:
        first, after = first_moment(day), first_moment(day + timedelta(days=1))
        moments = [first, first + timedelta(seconds=1), after - timedelta(microseconds=1)]
        assert [retention.local_date(moment) for moment in moments] == [day] * 3
        assert retention.local_date(first - timedelta(microseconds=1)) == day - timedelta(days=1)


@pytest.mark.usefixtures("_server_in")
def test_the_clock_ends_as_the_law_counts_on_every_day_of_four_years() -> None:
    for day in FOUR_YEARS:
        for months in range(1, 7):
            decided_on = retention.local_date(first_moment(day))
            assert retention.delete_on(decided_on, months=months) == bgb_end(day, months)


@pytest.mark.usefixtures("_server_in")
def test_an_application_is_due_all_of_its_last_day_and_in_breach_right_after() -> None:
    for day in FOUR_YEARS:
        ends = bgb_end(day, 6)
        begin, end = first_moment(ends), first_moment(ends + timedelta(days=1))
        before = retention.local_date(begin - timedelta(microseconds=1))
        assert not retention.is_due(ends, today=before)
        assert retention.is_due(ends, today=retention.local_date(begin))
        assert retention.end_of(ends) == end


@pytest.mark.parametrize(
    ("decided", "ends"),
    [
        ("2026-08-31", "2027-02-28"),  # no 31 February
        ("2027-08-31", "2028-02-29"),  # a leap year
        ("2028-02-29", "2028-08-29"),
        ("2026-12-31", "2027-06-30"),
        ("2026-03-17", "2026-09-17"),
    ],
)
def test_six_months_end_on_the_same_number_or_the_month_end(decided: str, ends: str) -> None:
    assert retention.delete_on(date.fromisoformat(decided), months=6) == date.fromisoformat(ends)


def test_half_past_eleven_at_night_in_utc_is_the_next_day_in_berlin() -> None:
    assert retention.local_date(datetime(2026, 12, 31, 23, 30, tzinfo=UTC)) == date(2027, 1, 1)


def test_the_circle_empties_from_full_to_hollow() -> None:
    decided, ends = date(2026, 3, 17), date(2026, 9, 17)
    days = [decided, date(2026, 6, 17), ends, date(2026, 9, 30), date(2026, 1, 1)]
    shares = [retention.share_left(decided, ends, today=day) for day in days]
    assert shares == [100, 50, 0, 0, 100]
