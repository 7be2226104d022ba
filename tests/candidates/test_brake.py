"""The brake: when the purge stops before its first deletion, who is told, and how it goes on."""

import json
from collections.abc import Callable
from datetime import date, timedelta
from io import StringIO
from typing import Any

import pytest
from django.conf import LazySettings
from django.core.mail import EmailMessage
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from candidates import purge, runs
from candidates.models import Application, Confirmation, Employee, Heartbeat, LedgerLine, Run
from candidates.pipeline import ChangeNotAllowed
from candidates.purge import brake
from tests.world import NOW, TODAY, a_job, a_user, an_application, an_employee

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("attachment_store")]

DAY = timedelta(days=1)
#: Decided on this day, an application goes today.
HALF_A_YEAR_AGO = date(2026, 3, 17)


def some(count: int, **fields: Any) -> list[Application]:
    """Make applications that are due today unless the fields say otherwise."""
    defaults: dict[str, Any] = {"status": "rejected", "decided_on": HALF_A_YEAR_AGO}
    job = a_job()
    return [an_application(job=job, **defaults | fields) for _ in range(count)]


def a_good_run(ago: timedelta) -> None:
    Run.objects.create(job=Run.Job.PURGE, state=Run.State.GOOD, started_at=NOW - ago)


def stopped(**arguments: Any) -> list[str]:
    return purge.run(now=NOW, **arguments).stopped


# What was not foreseen ----------------------------------------------------------------------


def test_25_that_nobody_foresaw_go_and_26_do_not() -> None:
    a_good_run(DAY)
    some(25)
    assert stopped() == []
    some(26)
    assert stopped() == ["unforeseen"]
    assert Application.objects.count() == 26
    assert LedgerLine.objects.exclude(kind="proof").count() == 25


def test_many_small_runs_of_a_day_are_a_large_one_and_the_next_day_begins_anew() -> None:
    a_good_run(DAY)
    some(20)
    assert stopped() == []
    some(6)
    assert stopped() == ["unforeseen"]
    assert purge.run(now=NOW + DAY).purged == 6


def test_a_fifth_of_many_closed_applications_may_go_unforeseen() -> None:
    a_good_run(DAY)
    some(30)
    some(119, decided_on=TODAY)
    assert stopped(dry_run=True) == ["unforeseen"]
    some(1, decided_on=TODAY)
    assert stopped(dry_run=True) == []


def test_what_yesterdays_run_foresaw_goes_however_many_it_is() -> None:
    some(40)
    assert purge.run(now=NOW - DAY).stopped == []
    assert set(Application.objects.values_list("foreseen_on", flat=True)) == {TODAY - DAY}
    assert stopped() == []
    assert not Application.objects.exists()


def test_a_forecast_is_written_a_page_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(brake, "PAGE", 3)
    some(7)
    with CaptureQueriesContext(connection) as asked:
        brake.foresee(NOW - DAY)
    assert sum(each["sql"].startswith("UPDATE") for each in asked) == 3
    assert not Application.objects.exclude(foreseen_on=TODAY - DAY).exists()


def test_todays_forecast_does_not_count_for_today() -> None:
    a_good_run(DAY)
    some(26)
    Application.objects.update(foreseen_on=TODAY)
    assert stopped() == ["unforeseen"]


def test_a_forecast_of_before_the_decision_does_not_count() -> None:
    a_good_run(DAY)
    some(26)
    Application.objects.update(foreseen_on=HALF_A_YEAR_AGO - DAY)
    assert stopped() == ["unforeseen"]


def test_a_hold_that_ends_tomorrow_is_in_the_forecast_and_one_that_goes_on_is_not() -> None:
    ending, going_on = some(2)
    for application, days in ((ending, 1), (going_on, 2)):
        application.holds.create(
            kind="claim", reason="?", set_at=NOW, until=NOW + timedelta(days=days)
        )
    purge.run(now=NOW)
    ending.refresh_from_db()
    going_on.refresh_from_db()
    assert (ending.foreseen_on, going_on.foreseen_on) == (TODAY, None)


def test_a_run_that_failed_foresees_nothing() -> None:
    tomorrow = some(1, decided_on=HALF_A_YEAR_AGO + DAY)[0]
    some(26)
    assert stopped()
    tomorrow.refresh_from_db()
    assert tomorrow.foreseen_on is None


# Clocks, runs, time -------------------------------------------------------------------------


@pytest.mark.parametrize("days", [-1, 1])
def test_a_day_that_does_not_follow_from_the_decision_stops_it(days: int) -> None:
    application = some(1)[0]
    Application.objects.update(decided_on=HALF_A_YEAR_AGO + timedelta(days=days))
    assert stopped() == ["clocks"]
    assert Application.objects.get() == application


def test_an_employees_day_that_does_not_follow_stops_it_too() -> None:
    employee = an_employee()
    employee.start_clock(on=TODAY - 30 * DAY)
    employee.delete_on = TODAY
    employee.save()
    assert stopped() == ["clocks"]
    assert Employee.objects.exists()


def test_the_ends_of_months_add_up() -> None:
    some(1, decided_on=date(2026, 8, 31))
    assert purge.run(now=NOW.replace(year=2027, month=2, day=28)).stopped == []


def test_an_early_erasure_may_be_before_its_clock_and_not_after_it() -> None:
    some(1, decided_on=TODAY, early_at=NOW, early="request")
    Application.objects.update(delete_on=TODAY)
    assert stopped(dry_run=True) == []
    Application.objects.update(decided_on=HALF_A_YEAR_AGO - DAY)
    assert stopped(dry_run=True) == ["clocks"]


def test_much_that_is_due_stops_it_when_the_last_good_run_is_long_ago() -> None:
    some(26, foreseen_on=TODAY - DAY)
    assert stopped(dry_run=True) == ["late"], "no run has ever been good"
    a_good_run(2 * DAY + timedelta(minutes=1))
    assert stopped(dry_run=True) == ["late"]
    a_good_run(2 * DAY)
    assert stopped(dry_run=True) == []


def test_a_run_that_failed_or_stopped_is_no_good_one() -> None:
    some(26, foreseen_on=TODAY - DAY)
    for state in (Run.State.FAILED, Run.State.STOPPED, Run.State.RUNNING):
        Run.objects.create(job=Run.Job.PURGE, state=state, started_at=NOW - DAY)
    Run.objects.create(job=Run.Job.SWEEP, state=Run.State.GOOD, started_at=NOW - DAY)
    assert stopped(dry_run=True) == ["late"]


def test_few_go_however_long_ago_the_last_good_run_was() -> None:
    some(25)
    a_good_run(90 * DAY)
    assert stopped() == []


def off_by(minutes: int) -> Callable[..., Any]:
    """Return what has the database tell a time that is this many minutes late."""

    def tell(execute: Callable[..., Any], sql: str, *args: Any) -> Any:
        late = {
            "sqlite": f"datetime('now', '-{minutes} minutes')",
            "postgresql": f"now() - interval '{minutes} minutes'",
        }[connection.vendor]
        return execute(sql.replace("CURRENT_TIMESTAMP", late), *args)

    return tell


def test_a_database_whose_time_is_another_stops_it() -> None:
    some(1)
    with connection.execute_wrapper(off_by(6)):
        assert stopped() == ["time"]
    with connection.execute_wrapper(off_by(4)):
        assert stopped() == []


# What a stop does ---------------------------------------------------------------------------


def test_a_stop_is_in_the_runs_and_leaves_no_pulse(mailoutbox: list[EmailMessage]) -> None:
    officer = a_user("privacy_officer")
    some(26)
    outcome = purge.run(now=NOW)
    assert (outcome.due, outcome.purged) == (26, 0)
    run = Run.objects.get()
    assert (run.state, run.reasons) == ("stopped", ["unforeseen", "late"])
    assert run.numbers["due"] == 26
    assert not Heartbeat.objects.filter(name="purge").exists()
    assert [mail.to for mail in mailoutbox] == [[officer.email]]


def test_the_officers_are_told_once_a_day_in_links_and_numbers(
    mailoutbox: list[EmailMessage], settings: LazySettings
) -> None:
    applications = some(26)
    for hours in (0, 1, 2, 24):
        purge.run(now=NOW + timedelta(hours=hours))
    assert len(mailoutbox) == 2
    text = f"{mailoutbox[0].subject} {mailoutbox[0].body}"
    assert f"{settings.ATS_SITE_URL}/hr/retention/" in text
    assert "26" in text
    for application in applications:
        assert application.last_name not in text
        assert application.email not in text


def test_a_mail_server_that_is_down_does_not_change_a_stop(settings: LazySettings) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    some(26)
    assert stopped()
    assert not Heartbeat.objects.exists(), "so the next run tries to tell again"


def test_the_command_says_why_it_stopped_and_ends_with_one(settings: LazySettings) -> None:
    day = purge.database_now().date()
    some(26, decided_on=day - 400 * DAY)
    out, err = StringIO(), StringIO()
    with pytest.raises(SystemExit) as end:
        call_command("purge", "--json", stdout=out, stderr=err)
    assert end.value.code == 1
    assert json.loads(out.getvalue())["stopped"] == ["unforeseen", "late"]
    assert brake.sentence("unforeseen") in err.getvalue()
    assert Application.objects.count() == 26


def test_another_day_under_debug_is_exempt_and_today_is_not(settings: LazySettings) -> None:
    settings.DEBUG = True
    today = purge.database_now().date()
    some(26, decided_on=today)
    some(26, decided_on=today - 400 * DAY)
    with pytest.raises(SystemExit):
        call_command("purge", stdout=StringIO(), stderr=StringIO())
    assert Application.objects.count() == 52
    call_command("purge", "--today", str(today + 200 * DAY), stdout=StringIO())
    assert not Application.objects.exists()


# A person's word ----------------------------------------------------------------------------


def test_it_goes_on_when_an_officer_has_seen_the_count_and_the_reasons() -> None:
    officer = a_user("privacy_officer")
    some(26)
    found = stopped()
    run = brake.stopped_run()
    assert run
    for count, reasons in ((25, found), (26, found[:1])):
        brake.confirm(day=TODAY, count=count, reasons=reasons, by=officer, now=NOW)
        assert stopped(dry_run=True) == found
        assert brake.stopped_run() == run
    word = brake.confirm(day=TODAY, count=26, reasons=found, by=officer, now=NOW)
    assert (word.by, word.count, word.reasons) == (officer, 26, sorted(found))
    assert brake.stopped_run() is None
    assert stopped() == []
    assert not Application.objects.exists()


def test_a_word_is_used_up_by_what_it_let_go() -> None:
    a_good_run(DAY)
    some(30)
    officer = a_user("privacy_officer")
    brake.confirm(day=TODAY, count=30, reasons=["unforeseen"], by=officer, now=NOW)
    assert purge.run(now=NOW + timedelta(minutes=1)).purged == 30
    some(30)
    assert purge.run(now=NOW + timedelta(hours=1)).stopped == ["unforeseen"]
    assert Application.objects.count() == 30


def test_a_word_for_one_day_is_none_for_the_next() -> None:
    some(26)
    Confirmation.objects.create(day=TODAY, count=26, at=NOW, reasons=["unforeseen", "late"])
    assert stopped(dry_run=True) == []
    assert purge.run(now=NOW + DAY).stopped == ["unforeseen", "late"]


def test_only_an_officer_confirms_and_only_what_there_is() -> None:
    recruiter, officer = a_user("recruiter"), a_user("privacy_officer")
    word: dict[str, Any] = {"count": 30, "now": NOW, "reasons": ["late"], "day": TODAY}
    for wrong in (
        {"by": recruiter},
        {"by": officer, "day": TODAY - DAY},
        {"by": officer, "day": TODAY + 8 * DAY},
        {"by": officer, "reasons": ["behind"]},
        {"by": officer, "count": -1},
    ):
        with pytest.raises(ChangeNotAllowed):
            brake.confirm(**word | wrong)
    assert not Confirmation.objects.exists()


def test_a_database_that_is_older_than_the_ledgers_copy_erases_nothing() -> None:
    some(1)
    assert stopped() == []
    LedgerLine.objects.all().delete()  # as a backup of before would have it
    some(2)
    assert stopped(dry_run=True) == ["behind"]
    assert stopped() == ["behind"]
    assert stopped(exempt=True) == ["behind"]
    assert Application.objects.count() == 2
    assert brake.stopped_run() is None, "which no word of a person could mend"


def test_every_reason_has_a_sentence() -> None:
    for code in (*brake.REASONS, brake.BEHIND):
        assert len(brake.sentence(code)) > 20


# Large days ahead ---------------------------------------------------------------------------


def test_large_days_are_announced_a_week_ahead_and_confirmed_then(
    mailoutbox: list[EmailMessage],
) -> None:
    officer = a_user("privacy_officer")
    some(26, decided_on=HALF_A_YEAR_AGO + 7 * DAY)
    some(26, decided_on=HALF_A_YEAR_AGO + 8 * DAY)
    some(25, decided_on=HALF_A_YEAR_AGO + 3 * DAY)
    day = TODAY + 7 * DAY
    assert brake.announcements(TODAY) == [brake.Announcement(day, 26, is_confirmed=False)]
    assert [brake.announce(NOW), brake.announce(NOW)] == [True, False]
    assert [mail.to for mail in mailoutbox] == [[officer.email]]
    brake.confirm(day=day, count=26, reasons=brake.FORESEEABLE, by=officer, now=NOW)
    assert brake.announcements(TODAY) == [brake.Announcement(day, 26, is_confirmed=True)]
    assert not brake.announce(NOW + DAY) or len(mailoutbox) == 2  # the next large day by then
    Application.objects.exclude(delete_on=day).delete()
    assert purge.run(now=NOW + 7 * DAY).stopped == []


def test_a_quiet_week_is_not_announced(mailoutbox: list[EmailMessage]) -> None:
    some(25, decided_on=HALF_A_YEAR_AGO + DAY)
    assert not brake.announce(NOW)
    assert not mailoutbox


def test_a_dry_run_counts_with_the_clocks_that_a_run_would_shorten(settings: LazySettings) -> None:
    (application,) = some(1, decided_on=date(2026, 6, 17))
    settings.ATS_RETENTION_MONTHS = 3
    assert purge.run(now=NOW, dry_run=True).due == 1
    application.refresh_from_db()
    assert (application.retention_months, application.delete_on) == (6, date(2026, 12, 17))
    assert purge.run(now=NOW).purged == 1


def test_a_dry_run_says_what_the_brake_would_and_writes_nothing() -> None:
    some(26)
    assert stopped(dry_run=True) == ["unforeseen", "late"]
    assert not Run.objects.exists()
    assert runs.last_good(Run.Job.PURGE) is None
