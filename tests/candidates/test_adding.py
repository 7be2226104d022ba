"""Applications that are entered by hand: the same checks, and their person is told."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from candidates import legal, mail, retention
from candidates.models import Application, Job, Mail, User
from storage.models import Attachment
from tests import world
from tests.conftest import MailSink

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.usefixtures("english"),
    pytest.mark.once("postgres"),
]

PATH = "/hr/applications/add/"


@pytest.fixture
def job() -> Job:
    return world.a_job(title="Pflegefachkraft Nacht")


@pytest.fixture
def recruiter() -> User:
    return world.a_user("recruiter")


@pytest.fixture
def hr(client: Client, recruiter: User) -> Client:
    return world.log_in(client, recruiter)


def typed(job: Job | None, /, **more: Any) -> dict[str, Any]:
    return {
        "source": "agency",
        "introduced_by": "Muster Personal GmbH",
        "job": job.slug if job else "",
        "received_on": retention.local_date(timezone.now()).isoformat(),
        "first_name": "Amira",
        "last_name": "Haddad",
        "email": "amira@post.example",
        "phone": "+49 221 5550",
        "language": "en",
        "submission": str(uuid4()),
        **more,
    }


def a_file(name: str = "Lebenslauf.pdf", content: bytes | None = None) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, world.a_pdf() if content is None else content)


def test_an_application_from_an_agency_is_like_any_other_and_says_where_it_came_from(
    hr: Client, job: Job, recruiter: User, attachment_store: Any
) -> None:
    response = hr.post(PATH, typed(job, attachments=[a_file()]))
    made = Application.objects.get()
    assert response["Location"] == made.get_absolute_url()
    assert (made.name, made.email, made.phone) == (
        "Amira Haddad",
        "amira@post.example",
        "+49 221 5550",
    )
    assert (made.job, made.stage, made.status) == (job, job.first_stage(), "open")
    assert (made.source, made.introduced_by) == ("agency", "Muster Personal GmbH")
    assert (made.legal_basis, made.language) == (legal.basis(), "en")
    event = made.events.get()
    assert (event.kind, event.by, event.detail) == ("received", recruiter, "1")
    document = made.attachments.get()
    assert (document.name, document.verdict) == ("Lebenslauf.pdf", "clean")
    assert made.mails.get().purpose == Mail.Purpose.NOTICE


@pytest.mark.parametrize(
    ("source", "language", "said"),
    [
        ("agency", "en", "Muster Personal GmbH has proposed you to us and given us your details."),
        ("referral", "en", "Muster Personal GmbH has recommended you to us"),
        ("paper", "en", "has come to us on paper, by way of Muster Personal GmbH."),
        ("agency", "de", "Muster Personal GmbH"),
    ],
)
def test_its_person_is_told_at_once_in_their_language_with_the_source(
    hr: Client, job: Job, mail_sink: MailSink, source: str, language: str, said: str
) -> None:
    hr.post(PATH, typed(job, source=source, language=language))
    assert mail.send_due(timezone.now()) == 1
    (letter,) = mail_sink.messages
    body = letter.get_body(("plain",))
    assert body
    text = " ".join(body.get_content().split())
    assert letter["To"] == "amira@post.example"
    assert said in text
    told = ("Musterwerk GmbH", "Miriam Falk", "GDPR" if language == "en" else "DSGVO", "/privacy/")
    assert not [each for each in told if each not in text]
    assert "/my/" in text
    assert Mail.objects.get().language == language


def test_what_came_on_paper_needs_nobody_it_came_from(hr: Client, job: Job) -> None:
    hr.post(PATH, typed(job, source="paper", introduced_by=""))
    body = Mail.objects.get().body
    assert "Your application has come to us on paper. Thank you for it." in body
    assert "Where we have it from: from you" in body


def test_it_counts_from_the_day_on_which_it_came(hr: Client, job: Job) -> None:
    came = retention.local_date(timezone.now()) - timedelta(days=4)
    hr.post(PATH, typed(job, received_on=came.isoformat()))
    made = Application.objects.get()
    days = {retention.local_date(made.received_at), retention.local_date(made.stage_since)}
    assert days == {came}


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"source": ""}, "Choose how it came."),
        ({"source": "form"}, "form"),
        ({"introduced_by": "  "}, "Enter who it came from."),
        ({"first_name": ""}, "Enter the first name."),
        ({"email": "amira@post"}, "Add its ending"),
        ({"email": "recruiter@musterwerk.example"}, "This is your own address."),
        ({"received_on": "2999-01-01"}, "This day is still to come."),
        ({"received_on": "1999-01-01"}, "Is the year right?"),
        ({"received_on": "soon"}, "Write the day as"),
        ({"job": "closed"}, "This job is not one of yours any more."),
        ({"language": "xx"}, "xx"),
    ],
)
def test_what_is_wrong_is_told_and_nothing_is_lost(
    client: Client, job: Job, wrong: dict[str, str], said: str, attachment_store: Any
) -> None:
    hr = world.log_in(client, world.a_user("recruiter", email="recruiter@musterwerk.example"))
    world.a_job(slug="closed", is_published=False)
    response = hr.post(PATH, typed(job, attachments=[a_file()], **wrong))
    page = response.content.decode()
    assert response.status_code == 422
    assert said in page
    assert "Haddad" in page
    assert f'name="staged" value="{Attachment.objects.get().pk}"' in page
    assert not Application.objects.exists()


def test_a_bad_file_is_refused_with_its_sentence_and_the_good_one_stays(
    hr: Client, job: Job, attachment_store: Any
) -> None:
    files = [a_file(), a_file("virus.pdf", b"MZ\x90\x00 no pdf")]
    response = hr.post(PATH, typed(job, attachments=files))
    assert response.status_code == 422
    assert "virus.pdf" in response.content.decode()
    kept = Attachment.objects.get()
    hr.post(PATH, typed(job, staged=[str(kept.pk)]))
    assert Application.objects.get().attachments.get() == kept


def test_files_can_be_added_and_removed_before_anybody_looks_for_faults(
    hr: Client, job: Job, attachment_store: Any
) -> None:
    bare = {"last_name": "Haddad", "attachments": [a_file()], "add": "1"}
    page = hr.post(PATH, bare)
    assert (page.status_code, "Haddad" in page.content.decode()) == (200, True)
    kept = Attachment.objects.get()
    page = hr.post(PATH, {"last_name": "Haddad", "staged": kept.pk, "remove": kept.pk})
    assert (page.status_code, Attachment.objects.count()) == (200, 0)


def test_a_form_that_is_sent_twice_enters_one(hr: Client, job: Job) -> None:
    data = typed(job)
    first, second = hr.post(PATH, data), hr.post(PATH, data)
    assert first["Location"] == second["Location"]
    assert (Application.objects.count(), Mail.objects.count()) == (1, 1)


def test_a_job_that_is_over_for_applicants_still_takes_what_came_in_time(hr: Client) -> None:
    over = world.a_job(apply_until=world.TODAY - timedelta(days=400))
    assert hr.post(PATH, typed(over)).status_code == 302
    assert Application.objects.get().job == over


def test_a_job_without_stages_is_told(hr: Client, job: Job) -> None:
    job.stages.all().delete()
    response = hr.post(PATH, typed(job))
    assert response.status_code == 409
    assert "it has no stages" in response.content.decode()


def test_only_a_recruiter_enters_one_without_a_position(hr: Client, job: Job) -> None:
    hr.post(PATH, typed(None))
    assert Application.objects.get().job is None
    manager = world.a_user("hiring_manager")
    job.hiring_team.add(manager)
    response = world.log_in(Client(), manager).post(PATH, typed(None))
    assert response.status_code == 422
    assert "Choose a job." in response.content.decode()


def test_nobody_enters_one_for_a_job_that_they_do_not_see(hr: Client) -> None:
    secret = world.a_job(is_confidential=True)
    page = hr.get(reverse("hr:add_application")).content.decode()
    assert secret.title not in page
    assert hr.post(PATH, typed(secret)).status_code == 404
