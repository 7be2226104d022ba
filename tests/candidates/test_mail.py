from datetime import timedelta

import pytest

from candidates import mail
from candidates.models import Application, Mail, Request
from tests.conftest import MailSink
from tests.world import NOW, TODAY, a_job, an_application

pytestmark = pytest.mark.django_db


def a_mail(application: Application | None = None, **fields: object) -> Mail:
    queued = mail.queue(application or an_application(), Mail.Purpose.RECEIPT, now=NOW, send_at=NOW)
    Mail.objects.filter(pk=queued.pk).update(**fields)
    return queued


def test_a_due_mail_goes_out_once(mail_sink: MailSink) -> None:
    application = an_application(email="mira@posteo.example")
    queued = a_mail(application)
    assert [mail.send_due(NOW), mail.send_due(NOW)] == [1, 0]
    (message,) = mail_sink.messages
    assert message["To"] == "mira@posteo.example"
    assert message["Subject"].strip() == queued.subject
    queued.refresh_from_db()
    assert (queued.state, queued.sent_at) == ("sent", NOW)


def test_a_mail_waits_for_its_time(mail_sink: MailSink) -> None:
    a_mail(send_at=NOW + timedelta(minutes=10))
    assert mail.send_due(NOW + timedelta(minutes=9)) == 0
    assert mail.send_due(NOW + timedelta(minutes=10)) == 1


def test_a_refused_mail_is_tried_again_with_growing_pauses(mail_sink: MailSink) -> None:
    mail_sink.refusal = "451 kaethe@post.example is busy"
    queued = a_mail()
    now, pauses = NOW, []
    for _ in range(4):
        assert mail.send_due(now) == 0
        queued.refresh_from_db()
        pauses.append((queued.send_at - now).total_seconds())
        now = queued.send_at
    assert pauses == [60, 120, 240, 480]
    assert (queued.state, queued.error) == ("queued", "SMTP 451")
    mail_sink.refusal = None
    assert mail.send_due(now) == 1


def test_an_address_that_no_server_takes_keeps_no_other_mail(mail_sink: MailSink) -> None:
    odd = a_mail(an_application(email=f"a@{'ä' * 60}.de"))
    a_mail()
    assert mail.send_due(NOW) == 1
    odd.refresh_from_db()
    assert (odd.state, odd.attempts) == ("queued", 1)
    assert odd.error


def test_a_mail_whose_sender_died_is_sent_by_the_next(mail_sink: MailSink) -> None:
    a_mail(state=Mail.State.SENDING, send_at=NOW + mail.CLAIM)
    assert mail.send_due(NOW) == 0
    assert mail.send_due(NOW + mail.CLAIM) == 1


def test_a_mail_goes_with_its_application() -> None:
    queued = a_mail()
    queued.application.delete()
    assert not Mail.objects.exists()


@pytest.mark.parametrize("language", ["de", "en"])
@pytest.mark.parametrize("purpose", list(Mail.Purpose))
def test_every_mail_is_complete_in_every_language(purpose: Mail.Purpose, language: str) -> None:
    application = an_application(
        job=a_job(title="Ärztin & Chirurgin"),
        language=language,
        first_name="Seán",
        last_name="O'Neill <x>",
        status="rejected",
    )
    request = Request(
        application=application,
        kind=Request.Kind.ACCESS,
        received_at=NOW,
        due_on=TODAY,
        answer="Das ist Ihre Auskunft.",
    )
    subject, body = mail.compose(application, purpose, request=request)
    assert "Seán O'Neill <x>" in body
    assert "Ärztin & Chirurgin" in subject
    assert ("Guten Tag" if language == "de" else "Hello") in body
    assert [odd for odd in ("{", "&amp;", "None", "\n\n\n") if odd in subject + body] == []


@pytest.mark.parametrize("purpose", [Mail.Purpose.RECEIPT, Mail.Purpose.REJECTION])
def test_a_speculative_application_gets_its_own_words(purpose: Mail.Purpose) -> None:
    application = an_application(job=None, status="rejected", decided_on=TODAY)
    assert "None" not in "".join(mail.compose(application, purpose))
