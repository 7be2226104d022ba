import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.utils.translation import override

from candidates import holds, pipeline, purge, requests
from candidates.models import Application, Event, Hold, Request, User
from candidates.pipeline import ChangeNotAllowed
from tests.conftest import MailSink
from tests.world import (
    NOW,
    TODAY,
    a_job,
    a_user,
    an_application,
    an_attachment,
    log_in,
    store,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("attachment_store")]


@pytest.fixture(autouse=True)
def _in_english() -> Iterator[None]:
    with override("en"):
        yield


#: Rejected on this day, due on `TODAY`.
HALF_A_YEAR_AGO = date(2026, 3, 17)
DAY = timedelta(days=1)


def a_hold(application: Application, **fields: Any) -> Hold:
    defaults: dict[str, Any] = {
        "kind": Hold.Kind.LEGAL_CLAIM,
        "reason": "Klage nach § 15 AGG",
        "until": date(2026, 12, 1),
        "by": fields.pop("by", None) or a_user("privacy_officer"),
        "now": NOW,
    }
    return holds.set_hold(application, **defaults | fields)


def a_due_one(**fields: Any) -> Application:
    return an_application(status="rejected", decided_on=HALF_A_YEAR_AGO, **fields)


# Set --------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", ["open", "rejected", "withdrawn", "hired"])
def test_a_hold_has_a_kind_a_reason_a_person_and_an_end(status: str) -> None:
    application, officer = an_application(status=status), a_user("privacy_officer")
    hold = a_hold(application, by=officer)
    assert Hold.objects.values("kind", "reason", "set_by", "set_at", "request").get() == {
        "kind": "claim",
        "reason": "Klage nach § 15 AGG",
        "set_by": officer.pk,
        "set_at": NOW,
        "request": None,
    }
    assert (hold.last_day, hold.has_end) == (date(2026, 12, 1), True)
    event = application.events.get()
    assert (event.kind, event.by, event.at) == ("held", officer, NOW)
    assert (event.detail, event.reason) == ("claim 2026-12-01", "Klage nach § 15 AGG")


def test_a_hold_ends_with_its_last_day_in_berlin() -> None:
    assert a_hold(an_application()).until == datetime(2026, 12, 1, 23, 0, tzinfo=UTC)


@pytest.mark.parametrize("last_day", [TODAY + DAY, date(2027, 3, 17)])
def test_a_hold_lasts_from_one_day_to_six_months(last_day: date) -> None:
    assert a_hold(an_application(), until=last_day).last_day == last_day


@pytest.mark.parametrize(
    "wrong",
    [
        {"until": TODAY},
        {"until": TODAY - DAY},
        {"until": date(2027, 3, 18)},
        {"reason": "  \n"},
        {"kind": Hold.Kind.ACCESS_REQUEST},
        {"kind": Hold.Kind.RESTRICTION},
    ],
)
def test_a_hold_that_the_rules_forbid_is_not_set(wrong: dict[str, Any]) -> None:
    with pytest.raises(ChangeNotAllowed):
        a_hold(an_application(), **wrong)
    assert not Hold.objects.exists()
    assert not Event.objects.exists()


@pytest.mark.parametrize(
    "role", ["recruiter", "hiring_manager", "personnel", "administrator", None]
)
def test_only_the_privacy_officer_holds(role: str | None) -> None:
    by = a_user(role)
    hold = a_hold(an_application())
    calls: list[Any] = [
        lambda: a_hold(an_application(), by=by),
        lambda: holds.renew(hold, until=date(2026, 12, 2), reason="?", by=by, now=NOW),
        lambda: holds.lift(hold, reason="?", by=by, now=NOW),
    ]
    before = list(Hold.objects.values())
    for call in calls:
        with pytest.raises(ChangeNotAllowed):
            call()
    assert list(Hold.objects.values()) == before


def test_no_officer_holds_the_own_application() -> None:
    officer = a_user("privacy_officer", email="mira@musterwerk.example")
    with pytest.raises(ChangeNotAllowed):
        a_hold(an_application(email="Mira@Musterwerk.example"), by=officer)


def test_what_has_been_erased_cannot_be_held() -> None:
    application = a_due_one()
    purge.run(now=NOW)
    with pytest.raises(ChangeNotAllowed, match="erased"):
        a_hold(application)


# Renew and lift ---------------------------------------------------------------------------


def test_a_renewal_gives_six_months_from_its_own_day() -> None:
    hold, officer = a_hold(an_application()), a_user("privacy_officer")
    Hold.objects.update(reminded_at=NOW)
    later = NOW + 70 * DAY  # 26 November
    with pytest.raises(ChangeNotAllowed):
        holds.renew(hold, until=date(2027, 5, 27), reason="Not yet decided", by=officer, now=later)
    renewed = holds.renew(
        hold, until=date(2027, 5, 26), reason="Not yet decided", by=officer, now=later
    )
    assert (renewed.pk, renewed.last_day) == (hold.pk, date(2027, 5, 26))
    assert (renewed.reason, renewed.reminded_at) == ("Not yet decided", None)
    event = hold.application.events.get(kind="hold-renewed")
    assert (event.by, event.detail, event.reason) == (
        officer,
        "claim 2027-05-26",
        "Not yet decided",
    )


@pytest.mark.parametrize("until", [date(2026, 12, 1), date(2026, 11, 30)])
def test_a_renewal_is_for_later(until: date) -> None:
    hold = a_hold(an_application())
    with pytest.raises(ChangeNotAllowed):
        holds.renew(hold, until=until, reason="?", by=a_user("privacy_officer"), now=NOW)


def test_what_has_ended_is_neither_renewed_nor_lifted() -> None:
    hold, officer = a_hold(an_application()), a_user("privacy_officer")
    after = hold.until
    with pytest.raises(ChangeNotAllowed):
        holds.renew(hold, until=date(2027, 1, 5), reason="?", by=officer, now=after)
    with pytest.raises(ChangeNotAllowed):
        holds.lift(hold, reason="?", by=officer, now=after)


def test_a_lifted_hold_ends_at_once_and_the_history_says_why() -> None:
    application = a_due_one()
    hold, officer = a_hold(application), a_user("privacy_officer")
    assert not Application.objects.due(NOW).exists()
    holds.lift(hold, reason="Settled out of court", by=officer, now=NOW)
    assert list(Application.objects.due(NOW)) == [application]
    event = application.events.get(kind="hold-ended")
    assert (event.by, event.detail, event.reason) == (officer, "claim", "Settled out of court")


@pytest.mark.parametrize("kind", [Request.Kind.ACCESS, Request.Kind.RESTRICTION])
def test_the_hold_of_a_request_ends_with_its_answer_and_not_before(kind: Request.Kind) -> None:
    officer = a_user("privacy_officer")
    request = requests.register(a_due_one(), kind, by=None, now=NOW)
    hold = request.holds.get()
    with pytest.raises(ChangeNotAllowed):
        holds.lift(hold, reason="?", by=officer, now=NOW)
    with pytest.raises(ChangeNotAllowed):
        holds.renew(hold, until=date(2026, 12, 1), reason="?", by=officer, now=NOW)
    assert not Application.objects.due(NOW + 3650 * DAY).exists()


# The purge --------------------------------------------------------------------------------


def test_a_hold_keeps_what_is_due_and_the_next_purge_after_its_end_takes_it() -> None:
    application = a_due_one()
    file = an_attachment(application)
    hold = a_hold(application)
    kept = purge.run(now=hold.until - timedelta(microseconds=1))
    assert (kept.due, kept.purged, kept.held, kept.breaches) == (0, 0, 1, 0)
    assert store().exists(file.key)
    gone = purge.run(now=hold.until)
    assert (gone.purged, gone.held, gone.breaches) == (1, 0, 0)
    assert not store().exists(file.key)
    assert not Hold.objects.exists()


def test_a_hold_that_was_set_while_it_was_open_keeps_it_after_its_rejection() -> None:
    application = an_application()
    hold = a_hold(application, until=date(2027, 3, 17))
    pipeline.reject(application, by=a_user("recruiter"), reason="", now=NOW, mail_at=None)
    assert not Application.objects.due(hold.until - timedelta(seconds=1)).exists()
    assert Application.objects.due(hold.until).exists()


def test_of_two_holds_the_later_end_counts() -> None:
    application = a_due_one()
    first = a_hold(application)
    second = a_hold(application, kind=Hold.Kind.OTHER, until=date(2027, 1, 5))
    assert not Application.objects.due(first.until).exists()
    assert Application.objects.due(second.until).exists()


def test_a_hold_changes_no_date() -> None:
    application = a_due_one()
    before = Application.objects.values().get()
    hold, officer = a_hold(application), a_user("privacy_officer")
    holds.renew(hold, until=date(2027, 1, 5), reason="?", by=officer, now=NOW)
    holds.lift(hold, reason="?", by=officer, now=NOW)
    assert Application.objects.values().get() == before


# What the jobs do -------------------------------------------------------------------------


def test_the_officer_is_reminded_once_of_a_hold_that_ends_within_a_week(
    mail_sink: MailSink,
) -> None:
    officer = a_user("privacy_officer", email="dsb@musterwerk.example")
    application = a_due_one()
    hold = a_hold(application, by=officer)
    week = hold.until - 7 * DAY
    assert holds.remind(week - timedelta(seconds=1)) == 0
    assert [holds.remind(week), holds.remind(week + DAY)] == [1, 0]
    (message,) = mail_sink.messages
    assert message["To"] == "dsb@musterwerk.example"
    text = message.get_content()
    assert f"/hr/applications/{application.pk}/" in text
    assert "Großmann" not in text + str(message["Subject"])


def test_a_renewed_hold_reminds_again(mail_sink: MailSink) -> None:
    officer = a_user("privacy_officer")
    hold = a_hold(an_application(), by=officer)
    assert holds.remind(hold.until - DAY) == 1
    renewed = holds.renew(
        hold, until=date(2027, 1, 5), reason="?", by=officer, now=hold.until - DAY
    )
    assert holds.remind(renewed.until - DAY) == 1


def test_a_hold_that_only_an_answer_ends_reminds_of_nothing(mail_sink: MailSink) -> None:
    requests.register(an_application(), Request.Kind.ACCESS, by=None, now=NOW)
    assert holds.remind(NOW + 3650 * DAY) == 0


def test_a_mail_server_that_takes_nothing_is_tried_again(mail_sink: MailSink) -> None:
    a_hold(an_application(), until=TODAY + DAY)
    mail_sink.refusal = "451 Try again later"
    assert holds.remind(NOW) == 0
    mail_sink.refusal = None
    assert holds.remind(NOW) == 1


def test_an_ended_hold_that_no_purge_has_noticed_is_counted_after_two_hours() -> None:
    hold = a_hold(a_due_one())
    assert holds.ended_unnoticed(hold.until - DAY) == 0
    assert holds.ended_unnoticed(hold.until + timedelta(minutes=119)) == 0
    assert holds.ended_unnoticed(hold.until + timedelta(minutes=120)) == 1
    purge.run(now=hold.until + timedelta(minutes=121))
    assert holds.ended_unnoticed(hold.until + timedelta(minutes=122)) == 0


def test_what_was_never_held_or_is_held_still_is_not_counted_as_unnoticed() -> None:
    a_due_one()
    twice = a_due_one()
    first = a_hold(twice)
    a_hold(twice, until=date(2027, 1, 5))
    assert holds.ended_unnoticed(first.until + DAY) == 0


def test_a_hold_that_ended_long_ago_is_noticed_with_the_day_of_deletion() -> None:
    application = an_application(status="rejected", decided_on=TODAY)
    a_hold(application)
    midnight = datetime(2027, 3, 16, 23, 0, tzinfo=UTC)
    assert holds.ended_unnoticed(midnight + timedelta(minutes=119)) == 0
    assert holds.ended_unnoticed(midnight + timedelta(minutes=121)) == 1


# Pages ------------------------------------------------------------------------------------


@pytest.mark.parametrize("address", ["/hr/applications/", "/hr/applications/{pk}/"])
def test_pages_show_a_hold_without_an_end_in_words(client: Client, address: str) -> None:
    officer = a_user("privacy_officer")
    request = requests.register(a_due_one(), Request.Kind.ACCESS, by=None, now=NOW)
    page = log_in(client, officer).get(
        address.format(pk=request.application_id), headers={"accept-language": "en"}
    )
    html = page.content.decode()
    assert "eld until the request is answered" in html
    assert not re.search(r"999[89]\b", html)


# Nothing else touches the clock -----------------------------------------------------------


@pytest.mark.parametrize("held", [False, True])
def test_no_mail_event_file_or_other_application_touches_the_clock(held: bool) -> None:
    application = an_application(status="rejected", decided_on=date(2026, 5, 5))
    if held:
        a_hold(application)
    before = Application.objects.filter(pk=application.pk).values().get()
    _everything_else(application, by=a_user("recruiter"))
    assert Application.objects.filter(pk=application.pk).values().get() == before


def _everything_else(application: Application, *, by: User) -> None:
    """Do what people and jobs do around a closed application."""
    from candidates import mail, quarantine
    from candidates.models import Mail

    job = a_job()
    an_attachment(application)
    application.events.create(kind=Event.Kind.MOVED, by=by, at=NOW, reason="A note")
    mail.queue(application, Mail.Purpose.RECEIPT, now=NOW, send_at=NOW)
    mail.send_due(NOW)
    other = an_application(job=application.job, email=application.email)
    pipeline.assign(other, job=job, by=by, now=NOW)
    pipeline.reject(other, by=by, reason="", now=NOW, mail_at=NOW)
    pipeline.reopen(other, by=by, reason="", now=NOW)
    request = requests.register(application, Request.Kind.ACCESS, by=None, now=NOW)
    officer = a_user("privacy_officer")
    requests.answer(request, answer="Your data", by=officer, now=NOW)
    calls: list[Any] = [
        lambda: pipeline.assign(application, job=job, by=by, now=NOW),
        lambda: pipeline.reject(application, by=by, reason="", now=NOW, mail_at=None),
        lambda: pipeline.withdraw(application, by=by, now=NOW),
    ]
    for call in calls:
        with pytest.raises(ChangeNotAllowed):
            call()
    quarantine.run(NOW)
    call_command("schedule")
    purge.run(now=NOW)
