"""What stands beside every closed application: the circle, its date and its words."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.translation import override

from candidates.models import Application, Employee, Hold
from candidates.models.holds import UNTIL_ANSWERED
from candidates.templatetags import halbjahr
from tests import world

NOW = datetime(2026, 9, 17, 8, 0, tzinfo=UTC)
DECIDED = date(2026, 7, 24)
DELETE = date(2027, 1, 24)


def clock(record: Application | Employee, now: datetime = NOW, language: str = "en") -> str:
    with override(language):
        return halbjahr.clock(record, now)


def closed(decided_on: date, delete_on: date, held_until: datetime | None = None) -> Any:
    application = Application(decided_on=decided_on, delete_on=delete_on)
    application.held_until = held_until  # type: ignore[attr-defined]
    return application


def test_an_open_application_has_no_clock() -> None:
    assert clock(Application()) == ""


def test_a_clock_says_its_date_beside_the_pie() -> None:
    html = clock(closed(DECIDED, DELETE))
    assert '<span class="clock">' in html
    assert 'stroke-dasharray="70 100"' in html
    assert '<time datetime="2027-01-24">24 Jan</time>' in html


def test_the_date_is_german_in_german() -> None:
    assert ">24.\u00a0Jan.</time>" in clock(closed(DECIDED, DELETE), language="de")


def test_a_full_clock_has_no_dash() -> None:
    html = clock(closed(date(2026, 9, 17), date(2027, 3, 17)))
    assert "pie" in html
    assert "dasharray" not in html


@pytest.mark.parametrize("days", [1, 2, 5])
def test_the_pie_is_visible_until_the_last_day(days: int) -> None:
    delete_on = date(2026, 9, 17) + timedelta(days=days)
    assert 'stroke-dasharray="6 100"' in clock(closed(date(2026, 3, 17), delete_on))


def test_tomorrow_is_a_word() -> None:
    html = clock(closed(date(2026, 3, 18), date(2026, 9, 18)))
    assert '<time datetime="2026-09-18">tomorrow</time>' in html


def test_on_its_day_the_circle_is_hollow_and_red() -> None:
    html = clock(closed(date(2026, 3, 17), date(2026, 9, 17)))
    assert 'class="clock today"' in html
    assert 'stroke-dasharray="0 100"' in html
    assert ">today</time>" in html


def test_days_end_at_midnight_of_berlin() -> None:
    record = closed(date(2026, 3, 17), date(2026, 9, 17))
    after = datetime(2026, 9, 17, 22, 0, tzinfo=UTC)
    before = after - timedelta(minutes=1)
    assert 'class="clock today"' in clock(record, before)
    assert 'class="clock breach"' in clock(record, after)
    assert ">overdue since 17 Sep</time>" in clock(record, after)


def test_a_hold_shows_bars_and_its_last_day() -> None:
    html = clock(closed(DECIDED, DELETE, datetime(2026, 12, 1, 23, 0, tzinfo=UTC)))
    assert 'class="clock held"' in html
    assert "pie" not in html
    assert '<time datetime="2026-12-01">held until 1 Dec</time>' in html


def test_a_hold_without_an_end_says_so_and_shows_no_day_of_the_year_9999() -> None:
    html = clock(closed(DECIDED, DELETE, UNTIL_ANSWERED))
    assert 'class="clock held"' in html
    assert "held until the request is answered</span>" in html
    assert "9999" not in html
    assert "9998" not in html
    assert "<time" not in html


def test_what_a_request_made_due_has_a_day_of_grace_before_the_breach() -> None:
    """At 23:00 of its last day, 24 hours are more than what is left of the day."""
    asked = datetime(2026, 9, 17, 21, 0, tzinfo=UTC)
    record = closed(DECIDED, date(2026, 9, 17))
    record.early_at = asked
    assert ">today</time>" in clock(record, asked)
    assert ">now</time>" in clock(record, asked + timedelta(hours=23, minutes=59))
    assert 'class="clock breach"' in clock(record, asked + timedelta(hours=24))


def test_after_a_hold_a_day_of_grace_comes_before_the_breach() -> None:
    ended = NOW - timedelta(hours=1)
    record = closed(date(2026, 1, 5), date(2026, 7, 5), ended)
    assert ">now</time>" in clock(record, NOW)
    assert 'class="clock breach"' in clock(record, ended + timedelta(hours=24))


@pytest.mark.django_db
def test_holds_are_read_from_the_row_if_nobody_has_brought_them() -> None:
    application = world.an_application(status="rejected", decided_on=DECIDED)
    Hold.objects.create(
        application=application, kind="claim", set_at=NOW, until=NOW + timedelta(days=30)
    )
    assert 'class="clock held"' in clock(application)
    (prefetched,) = Application.objects.prefetch_related("holds")
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert 'class="clock held"' in clock(prefetched)
    assert len(queries) == 0


def test_an_employee_who_did_not_start_has_a_clock() -> None:
    html = clock(Employee(decided_on=DECIDED, delete_on=DELETE))
    assert '<time datetime="2027-01-24">' in html


def test_no_clock_has_a_style_attribute() -> None:
    assert "style" not in clock(closed(DECIDED, DELETE)) + halbjahr.mark()


@pytest.mark.parametrize(
    ("size", "english", "german"),
    [
        (1, "1 KB", "1 KB"),
        (412_300, "412 KB", "412 KB"),
        (999_499, "999 KB", "999 KB"),
        (999_500, "1.0 MB", "1,0 MB"),
        (7_800_000, "7.8 MB", "7,8 MB"),
    ],
)
def test_file_sizes_read_as_people_say_them(size: int, english: str, german: str) -> None:
    with override("en"):
        assert halbjahr.file_size(size) == english
    with override("de"):
        assert halbjahr.file_size(size) == german


@pytest.mark.parametrize(
    ("since", "words"),
    [
        (datetime(2026, 9, 16, 22, 0, tzinfo=UTC), "today"),
        (datetime(2026, 9, 16, 21, 59, tzinfo=UTC), "yesterday"),
        (datetime(2026, 9, 14, 8, 0, tzinfo=UTC), "3 days"),
    ],
)
def test_waits_are_counted_in_calendar_days_of_berlin(since: datetime, words: str) -> None:
    with override("en"):
        assert halbjahr.waiting(since, NOW) == words


def test_job_texts_keep_their_markdown_and_lose_their_html() -> None:
    html = halbjahr.markdown(
        "# You\n\n- *Nights*\n\n<b onclick=x>b</b> [x](javascript:x) "
        "[y](https://y.example) ![z](/z)"
    )
    assert "<h2>You</h2>" in html
    assert "<em>Nights</em>" in html
    assert "&lt;b onclick=x&gt;" in html
    assert 'href="https://y.example"' in html
    assert 'href="javascript' not in html
    assert "<img" not in html
