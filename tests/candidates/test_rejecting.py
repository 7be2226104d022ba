"""Rejecting, one or many, with the mail that goes; and taking a rejection back unseen."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from candidates import mail, pipeline
from candidates.models import Application, Event, Mail, MailTemplate, Reason, User
from candidates.pipeline import ChangeNotAllowed
from tests.world import NOW, a_job, a_user, an_application, log_in

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.usefixtures("english"),
    pytest.mark.once("postgres"),
]


@pytest.fixture
def recruiter() -> User:
    return a_user("recruiter", first_name="Katrin", last_name="Voss")


@pytest.fixture
def hr(client: Client, recruiter: User) -> Client:
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    return log_in(client, recruiter)


def send(client: Client, application: Application, **data: Any) -> Any:
    return client.post(reverse("hr:reject", args=[application.pk]), data)


def kinds(application: Application) -> list[str]:
    return list(application.events.values_list("kind", flat=True))


# Undo -------------------------------------------------------------------------------------


def rejected(by: User, *, mail_at: Any = NOW + pipeline.MAIL_DELAY) -> Application:
    return pipeline.reject(an_application(), by=by, reason="x", now=NOW, mail_at=mail_at)


def test_an_undone_rejection_is_as_if_it_had_never_been(recruiter: User) -> None:
    application = rejected(recruiter)
    pipeline.undo(application, by=recruiter, now=NOW)
    application.refresh_from_db()
    assert (application.status, application.decided_on, application.delete_on) == (
        "open",
        None,
        None,
    )
    assert not application.mails.exists()
    assert kinds(application) == ["undone", "rejected"]


def test_undoing_is_no_reopening(recruiter: User) -> None:
    application = rejected(recruiter)
    pipeline.undo(application, by=recruiter, now=NOW)
    pipeline.reject(application, by=recruiter, reason="x", now=NOW, mail_at=None)
    pipeline.reopen(application, by=recruiter, reason="New budget", now=NOW)
    assert kinds(application) == ["reopened", "rejected", "undone", "rejected"]


@pytest.mark.parametrize("state", ["sending", "queued", "sent", "in person"])
def test_what_may_have_reached_the_applicant_cannot_be_undone(recruiter: User, state: str) -> None:
    application = rejected(recruiter, mail_at=None if state == "in person" else NOW)
    sent_at = NOW if state == "sent" else None
    application.mails.update(state=state, attempts=1, sent_at=sent_at)
    mails = application.mails.count()
    with pytest.raises(ChangeNotAllowed, match="may know of it"):
        pipeline.undo(application, by=recruiter, now=NOW)
    application.refresh_from_db()
    assert application.status == "rejected"
    assert application.mails.count() == mails
    assert kinds(application) == ["rejected"]


def test_what_is_due_or_open_or_restricted_cannot_be_undone(recruiter: User) -> None:
    application = rejected(recruiter)
    with pytest.raises(ChangeNotAllowed, match="being erased"):
        pipeline.undo(application, by=recruiter, now=NOW + timedelta(days=200))
    Application.objects.update(restricted_at=NOW)
    with pytest.raises(ChangeNotAllowed, match="restricted"):
        pipeline.undo(application, by=recruiter, now=NOW)
    with pytest.raises(ChangeNotAllowed, match="is open"):
        pipeline.undo(an_application(), by=recruiter, now=NOW)


# The dialog -------------------------------------------------------------------------------


def test_a_reason_of_the_list_is_enough_and_the_mail_says_who_had_it_sent(
    hr: Client, recruiter: User
) -> None:
    application = an_application(a_job(title="Pflege"))
    reason = Reason.objects.all()[1].text
    assert send(hr, application, reason=reason, when="soon").status_code == 302
    event, letter = application.events.get(), application.mails.get()
    assert (event.reason, event.by) == (reason, recruiter)
    assert (letter.by, letter.language) == (recruiter, "de")
    assert letter.subject == "Ihre Bewerbung: Pflege"


def test_own_words_may_stand_beside_or_instead_of_a_reason(hr: Client) -> None:
    first, second, third = (an_application() for _ in range(3))
    send(hr, first, own="No driving licence", when="never")
    send(hr, second, reason="Taken off the list", own="No licence", when="never")
    response = send(hr, third, when="never")
    assert first.events.get().reason == "No driving licence"
    assert second.events.get().reason == "Taken off the list\nNo licence"
    assert response.status_code == 422
    assert "Choose a reason, or write one" in response.content.decode()


def test_without_a_list_the_reason_is_written(hr: Client) -> None:
    Reason.objects.all().delete()
    application = an_application()
    url = reverse("hr:reject", args=[application.pk])
    assert '<textarea name="reason"' in hr.get(url).content.decode()
    assert "Write down why" in send(hr, application, when="soon").content.decode()
    assert send(hr, application, reason="Because", when="soon").status_code == 302


def test_the_edited_text_goes_with_the_day_of_deletion_in_it(hr: Client) -> None:
    application = an_application()
    letter = {
        "de-template": "",
        "de-shown": "",
        "de-subject": "Nein",
        "de-text": "Am {delete_on}.\r\n\r\nEnde",
    }
    assert send(hr, application, reason="x", when="now", **letter).status_code == 302
    application.refresh_from_db()
    assert application.delete_on
    sent = application.mails.get()
    assert sent.subject == "Nein"
    assert str(application.delete_on.year) in sent.body
    assert sent.body.endswith(".\n\nEnde\n")


@pytest.mark.parametrize("when", ["soon", "never"])
def test_a_text_with_a_gap_is_refused_with_the_sentence_which_unless_no_mail_goes(
    hr: Client, when: str
) -> None:
    application = an_application(last_name="", first_name="Emre")
    letter = {
        "de-template": "",
        "de-shown": "",
        "de-subject": "Nein",
        "de-text": "Frau {last_name}",
    }
    response = send(hr, application, reason="My reason", when=when, **letter)
    if when == "never":
        assert response.status_code == 302
        assert not application.mails.exists()
        return
    html = response.content.decode()
    assert response.status_code == 422
    assert "Nothing stands for “{last_name}” of Emre" in html
    assert "<mark>{last_name}</mark>" in html
    assert "My reason" in html
    assert Application.objects.get().is_open


def test_another_template_is_shown_before_it_is_sent(hr: Client) -> None:
    application = an_application()
    first, other = MailTemplate.objects.filter(language="de", purpose="rejection")[::2]
    letter = {"de-template": other.pk, "de-shown": first.pk, "de-subject": "x", "de-text": "mine"}
    response = send(hr, application, reason="x", when="soon", **letter)
    html = response.content.decode()
    assert response.status_code == 422
    assert f"This is the text of “{other.name}” now" in html
    assert "vielen Dank für das Gespräch" in html
    shown = {**letter, "de-shown": other.pk, "de-subject": other.subject, "de-text": other.body}
    assert send(hr, application, reason="x", when="soon", **shown).status_code == 302
    assert "vielen Dank für das Gespräch" in application.mails.get().body


@pytest.mark.parametrize("template", ["0", "nonsense", "99999999999999999999"])
def test_a_template_that_is_gone_loses_nothing_of_the_text(hr: Client, template: str) -> None:
    application = an_application()
    letter = {"de-template": template, "de-subject": "x", "de-text": "My own words"}
    response = send(hr, application, reason="x", when="soon", **letter)
    assert response.status_code == 422
    assert "has been deleted meanwhile" in response.content.decode()
    assert "My own words" in response.content.decode()


def test_a_template_of_another_language_cannot_be_chosen(hr: Client) -> None:
    english = MailTemplate.objects.filter(language="en")[0]
    response = send(
        hr,
        an_application(),
        reason="x",
        when="soon",
        **{"de-template": english.pk, "de-subject": "x", "de-text": "y"},
    )
    assert response.status_code == 422


def test_a_preview_sends_nothing_and_finds_no_fault(hr: Client) -> None:
    application = an_application(first_name="Emre")
    letter = {"de-template": "", "de-subject": "x", "de-text": "Guten Tag {first_name} <b>{foo}"}
    response = send(hr, application, when="soon", preview="text", **letter)
    html = response.content.decode()
    assert response.status_code == 200
    assert "Guten Tag Emre &lt;b&gt;<mark>{foo}</mark>" in html
    assert "circle-alert" not in html
    assert "Choose a reason" not in html
    assert Application.objects.get().is_open
    assert not Mail.objects.exists()


# Several ----------------------------------------------------------------------------------


def chosen(*applications: Application) -> list[str]:
    return [f"{each.pk}:{each.stage_id or ''}" for each in applications]


def test_each_of_several_gets_the_mail_in_the_own_language_with_the_own_data(hr: Client) -> None:
    job = a_job(title="Pflege")
    people = [
        an_application(job, first_name="Käthe", language="de"),
        an_application(job, first_name="Emre", language="de"),
        an_application(job, first_name="Seán", language="en"),
    ]
    url = reverse("hr:bulk_reject")
    asked = hr.post(url, {"chosen": chosen(*people)}).content.decode()
    assert "Reject 3 applications" in asked
    assert "Mail in German, to 2 people" in asked
    assert "Mail in English, to 1 person" in asked
    assert not Event.objects.exists()
    response = hr.post(
        url, {"chosen": chosen(*people), "reason": "x", "when": "soon", "next": "/hr/jobs/"}
    )
    assert response["Location"] == "/hr/jobs/"
    for each in people:
        each.refresh_from_db()
        assert each.status == "rejected"
        sent = each.mails.get()
        assert sent.language == each.language
        assert ("Guten Tag" if each.language == "de" else "Hello") + f" {each.name}," in sent.body


def test_those_with_whom_someone_was_faster_are_named_and_the_others_are_done(
    hr: Client, recruiter: User
) -> None:
    job = a_job()
    done, moved, gone = (an_application(job, first_name=name) for name in ("Ada", "Bo", "Cy"))
    asked = chosen(done, moved, gone)
    pipeline.move(moved, to=job.stages.all()[2], seen=job.first_stage(), by=recruiter, now=NOW)
    pipeline.withdraw(gone, by=None, now=NOW)
    data = {"chosen": asked, "reason": "x", "when": "now"}
    response = hr.post(reverse("hr:bulk_reject"), data)
    html = response.content.decode()
    assert response.status_code == 409
    assert "1 application is rejected." in html
    assert moved.name in html
    assert f"Moved to “{job.stages.all()[2]}” by {recruiter}, " in html
    assert "Withdrawn by the applicant, " in html
    assert done.name not in html
    statuses = {each.first_name: each.status for each in Application.objects.all()}
    assert statuses == {"Ada": "rejected", "Bo": "open", "Cy": "withdrawn"}


def test_more_than_twenty_want_their_number(hr: Client) -> None:
    job = a_job()
    people = [an_application(job) for _ in range(21)]
    url = reverse("hr:bulk_reject")
    data: dict[str, Any] = {"chosen": chosen(*people)}
    assert "Type 21 to reject so many" in hr.post(url, data).content.decode()
    data |= {"reason": "x", "when": "never"}
    assert hr.post(url, data).status_code == 422
    assert hr.post(url, {**data, "confirm": "20"}).status_code == 422
    assert Application.objects.open().count() == 21
    assert hr.post(url, {**data, "confirm": "21"}).status_code == 302
    assert Application.objects.open().count() == 0


def test_a_gap_of_one_of_several_refuses_all_and_names_the_person(hr: Client) -> None:
    job = a_job()
    people = [an_application(job), an_application(job, first_name="Emre", last_name="")]
    letter = {"de-template": "", "de-subject": "x", "de-text": "{last_name}"}
    data = {"chosen": chosen(*people), "reason": "x", "when": "soon", **letter}
    response = hr.post(reverse("hr:bulk_reject"), data)
    assert response.status_code == 422
    assert "Nothing stands for “{last_name}” of Emre" in response.content.decode()
    assert Application.objects.open().count() == 2


def test_nobody_rejects_what_they_do_not_see(hr: Client) -> None:
    seen, foreign = an_application(), an_application(a_job(is_confidential=True))
    data = {"chosen": chosen(seen, foreign), "reason": "x", "when": "soon"}
    assert hr.post(reverse("hr:bulk_reject"), data).status_code == 404
    assert Application.objects.open().count() == 2


def test_asking_costs_the_same_for_many_as_for_few(
    hr: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    job = a_job()
    for number in (3, 30):
        people = [an_application(job) for _ in range(number)]
        with django_assert_max_num_queries(16):
            hr.post(reverse("hr:bulk_reject"), {"chosen": chosen(*people)})


# A rejection that comes back --------------------------------------------------------------


def test_the_clock_of_a_rejection_that_came_back_runs_all_the_same(recruiter: User) -> None:
    application = rejected(recruiter)
    mail.send_due(NOW + timedelta(minutes=11))
    token = application.tokens.get(purpose="reply")
    before = Application.objects.values("status", "decided_on", "delete_on").get()
    mail.bounced(token, now=timezone.now())
    assert Application.objects.values("status", "decided_on", "delete_on").get() == before
    returned = application.mails.get()
    assert (returned.state, returned.noted_at) == ("bounced", None)
