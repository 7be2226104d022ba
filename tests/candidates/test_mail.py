import logging
import re
import smtplib
from datetime import date, timedelta
from email.message import EmailMessage
from email.utils import parseaddr, parsedate_to_datetime
from typing import TYPE_CHECKING, Any

import pytest

from candidates import addresses, mail, pipeline, tokens
from candidates.mail import outbox
from candidates.mail.failures import may_have_gone
from candidates.mail.letters import Block, blocks
from candidates.models import Application, Mail, Request, Token
from tests.conftest import MailSink
from tests.faults.test_canaries import rows
from tests.world import NOW, TODAY, a_job, a_user, an_application, an_attachment

if TYPE_CHECKING:
    from pytest_django.fixtures import Settings

pytestmark = [pytest.mark.django_db, pytest.mark.once("postgres")]

#: What is composed; a message is written by somebody here.
OUTGOING = [p for p in Mail.Purpose if p not in {*Mail.INCOMING, Mail.Purpose.MESSAGE}]


def a_mail(application: Application | None = None, **fields: object) -> Mail:
    queued = mail.queue(application or an_application(), Mail.Purpose.RECEIPT, now=NOW, send_at=NOW)
    Mail.objects.filter(pk=queued.pk).update(**fields)
    return queued


def text_of(message: EmailMessage, kind: str = "plain") -> str:
    part = message.get_body((kind,))
    assert part
    return str(part.get_content()).replace("\r\n", "\n")


def link_in(message: EmailMessage) -> str:
    """Return the token of the one link in a message."""
    token: str
    (token,) = set(re.findall(rf"/my/({tokens.PATTERN})/", text_of(message)))
    return token


def reply_token(message: EmailMessage) -> str:
    """Return the token of the address for replies."""
    _name, address = parseaddr(str(message["Reply-To"]))
    return addresses.tag(address) or ""


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


# The letter -----------------------------------------------------------------------------------


def test_a_mail_comes_as_text_and_as_html_with_the_same_words(mail_sink: MailSink) -> None:
    application = an_application(first_name="Seán", last_name="O'Neill <x>", language="en")
    an_attachment(application, "CV & more.pdf")
    queued = a_mail(application)
    assert mail.send_due(NOW) == 1
    (message,) = mail_sink.messages
    assert message.get_content_type() == "multipart/alternative"
    text, html = text_of(message), text_of(message, "html")
    link = f"http://localhost:8000/my/{link_in(message)}/"
    assert text == queued.body.replace("http://localhost:8000/my/…/", link)
    assert '<html lang="en">' in html
    assert "Hello Seán O&#x27;Neill &lt;x&gt;," in html
    assert "<li>CV &amp; more.pdf</li>" in html
    assert html.count(f'href="{link}"') == 2, "a button and, under it, the address"
    assert f">{link}</a>" in html
    assert not re.search(r"<img|<script|url\(|src=|<link", html), "asks nobody for anything"


def test_its_headers_keep_machines_quiet_and_bring_replies_and_returns_home(
    mail_sink: MailSink, settings: "Settings"
) -> None:
    settings.ATS_MAIL_ADDRESS = "jobs@mail.musterwerk.example"
    settings.DEFAULT_FROM_EMAIL = '"Musterwerk" <personal@musterwerk.example>'
    application = an_application()
    queued = a_mail(application)
    mail.send_due(NOW)
    (message,), (sender,) = mail_sink.messages, mail_sink.senders
    assert parseaddr(str(message["From"]))[1] == "personal@musterwerk.example"
    assert parseaddr(str(message["Reply-To"]))[1] == sender
    assert re.fullmatch(rf"jobs\+{tokens.PATTERN}@mail\.musterwerk\.example", sender)
    assert re.fullmatch(r"<[0-9a-f]{64}@mail\.musterwerk\.example>", message["Message-ID"].strip())
    assert parsedate_to_datetime(message["Date"]) == NOW
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["X-Auto-Response-Suppress"] == "All"
    token = tokens.find(addresses.tag(sender) or "", Token.Purpose.REPLY, now=NOW)
    assert token
    assert (token.application, token.mail) == (application, queued)


def test_the_address_for_replies_opens_nothing(mail_sink: MailSink) -> None:
    a_mail()
    mail.send_due(NOW)
    others = [each for each in Token.Purpose if each != Token.Purpose.REPLY]
    assert tokens.find(reply_token(mail_sink.messages[0]), *others, now=NOW) is None


@pytest.mark.parametrize(
    ("purpose", "opens", "address"),
    [
        (Mail.Purpose.RECEIPT, Token.Purpose.ROOM, ""),
        (Mail.Purpose.LINK, Token.Purpose.ROOM, ""),
        (Mail.Purpose.ADDRESS, Token.Purpose.ADDRESS, "new@post.example"),
        (Mail.Purpose.ERASURE, Token.Purpose.ERASURE, ""),
    ],
)
def test_a_mail_s_link_does_what_the_mail_is_for(
    purpose: Mail.Purpose, opens: Token.Purpose, address: str, mail_sink: MailSink
) -> None:
    mail.queue(an_application(), purpose, now=NOW, send_at=NOW, to="new@post.example")
    mail.send_due(NOW)
    (message,) = mail_sink.messages
    assert message["To"] == "new@post.example"
    found = tokens.find(link_in(message), *Token.Purpose, now=NOW)
    assert found
    assert (found.purpose, found.address) == (opens, address)


def test_the_former_address_gets_no_link_and_does_not_learn_the_new_one(
    mail_sink: MailSink,
) -> None:
    application = an_application(email="new@post.example")
    purpose = Mail.Purpose.NEW_ADDRESS
    mail.queue(application, purpose, now=NOW, send_at=NOW, to="old@post.example")
    mail.send_due(NOW)
    (message,) = mail_sink.messages
    assert message["To"] == "old@post.example"
    assert "/my/" not in message.as_string()
    assert "new@post.example" not in message.as_string()
    assert set(Token.objects.values_list("purpose", flat=True)) == {Token.Purpose.RETURN}


@pytest.mark.parametrize("language", ["de", "en"])
def test_an_unconfirmed_address_learns_neither_name_nor_position(language: str) -> None:
    application = an_application(language=language)
    text = "".join(mail.compose(application, Mail.Purpose.ADDRESS))
    told = (application.last_name, application.email, str(application.job))
    assert [word for word in told if word in text] == []


def test_a_mail_that_goes_twice_brings_two_links_and_both_work(mail_sink: MailSink) -> None:
    a_mail()
    mail.send_due(NOW)
    Mail.objects.update(state=Mail.State.SENDING, sent_at=None)  # its sender died before it said so
    later = NOW + mail.CLAIM
    assert mail.send_due(later) == 1
    first, second = mail_sink.messages
    for find, purpose in ((link_in, Token.Purpose.ROOM), (reply_token, Token.Purpose.REPLY)):
        assert find(first) != find(second)
        assert tokens.find(find(first), purpose, now=later)
        assert tokens.find(find(second), purpose, now=later)
    assert first["Message-ID"] == second["Message-ID"]


def test_no_token_is_kept_in_any_table_or_said_in_any_log(
    mail_sink: MailSink, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    application = an_application()
    an_attachment(application)
    mail_sink.unknown = {application.email}
    a_mail(application)
    assert mail.send_due(NOW) == 0
    mail_sink.refusal, mail_sink.unknown = "554 no", set()
    later = NOW + timedelta(hours=1)
    assert mail.send_due(later) == 0
    mail_sink.refusal = None
    assert mail.send_due(later + timedelta(hours=1)) == 1
    (message,) = mail_sink.messages
    tables = dict(rows())
    secrets = [link_in(message), reply_token(message)]
    kept = b"\n".join(tables.values())
    # But for the log of the server that receives them.
    logs = "\n".join(each.getMessage() for each in caplog.records if each.name != "mail.log")
    assert tokens.digest(secrets[0]).encode() in kept, "the search finds what is there"
    for secret in secrets:
        assert secret.encode() not in kept.lower()
    assert "/my/…/" in Mail.objects.get().body
    assert not re.search(tokens.PATTERN, logs.lower())


def test_a_name_that_an_applicant_entered_becomes_no_link(mail_sink: MailSink) -> None:
    a_mail(an_application(first_name="https://casino.example/win"))
    mail.send_due(NOW)
    assert 'href="https://casino' not in text_of(mail_sink.messages[0], "html")


def test_a_text_is_taken_apart_into_paragraphs_lists_and_links(settings: "Settings") -> None:
    settings.ATS_SITE_URL = "https://jobs.example"
    body = "Hello,\n\nwith it came:\n- a.pdf\n- b.pdf\n\nLook:\nhttps://jobs.example/my/x/\n"
    assert list(blocks(body)) == [
        Block("text", ["Hello,"]),
        Block("text", ["with it came:"]),
        Block("list", ["a.pdf", "b.pdf"]),
        Block("text", ["Look:"]),
        Block("link", ["https://jobs.example/my/x/"]),
    ]


# What goes wrong --------------------------------------------------------------------------------


def test_a_recipient_who_is_refused_holds_up_no_other(mail_sink: MailSink) -> None:
    gone = an_application(email="gone@post.example")
    mail_sink.unknown = {"gone@post.example"}
    a_mail(gone)
    a_mail()
    assert mail.send_due(NOW) == 1
    refused = gone.mails.get()
    assert (refused.state, refused.attempts, refused.error) == ("queued", 1, "SMTP 550")


def test_tokens_of_a_mail_that_certainly_reached_nobody_are_dropped(mail_sink: MailSink) -> None:
    application = an_application(email="gone@post.example")
    mail_sink.unknown = {"gone@post.example"}
    a_mail(application)
    mail.send_due(NOW)
    assert not application.tokens.exists()
    # The server had all of it before it said no: whoever reads it there may use it.
    mail_sink.unknown, mail_sink.refusal = set(), "451 later"
    mail.send_due(NOW + timedelta(minutes=1))
    assert application.tokens.count() == 2


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (smtplib.SMTPConnectError(421, "no"), False),
        (smtplib.SMTPSenderRefused(550, b"no", "a@b.example"), False),
        (smtplib.SMTPRecipientsRefused({"a@b.example": (550, b"no")}), False),
        (ConnectionRefusedError(), False),
        (UnicodeEncodeError("ascii", "ä", 0, 1, "no"), False),
        (smtplib.SMTPDataError(554, b"no"), True),
        (smtplib.SMTPServerDisconnected("gone"), True),
        (TimeoutError(), True),
        (ConnectionResetError(), True),
    ],
)
def test_after_some_failures_a_mail_may_have_gone(error: Exception, *, expected: bool) -> None:
    assert may_have_gone(error) is expected


def test_a_mail_that_was_returned_says_so_and_stays_so(mail_sink: MailSink) -> None:
    queued = a_mail()
    mail.send_due(NOW)
    found = tokens.find(reply_token(mail_sink.messages[0]), Token.Purpose.REPLY, now=NOW)
    assert found
    mail.bounced(found, now=NOW + timedelta(minutes=5))
    queued.refresh_from_db()
    assert (queued.state, queued.sent_at) == ("bounced", NOW)
    assert mail.send_due(NOW + timedelta(days=1)) == 0


def test_a_mail_that_is_returned_before_its_sender_said_so_counts_as_returned() -> None:
    queued = a_mail(state=Mail.State.SENDING)
    tokens.mint(queued.application, Token.Purpose.REPLY, now=NOW, mail=queued)
    mail.bounced(Token.objects.get(), now=NOW)
    queued.refresh_from_db()
    assert (queued.state, queued.sent_at) == ("bounced", NOW)


def test_a_mail_that_never_went_is_not_returned() -> None:
    queued = a_mail()
    tokens.mint(queued.application, Token.Purpose.REPLY, now=NOW, mail=queued)
    mail.bounced(Token.objects.get(), now=NOW)
    queued.refresh_from_db()
    assert queued.state == "queued"


def test_nothing_is_sent_of_an_application_that_went_after_the_claim(mail_sink: MailSink) -> None:
    """As `send_due` does it, step by step, with the purge in between."""
    queued = a_mail()
    claimed = outbox._claim(NOW)
    assert claimed == queued
    Application.objects.all().delete()
    assert claimed
    assert outbox._send(claimed, NOW) is False
    assert mail_sink.messages == []
    assert not Token.objects.exists()


def test_a_rejection_taken_back_after_the_claim_is_not_sent(mail_sink: MailSink) -> None:
    application, by = an_application(), a_user("recruiter")
    pipeline.reject(application, by=by, reason="x", now=NOW, mail_at=NOW)
    claimed = outbox._claim(NOW)
    assert claimed
    pipeline.reopen(application, by=by, reason="y", now=NOW)
    assert outbox._send(claimed, NOW) is False
    assert mail_sink.messages == []


# The words --------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["de", "en"])
@pytest.mark.parametrize("purpose", OUTGOING)
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
    subject, body = mail.compose(application, purpose, request=request, until=NOW, added=["a.pdf"])
    if purpose != Mail.Purpose.ADDRESS:
        assert "Seán O'Neill <x>" in body
        assert "Ärztin & Chirurgin" in subject
    assert ("Guten Tag" if language == "de" else "Hello") in body
    assert body.count("/my/…/") <= 1, "one link a mail"
    assert body.rstrip().endswith((".", "Musterwerk"))
    assert [odd for odd in ("{", "&amp;", "None", "\n\n\n") if odd in subject + body] == []


@pytest.mark.parametrize("purpose", [Mail.Purpose.RECEIPT, Mail.Purpose.REJECTION])
def test_a_speculative_application_gets_its_own_words(purpose: Mail.Purpose) -> None:
    application = an_application(job=None, status="rejected", decided_on=TODAY)
    assert "None" not in "".join(mail.compose(application, purpose))


@pytest.mark.usefixtures("english")
def test_a_receipt_lists_what_came_what_did_not_and_by_when_an_answer_comes() -> None:
    received = NOW - timedelta(days=3)
    application = an_application(a_job(answer_days=10), language="en", received_at=received)
    an_attachment(application, "cv.pdf")
    refused = [("photo.gif", "Pictures of this kind cannot be taken.")]
    _subject, body = mail.compose(application, Mail.Purpose.RECEIPT, refused=refused)
    assert "It has arrived, but not all of its files." in body
    assert "- cv.pdf\n" in body
    assert "- photo.gif: Pictures of this kind cannot be taken.\n" in body
    assert "add them in another form on the page of your application" in body
    assert "You hear from us by 24 September 2026" in body
    assert "http://localhost:8000/my/…/" in body


@pytest.mark.usefixtures("english")
def test_a_mail_offers_only_what_the_application_still_takes() -> None:
    about: dict[str, Any] = {"refused": [("photo.gif", "No.")], "added": []}
    for status, expected in (("open", True), ("rejected", False)):
        application = an_application(status=status, language="en")
        _subject, body = mail.compose(application, Mail.Purpose.DOCUMENTS, **about)
        assert ("Please add them in another form" in body) is expected
        assert ("or withdraw it:" in body) is expected
        assert "- photo.gif: No.\n" in body


@pytest.mark.usefixtures("english")
def test_a_mail_tells_nobody_of_a_rejection_that_has_not_gone() -> None:
    application = an_application(language="en")
    before = mail.compose(application, Mail.Purpose.INFECTED)
    now, by = NOW, a_user("recruiter")
    pipeline.reject(application, by=by, reason="x", now=now, mail_at=now + timedelta(minutes=10))
    application.refresh_from_db()
    assert mail.compose(application, Mail.Purpose.INFECTED) == before
    application.mails.update(attempts=1, state=Mail.State.SENT, sent_at=now)
    assert mail.compose(application, Mail.Purpose.INFECTED) != before


@pytest.mark.usefixtures("english")
def test_a_withdrawal_names_the_day_on_which_all_is_gone() -> None:
    decided = date(2026, 8, 31)
    application = an_application(status="withdrawn", decided_on=decided, language="en")
    _subject, body = mail.compose(application, Mail.Purpose.WITHDRAWN)
    assert "on 28 February 2027 at the latest" in body
    application.early = Application.Early.REQUEST
    _subject, body = mail.compose(application, Mail.Purpose.WITHDRAWN)
    assert "within 24 hours" in body
    _subject, body = mail.compose(application, Mail.Purpose.WITHDRAWN, held=True)
    assert "As soon as that has ended" in body
