from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from django.utils.translation import override

from candidates import hiring, holds, pipeline, requests
from candidates.models import Application, Hold, Request, User
from candidates.why import APPLICANT, STAFF, why, why_for_applicant
from tests.world import NOW, TODAY, a_user, an_application

pytestmark = [pytest.mark.django_db, pytest.mark.once("sqlite")]

DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _in_english() -> Iterator[None]:
    with override("en"):
        yield


@pytest.fixture
def officer() -> User:
    return a_user("privacy_officer", first_name="Miriam", last_name="Falk")


def closed(status: str = "rejected", decided_on: date = date(2026, 3, 17)) -> Application:
    return an_application(status=status, decided_on=decided_on)


def a_hold(application: Application, officer: User, **fields: Any) -> Hold:
    defaults: dict[str, Any] = {
        "kind": Hold.Kind.LEGAL_CLAIM,
        "reason": "Klage angekündigt.",
        "until": date(2026, 12, 1),
    }
    return holds.set_hold(application, **defaults | fields, by=officer, now=NOW)


def test_an_open_application_has_no_date_yet() -> None:
    application = an_application()
    assert why(application, NOW) == (
        "No date yet: the application is open. A decision starts the clock."
    )
    assert why_for_applicant(application, NOW) == (
        "No date yet: we have not decided. Our decision starts the clock."
    )


@pytest.mark.parametrize(
    ("status", "staff", "applicant"),
    [
        (
            "rejected",
            "Rejected on 17 March 2026, so erased on 17 September 2026, six months later.",
            "We turned you down on 17 March 2026, so we erase everything on 17 September 2026, "
            "six months later.",
        ),
        (
            "withdrawn",
            "Withdrawn on 17 March 2026, so erased on 17 September 2026, six months later.",
            "You withdrew on 17 March 2026, so we erase everything on 17 September 2026, "
            "six months later.",
        ),
        (
            "hired",
            "Hired on 17 March 2026, so the application is erased on 17 September 2026, "
            "six months later.",
            "We hired you on 17 March 2026, so we erase your application on 17 September 2026, "
            "six months later.",
        ),
    ],
)
def test_a_closed_one_goes_six_months_after_the_decision(
    status: str, staff: str, applicant: str
) -> None:
    application = closed(status)
    assert (why(application, NOW), why_for_applicant(application, NOW)) == (staff, applicant)


def test_the_end_of_a_short_month_is_explained() -> None:
    assert why(closed(decided_on=date(2026, 8, 31)), NOW) == (
        "Rejected on 31 August 2026, so erased on 28 February 2027, six months later. "
        "February 2027 has no day 31, so its last day counts."
    )


@pytest.mark.parametrize(
    ("months", "says"),
    [
        (
            3,
            "Rejected on 17 August 2026, so erased on 17 November 2026, three months later. "
            "At most six months are allowed; three are set here.",
        ),
        (
            1,
            "Rejected on 17 August 2026, so erased on 17 September 2026, one month later. "
            "At most six months are allowed; one is set here.",
        ),
    ],
)
def test_a_shorter_setting_is_explained(months: int, says: str, settings: Any) -> None:
    settings.ATS_RETENTION_MONTHS = months
    assert why(closed(decided_on=date(2026, 8, 17)), NOW) == says


def test_a_hold_says_until_when_why_and_by_whom(officer: User) -> None:
    application = closed(decided_on=date(2026, 3, 3))
    a_hold(application, officer)
    assert why(application, NOW) == (
        "Rejected on 3 March 2026. It is held until 1 December 2026: legal claim (Miriam Falk). "
        "Without the hold it would be erased on 3 September 2026."
    )
    assert why_for_applicant(application, NOW) == (
        "We turned you down on 3 March 2026. "
        "We keep it until 1 December 2026 because of a legal claim. "
        "Without the hold it would be erased on 3 September 2026."
    )


def test_another_reason_is_for_the_workspace_alone(officer: User) -> None:
    application = closed()
    a_hold(application, officer, kind=Hold.Kind.OTHER, reason="Betriebsrat prüft.")
    assert "held until 1 December 2026: Betriebsrat prüft (Miriam Falk)." in why(application, NOW)
    told = why_for_applicant(application, NOW)
    assert "We have to keep it until 1 December 2026. Ask us" in told
    assert "Betriebsrat" not in told
    assert "Falk" not in told


def test_a_hold_that_ends_before_the_day_changes_nothing(officer: User) -> None:
    application = closed(decided_on=date(2026, 9, 1))
    a_hold(application, officer, until=date(2026, 10, 1))
    assert why(application, NOW) == (
        "Rejected on 1 September 2026, so erased on 1 March 2027, six months later. "
        "It is held until 1 October 2026: legal claim (Miriam Falk). "
        "That ends before its day, so the date stays."
    )


def test_an_open_one_that_is_held_says_so(officer: User) -> None:
    application = an_application()
    a_hold(application, officer)
    assert why(application, NOW) == (
        "No date yet: the application is open. A decision starts the clock. "
        "It is held until 1 December 2026: legal claim (Miriam Falk)."
    )


def test_an_ended_hold_says_that_the_purge_comes_now(officer: User) -> None:
    application = closed()
    hold = a_hold(application, officer)
    assert why(application, hold.until) == (
        "Rejected on 17 March 2026. A hold kept it until 1 December 2026. The next purge takes it."
    )


@pytest.mark.parametrize(
    ("kind", "says"),
    [
        (
            Request.Kind.ACCESS,
            "Rejected on 17 March 2026. "
            "It is held until the request for access of 17 September 2026 is answered. "
            "Without the hold it would be erased on 17 September 2026.",
        ),
        (
            Request.Kind.RESTRICTION,
            "Rejected on 17 March 2026. "
            "It is held until the request for restriction of 17 September 2026 is answered. "
            "Without the hold it would be erased on 17 September 2026. "
            "Since 17 September 2026 only the privacy officer sees it.",
        ),
        (
            Request.Kind.OBJECTION,
            "Rejected on 17 March 2026, so erased on 17 September 2026, six months later. "
            "Since 17 September 2026 only the privacy officer sees it.",
        ),
    ],
)
def test_a_pending_request_says_what_it_does(kind: Request.Kind, says: str) -> None:
    application = closed()
    requests.register(application, kind, by=None, now=NOW)
    application.refresh_from_db()
    assert why(application, NOW) == says
    assert "9999" not in why_for_applicant(application, NOW)


def test_a_confirmed_erasure_says_who_agreed(officer: User) -> None:
    second = a_user("recruiter", first_name="Tom", last_name="Otto")
    application = closed(decided_on=date(2026, 5, 17))
    request = requests.register(application, Request.Kind.ERASURE, by=None, now=NOW)
    requests.grant(request, by=officer, now=NOW)
    requests.confirm(request, by=second, now=NOW + DAY)
    application.refresh_from_db()
    assert why(application, NOW) == (
        "Rejected on 17 May 2026. The applicant asked for erasure on 17 September 2026; "
        "Miriam Falk granted it and Tom Otto confirmed it on 18 September 2026, so it is erased "
        "at once."
    )
    assert why_for_applicant(application, NOW) == (
        "We turned you down on 17 May 2026. "
        "You asked for erasure on 17 September 2026, so we erase it at once."
    )


def test_an_erasure_that_waited_says_so_and_a_hold_still_wins(officer: User) -> None:
    application = closed(decided_on=date(2026, 5, 17))
    request = requests.register(application, Request.Kind.ERASURE, by=None, now=NOW)
    requests.grant(request, by=officer, now=NOW)
    a_hold(application, officer)
    requests.confirm_waited(NOW + DAY)
    application.refresh_from_db()
    assert why(application, NOW) == (
        "Rejected on 17 May 2026. The applicant asked for erasure on 17 September 2026; "
        "Miriam Falk granted it, and 24 hours stood for a second person until 18 September 2026, "
        "so it is erased at once. "
        "It is held until 1 December 2026: legal claim (Miriam Falk). "
        "As soon as nothing holds it any more, it is erased."
    )


def test_who_withdrew_and_erased_is_named_as_the_reason() -> None:
    application = pipeline.withdraw(an_application(), by=None, now=NOW, erase=True)
    assert why(application, NOW) == (
        "Withdrawn on 17 September 2026. The applicant wants everything erased at once."
    )
    assert why_for_applicant(application, NOW) == (
        "You withdrew on 17 September 2026. You asked us to erase everything at once, and we do."
    )


def test_a_withdrawal_that_outran_its_rejection_tells_the_applicant_nothing_of_that() -> None:
    by = a_user("recruiter")
    application = an_application()
    mail_at = NOW + 5 * DAY
    pipeline.reject(application, by=by, reason="No.", now=NOW, mail_at=mail_at)
    application = pipeline.withdraw(application, by=None, now=NOW + 2 * DAY)
    assert why(application, NOW + 2 * DAY) == (
        "Withdrawn on 19 September 2026, before the applicant could know of the rejection of "
        "17 September 2026, from which the clock runs: erased on 17 March 2027, six months later."
    )
    assert why_for_applicant(application, NOW + 2 * DAY) == (
        "You withdrew on 19 September 2026, so we erase everything on 17 March 2027, less than six "
        "months later."
    )


def test_an_upheld_objection_is_named_as_the_reason(officer: User) -> None:
    application = closed(decided_on=date(2026, 5, 17))
    request = requests.register(application, Request.Kind.OBJECTION, by=None, now=NOW)
    requests.answer(request, answer="Yes", by=officer, now=NOW)
    application.refresh_from_db()
    assert why(application, NOW) == (
        "Rejected on 17 May 2026. The applicant objected on 17 September 2026; Miriam Falk upheld "
        "it on 17 September 2026, so it is erased at once. "
        "Since 17 September 2026 only the privacy officer sees it."
    )


def test_after_a_reopening_the_date_of_the_first_decision_does_not_count() -> None:
    recruiter = a_user("recruiter")
    application = pipeline.reject(
        an_application(), by=recruiter, reason="", now=NOW - 30 * DAY, mail_at=None
    )
    pipeline.reopen(application, by=recruiter, reason="?", now=NOW - 20 * DAY)
    application.refresh_from_db()
    assert why(application, NOW).endswith(
        "It was opened again on 28 August 2026, so the decision before that does not count."
    )
    application = pipeline.reject(application, by=recruiter, reason="", now=NOW, mail_at=None)
    assert why(application, NOW) == (
        "Rejected on 17 September 2026, so erased on 17 March 2027, six months later. "
        "It was opened again on 28 August 2026, so the decision before that does not count."
    )
    assert "We took our decision back on 28 August 2026" in why_for_applicant(application, NOW)


def test_an_undone_hire_counts_as_a_reopening() -> None:
    application, by = an_application(), a_user("recruiter")
    employee = hiring.hire(
        application,
        by=by,
        start_date=TODAY + 14 * DAY,
        job_title="Pflegefachkraft",
        personnel_number="10001",
        attachments=[],
        now=NOW,
    )
    hiring.undo(employee, by=by, now=NOW)
    application.refresh_from_db()
    assert "It was opened again on 17 September 2026" in why(application, NOW)


def test_the_applicant_reads_no_decision_before_its_mail_has_gone() -> None:
    later = NOW + 7 * DAY
    application = pipeline.reject(
        an_application(), by=a_user("recruiter"), reason="", now=NOW, mail_at=later
    )
    requests.register(application, Request.Kind.ACCESS, by=None, now=NOW)
    assert why_for_applicant(application, NOW) == (
        "No date yet: we have not decided. Our decision starts the clock. "
        "We keep it until we have answered your request for access of 17 September 2026."
    )
    application.mails.filter(purpose="rejection").update(state="sent", sent_at=later, attempts=1)
    assert why_for_applicant(application, later).startswith("We turned you down")


def test_a_slip_that_was_undone_unseen_is_not_told_to_the_applicant() -> None:
    recruiter = a_user("recruiter")
    application = pipeline.reject(
        an_application(), by=recruiter, reason="", now=NOW, mail_at=NOW + pipeline.MAIL_DELAY
    )
    pipeline.reopen(application, by=recruiter, reason="A slip", now=NOW)
    application.refresh_from_db()
    assert why_for_applicant(application, NOW) == (
        "No date yet: we have not decided. Our decision starts the clock."
    )


def test_both_voices_know_the_same_sentences() -> None:
    assert set(STAFF) == set(APPLICANT)
