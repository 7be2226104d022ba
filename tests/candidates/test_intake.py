"""Mails in: what becomes of each kind, once."""

import logging
import re
import time
import tracemalloc
from email.message import EmailMessage

import pytest
from django.test import override_settings
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pytest_django.fixtures import Settings

from candidates import addresses, intake, mail, tokens
from candidates.intake import Outcome, TryAgain, persons, taking, texts
from candidates.intake.letters import read
from candidates.models import Application, Event, Mail, SeenMail, StrayMail, Token
from storage.models import Attachment
from tests import mails, world
from tests.conftest import MailSink
from tests.mails import Sample, Scene, a_mail, attach
from tests.world import NOW

pytestmark = [pytest.mark.django_db, pytest.mark.once("postgres")]

NAMES = [build.__name__ for build in mails.BUILDS]


def took(sample: Sample) -> tuple[Outcome, str, int]:
    """Take a mail in; say what became of it, why it waits if it does, and what was kept."""
    outcome = intake.take_in(sample.raw, now=NOW)
    stray = StrayMail.objects.first()
    return outcome, stray.reason if stray else "", Attachment.objects.count()


def take(message: EmailMessage) -> Outcome:
    return intake.take_in(bytes(message), now=NOW)


@pytest.mark.parametrize("name", NAMES)
def test_each_kind_of_mail_becomes_what_it_should(name: str) -> None:
    scene = Scene()
    sample = next(build for build in mails.BUILDS if build.__name__ == name)(scene)
    assert took(sample) == (sample.outcome, sample.reason, sample.documents)
    told = " ".join(Mail.objects.filter(state="queued").values_list("body", flat=True))
    assert all(refused in told for refused in sample.refused)


def test_there_are_more_than_forty_kinds() -> None:
    assert len(mails.samples(Scene())) > 60


def test_whatever_is_wrong_with_letters_and_parts_it_is_an_application() -> None:
    for sample in mails.variants(Scene()):
        assert intake.take_in(sample.raw, now=NOW) == Outcome.APPLICATION, sample.name
    bodies = dict(Mail.objects.filter(purpose="reply").values_list("to", "body"))
    german = {"latin1", "windows", "lying", "nonsense", "utf16"}
    assert {bodies[mails.sender(name)] for name in german} == {"Grüße aus Köln, ich bewerbe mich."}
    assert bodies[mails.sender("utf7")] == "Grüße"
    assert bodies[mails.sender("japanese")] == "履歴書です"
    assert bodies[mails.sender("no-boundary")] == "Guten Tag"
    assert bodies[mails.sender("bad-base64")] == "Guten Tag"
    subjects = dict(Mail.objects.filter(purpose="reply").values_list("to", "subject"))
    assert subjects[mails.sender("torn-word")] == "Grüße"
    assert subjects[mails.sender("raw-header")] == "Bewerbung als Köchin"


# Once ---------------------------------------------------------------------------------------------


def test_a_mail_that_comes_twice_is_taken_in_once() -> None:
    scene = Scene()
    for sample in (mails.with_two_documents(scene), mails.a_mailing_list(scene)):
        assert intake.take_in(sample.raw, now=NOW) == sample.outcome
        again = b"Received: by another way\r\n" + sample.raw
        assert intake.take_in(again, now=NOW) == Outcome.DUPLICATE
    assert (Application.objects.count(), StrayMail.objects.count()) == (1, 1)
    assert Mail.objects.filter(purpose=Mail.Purpose.RECEIPT).count() == 1


def test_the_mark_of_a_mail_names_nobody_and_goes_with_its_application() -> None:
    take(a_mail("mark", addresses.of_job(Scene().job)))
    seen = SeenMail.objects.get()
    assert "mark" not in seen.digest
    assert len(seen.digest) == 64
    seen.application.delete()
    assert not SeenMail.objects.exists()


def test_while_the_storage_is_down_nothing_is_stored_and_the_next_try_does_all(
    settings: Settings,
) -> None:
    message = a_mail("later", addresses.of_job(Scene().job))
    attach(message)
    place = dict(settings.STORAGES["attachments"])
    settings.STORAGES = settings.STORAGES | {
        "attachments": {
            "BACKEND": "storage.backends.Folder",
            "OPTIONS": {"location": "/nonexistent/halbjahr"},
        }
    }
    with pytest.raises(TryAgain):
        take(message)
    rows = (Application.objects.count(), Mail.objects.count(), StrayMail.objects.count())
    assert rows == (0, 0, 0)
    settings.STORAGES = settings.STORAGES | {"attachments": place}
    assert take(message) == Outcome.APPLICATION
    assert Application.objects.get().attachments.count() == 1


@pytest.mark.soak
@hypothesis_settings(
    max_examples=world.rounds(60, 2000),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.data())
def test_no_bytes_make_it_raise(data: st.DataObject) -> None:
    """Real mails with pieces cut out, doubled or replaced at random."""
    raw = bytearray(data.draw(st.sampled_from(SAMPLES)).raw)
    for _ in range(data.draw(st.integers(1, 6))):
        start = data.draw(st.integers(0, len(raw)))
        end = min(len(raw), start + data.draw(st.integers(0, 60)))
        raw[start:end] = data.draw(st.binary(max_size=40))
    assert intake.take_in(bytes(raw), now=NOW) in set(Outcome)
    # Nor does it end where everything ends that goes wrong.
    assert not StrayMail.objects.filter(reason=StrayMail.Reason.UNREADABLE).exists()


SAMPLES = [
    Sample(name, mails.by_hand(name, "jobs+apply@musterwerk.example", head, body), Outcome.STRAY)
    for name, head, body in [
        ("a", "Content-Type: text/plain; charset=utf-8\r\nSubject: =?utf-8?q?Gr=C3=BC=C3?=", b"Hi"),
        (
            "b",
            'Content-Type: multipart/mixed; boundary="x"',
            b"--x\r\nContent-Type: text/html\r\n\r\n<p>Hi<br>\r\n--x\r\n"
            b'Content-Type: text/plain; name*=utf-8\'\'a%20b\r\nContent-Disposition: attachment; '
            b"filename=\"a.txt\"\r\nContent-Transfer-Encoding: base64\r\n\r\nSGk=\r\n--x\r\n"
            b"Content-Type: message/rfc822\r\n\r\nSubject: in\r\n\r\nHallo\r\n--x--\r\n",
        ),
    ]
]  # fmt: skip


@pytest.mark.parametrize(
    "head",
    ["To: " + "a" * 9_900 + "\r\n", "From: <" + "@" * 9_900 + "\r\n"],
    ids=["to", "from"],
)
def test_headers_made_to_be_slow_are_read_at_once(head: str) -> None:
    letter = read((head * 300 + "\r\n").encode())
    start = time.process_time()
    assert (letter.tags, letter.sender and letter.sender.address) == ([], None)
    assert time.process_time() - start < 3


def test_parts_made_to_be_slow_wait_for_a_person() -> None:
    head = "".join(
        f'Content-Type: multipart/mixed; boundary="b{n}"\r\n\r\n--b{n}\r\n' for n in range(150)
    )
    start = time.process_time()
    assert intake.take_in(f"{head}\r\n".encode() + b"\n" * 500_000, now=NOW) == Outcome.STRAY
    assert time.process_time() - start < 3
    assert StrayMail.objects.get().reason == StrayMail.Reason.UNREADABLE


def test_html_made_to_be_slow_is_read_at_once() -> None:
    part = "--x\r\nContent-Type: text/html\r\n\r\n<p>Hallo</p>" + "<div>" * 15_000 + "\r\n"
    raw = 'Content-Type: multipart/mixed; boundary="x"\r\n\r\n' + part * 20 + "--x--\r\n"
    start = time.process_time()
    assert read(raw.encode()).text.startswith("Hallo")
    assert time.process_time() - start < 8


def test_25_megabytes_are_read_within_bounded_memory() -> None:
    raw = mails.of_25_mb(Scene()).raw
    tracemalloc.start()
    assert intake.take_in(raw, now=NOW) == Outcome.APPLICATION
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(raw) > 24_000_000
    assert peak < 9 * len(raw)


# Applications -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        ('"Haddad, Amira" <a@post.example>', ("Amira", "Haddad")),
        ("Haddad, Amira <a@post.example>", ("Amira", "Haddad")),
        ("=?utf-8?q?K=C3=A4the_Gro=C3=9Fmann?= <k@post.example>", ("Käthe", "Großmann")),
        ("Ada de la Cruz <a@post.example>", ("Ada", "de la Cruz")),
        ("Dr. Jan van Dijk via Portal <j@post.example>", ("Dr. Jan", "van Dijk")),
        ("Amira <amira.haddad84@post.example>", ("Amira", "Haddad")),
        ("Amira <sonne@post.example>", ("Amira", "")),
        ("amira.haddad84@post.example", ("Amira", "Haddad")),
        ("amira@post.example (Amira Haddad)", ("Amira", "Haddad")),
        ('"amira@post.example" <amira.h@post.example>', ("Amira", "H")),
    ],
)
def test_a_person_has_the_name_that_the_mail_shows(shown: str, expected: tuple[str, str]) -> None:
    person = persons.of(read(f"From: {shown}\r\n\r\nHi".encode()))
    assert person is not None
    assert (person.first_name, person.last_name) == expected


@pytest.mark.parametrize(
    ("head", "text", "language"),
    [
        ("Content-Language: en-GB", "Ich bewerbe mich und freue mich auf das Gespräch", "en"),
        ("Accept-Language: de-DE", "", "de"),
        ("X: y", "Ich bewerbe mich und freue mich auf die Antwort der Station", "de"),
        ("X: y", "I apply for the position and look forward to you and your answer", "en"),
        ("X: y", "CV", "en"),
    ],
)
def test_the_answer_is_in_the_language_of_the_mail(head: str, text: str, language: str) -> None:
    letter = read(f"{head}\r\n\r\n{text}".encode())
    assert persons.language(letter, world.a_job(language="en")) == language


def test_an_application_by_mail_has_its_source_its_text_and_its_receipt() -> None:
    job = Scene().job
    message = a_mail("whole", addresses.of_job(job))
    attach(message)
    take(message)
    application = Application.objects.get()
    assert (application.job, application.source, application.name, application.email) == (
        *(job, "email", "Käthe Großmann"),
        mails.sender("whole"),
    )
    assert application.stage == job.first_stage()
    mine, receipt = application.mails.order_by("purpose").reverse()
    assert (mine.purpose, mine.state, mine.subject) == ("reply", "received", "Bewerbung whole")
    assert mine.body == mails.LETTER.strip()
    assert (receipt.purpose, receipt.to) == ("receipt", mails.sender("whole"))
    assert [event.kind for event in application.events.all()] == [Event.Kind.RECEIVED]


def test_the_receipt_goes_out_and_says_what_was_refused(mail_sink: MailSink, english: None) -> None:
    message = a_mail("program", addresses.of_job(Scene().english), "I apply for the job and you.")
    message.add_attachment(b"MZ" + bytes(99), "application", "octet-stream", filename="cv.exe")
    take(message)
    mail.send_due(NOW)
    (receipt,) = mail_sink.messages
    body = receipt.get_body(("plain",))
    assert receipt["To"] == mails.sender("program")
    assert body is not None
    assert "cv.exe: " in body.get_content().replace("\n", " ")


def test_links_stay_behind_their_words_and_scripts_are_not_text() -> None:
    page = '<script>x</script><p>See <a href="https://a.example/me">my work</a>&nbsp;&lt;3</p>'
    assert texts.clean(texts.from_html(page)) == "See my work (https://a.example/me)\xa0<3"


# Replies ------------------------------------------------------------------------------------------


def test_a_reply_joins_its_application_and_what_was_added_is_told() -> None:
    application = world.an_application()
    message = a_mail("reply", addresses.tagged(mails.a_token(application)), "Anbei.\n")
    attach(message, "Zeugnis.pdf")
    assert take(message) == Outcome.REPLY
    assert [each.name for each in application.attachments.all()] == ["Zeugnis.pdf"]
    kinds = set(application.events.values_list("kind", flat=True))
    assert kinds == {Event.Kind.WROTE, Event.Kind.ADDED}
    assert application.mails.get(purpose="reply").body == "Anbei."
    assert "Zeugnis.pdf" in application.mails.get(purpose="documents").body


def test_the_link_that_a_reply_quotes_is_not_kept(mail_sink: MailSink) -> None:
    application = world.an_application()
    mail.queue(application, Mail.Purpose.LINK, now=NOW, send_at=NOW)
    mail.send_due(NOW)
    (sent,) = mail_sink.messages
    body = sent.get_body(("plain",))
    assert body
    quoted = f"Danke!\n\n> {sent['Reply-To']}\n> {body.get_content()}"
    assert "/my/" in quoted
    take(a_mail("reply", sent["Reply-To"], quoted))
    kept = application.mails.get(purpose="reply")
    assert kept.body.startswith("Danke!")
    assert not any(tokens.find(word, *Token.Purpose, now=NOW) for word in words_of(kept.body))


def test_a_link_in_a_mail_that_waits_is_not_shown() -> None:
    token = tokens.mint(world.an_application(), Token.Purpose.ROOM, now=NOW)
    link = f"<a href='https://jobs.example.org/my/{token}/'>Link</a>"
    letter = read(bytes(a_mail("stray", "jobs@example.org", None, link, Subject=token)))
    assert token not in f"{letter.subject} {letter.text}"


def test_a_machine_that_does_not_say_so_is_not_answered_for_ever() -> None:
    address = addresses.tagged(mails.a_token(world.an_application()))
    for number in range(taking.ANSWERS + 2):
        message = a_mail(f"{number}", address)
        attach(message, "logo.exe")
        assert take(message) == Outcome.REPLY
    assert Mail.objects.filter(purpose="documents").count() == taking.ANSWERS
    assert Mail.objects.filter(purpose="reply").count() == taking.ANSWERS + 2


def words_of(text: str) -> list[str]:
    return re.findall(r"\w+", text)


def test_a_reply_without_documents_is_not_answered() -> None:
    take(a_mail("reply", addresses.tagged(Scene().token())))
    assert not Mail.objects.filter(state="queued").exists()


def test_no_more_documents_are_added_than_an_application_takes() -> None:
    application = world.an_application()
    world.an_attachment(application)
    message = a_mail("reply", addresses.tagged(mails.a_token(application)))
    for number in range(10):
        attach(message, f"Zeugnis {number}.pdf")
    take(message)
    assert application.attachments.count() == 10
    assert "Zeugnis 9.pdf: " in application.mails.get(purpose="documents").body
    assert not Attachment.objects.filter(application=None).exists()


def test_a_rejection_that_nobody_has_been_told_of_is_not_told_by_an_answer() -> None:
    application = world.an_application(status="rejected")
    mail.queue(application, Mail.Purpose.REJECTION, now=NOW, send_at=NOW + mail.CLAIM)
    message = a_mail("reply", addresses.tagged(mails.a_token(application)))
    attach(message)
    take(message)
    assert application.attachments.count() == 1


@pytest.mark.parametrize("purpose", [Mail.Purpose.NEW_ADDRESS, Mail.Purpose.ADDRESS])
def test_who_reads_a_former_or_unconfirmed_address_cannot_write_into_the_application(
    purpose: Mail.Purpose, mail_sink: MailSink
) -> None:
    application = world.an_application()
    mail.queue(application, purpose, now=NOW, send_at=NOW, to="other@post.example")
    mail.send_due(NOW)
    (told,) = mail_sink.messages
    message = a_mail("no", told["Reply-To"], "Das war ich nicht.\n", From="other@post.example")
    attach(message)
    assert take(message) == Outcome.STRAY
    assert StrayMail.objects.get().reason == StrayMail.Reason.UNKNOWN, "people here look at it"
    assert not application.attachments.exists()
    assert not application.mails.filter(purpose="reply").exists()


def test_a_mail_to_an_unconfirmed_address_that_comes_back_is_noted(mail_sink: MailSink) -> None:
    application = world.an_application()
    purpose = Mail.Purpose.ADDRESS
    mail.queue(application, purpose, now=NOW, send_at=NOW, to="slip@post.example")
    mail.send_due(NOW)
    (told,) = mail_sink.messages
    report = a_mail(
        "bounce", told["Reply-To"], From="mailer-daemon@post.example", Subject="Undeliverable"
    )
    assert take(report) == Outcome.BOUNCE
    assert application.mails.get().state == Mail.State.BOUNCED


def test_a_token_for_the_room_is_no_address_for_replies() -> None:
    application = world.an_application()
    token = tokens.mint(application, Token.Purpose.ROOM, now=NOW)
    take(a_mail("reply", addresses.tagged(token)))
    assert StrayMail.objects.get().reason == StrayMail.Reason.UNKNOWN


def test_nothing_that_a_machine_writes_is_answered() -> None:
    scene = Scene()
    for sample in mails.samples(scene):
        if sample.outcome not in {Outcome.APPLICATION, Outcome.REPLY}:
            intake.take_in(sample.raw, now=NOW)
    assert not Mail.objects.filter(state="queued").exists()


def test_a_delay_is_no_bounce() -> None:
    scene = Scene()
    intake.take_in(mails.a_delay(scene).raw, now=NOW)
    assert not Mail.objects.filter(state="bounced").exists()
    intake.take_in(mails.a_bounce(scene).raw, now=NOW)
    assert Mail.objects.filter(state="bounced").count() == 1


# What waits ---------------------------------------------------------------------------------------


def test_what_is_too_large_waits_with_its_beginning() -> None:
    raw = bytes(a_mail("huge", addresses.of_job(None))) + b"x" * intake.taking.MOST
    assert intake.take_in(raw, now=NOW) == Outcome.STRAY
    stray = StrayMail.objects.get()
    assert (stray.reason, len(stray.raw)) == (StrayMail.Reason.TOO_LARGE, 65_536)


def test_what_waits_goes_after_30_days() -> None:
    intake.take_in(mails.to_nothing(Scene()).raw, now=NOW)
    assert intake.forget_strays(NOW + intake.strays.KEPT * 0.99) == 0
    assert intake.forget_strays(NOW + intake.strays.KEPT) == 1
    assert not StrayMail.objects.exists()


def test_the_log_names_nobody(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    logging.getLogger("ats").propagate = True
    try:
        for sample in mails.samples(Scene()):
            intake.take_in(sample.raw, now=NOW)
    finally:
        logging.getLogger("ats").propagate = False
    assert "post.example" not in caplog.text
    assert "Großmann" not in caplog.text


def test_what_goes_wrong_unexpectedly_waits_for_a_person() -> None:
    """A table that is not as the code wants it stands for what nobody foresaw."""
    with override_settings(ATS_POLICY_VERSION=None):
        assert take(a_mail("odd", addresses.of_job(None))) == Outcome.STRAY
    assert StrayMail.objects.get().reason == StrayMail.Reason.UNREADABLE
