"""An application's page and its forms: what they do, refuse, keep and hand out."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django.fixtures import Settings

from candidates import pipeline, retention
from candidates.models import Application, Employee, Hold, Mail, User
from candidates.status import Status
from tests import machine, world

pytestmark = [pytest.mark.django_db, pytest.mark.once("sqlite")]


@pytest.fixture
def recruiter() -> User:
    return world.a_user("recruiter")


@pytest.fixture
def hr(client: Client, recruiter: User) -> Client:
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    return world.log_in(client, recruiter)


def send(client: Client, verb: str, application: Application, **data: Any) -> Any:
    return client.post(reverse(f"hr:{verb}", args=[application.pk]), data)


def page(client: Client, application: Application) -> str:
    response = client.get(application.get_absolute_url())
    assert response.status_code == 200
    return response.content.decode()


def fresh(application: Application) -> Application:
    return Application.objects.get(pk=application.pk)


def rejected(application: Application, by: User, *, mail: bool = True) -> Application:
    now = timezone.now()
    mail_at = now + pipeline.MAIL_DELAY if mail else None
    return pipeline.reject(application, by=by, reason="Other", now=now, mail_at=mail_at)


# The page ---------------------------------------------------------------------------------


def test_the_page_shows_the_data_and_escapes_it(hr: Client) -> None:
    application = world.an_application(first_name="<script>", phone="+49 (221) 47-10")
    html = page(hr, application)
    assert "&lt;script&gt;" in html
    assert "<script>" not in html
    assert 'href="tel:+492214710"' in html
    assert f'href="mailto:{application.email}"' in html
    assert application.get_legal_basis_display() in html


def test_other_applications_of_the_address_stand_there_if_they_may_be_seen(
    client: Client,
) -> None:
    manager = world.a_user("hiring_manager")
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    world.log_in(client, manager)
    mine = world.a_job(hiring_team=[manager])
    application = world.an_application(mine, email="k@post.example")
    seen = world.an_application(
        world.a_job(hiring_team=[manager]), email="K@Post.example", status="rejected"
    )
    hidden = world.an_application(email="k@post.example")
    html = page(client, application)
    assert str(seen.pk) in html
    assert str(hidden.pk) not in html


def test_history_has_events_and_mails_in_one_line_of_time(hr: Client, recruiter: User) -> None:
    application = world.an_application()
    application.events.create(kind="received", at=world.NOW, detail="2")
    application.mails.create(
        purpose="receipt",
        language="de",
        to="k@post.example",
        created_at=world.NOW,
        send_at=world.NOW,
        error="SMTP 451",
    )
    second = application.job.stages.get(position=2)  # type: ignore[union-attr]
    pipeline.move(
        application,
        to=second,
        seen=application.stage,
        by=recruiter,
        now=world.NOW + timedelta(days=1),
    )
    html = page(hr, application)
    order = [html.index(word) for word in (f"moved to {second}", "SMTP 451", "2 documents")]
    assert order == sorted(order)


def test_a_closed_application_says_when_everything_is_erased(hr: Client) -> None:
    application = world.an_application(status="withdrawn", decided_on=timezone.localdate())
    assert application.delete_on
    day = f"{application.delete_on.day} {application.delete_on:%B %Y}"
    html = page(hr, application)
    assert f"Everything will be erased on {day}" in html
    assert "Reject …" not in html
    assert "Reopen …" not in html


def test_a_held_application_says_until_when(hr: Client) -> None:
    application = world.an_application(status="rejected", decided_on=timezone.localdate())
    now = timezone.now()
    Hold.objects.create(
        application=application, kind="claim", reason="?", set_at=now, until=now + timedelta(days=3)
    )
    assert "Held until" in page(hr, application)


@pytest.mark.parametrize(
    ("days", "words"), [(0, "is erased today"), (2, "should have been erased")]
)
def test_the_day_itself_and_a_breach_are_said_in_words(hr: Client, days: int, words: str) -> None:
    application = world.an_application(status="rejected", decided_on=timezone.localdate())
    end = timezone.localdate() - timedelta(days=days)
    Application.objects.filter(pk=application.pk).update(
        decided_on=end - timedelta(days=100), delete_on=end
    )
    assert words in page(hr, application)


def test_the_privacy_officer_reads_and_does_not_decide(client: Client) -> None:
    world.log_in(client, world.a_user("privacy_officer"))
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    html = page(client, world.an_application())
    assert "Reject …" not in html
    assert 'name="stage"' not in html


# Moving -----------------------------------------------------------------------------------


def test_moving_leads_to_the_stage_that_was_chosen(hr: Client) -> None:
    application = world.an_application()
    to = application.job.stages.get(position=3)  # type: ignore[union-attr]
    response = send(hr, "move", application, stage=to.pk, seen=application.stage_id)
    assert response["Location"] == application.get_absolute_url()
    assert fresh(application).stage == to


def test_who_was_slower_is_told_what_happened(hr: Client, recruiter: User) -> None:
    application = world.an_application()
    seen = application.stage_id
    second, third = application.job.stages.order_by("position")[1:3]  # type: ignore[union-attr]
    pipeline.move(application, to=second, seen=application.stage, by=recruiter, now=timezone.now())
    response = send(hr, "move", application, stage=third.pk, seen=seen)
    assert response.status_code == 409
    assert "Someone else has moved this application" in response.content.decode()
    assert fresh(application).stage == second


@pytest.mark.parametrize("data", [{}, {"stage": "x", "seen": "y"}, {"stage": "9" * 30}])
def test_a_stage_that_is_not_the_jobs_is_refused_in_words(hr: Client, data: dict[str, str]) -> None:
    application = world.an_application()
    response = send(hr, "move", application, **data)
    html = response.content.decode()
    assert response.status_code == 422
    assert 'role="alert"' in html
    # Changing the language leads to the page, not to the address that only moves.
    assert f'name="next" value="{application.get_absolute_url()}"' in html
    assert fresh(application).stage == application.stage


# Rejecting and reopening ------------------------------------------------------------------


def test_the_form_shows_the_mail_in_the_applicants_language_and_the_date(hr: Client) -> None:
    application = world.an_application(last_name="<Großmann>")
    response = hr.get(reverse("hr:reject", args=[application.pk]))
    end = retention.delete_on(timezone.localdate(), months=6)
    html = response.content.decode()
    assert f"Everything will be erased on {end.day} {end:%B %Y}" in html
    assert 'id="de-preview" lang="de"' in html
    assert "&lt;Großmann&gt;" in html
    assert fresh(application).is_open


@pytest.mark.parametrize(
    ("when", "delay"),
    [("soon", pipeline.MAIL_DELAY), ("now", timedelta(0)), ("never", None)],
)
def test_the_mail_goes_when_it_was_said(hr: Client, when: str, delay: timedelta | None) -> None:
    application = world.an_application()
    response = send(hr, "reject", application, reason="Kein Staplerschein.", when=when)
    assert response["Location"] == application.get_absolute_url()
    closed = fresh(application)
    assert closed.status == Status.REJECTED
    assert closed.events.get(kind="rejected").reason == "Kein Staplerschein."
    mails = [mail.send_at - mail.created_at for mail in closed.mails.all()]
    assert mails == ([] if delay is None else [delay])


@pytest.mark.parametrize("when", ["soon", "now", "never"])
def test_what_stands_beside_a_choice_that_was_not_made_is_not_read(hr: Client, when: str) -> None:
    application = world.an_application()
    response = send(hr, "reject", application, reason="!", when=when, day="soon", time="noon")
    assert response.status_code == 302
    assert fresh(application).status == Status.REJECTED


@pytest.mark.parametrize(("months", "is_refused"), [(1, True), (6, False)])
def test_no_mail_waits_for_the_day_of_deletion(
    hr: Client, settings: Settings, months: int, is_refused: bool
) -> None:
    settings.ATS_RETENTION_MONTHS = months
    application = world.an_application()
    last = retention.delete_on(timezone.localdate(), months=1)
    for day in (last, last - timedelta(days=1)):
        chosen = {"when": "later", "day": day, "time": "09:30"}
        response = send(hr, "reject", application, reason="!", **chosen)
        assert response.status_code == (422 if is_refused and day == last else 302)
        if response.status_code == 422:
            assert "before the deletion" in response.content.decode()
        else:
            break


def test_the_mail_can_go_on_another_day(hr: Client) -> None:
    application = world.an_application()
    day = timezone.localdate() + timedelta(days=2)
    send(hr, "reject", application, reason="!", when="later", day=day, time="09:30")
    moment = timezone.localtime(Mail.objects.get().send_at)
    assert moment.replace(tzinfo=None) == datetime.combine(day, datetime.min.time()).replace(
        hour=9, minute=30
    )


@pytest.mark.parametrize(
    "wrong",
    [
        {"when": "later", "day": "2020-01-01", "time": "09:00"},
        {"when": "later", "day": "9999-12-31", "time": "09:00"},
        {"when": "later", "day": "soon"},
        {"when": "later"},
        {"when": "whenever"},
        {"reason": ""},
        {"reason": "x" * 2001},
    ],
)
def test_a_wrong_form_says_what_to_mend_and_keeps_what_was_typed(
    hr: Client, wrong: dict[str, str]
) -> None:
    application = world.an_application()
    data = {"reason": "Keep me", "when": "soon"} | wrong
    response = send(hr, "reject", application, **data)
    html = response.content.decode()
    assert response.status_code == 422
    assert 'class="error"' in html
    assert data["reason"] in html
    assert fresh(application).is_open


def test_rejecting_what_has_been_closed_is_refused_with_the_form_kept(
    hr: Client, recruiter: User
) -> None:
    application = world.an_application()
    rejected(application, recruiter)
    response = send(hr, "reject", application, reason="Typed in vain", when="soon")
    html = response.content.decode()
    assert response.status_code == 409
    assert "has been rejected" in html
    assert "Typed in vain" in html
    assert fresh(application).events.filter(kind="rejected").count() == 1


def test_until_the_mail_has_gone_one_click_undoes_the_rejection(
    hr: Client, recruiter: User
) -> None:
    application = world.an_application()
    rejected(application, recruiter)
    html = page(hr, application)
    assert "Undo the rejection" in html
    assert "Reopen" not in html
    assert send(hr, "undo_rejection", application).status_code == 302
    assert fresh(application).is_open
    assert Mail.objects.count() == 0
    assert "undid the rejection" in page(hr, application)


def test_a_second_reopening_is_for_the_privacy_officer(
    hr: Client, recruiter: User, client: Client
) -> None:
    application = rejected(world.an_application(), recruiter)
    pipeline.reopen(application, by=recruiter, reason="Once", now=timezone.now())
    rejected(application, recruiter)
    response = send(hr, "reopen", application, reason="Twice")
    assert response.status_code == 409
    assert "Only the privacy officer" in response.content.decode()
    world.log_in(client, world.a_user("privacy_officer"))
    assert send(client, "reopen", application, reason="Twice").status_code == 302
    assert fresh(application).is_open


# Withdrawing, assigning, hiring -----------------------------------------------------------


def test_a_withdrawal_can_be_noted(hr: Client, recruiter: User) -> None:
    application = world.an_application()
    send(hr, "withdraw", application)
    assert fresh(application).status == Status.WITHDRAWN
    assert fresh(application).events.get().by == recruiter
    assert send(hr, "withdraw", application).status_code == 409


def test_a_speculative_application_is_assigned_to_a_job_that_one_sees(hr: Client) -> None:
    application, job = world.an_application(None), world.a_job()
    secret = world.a_job(is_confidential=True)
    assert send(hr, "assign", application, job=secret.slug).status_code == 404
    send(hr, "assign", application, job=job.slug)
    assert fresh(application).stage == job.first_stage()
    assert Mail.objects.get().purpose == Mail.Purpose.ASSIGNED


def hiring(**data: Any) -> dict[str, Any]:
    start = timezone.localdate() + timedelta(days=30)
    return {"start_date": start, "job_title": "Nurse", "personnel_number": "4711"} | data


def test_hiring_takes_the_chosen_documents_along(hr: Client) -> None:
    application = world.an_application()
    chosen, left = (world.an_attachment(application, content=b"%PDF-") for _ in range(2))
    response = send(hr, "hire", application, **hiring(attachments=[chosen.pk]))
    assert response["Location"] == application.get_absolute_url()  # a recruiter sees no employees
    employee = Employee.objects.get()
    assert list(employee.attachments.all()) == [chosen]
    assert list(application.attachments.all()) == [left]
    assert (employee.job_title, employee.personnel_number) == ("Nurse", "4711")


def test_who_sees_employees_is_led_to_the_new_one(hr: Client, recruiter: User) -> None:
    recruiter.groups.add(*world.a_user("personnel").groups.all())
    response = send(hr, "hire", world.an_application(), **hiring())
    assert response["Location"] == Employee.objects.get().get_absolute_url()


def test_the_form_proposes_title_and_number(hr: Client) -> None:
    world.an_employee(personnel_number="10041")
    application = world.an_application()
    form = hr.get(reverse("hr:hire", args=[application.pk])).context["form"]
    assert form["job_title"].value() == application.title
    assert form["personnel_number"].value() == "10042"


def test_a_taken_number_is_refused_with_the_next_free_one(hr: Client) -> None:
    world.an_employee(personnel_number="4711")
    application = world.an_application()
    response = send(hr, "hire", application, **hiring(job_title="Kept as typed"))
    html = response.content.decode()
    assert response.status_code == 409
    assert "4712" in html
    assert "Kept as typed" in html
    assert fresh(application).is_open


@pytest.mark.parametrize(
    "wrong",
    [
        {"start_date": ""},
        {"start_date": "0001-01-01"},
        {"start_date": "2026-02-30"},
        {"job_title": " \n "},
        {"job_title": "x" * 121},
        {"personnel_number": "47 11"},
        {"personnel_number": "١٢٣"},
        {"attachments": ["x"]},
    ],
)
def test_a_wrong_hire_says_what_to_mend(hr: Client, wrong: dict[str, Any]) -> None:
    application = world.an_application()
    response = send(hr, "hire", application, **hiring(**wrong))
    assert response.status_code == 422
    assert 'class="error"' in response.content.decode()
    assert Employee.objects.count() == 0


def test_a_document_of_another_application_cannot_be_taken_along(hr: Client) -> None:
    application = world.an_application()
    foreign = world.an_attachment(world.an_application(), content=b"%PDF-")
    response = send(hr, "hire", application, **hiring(attachments=[foreign.pk]))
    assert response.status_code == 422


# Downloads --------------------------------------------------------------------------------


def test_a_download_is_the_file_and_nothing_a_browser_would_open(hr: Client) -> None:
    attachment = world.an_attachment(world.an_application(), "Lebenslauf „Größe“.pdf", b"%PDF-1.7")
    response = hr.get(reverse("hr:attachment", args=[attachment.pk]))
    assert b"".join(response) == b"%PDF-1.7"
    expected = {
        "Content-Type": "application/pdf",
        "Content-Length": "8",
        "Content-Disposition": "attachment; filename*=utf-8''"
        "Lebenslauf%20%E2%80%9EGr%C3%B6%C3%9Fe%E2%80%9C.pdf",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "Cache-Control": "private, no-store",
        "Cross-Origin-Resource-Policy": "same-origin",
    }
    assert {name: response[name] for name in expected} == expected


def test_a_storage_that_is_down_is_a_page_that_says_so(hr: Client, settings: Settings) -> None:
    attachment = world.an_attachment(world.an_application(), content=b"%PDF-")
    closed = f"http://127.0.0.1:{machine.free_port()}"
    options = {"bucket_name": "any", "endpoint_url": closed, "region_name": "x"}
    settings.STORAGES = settings.STORAGES | {
        "attachments": {"BACKEND": "storage.backends.Bucket", "OPTIONS": options}
    }
    response = hr.get(reverse("hr:attachment", args=[attachment.pk]))
    assert response.status_code == 503
    assert "The storage does not answer" in response.content.decode()
    assert attachment.name in response.content.decode()


def test_a_document_whose_object_is_gone_is_a_page_that_says_so(hr: Client) -> None:
    attachment = world.an_attachment(world.an_application(), content=b"%PDF-")
    world.store().erase(attachment.key)
    response = hr.get(reverse("hr:attachment", args=[attachment.pk]))
    assert response.status_code == 404
    assert "This document is not there" in response.content.decode()
