import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from typing import Any

import pytest
from django.conf import LazySettings
from django.db import IntegrityError, OperationalError, connection, transaction

from candidates import pipeline
from candidates.models import Application, Event, Job, Mail
from candidates.pipeline import ChangeNotAllowed, Person
from candidates.status import CLOSED, NEXT, Status
from storage import uploads
from tests.world import NOW, TODAY, a_job, a_user, an_application, an_attachment

pytestmark = pytest.mark.django_db

SESSION = "a session's hash"


def a_submission(job: Job | None, **fields: Any) -> Application:
    defaults: dict[str, Any] = {
        "attachments": [],
        "session": SESSION,
        "submission": uuid.uuid4(),
        "language": "de",
        "now": NOW,
    }
    person = Person("Mira", "Okonkwo", "mira.okonkwo@posteo.example", "0341 555 27 80")
    return pipeline.submit(person, job=job, **defaults | fields)


def kinds(application: Application) -> list[str]:
    return list(application.events.order_by("pk").values_list("kind", flat=True))


# Submit -----------------------------------------------------------------------------------


def test_an_application_arrives_in_the_first_stage_with_its_files_and_a_receipt() -> None:
    job = a_job(language="de")
    files = [an_attachment(None, name, staged_by=SESSION) for name in ("CV.pdf", "Brief.docx")]
    application = a_submission(job, attachments=[file.pk for file in files])
    assert application.stage == job.first_stage()
    assert (application.status, application.delete_on) == (Status.OPEN, None)
    assert (application.legal_basis, application.policy_version) == ("gdpr", "2026-11")
    assert set(application.attachments.values_list("pk", flat=True)) == {f.pk for f in files}
    assert list(application.events.values_list("kind", "detail")) == [("received", "2")]
    receipt = application.mails.get()
    assert (receipt.purpose, receipt.to, receipt.send_at) == ("receipt", application.email, NOW)
    assert "CV.pdf" in receipt.body
    assert job.title in receipt.subject


def test_a_speculative_application_has_no_stage() -> None:
    application = a_submission(None)
    assert (application.job, application.stage) == (None, None)


def test_a_form_that_is_sent_twice_makes_one_application() -> None:
    job, submission = a_job(), uuid.uuid4()
    file = an_attachment(None, staged_by=SESSION)
    first = a_submission(job, submission=submission, attachments=[file.pk])
    again = a_submission(job, submission=submission, attachments=[file.pk])
    assert again == first
    assert Mail.objects.count() == 1


def test_a_second_application_by_the_same_address_is_its_own() -> None:
    job = a_job()
    first, second = a_submission(job), a_submission(job)
    assert first.pk != second.pk
    assert list(Application.objects.same_address(first)) == [second]


def test_a_second_application_does_not_prolong_the_first() -> None:
    first = an_application(status="rejected", decided_on=TODAY - timedelta(days=30))
    before = first.delete_on
    pipeline.submit(
        Person("Käthe", "Großmann", first.email),
        job=first.job,
        attachments=[],
        session="",
        submission=uuid.uuid4(),
        language="de",
        now=NOW,
    )
    first.refresh_from_db()
    assert first.delete_on == before


@pytest.mark.once("postgres")
@pytest.mark.django_db(transaction=True)
def test_nobody_who_applies_waits_for_another_but_who_closes_the_job_does() -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has one writer at a time")
    job = a_job()

    def beside(lock: Callable[[], object]) -> None:
        """Lock something in another connection, as long as nobody has to wait for it."""
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("SET LOCAL lock_timeout = '1s'")
                lock()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as other, transaction.atomic():
        pipeline.entry(pipeline.not_closed(job))
        other.submit(beside, lambda: pipeline.entry(pipeline.not_closed(job))).result()
        closing = Job.objects.select_for_update(no_key=True).filter(pk=job.pk)
        with pytest.raises(OperationalError, match="lock timeout"):
            other.submit(beside, closing.get).result()


def test_a_closed_job_takes_no_application() -> None:
    with pytest.raises(pipeline.JobClosed):
        a_submission(a_job(is_published=False))
    assert not Application.objects.exists()


def test_a_file_of_another_session_is_refused_and_nothing_is_half_stored() -> None:
    file = an_attachment(None, staged_by="somebody else")
    with pytest.raises(uploads.UploadGone):
        a_submission(a_job(), attachments=[file.pk])
    assert not Application.objects.exists()
    assert not Mail.objects.exists()


# Move and assign --------------------------------------------------------------------------


def test_a_move_changes_the_stage_and_says_so_in_the_history() -> None:
    application, by = an_application(), a_user("recruiter")
    assert application.job
    received, screening = application.job.stages.all()[:2]
    moved = pipeline.move(application, to=screening, seen=received, by=by, now=NOW)
    assert (moved.stage, moved.stage_since) == (screening, NOW)
    event = application.events.get()
    assert (event.kind, event.by, event.detail) == ("moved", by, screening.name)


def test_whoever_moves_second_is_told_instead_of_undoing_the_first() -> None:
    application, by = an_application(), a_user("recruiter")
    assert application.job
    received, screening, interview = application.job.stages.all()[:3]
    pipeline.move(application, to=interview, seen=received, by=by, now=NOW)
    with pytest.raises(ChangeNotAllowed, match=interview.name):
        pipeline.move(application, to=screening, seen=received, by=by, now=NOW)
    application.refresh_from_db()
    assert application.stage == interview


def test_an_application_cannot_move_to_a_stage_of_another_job() -> None:
    application = an_application()
    foreign = a_job().first_stage()
    with pytest.raises(ChangeNotAllowed):
        pipeline.move(application, to=foreign, seen=application.stage, by=a_user(), now=NOW)


def test_a_speculative_application_is_assigned_to_a_job_and_the_applicant_is_told() -> None:
    application, job = an_application(job=None), a_job()
    pipeline.assign(application, job=job, by=a_user("recruiter"), now=NOW)
    application.refresh_from_db()
    assert (application.job, application.stage) == (job, job.first_stage())
    assert kinds(application) == ["assigned"]
    assert application.mails.get().purpose == "assigned"


def test_assigning_to_the_same_job_changes_nothing() -> None:
    application = an_application()
    assert application.job
    with pytest.raises(ChangeNotAllowed):
        pipeline.assign(application, job=application.job, by=a_user(), now=NOW)
    assert kinds(application) == []


# Reject and reopen ------------------------------------------------------------------------


def rejected(mail_at: Any = NOW + pipeline.MAIL_DELAY) -> Application:
    application = an_application()
    return pipeline.reject(
        application, by=a_user("recruiter"), reason="Other skills", now=NOW, mail_at=mail_at
    )


def test_a_rejection_starts_the_clock_on_the_day_of_the_decision() -> None:
    application = rejected()
    application.refresh_from_db()
    assert (application.status, application.decided_on) == (Status.REJECTED, TODAY)
    assert application.delete_on == date(2027, 3, 17)
    mail = application.mails.get()
    assert (mail.purpose, mail.send_at) == ("rejection", NOW + timedelta(minutes=10))
    assert "17. März 2027" in mail.body


def test_a_later_mail_does_not_move_the_clock() -> None:
    application = rejected(mail_at=NOW + timedelta(days=7))
    assert application.delete_on == date(2027, 3, 17)


def test_a_rejection_is_undone_without_a_trace_until_its_mail_has_gone() -> None:
    application = rejected()
    pipeline.reopen(application, by=a_user("recruiter"), reason="A slip", now=NOW)
    application.refresh_from_db()
    assert (application.status, application.delete_on, application.decided_on) == (
        Status.OPEN,
        None,
        None,
    )
    assert not application.mails.exists()


def test_a_reopening_is_told_once_the_rejection_has_gone() -> None:
    application = rejected()
    application.mails.update(state="sent", sent_at=NOW)
    pipeline.reopen(application, by=a_user("recruiter"), reason="New budget", now=NOW)
    assert set(application.mails.values_list("purpose", flat=True)) == {"rejection", "reopened"}


@pytest.mark.parametrize("state", ["sending", "queued"])
def test_a_rejection_that_was_tried_is_not_sent_again_and_the_reopening_is_told(
    state: str,
) -> None:
    application = rejected()
    application.mails.update(state=state, attempts=1)
    pipeline.reopen(application, by=a_user("recruiter"), reason="New budget", now=NOW)
    assert list(application.mails.values_list("purpose", flat=True)) == ["reopened"]


def test_what_is_being_erased_cannot_be_opened_again() -> None:
    application = an_application(status="rejected", decided_on=date(2026, 3, 17))
    with pytest.raises(ChangeNotAllowed):
        pipeline.reopen(application, by=a_user("recruiter"), reason="?", now=NOW)


def test_a_job_without_stages_takes_no_application() -> None:
    job = a_job()
    job.stages.all().delete()
    with pytest.raises(pipeline.JobClosed):
        a_submission(job)
    with pytest.raises(pipeline.JobClosed):
        pipeline.assign(an_application(job=None), job=job, by=a_user("recruiter"), now=NOW)


def test_one_submission_for_another_person_is_never_taken_for_the_first() -> None:
    job, submission = a_job(), uuid.uuid4()
    other = an_application(job=job)
    Application.objects.filter(pk=other.pk).update(submission=submission)
    with pytest.raises(IntegrityError), transaction.atomic():
        a_submission(job, submission=submission)


def test_a_reopening_is_told_to_someone_who_was_told_in_person() -> None:
    application = rejected(mail_at=None)
    pipeline.reopen(application, by=a_user("recruiter"), reason="New budget", now=NOW)
    assert application.mails.get().purpose == "reopened"


def test_a_second_reopening_needs_the_privacy_officer() -> None:
    application, recruiter = rejected(), a_user("recruiter")
    pipeline.reopen(application, by=recruiter, reason="A slip", now=NOW)
    pipeline.reject(application, by=recruiter, reason="No", now=NOW, mail_at=None)
    with pytest.raises(ChangeNotAllowed, match=r"Datenschutz|privacy officer"):
        pipeline.reopen(application, by=recruiter, reason="Once more", now=NOW)
    officer = a_user("privacy_officer")
    assert pipeline.reopen(application, by=officer, reason="Justified", now=NOW).is_open


def test_withdrawing_starts_the_clock_and_is_final() -> None:
    application, by = an_application(), a_user("recruiter")
    pipeline.withdraw(application, by=by, now=NOW)
    application.refresh_from_db()
    assert (application.status, application.delete_on) == (Status.WITHDRAWN, date(2027, 3, 17))
    with pytest.raises(ChangeNotAllowed):
        pipeline.reopen(application, by=by, reason="?", now=NOW)


@pytest.mark.parametrize("status", sorted(CLOSED))
def test_a_closed_application_takes_no_other_decision(status: Status) -> None:
    application, by = an_application(status=status), a_user("recruiter")
    before = Application.objects.filter(pk=application.pk).values().get()
    assert application.job
    assert application.stage
    stage = application.stage
    calls: list[Any] = [
        lambda: pipeline.reject(application, by=by, reason="", now=NOW, mail_at=None),
        lambda: pipeline.withdraw(application, by=by, now=NOW),
        lambda: pipeline.assign(application, job=a_job(), by=by, now=NOW),
        lambda: pipeline.move(application, to=stage, seen=stage, by=by, now=NOW),
    ]
    for call in calls:
        with pytest.raises(ChangeNotAllowed):
            call()
    assert Application.objects.filter(pk=application.pk).values().get() == before
    assert not Event.objects.filter(application=application).exists()


def test_a_verb_on_an_erased_application_says_so() -> None:
    application = an_application()
    Application.objects.all().delete()
    with pytest.raises(ChangeNotAllowed):
        pipeline.withdraw(application, by=None, now=NOW)


def test_the_transition_table_knows_every_status() -> None:
    assert set(NEXT) == set(Status)


# The schema keeps the rules too ---------------------------------------------------------------


@pytest.mark.parametrize(
    "broken",
    [
        {"status": "rejected"},
        {"delete_on": TODAY},
        {"status": "rejected", "decided_on": TODAY, "delete_on": TODAY, "retention_months": 6},
        {
            "status": "rejected",
            "decided_on": TODAY,
            "delete_on": date(2027, 4, 17),
            "retention_months": 7,
        },
        {"stage": None},
        {"job": None},
    ],
)
def test_the_database_refuses_a_row_that_breaks_the_clock_or_the_stage(
    broken: dict[str, Any],
) -> None:
    application = an_application()
    with pytest.raises(IntegrityError), transaction.atomic():
        Application.objects.filter(pk=application.pk).update(**broken)


def test_a_stage_with_applications_cannot_be_removed() -> None:
    application = an_application()
    assert application.stage
    with pytest.raises(IntegrityError), transaction.atomic():
        application.stage.delete()


def test_the_legal_basis_follows_the_setting(settings: LazySettings) -> None:
    settings.ATS_LEGAL_BASIS_BDSG = True
    assert a_submission(a_job()).legal_basis == "gdpr-bdsg"
