"""What goes when: the counts of the calendar, the days' lists, and what records comprise."""

from datetime import date, datetime, time, timedelta

import pytest

from candidates import deadlines, extent, ledger, purge, retention
from candidates.models import Application, Employee, Hold, LedgerLine, Request
from candidates.purge import comprises
from storage.models import Attachment
from tests import world

MONDAY = date(2026, 9, 14)


def goes_on(day: date, **fields: object) -> Application:
    """Create a rejected application whose last day this is."""
    application = world.an_application(status="rejected", **fields)  # type: ignore[arg-type]
    application.decided_on, application.delete_on = day - timedelta(days=183), day
    application.save()
    return application


def hold(application: Application, until: datetime, **fields: object) -> Hold:
    defaults = {"kind": "claim", "reason": "Klage", "set_at": world.NOW - timedelta(days=9)}
    return application.holds.create(until=until, **defaults | fields)


def midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, tzinfo=retention.zone())


def leaving(first: date, last: date | None = None) -> set[Application]:
    found = deadlines.leaving(
        Application.objects.all(), first=first, last=last or first, now=world.NOW
    )
    return set(found)


@pytest.mark.django_db
def test_the_calendar_has_thirteen_weeks_from_monday_with_a_count_on_each_day() -> None:
    for ahead in (0, 1, 1, 80):
        goes_on(world.TODAY + timedelta(days=ahead))
    goes_on(world.TODAY + timedelta(days=120))
    calendar = deadlines.calendar(world.NOW)
    days = [day for week in calendar.weeks for day in week]
    assert [len(week) for week in calendar.weeks] == [7] * 13
    assert days[0].day == MONDAY
    assert {(day.day - world.TODAY).days: day.count for day in days if day.count} == {
        0: 1,
        1: 2,
        80: 1,
    }
    assert (calendar.within(0), calendar.within(30), calendar.within(90)) == (1, 3, 4)


@pytest.mark.django_db
def test_what_is_late_goes_today() -> None:
    late = goes_on(world.TODAY - timedelta(days=3))
    assert deadlines.calendar(world.NOW).within(0) == 1
    assert leaving(world.TODAY) == {late}
    assert leaving(world.TODAY + timedelta(days=1)) == set()


@pytest.mark.django_db
@pytest.mark.parametrize("due_in", [-5, 0, 4])
def test_a_held_application_goes_on_the_day_on_which_its_last_hold_ends(due_in: int) -> None:
    application = goes_on(world.TODAY + timedelta(days=due_in))
    last_day = world.TODAY + timedelta(days=9)
    hold(application, retention.end_of(world.TODAY + timedelta(days=5)))
    hold(application, retention.end_of(last_day))
    after = last_day + timedelta(days=1)
    assert deadlines.going(world.NOW, until=after) == {after: 1}
    assert leaving(after) == {application}
    assert leaving(world.TODAY, last_day) == set()
    assert application in Application.objects.due(midnight(after))
    assert application not in Application.objects.due(midnight(after) - timedelta(seconds=1))


@pytest.mark.django_db
def test_a_hold_that_ends_before_the_last_day_changes_nothing() -> None:
    last_day = world.TODAY + timedelta(days=9)
    application = goes_on(last_day)
    hold(application, midnight(world.TODAY + timedelta(days=2)))
    assert deadlines.going(world.NOW, until=last_day) == {last_day: 1}
    assert leaving(last_day) == {application}
    assert leaving(world.TODAY, last_day - timedelta(days=1)) == set()


@pytest.mark.django_db
def test_what_waits_for_an_answer_is_on_no_day_of_the_calendar() -> None:
    from candidates.models.holds import UNTIL_ANSWERED

    application = goes_on(world.TODAY)
    request = Request.objects.create(
        application=application, kind="access", received_at=world.NOW, due_on=world.TODAY
    )
    hold(application, UNTIL_ANSWERED, request=request, kind="access")
    assert not deadlines.going(world.NOW, until=date(2027, 12, 31))
    assert leaving(world.TODAY, date(2027, 12, 31)) == set()


@pytest.mark.django_db
def test_the_calendar_and_the_lists_of_its_days_agree() -> None:
    for n in range(40):
        application = goes_on(world.TODAY + timedelta(days=n % 11 - 3))
        if n % 3 == 0:
            hold(application, world.NOW + timedelta(days=n % 5, hours=n))
        if n % 6 == 0:
            hold(application, world.NOW - timedelta(hours=n))
    counts = deadlines.going(world.NOW, until=world.TODAY + timedelta(days=20))
    days = [world.TODAY + timedelta(days=n) for n in range(21)]
    assert {day: len(leaving(day)) for day in days if leaving(day)} == counts
    assert sum(counts.values()) == 40


@pytest.mark.django_db
def test_an_employee_record_that_never_started_is_counted_on_its_day() -> None:
    day = world.TODAY + timedelta(days=3)
    world.an_employee(decided_on=day - timedelta(days=183), delete_on=day, retention_months=6)
    assert deadlines.going(world.NOW, until=day) == {day: 1}
    found = [
        deadlines.employees_leaving(first=on, last=on, now=world.NOW).count()
        for on in (world.TODAY, day, day + timedelta(days=1))
    ]
    assert found == [0, 1, 0]


@pytest.mark.django_db
def test_past_days_show_what_the_ledger_has_of_whole_records() -> None:
    kinds = LedgerLine.Kind
    for kind in (kinds.APPLICATION, kinds.EMPLOYEE, kinds.ATTACHMENT, kinds.PROOF):
        LedgerLine.objects.create(
            day=MONDAY, kind=kind, record="a" * 64, rows=1, objects_count=0, rule="retention"
        )
    monday = deadlines.calendar(world.NOW).weeks[0][0]
    assert (monday.is_over, monday.count) == (True, 2)


@pytest.mark.django_db
def test_the_circle_of_a_day_is_that_of_a_decision_whose_day_it_is() -> None:
    days = {
        (day.day - world.TODAY).days: day
        for week in deadlines.calendar(world.NOW).weeks
        for day in week
    }
    assert (days[0].left, days[86].left) == (0, 48)


@pytest.mark.django_db
@pytest.mark.usefixtures("attachment_store")
def test_a_list_says_as_many_rows_and_objects_as_the_ledger_will() -> None:
    application = goes_on(world.TODAY)
    other = goes_on(world.TODAY)
    for n in range(3):
        attachment = world.an_attachment(application, content=b"%PDF-")
        if n:
            attachment.view_key = f"attachments/{attachment.pk}-view"
            attachment.save()
        attachment.drawn_pages.create(number=1, image=b"RIFF", drawn_at=world.NOW)
    hold(application, world.NOW)
    application.events.create(kind="received", at=world.NOW)
    application.mails.create(
        purpose="receipt",
        language="de",
        to="k@post.example",
        created_at=world.NOW,
        send_at=world.NOW,
    )
    listed = {row.pk: row for row in extent.listed(Application.objects.all())}
    shares = extent.shares(Application.objects.all(), Employee.objects.none())
    said = {pk: (row.row_count, row.object_count) for pk, row in listed.items()}  # type: ignore[attr-defined]
    assert said[other.pk] == (1, 0)

    purge.run(now=world.NOW, exempt=True)
    for pk, numbers in said.items():
        line = LedgerLine.objects.get(record=ledger.keyed_hash(pk))
        assert (line.rows, line.objects_count) == numbers
    assert sum(share.rows for share in shares) == sum(rows for rows, _ in said.values())
    assert sum(share.objects for share in shares) == 5
    assert not Attachment.objects.exists()


def test_every_table_that_goes_along_has_a_name_for_people() -> None:
    assert extent.LABELS.keys() == comprises.APPLICATION.keys() | comprises.EMPLOYEE.keys()


@pytest.mark.django_db
def test_open_applications_count_as_long_undecided_after_the_months_that_are_set() -> None:
    officer = world.a_user("privacy_officer")
    before = world.an_application(received_at=world.NOW - timedelta(days=185))
    world.an_application(received_at=world.NOW - timedelta(days=180))
    world.an_application(received_at=world.NOW - timedelta(days=185), status="rejected")
    assert list(deadlines.undecided(officer, retention.local_date(world.NOW))) == [before]
