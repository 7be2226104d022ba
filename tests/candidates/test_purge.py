"""What the purge erases, and what it must leave alone."""

import json
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.conf import LazySettings
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from pytest_django import DjangoAssertNumQueries

from candidates import ledger, mail, purge, retention, runs
from candidates.models import (
    Application,
    CertificateMail,
    Employee,
    Event,
    Heartbeat,
    Hold,
    LedgerLine,
    Mail,
    Run,
)
from candidates.models.ledger import LedgerLines
from candidates.purge import batches
from storage.models import Attachment, Tombstone
from tests.world import (
    NOW,
    TODAY,
    a_job,
    a_user,
    an_application,
    an_attachment,
    an_employee,
    store,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("attachment_store")]

#: Decided on this day, an application goes today.
HALF_A_YEAR_AGO = date(2026, 3, 17)


#: A bucket that does not answer.
NO_STORAGE = {
    "BACKEND": "storage.backends.Bucket",
    "OPTIONS": {
        "bucket_name": "none",
        "endpoint_url": "http://127.0.0.1:9",
        "region_name": "x",
    },
}


def a_due_application(**fields: Any) -> Application:
    defaults: dict[str, Any] = {"status": "rejected", "decided_on": HALF_A_YEAR_AGO}
    application = an_application(**defaults | fields)
    application.events.create(kind=Event.Kind.RECEIVED, at=NOW)
    mail.queue(application, Mail.Purpose.RECEIPT, now=NOW, send_at=NOW)
    an_attachment(application)
    return application


def deletions() -> LedgerLines:
    """Return the lines of the ledger that are no proofs."""
    return LedgerLine.objects.exclude(kind=LedgerLine.Kind.PROOF)


def the_line() -> LedgerLine:
    return deletions().get()


def a_hold(application: Application, until: datetime) -> Hold:
    return Hold.objects.create(
        application=application,
        kind=Hold.Kind.LEGAL_CLAIM,
        reason="A claim",
        set_at=NOW - timedelta(days=40),
        until=until,
    )


def test_what_is_due_is_erased_from_tables_and_storage_and_nothing_else() -> None:
    job = a_job()
    due = a_due_application(job=job)
    tomorrow = a_due_application(job=job, decided_on=HALF_A_YEAR_AGO + timedelta(days=1))
    still_open = an_application(job=job)
    kept = an_attachment(still_open)
    key = due.attachments.get().key
    outcome = purge.run(now=NOW)
    assert outcome.as_dict() == {
        "due": 1,
        "purged": 1,
        "objects_deleted": 1,
        "failed": 0,
        "held": 0,
        "breaches": 0,
        "unforeseen": 1,
        "stopped": [],
    }
    assert set(Application.objects.all()) == {tomorrow, still_open}
    assert set(Attachment.objects.all()) == {kept, tomorrow.attachments.get()}
    assert set(Event.objects.all()) == {tomorrow.events.get()}
    assert not Tombstone.objects.exists()
    assert set(store().keys("attachments/")) == {kept.key, tomorrow.attachments.get().key} - {key}
    line = the_line()
    assert (line.day, line.kind, line.rule) == (TODAY, "application", "retention")
    assert (line.record, line.rows, line.objects_count) == (ledger.keyed_hash(due.pk), 4, 1)


def test_the_clock_of_every_closed_status_runs_out() -> None:
    for status in ("rejected", "withdrawn", "hired"):
        a_due_application(status=status)
    assert purge.run(now=NOW).purged == 3


def test_a_purge_at_the_first_moment_of_the_day_finds_it_and_one_before_does_not() -> None:
    a_due_application()
    midnight = datetime(2026, 9, 16, 22, 0, tzinfo=UTC)
    assert purge.run(now=midnight - timedelta(microseconds=1)).due == 0
    assert purge.run(now=midnight).purged == 1


def test_a_held_application_stays_until_the_hold_ends_and_then_goes_at_once() -> None:
    application = a_due_application(decided_on=date(2026, 2, 1))
    end = NOW + timedelta(days=3)
    a_hold(application, until=end)
    outcome = purge.run(now=NOW)
    assert (outcome.due, outcome.purged, outcome.held, outcome.breaches) == (0, 0, 1, 0)
    assert purge.breaches(end + timedelta(hours=23)) == 0
    assert purge.breaches(end + timedelta(hours=25)) == 1
    assert purge.run(now=end).purged == 1
    assert the_line().rule == "hold-ended"


def test_an_ended_hold_before_the_day_changes_nothing() -> None:
    application = a_due_application()
    a_hold(application, until=NOW - timedelta(days=20))
    assert purge.run(now=NOW).purged == 1
    assert the_line().rule == "retention"


def test_what_is_left_after_its_day_is_a_breach() -> None:
    a_due_application()
    assert purge.breaches(NOW) == 0
    assert purge.breaches(retention.end_of(TODAY)) == 1


def test_an_object_that_outlives_its_row_and_its_day_is_a_breach() -> None:
    Tombstone.objects.create(
        key="attachments/x", created_at=NOW, breach_at=retention.end_of(TODAY), next_try_at=NOW
    )
    assert purge.breaches(NOW) == 0
    assert purge.breaches(retention.end_of(TODAY)) == 1


def test_a_hired_persons_documents_outlive_the_application() -> None:
    application = a_due_application(status="hired")
    employee = an_employee(application=application)
    own = an_attachment(employee, came_from=application)
    purge.run(now=NOW)
    employee.refresh_from_db()
    assert employee.application is None
    assert [(file.key, file.came_from) for file in employee.attachments.all()] == [(own.key, None)]
    assert list(store().keys("attachments/")) == [own.key]


def test_someone_who_never_started_goes_by_their_own_clock() -> None:
    employee = an_employee()
    employee.start_clock(on=HALF_A_YEAR_AGO)
    employee.save()
    an_attachment(employee)
    assert purge.run(now=NOW).purged == 1
    assert not Employee.objects.exists()
    assert not list(store().keys("attachments/"))
    assert the_line().rule == "not-started"


def test_a_shorter_setting_shortens_the_clocks_and_a_longer_one_lengthens_none(
    settings: LazySettings,
) -> None:
    end_of_august = an_application(status="rejected", decided_on=date(2026, 8, 31))
    settings.ATS_RETENTION_MONTHS = 3
    short = an_application(status="rejected", decided_on=date(2026, 8, 31))
    purge.run(now=NOW)
    end_of_august.refresh_from_db()
    assert (end_of_august.delete_on, end_of_august.retention_months) == (date(2026, 11, 30), 3)
    settings.ATS_RETENTION_MONTHS = 6
    purge.run(now=NOW)
    short.refresh_from_db()
    assert short.delete_on == date(2026, 11, 30)


def test_a_dry_run_says_what_is_due_and_changes_nothing() -> None:
    a_due_application()
    before = list(Application.objects.values())
    assert purge.run(now=NOW, dry_run=True).due == 1
    assert list(Application.objects.values()) == before
    assert not Heartbeat.objects.exists()
    assert not LedgerLine.objects.exists()


def test_more_than_a_batch_goes_in_one_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "BATCH", 3)
    job = a_job()
    for _ in range(10):
        an_application(job=job, status="rejected", decided_on=HALF_A_YEAR_AGO)
    assert purge.run(now=NOW).purged == 10


def test_one_record_that_cannot_be_erased_does_not_keep_the_others() -> None:
    job = a_job()
    stuck = an_application(job=job, status="rejected", decided_on=HALF_A_YEAR_AGO)
    for _ in range(4):
        an_application(job=job, status="rejected", decided_on=HALF_A_YEAR_AGO)
    _forbid_deleting(stuck)
    outcome = purge.run(now=NOW)
    assert (outcome.due, outcome.purged, outcome.failed) == (5, 4, 1)
    assert list(Application.objects.all()) == [stuck]
    assert deletions().count() == 4
    assert not Heartbeat.objects.filter(name="purge").exists()


def _forbid_deleting(application: Application) -> None:
    """Make the database itself refuse to delete one row."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute(
                "CREATE TRIGGER stuck BEFORE DELETE ON candidates_application "
                f"WHEN OLD.id = '{application.pk.hex}' BEGIN SELECT RAISE(ABORT, 'stuck'); END"
            )
        else:
            cursor.execute(
                "CREATE FUNCTION stuck() RETURNS trigger LANGUAGE plpgsql AS "
                "$$ BEGIN RAISE EXCEPTION 'stuck' USING ERRCODE = '23000'; END $$"
            )
            cursor.execute(
                "CREATE TRIGGER stuck BEFORE DELETE ON candidates_application FOR EACH ROW "
                f"WHEN (OLD.id = '{application.pk}') EXECUTE FUNCTION stuck()"
            )


def test_a_good_run_leaves_a_heartbeat() -> None:
    purge.run(now=NOW)
    assert Heartbeat.objects.filter(name="purge").exists()


def test_a_purge_with_nothing_due_costs_at_most_eight_queries(
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    for _ in range(3):
        an_application(status="rejected")
    with django_assert_max_num_queries(8):
        purge.run()


@pytest.mark.parametrize("early", ["request", "objection"])
def test_an_early_erasure_goes_at_once_and_has_a_day_from_its_request(early: str) -> None:
    application = a_due_application(decided_on=TODAY - timedelta(days=3))
    early_at = retention.end_of(TODAY) - timedelta(hours=1)
    Application.objects.update(delete_on=TODAY, early_at=early_at, early=early)
    assert purge.breaches(early_at + timedelta(hours=23)) == 0
    assert purge.breaches(early_at + timedelta(hours=25)) == 1
    assert purge.run(now=early_at + timedelta(minutes=5)).purged == 1
    assert (the_line().rule, the_line().record) == (early, ledger.keyed_hash(application.pk))


def test_an_early_erasure_is_never_made_later_by_a_shorter_setting(settings: LazySettings) -> None:
    a_due_application(decided_on=TODAY - timedelta(days=9), early_at=NOW, early="request")
    Application.objects.update(delete_on=TODAY)
    settings.ATS_RETENTION_MONTHS = 1
    purge.shorten_clocks()
    assert Application.objects.get().delete_on == TODAY


def test_a_hold_wins_over_an_early_erasure() -> None:
    application = a_due_application(decided_on=TODAY, early_at=NOW, early="request")
    Application.objects.update(delete_on=TODAY)
    hold = a_hold(application, until=NOW + timedelta(days=5))
    assert purge.run(now=NOW).held == 1
    assert purge.run(now=hold.until).purged == 1
    assert the_line().rule == "request"


def test_the_tombstones_of_an_early_erasure_are_late_a_day_after_its_request(
    settings: LazySettings,
) -> None:
    a_due_application(decided_on=TODAY, early_at=NOW, early="request")
    Application.objects.update(delete_on=TODAY)
    settings.STORAGES = settings.STORAGES | {"attachments": NO_STORAGE}
    purge.run(now=NOW)
    assert Tombstone.objects.get().breach_at == NOW + timedelta(hours=24)


def test_who_wished_for_a_certificate_is_kept_as_one_address_until_the_day_is_over() -> None:
    a_due_application(wants_certificate=True, email="wants@post.example")
    a_due_application()
    purge.run(now=NOW)
    mail = CertificateMail.objects.get()
    assert (mail.to, mail.line.rule) == ("wants@post.example", "retention")
    assert purge.breaches(mail.keep_until) == 1
    purge.run(now=mail.keep_until - timedelta(hours=1))
    assert not CertificateMail.objects.exists()


# Runs -------------------------------------------------------------------------------------


def test_each_run_leaves_a_row_with_its_numbers_also_one_with_nothing_to_do() -> None:
    purge.run(now=NOW)
    a_due_application()
    outcome = purge.run(now=NOW + timedelta(hours=1))
    purge.run(now=NOW + timedelta(hours=2), dry_run=True)
    busy, idle = Run.objects.of(Run.Job.PURGE)
    assert (busy.state, busy.numbers, busy.reasons) == ("good", outcome.as_dict(), [])
    assert (idle.state, idle.numbers["due"], idle.started_at) == ("good", 0, NOW)
    assert idle.ended_at
    assert NOW <= idle.ended_at < NOW + timedelta(minutes=1)


def test_a_run_that_dies_leaves_a_row_that_says_it_is_running() -> None:
    a_due_application()

    def die(execute: Any, sql: str, *args: Any) -> Any:
        if sql.startswith('INSERT INTO "candidates_ledgerline"'):
            raise KeyboardInterrupt
        return execute(sql, *args)

    with pytest.raises(KeyboardInterrupt), connection.execute_wrapper(die):
        purge.run(now=NOW)
    assert Run.objects.get().state == "running"
    assert runs.last_good(Run.Job.PURGE) is None


def test_rows_of_runs_go_after_400_days_but_not_the_last_good_one() -> None:
    for days in (500, 450, 399, 1):
        Run.objects.create(job="purge", state="good", started_at=NOW - timedelta(days=days))
    Run.objects.create(job="sweep", state="good", started_at=NOW - timedelta(days=500))
    assert runs.forget_old(NOW) == 2
    ages = {(run.job, (NOW - run.started_at).days) for run in Run.objects.all()}
    assert ages == {("purge", 399), ("purge", 1), ("sweep", 500)}


# The command ------------------------------------------------------------------------------


def run_command(*arguments: str) -> Any:
    out = StringIO()
    call_command("purge", *arguments, "--json", stdout=out)
    return json.loads(out.getvalue())


def test_the_command_prints_one_object() -> None:
    a_due_application(decided_on=retention.local_date(purge.database_now()) - timedelta(days=120))
    assert run_command() == {
        "due": 0,
        "purged": 0,
        "objects_deleted": 0,
        "failed": 0,
        "held": 0,
        "breaches": 0,
        "unforeseen": 0,
        "stopped": [],
    }


def test_the_command_ends_with_one_while_something_is_in_breach() -> None:
    a_due_application(decided_on=date(2020, 1, 1))
    with pytest.raises(SystemExit) as end:
        call_command("purge", "--dry-run", "--json", stdout=StringIO())
    assert end.value.code == 1


def test_a_day_to_come_needs_a_dry_run_or_debug(settings: LazySettings) -> None:
    settings.DEBUG = False
    a_due_application(decided_on=retention.local_date(purge.database_now()))
    day = (purge.database_now() + timedelta(days=200)).date().isoformat()
    with pytest.raises(CommandError, match="--dry-run"):
        call_command("purge", "--today", day)
    with pytest.raises(SystemExit):
        call_command("purge", "--today", day, "--dry-run", stdout=StringIO())
    settings.DEBUG = True
    assert run_command("--today", day)["purged"] == 1


@pytest.mark.parametrize("text", ["tomorrow", "2026-13-01", "17.09.2026", ""])
def test_a_day_that_is_none_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(CommandError, match="YYYY-MM-DD"):
        call_command("purge", "--today", text)


def test_the_databases_time_is_now() -> None:
    assert abs(purge.database_now() - datetime.now(UTC)) < timedelta(seconds=5)


def test_the_reason_and_user_of_a_purged_record_leave_no_row() -> None:
    application = a_due_application()
    by = a_user("recruiter")
    application.events.create(kind=Event.Kind.REJECTED, at=NOW, by=by, reason="Confidential")
    purge.run(now=NOW)
    assert not Event.objects.exists()
    assert not Mail.objects.exists()
    by.refresh_from_db()


def test_objects_that_cannot_be_erased_make_the_run_a_failed_one(settings: LazySettings) -> None:
    a_due_application()
    settings.STORAGES = settings.STORAGES | {"attachments": NO_STORAGE}
    outcome = purge.run(now=NOW)
    assert (outcome.purged, outcome.objects_deleted, outcome.failed) == (1, 0, 1)
    assert not Heartbeat.objects.filter(name="purge").exists()
    assert Tombstone.objects.get().attempts == 1
    run = Run.objects.get()
    assert (run.state, run.reasons) == ("failed", ["objects"])


def test_clocks_are_shortened_by_the_day_and_not_one_by_one(
    settings: LazySettings, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(5):
        employee = an_employee()
        employee.start_clock(on=TODAY)
        employee.save()
    settings.ATS_RETENTION_MONTHS = 3
    with django_assert_num_queries(3):
        purge.shorten_clocks()


@pytest.mark.django_db(transaction=True)
def test_what_a_broken_commit_takes_back_storage_does_not_call_erased(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nothing more is done on a connection whose transaction nobody ends any more."""
    application = an_application(status="rejected", decided_on=HALF_A_YEAR_AGO)
    commit, broken = BaseDatabaseWrapper.commit, list[str]()

    def break_off(wrapper: BaseDatabaseWrapper) -> None:
        if not broken and LedgerLine.objects.exists():
            broken.append("here")
            raise RuntimeError
        commit(wrapper)

    monkeypatch.setattr(BaseDatabaseWrapper, "commit", break_off)
    with suppress(RuntimeError):  # SQLite lets it out
        purge.run(now=NOW)
    connection.close()  # as the end of the process
    assert broken
    assert ledger.behind() is None
    purge.run(now=NOW)
    assert not Application.objects.filter(pk=application.pk).exists()
    assert LedgerLine.objects.exclude(kind=LedgerLine.Kind.PROOF).count() == 1
    assert ledger.behind() is None
