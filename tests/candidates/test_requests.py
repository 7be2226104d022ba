from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import override

from candidates import (
    access,
    copies,
    hiring,
    holds,
    pipeline,
    purge,
    reads,
    requests,
    tasks,
    why,
)
from candidates.models import AccessCopy, Application, Employee, Event, Hold, Request, User
from candidates.models.holds import UNTIL_ANSWERED
from candidates.pipeline import ChangeNotAllowed, Person
from candidates.policy import checks_data
from candidates.status import Status
from tests.world import (
    NOW,
    TODAY,
    a_job,
    a_user,
    an_application,
    an_attachment,
    log_in,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("attachment_store")]


@pytest.fixture(autouse=True)
def _in_english() -> Iterator[None]:
    with override("en"):
        yield


Kind = Request.Kind
DAY = timedelta(days=1)


def a_request(application: Application, kind: Kind, **fields: Any) -> Request:
    return requests.register(application, kind, **{"by": None, "now": NOW} | fields)


def kinds(application: Application) -> list[str]:
    return list(application.events.order_by("pk").values_list("kind", flat=True))


def answers(client: Client, pages: list[str]) -> list[int]:
    """Return how each page answers; what is streamed is read to its end."""
    responses = [client.get(page) for page in pages]
    for response in responses:
        b"".join(response)
    return [response.status_code for response in responses]


def fresh(application: Application) -> Application:
    return Application.objects.get(pk=application.pk)


@pytest.fixture
def officer() -> User:
    return a_user("privacy_officer", first_name="Miriam", last_name="Falk")


# Register ---------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", list(Kind))
def test_a_request_has_a_month_and_the_applicant_has_it_in_writing(
    kind: Kind, officer: User
) -> None:
    application = an_application(language="en")
    request = a_request(application, kind, text=" Please. ", by=officer)
    assert (request.state, request.text, request.registered_by) == ("open", "Please.", officer)
    assert (request.received_at, request.due_on) == (NOW, date(2026, 10, 17))
    event = application.events.get()
    assert (event.kind, event.by, event.detail, event.reason) == ("requested", officer, kind, "")
    mail = application.mails.get()
    assert (mail.purpose, mail.send_at) == ("requested", NOW)
    assert request.get_kind_display() in mail.body
    assert "17 October 2026" in mail.body


@pytest.mark.parametrize(
    ("asked", "due"),
    [
        (datetime(2026, 1, 31, 12, 0, tzinfo=NOW.tzinfo), date(2026, 2, 28)),
        (datetime(2028, 1, 31, 12, 0, tzinfo=NOW.tzinfo), date(2028, 2, 29)),
        (datetime(2026, 12, 31, 23, 30, tzinfo=NOW.tzinfo), date(2027, 1, 31)),
    ],
)
def test_the_month_is_one_of_the_calendar(asked: datetime, due: date) -> None:
    request = a_request(an_application(), Kind.CORRECTION, now=asked)
    assert request.due_on == due


def test_asked_twice_is_asked_once() -> None:
    application = an_application()
    first = a_request(application, Kind.ACCESS)
    assert a_request(application, Kind.ACCESS, now=NOW + 3 * DAY) == first
    assert (Request.objects.count(), Hold.objects.count()) == (1, 1)
    assert application.mails.count() == 1


def test_who_asks_again_after_the_answer_is_asked_anew(officer: User) -> None:
    application = an_application()
    first = a_request(application, Kind.ACCESS)
    requests.answer(first, answer="Your data", by=officer, now=NOW)
    assert a_request(application, Kind.ACCESS) != first


@pytest.mark.parametrize("role", ["recruiter", "hiring_manager", "personnel", "administrator"])
def test_only_the_officer_enters_and_decides_requests(role: str) -> None:
    by, application = a_user(role), an_application()
    pending, erasure = a_request(application, Kind.ACCESS), a_request(application, Kind.ERASURE)
    correction = a_request(application, Kind.CORRECTION)
    person = Person("Käthe", "Groß", application.email)
    before = list(Request.objects.values())
    calls: list[Any] = [
        lambda: a_request(application, Kind.OBJECTION, by=by),
        lambda: requests.answer(pending, answer="Yes", by=by, now=NOW),
        lambda: requests.refuse(pending, reason="No", by=by, now=NOW),
        lambda: requests.grant(erasure, by=by, now=NOW),
        lambda: requests.correct(correction, person=person, answer="Yes", by=by, now=NOW),
    ]
    for call in calls:
        with pytest.raises(ChangeNotAllowed):
            call()
    assert list(Request.objects.values()) == before


def test_what_has_been_erased_takes_no_request(officer: User) -> None:
    application = an_application(status="rejected", decided_on=date(2026, 3, 17))
    request = a_request(application, Kind.CORRECTION)
    purge.run(now=NOW)
    with pytest.raises(ChangeNotAllowed, match="erased"):
        a_request(application, Kind.ACCESS)
    with pytest.raises(ChangeNotAllowed, match="erased"):
        requests.answer(request, answer="Done", by=officer, now=NOW)


# Access -----------------------------------------------------------------------------------


def test_a_request_for_access_pauses_the_purge_until_its_answer(officer: User) -> None:
    application = an_application(status="rejected", decided_on=date(2026, 3, 17))
    request = a_request(application, Kind.ACCESS)
    hold = request.holds.get()
    assert (hold.kind, hold.until, hold.has_end) == ("access", UNTIL_ANSWERED, False)
    year_later = NOW + 365 * DAY
    assert purge.run(now=year_later).purged == 0
    answered = requests.answer(request, answer="Your data are …", by=officer, now=year_later)
    assert (answered.state, answered.decided_by, answered.decided_at) == (
        "answered",
        officer,
        year_later,
    )
    hold.refresh_from_db()
    assert hold.until == year_later
    assert kinds(application) == ["requested", "answered"]
    assert application.mails.filter(purpose="answered", body__contains="Your data are …").exists()
    assert purge.run(now=year_later).purged == 1


def test_a_refused_request_for_access_ends_its_hold_and_names_the_ways_to_complain(
    officer: User,
) -> None:
    application = an_application(language="en")
    request = a_request(application, Kind.ACCESS)
    requests.refuse(request, reason="Excessive: the tenth this month.", by=officer, now=NOW)
    assert not Hold.objects.in_force(NOW).exists()
    body = application.mails.get(purpose="answered").body
    assert "Excessive: the tenth this month." in body
    assert "supervisory authority" in body
    assert "court" in body
    assert application.events.get(kind="refused").detail == "access"


@pytest.mark.parametrize("text", ["", " \n "])
def test_an_answer_says_something(text: str, officer: User) -> None:
    request = a_request(an_application(), Kind.ACCESS)
    with pytest.raises(ChangeNotAllowed):
        requests.answer(request, answer=text, by=officer, now=NOW)
    with pytest.raises(ChangeNotAllowed):
        requests.refuse(request, reason=text, by=officer, now=NOW)
    assert Hold.objects.in_force(NOW).exists()


def test_a_request_is_answered_once(officer: User) -> None:
    request = a_request(an_application(), Kind.ACCESS)
    requests.answer(request, answer="Your data", by=officer, now=NOW)
    with pytest.raises(ChangeNotAllowed):
        requests.answer(request, answer="Again", by=officer, now=NOW)
    with pytest.raises(ChangeNotAllowed):
        requests.refuse(request, reason="No", by=officer, now=NOW)


# Correction -------------------------------------------------------------------------------


def test_a_correction_changes_what_was_wrong_and_keeps_no_old_value(officer: User) -> None:
    application = an_application(phone="0341 555", last_name="Grossmann")
    request = a_request(application, Kind.CORRECTION)
    person = Person(application.first_name, "Großmann", "neu@post.example", "0341 555")
    requests.correct(request, person=person, answer="Corrected.", by=officer, now=NOW)
    application.refresh_from_db()
    assert (application.last_name, application.email) == ("Großmann", "neu@post.example")
    assert application.events.get(kind="corrected").detail == "last_name,email"
    assert "Grossmann" not in str(list(Event.objects.values()))
    assert set(application.mails.values_list("to", flat=True)) == {"neu@post.example"}


def test_only_a_request_for_correction_corrects(officer: User) -> None:
    application = an_application()
    request = a_request(application, Kind.ACCESS)
    with pytest.raises(ChangeNotAllowed):
        requests.correct(
            request, person=Person("A", "B", "c@d.example"), answer="?", by=officer, now=NOW
        )
    assert fresh(application).last_name == "Großmann"


# Restriction ------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [Kind.RESTRICTION, Kind.OBJECTION])
def test_what_is_restricted_only_the_officer_sees(
    kind: Kind, officer: User, client: Client
) -> None:
    recruiter, job = a_user("recruiter"), a_job()
    manager = a_user("hiring_manager")
    job.hiring_team.add(manager, recruiter)
    application = an_application(job=job, email="mira@post.example")
    other, file = an_application(job=job, email="mira@post.example"), an_attachment(application)
    pages = [application.get_absolute_url(), reverse("hr:attachment", args=[file.pk])]
    assert answers(log_in(client, recruiter), pages) == [200, 200]
    a_request(application, kind)
    assert fresh(application).restricted_at == NOW
    for user in (recruiter, manager):
        assert list(access.applications(user)) == [other]
        assert sum(reads.stage_counts(user).values()) == 1
        assert not reads.others_of(other, user).exists()
        log_in(client, user)
        assert answers(client, pages) == [404, 404]
        for page in (f"/hr/jobs/{job.slug}/", "/hr/applications/", "/hr/applications/?q=mira"):
            html = client.get(page).content.decode()
            assert str(application.pk) not in html
            assert str(other.pk) in html
    assert set(access.applications(officer)) == {application, other}
    assert answers(log_in(client, officer), pages) == [200, 200]


@pytest.mark.parametrize("kind", [Kind.RESTRICTION, Kind.OBJECTION])
def test_what_is_restricted_takes_no_verb_but_withdraw(kind: Kind) -> None:
    application, by = an_application(), a_user("recruiter")
    assert application.job
    received, screening = application.job.stages.all()[:2]
    a_request(application, kind)
    before = fresh(application).stage
    calls: list[Any] = [
        lambda: pipeline.move(application, to=screening, seen=received, by=by, now=NOW),
        lambda: pipeline.assign(application, job=a_job(), by=by, now=NOW),
        lambda: pipeline.reject(application, by=by, reason="", now=NOW, mail_at=None),
        lambda: hire(application, by=by),
    ]
    for call in calls:
        with pytest.raises(ChangeNotAllowed, match="restricted"):
            call()
    assert (fresh(application).status, fresh(application).stage) == ("open", before)
    assert not Employee.objects.exists()
    assert pipeline.withdraw(application, by=None, now=NOW).status == Status.WITHDRAWN


def hire(application: Application, *, by: User, start: date = TODAY + 14 * DAY) -> Employee:
    return hiring.hire(
        application,
        by=by,
        start_date=start,
        job_title="Pflegefachkraft",
        personnel_number=hiring.next_personnel_number(),
        attachments=[],
        now=NOW,
    )


def test_what_is_restricted_is_neither_reopened_nor_is_its_hire_undone() -> None:
    recruiter = a_user("recruiter")
    rejected = an_application(status="rejected")
    a_request(rejected, Kind.RESTRICTION)
    with pytest.raises(ChangeNotAllowed):
        pipeline.reopen(rejected, by=recruiter, reason="?", now=NOW)
    hired = an_application()
    employee = hire(hired, by=recruiter)
    a_request(hired, Kind.OBJECTION)
    with pytest.raises(ChangeNotAllowed):
        hiring.undo(employee, by=a_user("personnel"), now=NOW)
    assert fresh(hired).status == Status.HIRED


def test_a_mail_that_waited_when_the_restriction_came_still_goes() -> None:
    application = an_application()
    later = NOW + pipeline.MAIL_DELAY
    pipeline.reject(application, by=a_user("recruiter"), reason="", now=NOW, mail_at=later)
    a_request(application, Kind.RESTRICTION)
    assert application.mails.filter(purpose="rejection").untried().exists()


@pytest.mark.parametrize("ends", ["answer", "refuse"])
def test_a_restriction_stands_until_it_is_lifted(ends: str, officer: User) -> None:
    application = an_application(status="rejected", decided_on=date(2026, 3, 17), language="en")
    request = a_request(application, Kind.RESTRICTION)
    assert request.holds.get().kind == "restriction"
    assert purge.run(now=NOW + 365 * DAY).purged == 0
    if ends == "answer":
        requests.answer(request, answer="It is right now.", by=officer, now=NOW)
    else:
        requests.refuse(request, reason="It was right.", by=officer, now=NOW)
    assert fresh(application).restricted_at is None
    assert "the restriction ends" in application.mails.get(purpose="answered").body
    assert list(Application.objects.due(NOW)) == [application]


def test_a_restriction_stays_while_another_request_restricts(officer: User) -> None:
    application = an_application(language="en")
    restriction, objection = (
        a_request(application, Kind.RESTRICTION),
        a_request(application, Kind.OBJECTION, now=NOW + DAY),
    )
    assert fresh(application).restricted_at == NOW
    requests.answer(restriction, answer="It is right now.", by=officer, now=NOW + 2 * DAY)
    assert fresh(application).restricted_at == NOW
    assert "restriction ends" not in application.mails.get(purpose="answered").body
    requests.refuse(objection, reason="Our grounds prevail.", by=officer, now=NOW + 3 * DAY)
    assert fresh(application).restricted_at is None


# Objection --------------------------------------------------------------------------------


def test_an_objection_holds_nothing_and_makes_nothing_later(officer: User) -> None:
    application = an_application(status="rejected", decided_on=date(2026, 4, 17))
    before = fresh(application).delete_on
    request = a_request(application, Kind.OBJECTION)
    assert (fresh(application).delete_on, request.holds.count()) == (before, 0)
    assert purge.run(now=NOW + 30 * DAY).purged == 1


@pytest.mark.parametrize("status", ["open", "rejected", "hired"])
def test_an_objection_that_is_upheld_erases_at_once(status: str, officer: User) -> None:
    application = an_application(status=status, decided_on=date(2026, 5, 17))
    request = a_request(application, Kind.OBJECTION)
    later = NOW + DAY
    requests.answer(request, answer="We erase everything.", by=officer, now=later)
    after = fresh(application)
    assert after.status == ("withdrawn" if status == "open" else status)
    assert (after.early, after.early_at) == ("objection", later)
    assert after.delete_on == TODAY + DAY
    assert after.restricted_at == NOW, "nobody goes on working with it"
    assert list(Application.objects.due(later)) == [application]
    assert kinds(application)[-2:] == ["early", "answered"]


def test_an_objection_does_not_touch_the_record_of_an_employee(officer: User) -> None:
    application = an_application()
    employee = hire(application, by=a_user("recruiter"))
    request = a_request(application, Kind.OBJECTION)
    requests.answer(request, answer="We erase the application.", by=officer, now=NOW)
    before = Employee.objects.values().get()
    purge.run(now=NOW)
    assert not Application.objects.exists()
    assert Employee.objects.values().get() == before | {"application_id": None}
    assert employee.pk == before["id"]


def test_an_objection_that_is_refused_leaves_all_as_it_was(officer: User) -> None:
    application = an_application()
    before = Application.objects.values().get()
    request = a_request(application, Kind.OBJECTION)
    requests.refuse(request, reason="Our grounds prevail.", by=officer, now=NOW)
    assert Application.objects.values().get() == before


# Erasure ----------------------------------------------------------------------------------


@pytest.mark.parametrize("role", ["recruiter", "personnel", "privacy_officer", "administrator"])
def test_an_erasure_takes_the_officer_and_a_second_person(role: str, officer: User) -> None:
    application = an_application(status="rejected", decided_on=date(2026, 5, 17), language="en")
    second = a_user(role)
    request = a_request(application, Kind.ERASURE)
    granted = requests.grant(request, by=officer, now=NOW)
    assert (granted.state, granted.decided_by, granted.decided_at) == ("granted", officer, NOW)
    assert fresh(application).early_at is None
    confirmed = requests.confirm(request, by=second, now=NOW + DAY)
    assert (confirmed.state, confirmed.decided_by, confirmed.confirmed_by) == (
        "answered",
        officer,
        second,
    )
    after = fresh(application)
    assert (after.status, after.early, after.early_at) == ("rejected", "request", NOW + DAY)
    assert (after.decided_on, after.delete_on) == (date(2026, 5, 17), TODAY + DAY)
    assert kinds(application) == ["requested", "granted", "early", "answered"]
    assert "within 24 hours" in application.mails.get(purpose="answered").body
    assert purge.run(now=NOW + DAY).purged == 1


def test_one_person_does_not_confirm_what_they_granted(officer: User) -> None:
    a_user("recruiter")
    request = a_request(an_application(status="rejected"), Kind.ERASURE)
    with pytest.raises(ChangeNotAllowed):
        requests.confirm(request, by=officer, now=NOW)
    requests.grant(request, by=officer, now=NOW)
    with pytest.raises(ChangeNotAllowed, match="second person"):
        requests.confirm(request, by=officer, now=NOW)
    with pytest.raises(ChangeNotAllowed):
        requests.grant(request, by=officer, now=NOW)
    assert fresh(request.application).early_at is None


@pytest.mark.parametrize(
    ("role", "fields"),
    [
        ("hiring_manager", {}),
        (None, {}),
        ("recruiter", {"is_active": False}),
        ("recruiter", {"email": "Kaethe@post.example"}),
    ],
)
def test_not_everybody_is_a_second_person(
    role: str | None, fields: dict[str, Any], officer: User
) -> None:
    application = an_application(status="rejected", email="kaethe@post.example")
    request = requests.grant(a_request(application, Kind.ERASURE), by=officer, now=NOW)
    with pytest.raises(ChangeNotAllowed):
        requests.confirm(request, by=a_user(role, **fields), now=NOW)
    assert not requests.needs_second_person(request)


def test_where_there_is_nobody_else_24_hours_stand_for_the_second_person(officer: User) -> None:
    application = an_application(status="rejected")
    request = requests.grant(a_request(application, Kind.ERASURE), by=officer, now=NOW)
    assert not requests.needs_second_person()
    assert requests.confirm_waited(NOW + DAY - timedelta(seconds=1)) == 0
    assert [requests.confirm_waited(NOW + DAY), requests.confirm_waited(NOW + DAY)] == [1, 0]
    request.refresh_from_db()
    assert (request.state, request.confirmed_by) == ("answered", None)
    assert fresh(application).early_at == NOW + DAY


def test_where_there_is_somebody_else_no_time_stands_for_them(officer: User) -> None:
    a_user("personnel")
    request = requests.grant(
        a_request(an_application(status="rejected"), Kind.ERASURE), by=officer, now=NOW
    )
    assert requests.needs_second_person()
    assert requests.needs_second_person(request)
    assert requests.confirm_waited(NOW + 30 * DAY) == 0


@pytest.mark.parametrize("granted", [False, True])
def test_an_erasure_is_refused_with_a_reason(granted: bool, officer: User) -> None:
    application = an_application(status="rejected", language="en")
    before = Application.objects.values().get()
    request = a_request(application, Kind.ERASURE)
    if granted:
        requests.grant(request, by=officer, now=NOW)
    requests.refuse(request, reason="A claim under § 15 AGG is open.", by=officer, now=NOW)
    assert Application.objects.values().get() == before
    body = application.mails.get(purpose="answered").body
    assert "A claim under § 15 AGG is open." in body
    assert "supervisory authority" in body
    assert requests.confirm_waited(NOW + 30 * DAY) == 0


def test_an_erasure_is_not_answered_by_one_person(officer: User) -> None:
    request = a_request(an_application(status="rejected"), Kind.ERASURE)
    with pytest.raises(ChangeNotAllowed):
        requests.answer(request, answer="Gone.", by=officer, now=NOW)
    with pytest.raises(ChangeNotAllowed):
        requests.grant(a_request(an_application(), Kind.ACCESS), by=officer, now=NOW)


def test_a_hold_wins_over_a_granted_erasure_and_the_applicant_is_told(officer: User) -> None:
    application = an_application(status="rejected", language="en")
    hold = holds.set_hold(
        application,
        kind=Hold.Kind.LEGAL_CLAIM,
        reason="A claim",
        until=TODAY + 30 * DAY,
        by=officer,
        now=NOW,
    )
    request = requests.grant(a_request(application, Kind.ERASURE), by=officer, now=NOW)
    requests.confirm(request, by=a_user("recruiter"), now=NOW)
    assert "may not erase your application yet" in application.mails.get(purpose="answered").body
    assert purge.run(now=hold.until - timedelta(seconds=1)).purged == 0
    assert purge.run(now=hold.until).purged == 1


def test_an_erasure_of_an_open_application_withdraws_it(officer: User) -> None:
    application = an_application()
    request = requests.grant(a_request(application, Kind.ERASURE), by=officer, now=NOW)
    requests.confirm(request, by=a_user("recruiter"), now=NOW)
    after = fresh(application)
    assert (after.status, after.delete_on, after.early) == ("withdrawn", TODAY, "request")
    assert kinds(application)[-3:] == ["withdrawn", "early", "answered"]


def test_who_withdraws_and_erases_is_due_at_once_and_needs_nobody() -> None:
    application = an_application()
    pipeline.withdraw(application, by=None, now=NOW, erase=True)
    after = fresh(application)
    assert (after.status, after.delete_on, after.early_at) == ("withdrawn", TODAY, NOW)
    assert kinds(application) == ["withdrawn", "early"]
    assert purge.run(now=NOW).purged == 1


def test_nobody_erases_at_once_in_the_name_of_an_applicant(officer: User) -> None:
    application = an_application()
    with pytest.raises(ChangeNotAllowed):
        pipeline.withdraw(application, by=officer, now=NOW, erase=True)
    assert fresh(application).is_open


def test_an_erasure_never_puts_off_what_is_due_already() -> None:
    application = an_application(status="rejected", decided_on=date(2026, 3, 10))
    pipeline.erase_now(application, now=NOW)
    after = fresh(application)
    assert (after.delete_on, after.early_at, after.early) == (date(2026, 9, 10), None, "")


def test_what_is_erased_early_keeps_its_first_moment(officer: User) -> None:
    application = an_application()
    pipeline.withdraw(application, by=None, now=NOW, erase=True)
    later = NOW + timedelta(hours=20)
    request = a_request(application, Kind.OBJECTION, now=later)
    requests.answer(request, answer="Yes", by=officer, now=later)
    after = fresh(application)
    assert (after.early, after.early_at, after.delete_on) == ("request", NOW, TODAY)


def test_an_open_application_has_no_clock_to_cut_short() -> None:
    with pytest.raises(ValueError, match="open"):
        pipeline.erase_now(an_application(), now=NOW)


def test_what_is_to_be_erased_early_is_not_reopened(officer: User) -> None:
    application = an_application(status="rejected", decided_on=date(2026, 5, 17))
    request = requests.grant(a_request(application, Kind.ERASURE), by=officer, now=NOW)
    requests.confirm(request, by=a_user("recruiter"), now=NOW)
    with pytest.raises(ChangeNotAllowed):
        pipeline.reopen(application, by=officer, reason="?", now=NOW)


def test_undoing_a_hire_does_not_bring_back_what_is_being_erased(officer: User) -> None:
    application = an_application()
    employee = hire(application, by=a_user("recruiter"), start=TODAY + 40 * DAY)
    request = requests.grant(a_request(application, Kind.ERASURE), by=officer, now=NOW)
    requests.confirm(request, by=a_user("recruiter"), now=NOW)
    assert hiring.undo(employee, by=a_user("personnel"), now=NOW) is None
    employee.refresh_from_db()
    assert (employee.decided_on, employee.delete_on) == (TODAY, date(2027, 3, 17))
    assert fresh(application).status == Status.HIRED
    purge.run(now=NOW)
    assert list(Employee.objects.values_list("pk", "delete_on")) == [
        (employee.pk, date(2027, 3, 17))
    ]


# The register -----------------------------------------------------------------------------


def test_the_register_knows_what_is_pending_and_what_is_late(officer: User) -> None:
    first = a_request(an_application(), Kind.ACCESS)
    a_request(an_application(), Kind.ACCESS, now=NOW + DAY)
    answered = a_request(an_application(), Kind.CORRECTION)
    requests.refuse(answered, reason="It was right.", by=officer, now=NOW)
    assert Request.objects.pending().count() == 2
    assert not Request.objects.late(first.due_on).exists()
    assert list(Request.objects.late(first.due_on + DAY)) == [first]


def test_requests_go_with_their_application(officer: User) -> None:
    application = an_application(status="rejected", decided_on=date(2026, 3, 17))
    request = a_request(application, Kind.RESTRICTION)
    requests.refuse(request, reason="It was right.", by=officer, now=NOW)
    purge.run(now=NOW)
    assert not Request.objects.exists()


# The full copy ------------------------------------------------------------------------------

DUE: dict[str, Any] = {"status": "rejected", "decided_on": date(2026, 3, 17)}


def released(request: Request, officer: User, **fields: Any) -> AccessCopy:
    seen = copies.digest(copies.compile(request.application, NOW))
    about: dict[str, Any] = {"strikes": copies.Strikes(), "seen": seen, "by": officer, "now": NOW}
    about |= fields
    return requests.release(request, **about)


def test_a_released_copy_is_told_by_mail_and_waits_for_a_fortnight(officer: User) -> None:
    application = an_application(language="en")
    request = a_request(application, Kind.ACCESS)
    copy = released(request, officer)
    request.refresh_from_db()
    assert (request.state, request.decided_by, request.decided_at) == ("released", officer, NOW)
    assert request.is_pending
    assert (copy.released_at, copy.last_day, copy.fetched_at) == (NOW, date(2026, 10, 1), None)
    assert copy.content["name"] == application.name
    assert kinds(application) == ["requested", "released"]
    mail = application.mails.get(purpose="copy")
    assert (mail.send_at, "1 October 2026" in mail.body) == (NOW, True)


def test_what_was_struck_is_not_in_what_is_kept(officer: User) -> None:
    application = an_application(language="en")
    request = a_request(application, Kind.ACCESS, text="What did Anna Roth write?")
    copy = released(request, officer, strikes=copies.Strikes(words=("Anna Roth",)))
    copy.refresh_from_db()
    assert "Roth" not in str(copy.content)
    assert "What did █████ write?" in str(copy.content)


def test_a_due_application_stays_until_its_copy_is_fetched_and_no_longer(officer: User) -> None:
    application = an_application(**DUE)
    request = a_request(application, Kind.ACCESS)
    released(request, officer)
    assert purge.run(now=NOW + DAY).purged == 0
    requests.fetched(request, now=NOW + DAY)
    request.refresh_from_db()
    assert (request.state, request.copy.fetched_at) == ("answered", NOW + DAY)
    assert request.holds.get().until == NOW + DAY
    assert kinds(application) == ["requested", "released", "answered"]
    assert not application.mails.filter(purpose="answered").exists(), "the copy is the answer"
    assert purge.run(now=NOW + DAY).purged == 1
    assert AccessCopy.objects.count() == 0


def test_fetched_again_is_answered_once(officer: User) -> None:
    application = an_application()
    request = a_request(application, Kind.ACCESS)
    released(request, officer)
    requests.fetched(request, now=NOW + DAY)
    requests.fetched(request, now=NOW + 2 * DAY)
    assert AccessCopy.objects.get().fetched_at == NOW + DAY
    assert kinds(application).count("answered") == 1


def test_a_copy_that_nobody_fetches_holds_for_a_fortnight(officer: User) -> None:
    application = an_application(**DUE)
    request = a_request(application, Kind.ACCESS)
    end = released(request, officer).fetch_until
    assert requests.close_unfetched(end - timedelta(seconds=1)) == 0
    assert purge.run(now=end - timedelta(seconds=1)).purged == 0
    assert requests.close_unfetched(end) == 1
    assert requests.close_unfetched(end) == 0
    request.refresh_from_db()
    assert (request.state, request.copy.fetched_at) == ("answered", None)
    assert purge.run(now=end).purged == 1


def test_a_copy_that_was_not_fetched_in_time_can_be_fetched_later(officer: User) -> None:
    application = an_application()
    request = a_request(application, Kind.ACCESS)
    end = released(request, officer).fetch_until
    requests.close_unfetched(end)
    requests.fetched(request, now=end + DAY)
    assert copies.standing(application).copy is not None
    assert AccessCopy.objects.get().fetched_at == end + DAY
    assert kinds(application).count("answered") == 1


def test_the_job_closes_what_nobody_fetched(officer: User) -> None:
    request = a_request(an_application(), Kind.ACCESS)
    released(request, officer)
    AccessCopy.objects.update(fetch_until=timezone.now())
    assert tasks.confirm_waited() == "confirmed 0, closed 1"


def test_a_copy_is_released_once(officer: User) -> None:
    request = a_request(an_application(), Kind.ACCESS)
    stale = Request.objects.get(pk=request.pk)
    released(request, officer)
    with pytest.raises(ChangeNotAllowed, match="is released"):
        released(stale, officer)
    assert AccessCopy.objects.count() == 1


def test_what_is_released_is_neither_answered_nor_refused(officer: User) -> None:
    request = a_request(an_application(), Kind.ACCESS)
    released(request, officer)
    with pytest.raises(ChangeNotAllowed, match="is released"):
        requests.answer(request, answer="By letter", by=officer, now=NOW)
    with pytest.raises(ChangeNotAllowed, match="is released"):
        requests.refuse(request, reason="No", by=officer, now=NOW)


def test_access_may_be_answered_by_letter_instead(officer: User) -> None:
    application = an_application()
    request = a_request(application, Kind.ACCESS)
    requests.answer(request, answer="It comes by letter.", by=officer, now=NOW)
    assert copies.standing(application) == copies.Standing(asked=request, copy=None)


def test_what_came_since_the_officer_looked_must_be_looked_at_first(officer: User) -> None:
    application = an_application()
    request = a_request(application, Kind.ACCESS)
    seen = copies.digest(copies.compile(application, NOW))
    application.events.create(kind=Event.Kind.MOVED, at=NOW, detail="Interview")
    with pytest.raises(ChangeNotAllowed, match="changed since"):
        released(request, officer, seen=seen)
    request.refresh_from_db()
    assert (request.state, AccessCopy.objects.count()) == ("open", 0)


def test_a_copy_does_not_tell_of_a_rejection_before_its_mail(officer: User) -> None:
    application = an_application()
    request = a_request(application, Kind.ACCESS)
    by = a_user("recruiter")
    pipeline.reject(application, by=by, reason="No", now=NOW, mail_at=NOW + DAY)
    with pytest.raises(ChangeNotAllowed, match="has not gone"):
        released(request, officer)


def test_only_access_has_a_copy_and_only_the_officer_releases_it(officer: User) -> None:
    application = an_application()
    correction = a_request(application, Kind.CORRECTION)
    with pytest.raises(ChangeNotAllowed, match="asks for no copy"):
        released(correction, officer)
    access_request = a_request(application, Kind.ACCESS)
    with pytest.raises(ChangeNotAllowed, match="Only the privacy officer"):
        released(access_request, a_user("recruiter"))


def test_what_is_erased_has_no_copy_any_more(officer: User) -> None:
    application = an_application(**DUE)
    request = a_request(application, Kind.ACCESS)
    Hold.objects.all().delete()
    seen = copies.digest(copies.compile(application, NOW))
    purge.run(now=NOW)
    with pytest.raises(ChangeNotAllowed, match="erased"):
        released(request, officer, seen=seen)
    with pytest.raises(ChangeNotAllowed, match="erased"):
        requests.fetched(request, now=NOW)


def test_a_withdrawal_takes_no_copy_away(officer: User) -> None:
    application = an_application()
    request = a_request(application, Kind.ACCESS)
    pipeline.withdraw(application, by=None, now=NOW, erase=True)
    released(request, officer)
    assert purge.run(now=NOW + DAY).purged == 0, "the person asked for it, so they can fetch it"


def test_a_released_copy_is_neither_late_nor_without_its_hold(officer: User) -> None:
    request = a_request(an_application(), Kind.ACCESS)
    released(request, officer)
    later = NOW + 60 * DAY
    assert checks_data.no_request_is_late(later) == ""
    assert checks_data.each_request_that_pauses_has_its_hold(later) == ""
    assert checks_data.holds_have_reason_and_end(later) == ""


def test_why_says_that_the_copy_waits(officer: User) -> None:
    application = an_application(**DUE)
    request = a_request(application, Kind.ACCESS)
    released(request, officer)
    application = Application.objects.get()
    applicant = why.why_for_applicant(application, NOW)
    assert "Your copy is ready" in applicant
    assert "at most until 1 October 2026" in applicant
    assert "until the applicant has fetched that" in why.why(application, NOW)
