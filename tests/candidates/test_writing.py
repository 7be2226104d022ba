"""Mails written and answered from an application's page, and what its history says of them."""

from datetime import timedelta
from email.message import EmailMessage
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from candidates import intake, mail, pipeline, tasks, writing
from candidates.mail import Text
from candidates.models import Application, Mail, MailTemplate, User
from candidates.pipeline import ChangeNotAllowed
from tests.conftest import MailSink
from tests.world import NOW, a_job, a_user, an_application, log_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english"), pytest.mark.once("sqlite")]


@pytest.fixture
def recruiter() -> User:
    return a_user("recruiter", first_name="Katrin", last_name="Voss")


@pytest.fixture
def hr(client: Client, recruiter: User) -> Client:
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    return log_in(client, recruiter)


def send(client: Client, application: Application, query: str = "", **data: Any) -> Any:
    return client.post(reverse("hr:write", args=[application.pk]) + query, data)


def page(client: Client, application: Application) -> str:
    response = client.get(application.get_absolute_url())
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


def a_reply(sink: MailSink, text: str = "Dienstag passt mir.") -> bytes:
    """Return the applicant's answer to the last mail that reached them."""
    last, reply = sink.messages[-1], EmailMessage()
    reply["From"], reply["To"] = last["To"], last["Reply-To"]
    reply["Subject"] = f"Re: {last['Subject']}"
    reply["Message-ID"] = f"<{len(sink.messages)}@post.example>"
    reply.set_content(text)
    return bytes(reply)


def test_a_mail_by_hand_goes_at_once_in_the_applicants_language(
    hr: Client, recruiter: User, mail_sink: MailSink
) -> None:
    application = an_application(a_job(title="Pflege"))
    assert send(hr, application, subject="Zu {job}", text="Guten Tag {name}").status_code == 302
    mail.send_due(timezone.now())
    [message] = mail_sink.messages
    assert (message["To"], message["Subject"]) == (application.email, "Zu Pflege")
    written = application.mails.get()
    assert (written.by, written.language, written.state) == (recruiter, "de", "sent")
    assert f"Guten Tag {application.name}" in written.body
    html = page(hr, application)
    assert "<b>Katrin Voss</b> wrote: Zu Pflege" in html
    assert f"Guten Tag {application.name}" in html


def test_a_template_fills_the_form_and_a_gap_keeps_it(hr: Client) -> None:
    application = an_application(job=None)
    template = MailTemplate.objects.get(name="Zwischenbescheid")
    shown = send(
        hr, application, template=template.pk, shown="", subject="", text="", preview="template"
    )
    assert "Nothing stands for" not in shown.content.decode()
    assert "<mark>{job}</mark>" in shown.content.decode()
    data: dict[str, Any] = {"template": template.pk, "shown": template.pk}
    data |= {"subject": template.subject, "text": template.body}
    refused = send(hr, application, **data)
    assert refused.status_code == 422
    assert "Nothing stands for “{job}”" in refused.content.decode()
    assert "Wir brauchen für" in refused.content.decode()
    assert not Mail.objects.exists()


def test_a_form_that_is_sent_twice_sends_one_mail(hr: Client) -> None:
    application = an_application()
    for _ in range(2):
        send(hr, application, subject="Hallo", text="Guten Tag")
    send(hr, application, subject="Hallo", text="Guten Tag noch einmal")
    assert application.mails.count() == 2


@pytest.mark.parametrize("data", [{"subject": "x"}, {"subject": "", "text": "y"}, {}])
def test_a_mail_without_subject_or_text_is_not_sent(hr: Client, data: dict[str, str]) -> None:
    application = an_application()
    assert send(hr, application, **data).status_code == 422
    assert not Mail.objects.exists()


def test_nobody_writes_to_what_is_restricted_or_being_erased(recruiter: User) -> None:
    text = Text("Hallo", "Guten Tag")
    restricted = an_application(restricted_at=NOW)
    due = an_application(status="rejected", decided_on=NOW.date() - timedelta(days=200))
    for application, said in ((restricted, "restricted"), (due, "being erased")):
        with pytest.raises(ChangeNotAllowed, match=said):
            writing.write(application, text=text, by=recruiter, now=NOW)
    assert not Mail.objects.exists()


def test_whoever_writes_is_told_of_a_rejection_that_is_still_secret(
    hr: Client, recruiter: User
) -> None:
    application = an_application()
    now = timezone.now()
    later = now + timedelta(hours=1)
    pipeline.reject(application, by=recruiter, reason="x", now=now, mail_at=later)
    url = reverse("hr:write", args=[application.pk])
    assert "does not know it yet" in hr.get(url).content.decode()
    refused = send(hr, application, subject="Hallo", text="Gelöscht am {delete_on}")
    assert "Nothing stands for “{delete_on}”" in refused.content.decode()


# Answers ----------------------------------------------------------------------------------


def test_a_reply_names_the_mail_that_it_answers_and_is_answered_from_the_page(
    hr: Client, mail_sink: MailSink
) -> None:
    application = an_application()
    send(hr, application, subject="Gespräch", text="Wann passt es?")
    mail.send_due(timezone.now())
    intake.take_in(a_reply(mail_sink), now=timezone.now())
    ours, theirs = application.mails.get(purpose="message"), application.mails.get(purpose="reply")
    assert theirs.answers == ours
    html = page(hr, application)
    assert ", answered" in html
    answer = f"?answers={theirs.pk}"
    assert f"/mail/{answer}" in html

    form = hr.get(reverse("hr:write", args=[application.pk]) + answer).content.decode()
    assert 'value="Re: Gespräch"' in form
    assert "Dienstag passt mir." in form
    send(hr, application, answer, subject="Re: Gespräch", text="Bis Dienstag!")
    second = application.mails.filter(purpose="message").latest("pk")
    assert second.answers == theirs
    assert f"/mail/{answer}" not in page(hr, application)


def test_a_subject_with_curly_brackets_is_no_placeholder(hr: Client) -> None:
    application = an_application()
    theirs = application.mails.create(
        purpose="reply",
        state="received",
        language="de",
        to=application.email,
        body="x",
        subject="Über {name}",
        created_at=NOW,
        send_at=NOW,
    )
    url = reverse("hr:write", args=[application.pk]) + f"?answers={theirs.pk}"
    assert 'value="Re: Über (name)"' in hr.get(url).content.decode()


@pytest.mark.parametrize("which", ["ours", "somebody else's", "unknown", "nonsense"])
def test_only_a_mail_of_this_applicant_can_be_answered(hr: Client, which: str) -> None:
    application, other = an_application(), an_application()
    fields: dict[str, Any] = {"language": "de", "to": "a@post.example", "subject": "x", "body": "y"}
    fields |= {"created_at": NOW, "send_at": NOW}
    ours = application.mails.create(purpose="message", **fields)
    theirs = other.mails.create(purpose="reply", state="received", **fields)
    pk = {"ours": ours.pk, "somebody else's": theirs.pk, "unknown": 10**18}.get(which, "²")
    url = reverse("hr:write", args=[application.pk]) + f"?answers={pk}"
    assert hr.get(url).status_code == 404
    assert hr.post(url, {"subject": "x", "text": "y"}).status_code == 404
    assert Mail.objects.count() == 2


def test_an_automatic_reply_is_no_answer(hr: Client, mail_sink: MailSink) -> None:
    application = an_application()
    send(hr, application, subject="Gespräch", text="Wann passt es?")
    mail.send_due(timezone.now())
    reply = a_reply(mail_sink, "Ich bin bis Montag nicht da.")
    intake.take_in(b"Auto-Submitted: auto-replied\r\n" + reply, now=timezone.now())
    assert application.mails.get(purpose="automatic").answers == application.mails.get(
        purpose="message"
    )
    html = page(hr, application)
    assert "answered" not in html
    assert "?answers=" not in html


# What comes back --------------------------------------------------------------------------


def come_back(application: Application, sink: MailSink) -> Mail:
    mail.send_due(timezone.now())
    mail.bounced(application.tokens.latest("pk"), now=timezone.now())
    sink.messages.clear()
    return application.mails.latest("pk")


def test_a_mail_that_came_back_says_so_and_its_sender_gets_a_link_and_nothing_more(
    hr: Client, recruiter: User, mail_sink: MailSink
) -> None:
    a_user("recruiter")
    application = an_application(a_job(title="Pflege"))
    send(hr, application, subject="Gespräch", text="Wann passt es?")
    returned = come_back(application, mail_sink)
    assert tasks.tell_returned(returned.pk) == "told 1"
    [message] = mail_sink.messages
    assert message["To"] == recruiter.email
    assert application.get_absolute_url() in str(message)
    personal = (
        application.first_name,
        application.last_name,
        application.email,
        "Pflege",
        "Gespräch",
    )
    assert [word for word in personal if word in str(message)] == []
    assert "returned as undeliverable" in page(hr, application)


def test_somebody_else_who_decides_is_told_if_the_sender_has_left(
    hr: Client, recruiter: User, mail_sink: MailSink
) -> None:
    manager, other = a_user("hiring_manager"), a_user("recruiter")
    team = an_application(a_job(hiring_team=[manager]))
    speculative = an_application(job=None)
    for application, told in ((team, manager), (speculative, other)):
        recruiter.is_active = True
        recruiter.save()
        send(hr, application, subject="Hallo", text="Guten Tag")
        returned = come_back(application, mail_sink)
        recruiter.is_active = False
        recruiter.save()
        tasks.tell_returned(returned.pk)
        assert [message["To"] for message in mail_sink.messages] == [told.email]


def test_nobody_is_told_of_what_is_gone_or_noted(recruiter: User, mail_sink: MailSink) -> None:
    application = an_application()
    writing.write(application, text=Text("x", "y"), by=recruiter, now=NOW)
    returned = come_back(application, mail_sink)
    Mail.objects.update(noted_at=NOW)
    assert tasks.tell_returned(returned.pk) == "told 0"
    Mail.objects.all().delete()
    assert tasks.tell_returned(returned.pk) == "told 0"
    assert mail_sink.messages == []
