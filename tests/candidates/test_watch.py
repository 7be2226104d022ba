"""The watch: what is wrong is found, told once a day, and names nobody."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier
from typing import TYPE_CHECKING

import pytest
from django.core import mail as outbox
from django.db import connection
from django.utils import translation

from candidates import ledger, tasks, watch
from candidates.models import (
    Application,
    CertificateMail,
    Heartbeat,
    Hold,
    LedgerLine,
    Request,
    Run,
)
from candidates.watch.conditions import DAILY, SENTENCES
from storage import erasure
from storage.models import new_key
from tests.conftest import MailSink
from tests.world import (
    NOW,
    TODAY,
    a_user,
    an_application,
    an_attachment,
    an_employee,
    store,
)

if TYPE_CHECKING:
    from pytest_django import DjangoAssertNumQueries

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("attachment_store")]

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture(autouse=True)
def _jobs_live() -> None:
    for name in (*watch.SILENCE, *DAILY):
        Heartbeat.objects.beat(name, NOW)


def found(now: datetime = NOW) -> dict[str, int]:
    return {condition.code: condition.count for condition in watch.conditions(now)}


def closed(*, days_ago: int = 0, **fields: object) -> Application:
    """Make an application whose deletion day was so many days ago."""
    application = an_application(status="rejected")
    Application.objects.filter(pk=application.pk).update(
        decided_on=TODAY - timedelta(days=200),
        delete_on=TODAY - timedelta(days=days_ago),
        **fields,
    )
    application.refresh_from_db()
    return application


def a_line(**fields: object) -> LedgerLine:
    made = LedgerLine.objects.create(
        **{
            "day": TODAY,
            "kind": "application",
            "record": "0" * 64,
            "rows": 1,
            "objects_count": 0,
            "rule": "retention",
            "policy_version": "1",
        }
        | fields
    )
    LedgerLine.objects.filter(pk=made.pk).update(written_at=NOW)
    return made


def a_run(job: Run.Job, state: Run.State, at: datetime = NOW, **numbers: int) -> Run:
    return Run.objects.create(job=job, state=state, started_at=at, ended_at=at, numbers=numbers)


def a_hold(application: Application, until: datetime) -> Hold:
    set_at = until - 30 * DAY
    return application.holds.create(kind="other", reason="A claim.", set_at=set_at, until=until)


def test_nothing_is_wrong_with_what_is_as_it_should_be() -> None:
    an_application()
    an_attachment(an_employee())
    an_attachment(None, staged_by="a" * 64)
    closed()  # the whole day is room for retries
    a_hold(closed(days_ago=30), NOW + HOUR)
    a_hold(closed(days_ago=30), NOW - HOUR)  # the purge is hourly
    erasure.lay_out([new_key()], now=NOW - 23 * HOUR, breach_at=NOW + HOUR)
    a_line()
    a_run(Run.Job.PURGE, Run.State.GOOD)
    a_run(Run.Job.SWEEP, Run.State.GOOD, missing=0)
    a_run(Run.Job.VERIFY, Run.State.GOOD, faults=0)
    assert found() == {}


# Each condition by itself ----------------------------------------------------------------------


def the_cluster_is_silent() -> None:
    Heartbeat.objects.beat("cluster", NOW - timedelta(minutes=5, seconds=1))


def the_purge_is_silent() -> None:
    Heartbeat.objects.beat("purge", NOW - timedelta(hours=25, seconds=1))


def the_purge_never_ran() -> None:
    Heartbeat.objects.filter(name="purge").delete()


def a_tombstone_is_old() -> None:
    erasure.lay_out([new_key()], now=NOW - 24 * HOUR, breach_at=NOW + HOUR)


def a_copy_waits_for_its_attachment_only_since_yesterday() -> None:
    """A copy's tombstone counts from the moment in which it can be worked."""
    then = NOW - 25 * HOUR
    erasure.lay_out([new_key()], now=then, breach_at=NOW + HOUR, not_before=NOW - 24 * HOUR)


def an_application_is_in_breach() -> None:
    closed(days_ago=1)


def an_object_is_in_breach() -> None:
    erasure.lay_out([new_key()], now=NOW - HOUR, breach_at=NOW)


def a_hold_has_ended_unnoticed() -> None:
    # Not in breach before 24 hours have passed.
    a_hold(closed(days_ago=30), NOW - 3 * HOUR)


def the_purge_has_stopped() -> None:
    a_run(Run.Job.PURGE, Run.State.STOPPED, due=31)


def a_proof_has_found_something() -> None:
    a_line(kind="proof", rule="absent", rows=3)
    a_line(kind="proof", rule="remains", rows=2)


def lines_wait_for_their_seals() -> None:
    a_line()
    a_line()
    LedgerLine.objects.update(written_at=NOW - timedelta(minutes=11))


def the_ledger_is_faulty() -> None:
    a_run(Run.Job.VERIFY, Run.State.FAILED, faults=4)


def lines_have_no_copy() -> None:
    a_line()
    a_line()
    ledger.seal(now=NOW)
    LedgerLine.objects.update(written_at=NOW - timedelta(minutes=61))


def the_comparison_is_silent() -> None:
    Heartbeat.objects.beat("sweep", NOW - timedelta(hours=50))


def the_ledger_was_never_checked() -> None:
    Heartbeat.objects.filter(name="verify").delete()


def a_request_is_late() -> None:
    an_application().requests.create(
        kind=Request.Kind.CORRECTION, received_at=NOW - 40 * DAY, due_on=TODAY - DAY
    )


def an_application_is_undecided() -> None:
    an_application(received_at=NOW - 190 * DAY)


def an_address_is_kept_too_long() -> None:
    CertificateMail.objects.create(
        line=a_line(), to="mira@posteo.example", language="de", keep_until=NOW, next_try_at=NOW
    )


def an_object_is_missing() -> None:
    a_run(Run.Job.SWEEP, Run.State.GOOD, NOW - 2 * DAY)
    a_run(Run.Job.SWEEP, Run.State.GOOD, NOW - DAY, missing=2)
    # The storage was down: that does not bring it back.
    a_run(Run.Job.SWEEP, Run.State.FAILED)


def an_upload_is_old() -> None:
    an_attachment(None, staged_by="a" * 64, staged_until=NOW - 3 * HOUR)


@pytest.mark.parametrize(
    ("goes_wrong", "expected"),
    [
        (the_cluster_is_silent, {"cluster-silent": 1}),
        (the_purge_is_silent, {"purge-silent": 1}),
        (the_purge_never_ran, {"purge-silent": 1}),
        (a_tombstone_is_old, {"tombstone-old": 1}),
        (a_copy_waits_for_its_attachment_only_since_yesterday, {"tombstone-old": 1}),
        (an_application_is_in_breach, {"breach": 1}),
        (an_object_is_in_breach, {"breach": 1}),
        (a_hold_has_ended_unnoticed, {"hold-ended": 1}),
        (the_purge_has_stopped, {"purge-stopped": 31}),
        (a_proof_has_found_something, {"proof-remains": 1}),
        (lines_wait_for_their_seals, {"unsealed": 2}),
        (the_ledger_is_faulty, {"ledger-faults": 4}),
        (lines_have_no_copy, {"uncopied": 2}),
        (the_comparison_is_silent, {"sweep-silent": 1}),
        (the_ledger_was_never_checked, {"verify-silent": 1}),
        (a_request_is_late, {"request-late": 1}),
        (an_application_is_undecided, {"undecided": 1}),
        (an_address_is_kept_too_long, {"certificate-late": 1, "breach": 1}),
        (an_object_is_missing, {"object-missing": 2}),
        (an_upload_is_old, {"upload-old": 1}),
    ],
)
def test_what_goes_wrong_is_found_by_itself(
    goes_wrong: Callable[[], None], expected: dict[str, int]
) -> None:
    goes_wrong()
    assert found() == expected


def test_a_database_behind_its_ledger_s_copy_is_found() -> None:
    a_line()
    ledger.seal(now=NOW)
    ledger.copy(now=NOW)
    assert found() == {}
    LedgerLine.objects.all().delete()
    assert found() == {"ledger-behind": 1}
    assert watch.conditions(NOW, ask_storage=False) == []


def test_what_was_mended_is_not_wrong_any_more() -> None:
    a_proof_has_found_something()
    a_line(kind="proof", rule="absent")
    the_ledger_is_faulty()
    a_run(Run.Job.VERIFY, Run.State.GOOD, NOW + HOUR, faults=0)
    the_purge_has_stopped()
    a_run(Run.Job.PURGE, Run.State.GOOD, NOW + HOUR)
    assert found() == {}


def test_an_application_that_is_due_at_once_has_its_time_like_others() -> None:
    a_hold(closed(early_at=NOW - HOUR, early="request"), NOW - 10 * DAY)
    assert found() == {}


def test_each_condition_has_a_sentence_for_one_and_for_several() -> None:
    for code in SENTENCES:
        one, two = (watch.Condition(code, count).sentence for count in (1, 2))
        assert "%" not in one + two
        assert one == two or ("1" in one and "2" in two) or code == "unsealed"
    assert list(SENTENCES)[: len(watch.GRAVE)] == list(watch.GRAVE)


def test_looking_takes_as_many_queries_with_many_rows_as_with_none(
    django_assert_max_num_queries: "DjangoAssertNumQueries",
) -> None:
    with django_assert_max_num_queries(18) as with_none:
        watch.conditions(NOW)
    for _ in range(3):
        for goes_wrong in (a_tombstone_is_old, an_application_is_in_breach, a_request_is_late):
            goes_wrong()
        an_application_is_undecided()
        an_upload_is_old()
        a_hold_has_ended_unnoticed()
    with django_assert_max_num_queries(len(with_none)):
        watch.conditions(NOW)


# The alarm -------------------------------------------------------------------------------------


def test_the_officers_are_told_once_a_day_as_long_as_something_is_wrong() -> None:
    officer, other = a_user("privacy_officer"), a_user("privacy_officer")
    a_user("recruiter")
    a_user("privacy_officer", is_active=False)
    an_application_is_in_breach()
    moments = [NOW + hours * HOUR for hours in (0, 1, 23, 24, 25, 49)]
    for now in moments:
        for name in watch.SILENCE:
            Heartbeat.objects.beat(name, now)
    told = []
    for now in moments:
        for name in watch.SILENCE:
            Heartbeat.objects.beat(name, now)
        told.append(watch.alarm(now))
    assert told == [True, False, False, True, False, True]
    assert [set(mail.to) for mail in outbox.outbox] == [{officer.email, other.email}] * 3


def test_nobody_is_told_when_all_is_well() -> None:
    assert not watch.alarm(NOW)
    assert not outbox.outbox
    an_application_is_in_breach()
    assert watch.alarm(NOW)


def test_the_operator_is_told_where_nobody_is_privacy_officer() -> None:
    an_application_is_in_breach()
    assert watch.alarm(NOW)
    assert outbox.outbox[0].to == ["jobs@musterwerk.example"]


def test_the_mail_has_sentences_and_links_and_nothing_of_a_person() -> None:
    application = closed(days_ago=1)
    a_request_is_late()
    watch.alarm(NOW)
    with translation.override("de"):
        sentences = [condition.sentence for condition in watch.conditions(NOW)]
    body = outbox.outbox[0].body
    assert all(sentence in body for sentence in sentences)
    assert "/hr/retention/\n" in body
    assert "/hr/requests/\n" in body
    for value in (application.first_name, application.last_name, application.email, "pflege"):
        assert value not in f"{outbox.outbox[0].subject} {body}"
    assert str(application.pk) not in body


def test_a_mail_server_that_takes_nothing_is_tried_again_in_the_next_hour(
    mail_sink: MailSink,
) -> None:
    an_application_is_in_breach()
    mail_sink.refusal = "451 Try again later"
    assert not watch.alarm(NOW)
    assert not watch.alarm(NOW + timedelta(minutes=1))
    mail_sink.refusal = None
    assert not watch.alarm(NOW + timedelta(minutes=2))
    assert watch.alarm(NOW + HOUR)
    assert not watch.alarm(NOW + 2 * HOUR)
    assert len(mail_sink.messages) == 1


def test_an_alarm_that_dies_while_it_is_sent_is_not_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    an_application_is_in_breach()

    class Killed(BaseException):
        pass

    def dies(*args: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr("django.core.mail.EmailMessage.send", dies)
        with pytest.raises(Killed):
            watch.alarm(NOW)
    assert not watch.alarm(NOW + timedelta(minutes=5))
    assert watch.alarm(NOW + HOUR)


@pytest.mark.django_db(transaction=True)
@pytest.mark.once("postgres")
def test_of_two_jobs_at_once_one_tells() -> None:
    for name in watch.SILENCE:
        Heartbeat.objects.beat(name, NOW)
    an_application_is_in_breach()
    for day in range(5):
        barrier = Barrier(3)

        def tell(now: datetime = NOW + day * DAY, barrier: Barrier = barrier) -> bool:
            try:
                connection.ensure_connection()
                barrier.wait(timeout=10)
                return watch.alarm(now)
            finally:
                connection.close()

        with ThreadPoolExecutor(3) as pool:
            assert sorted(pool.map(lambda _: tell(), range(3))) == [False, False, True]


# The jobs ----------------------------------------------------------------------------------------


def test_the_hourly_job_tells_of_everything() -> None:
    an_application_is_in_breach()
    assert tasks.watch_over() == "alarm 1, holds 0, large days 0"
    assert tasks.watch_over() == "alarm 0, holds 0, large days 0"


def test_the_daily_comparison_buries_and_remembers(monkeypatch: pytest.MonkeyPatch) -> None:
    attachment = an_attachment(an_application())
    store().erase(attachment.key)
    text = tasks.compare_storage()
    assert text.startswith("strays 0")
    run = Run.objects.get(job=Run.Job.SWEEP)
    assert (run.state, run.numbers["missing"]) == (Run.State.GOOD, 1)
    assert Heartbeat.objects.filter(name="sweep").exists()
    assert "object-missing" in {each.code for each in watch.conditions(NOW)}
