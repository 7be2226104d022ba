"""The pages on which a recruiter looks at mails that no application could be made of."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from candidates import addresses, intake
from candidates.models import Application, StrayMail
from tests import mails, world
from tests.mails import a_mail, attach
from tests.world import NOW

pytestmark = [pytest.mark.django_db, pytest.mark.once("sqlite"), pytest.mark.usefixtures("english")]


def a_stray(name: str = "speculative", **headers: str) -> StrayMail:
    message = a_mail(name, "jobs@musterwerk.example", "<b>Hello</b>, I have a question.", **headers)
    attach(message)
    intake.take_in(bytes(message), now=NOW)
    return StrayMail.objects.get()


@pytest.fixture
def recruiter(client: Client) -> Client:
    return world.log_in(client, world.a_user("recruiter"))


def shown(client: Client, name: str, *args: Any) -> str:
    return client.get(reverse(name, args=args), headers={"accept-language": "en"}).content.decode()


def test_the_menu_has_mail_while_there_is_any(recruiter: Client) -> None:
    entry = f'href="{reverse("hr:mails")}"'
    assert entry not in shown(recruiter, "hr:applications")
    stray = a_stray()
    assert entry in shown(recruiter, "hr:applications")
    recruiter.post(reverse("hr:delete_mail", args=[stray.pk]))
    assert entry not in shown(recruiter, "hr:applications")


def test_a_mail_shows_sender_subject_reason_and_text_as_text(recruiter: Client) -> None:
    stray = a_stray(Subject="A <i>question</i>")
    for page in (shown(recruiter, "hr:mails"), shown(recruiter, "hr:mail", stray.pk)):
        assert "Käthe Großmann speculative@post.example" in page
        assert "A &lt;i&gt;question&lt;/i&gt;" in page
        assert "names no position" in page
    assert "&lt;b&gt;Hello&lt;/b&gt;" in page
    assert "Lebenslauf.pdf" in page


def test_a_mail_becomes_an_application_for_the_chosen_job(recruiter: Client) -> None:
    job, stray = world.a_job(), a_stray()
    answer = recruiter.post(reverse("hr:take_mail", args=[stray.pk]), {"job": job.slug})
    application = Application.objects.get()
    assert answer["Location"] == application.get_absolute_url()
    assert (application.job, application.source) == (job, "email")
    assert application.attachments.count() == 1
    assert application.mails.filter(purpose="receipt").exists()
    assert not StrayMail.objects.exists()


def test_without_a_job_it_becomes_a_speculative_application_and_comes_no_second_time(
    recruiter: Client,
) -> None:
    stray = a_stray()
    recruiter.post(reverse("hr:take_mail", args=[stray.pk]))
    assert Application.objects.get().job is None
    assert intake.take_in(bytes(stray.raw), now=NOW) == intake.Outcome.DUPLICATE
    assert recruiter.post(reverse("hr:take_mail", args=[stray.pk])).status_code == 404


def test_of_two_who_take_it_in_one_makes_an_application(recruiter: Client) -> None:
    stray = a_stray()
    intake.adopt(stray, job=None, now=NOW)
    with pytest.raises(Exception, match="Somebody else"):
        intake.adopt(stray, job=None, now=NOW)
    assert Application.objects.count() == 1


def test_a_mail_of_nobody_says_why_it_cannot_become_an_application(recruiter: Client) -> None:
    intake.take_in(mails.without_a_sender(mails.Scene()).raw, now=NOW)
    stray = StrayMail.objects.get()
    answer = recruiter.post(reverse("hr:take_mail", args=[stray.pk]))
    assert answer.status_code == 409
    assert "names no sender" in answer.content.decode()
    assert StrayMail.objects.count() == 1


def test_a_mail_that_nobody_can_read_can_be_deleted_alone(recruiter: Client) -> None:
    intake.take_in(mails.nested_too_deep(mails.Scene()).raw, now=NOW)
    page = shown(recruiter, "hr:mail", StrayMail.objects.get().pk)
    assert "Take in as an application" not in page
    assert "Delete" in page


def test_the_list_has_pages(recruiter: Client) -> None:
    for number in range(60):
        intake.take_in(bytes(a_mail(f"m{number}", "jobs@musterwerk.example")), now=NOW)
    first = shown(recruiter, "hr:mails")
    assert first.count("names no position") == 50
    assert "after=" in first


def test_the_page_of_an_application_shows_what_its_person_wrote(recruiter: Client) -> None:
    message = a_mail("mine", addresses.of_job(world.a_job()), "I apply, <with> pleasure.")
    intake.take_in(bytes(message), now=NOW)
    page = shown(recruiter, "hr:application", Application.objects.get().pk)
    assert "Mail from the applicant: Bewerbung mine" in page
    assert "I apply, &lt;with&gt; pleasure." in page
