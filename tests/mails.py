"""Mails as they really come: more than forty, each with what must become of it.

Most are built with Python's email package, the broken ones by hand. The sender of each, or its
Message-ID where it has no sender, bears its name, so that one can tell afterwards where it went.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email.message import EmailMessage
from functools import cache
from random import Random

from django.conf import settings

from candidates import addresses, tokens
from candidates.intake import Outcome
from candidates.models import Application, Job, Mail, Stage, StrayMail, Token
from tests import world

Reason = StrayMail.Reason
LETTER = "Guten Tag,\n\nich bewerbe mich hiermit und freue mich auf Ihre Antwort.\n\nViele Grüße\n"
HTML = "<p>Guten Tag,</p><p>ich bewerbe mich &amp; freue mich.<br>Gr&uuml;&szlig;e</p>"


@dataclass(frozen=True)
class Sample:
    """A mail and what must become of it."""

    name: str
    raw: bytes
    outcome: Outcome
    reason: str = ""
    #: Attachments that are kept, and names of those that are refused.
    documents: int = 0
    refused: tuple[str, ...] = ()

    @property
    def sender(self) -> str:
        return sender(self.name)


def sender(name: str) -> str:
    return f"{name}@post.example"


# What is sent to ---------------------------------------------------------------------------------


@dataclass
class Scene:
    """Jobs to apply for, and applications whose mails can be answered."""

    job: Job = field(default_factory=lambda: world.a_job(slug="pflegefachkraft"))
    english: Job = field(default_factory=lambda: world.a_job(slug="nurse", language="en"))
    closed: Job = field(default_factory=lambda: world.a_job(slug="koch", is_published=False))

    @staticmethod
    def forget() -> None:
        """Take the jobs away, for another scene."""
        Stage.objects.all().delete()
        Job.objects.all().delete()

    def token(self, **fields: object) -> str:
        """Return the token of a mail that an application of its own has been sent."""
        return a_token(world.an_application(self.job, **fields))  # type: ignore[arg-type]


def a_token(application: Application) -> str:
    sent = application.mails.create(
        purpose=Mail.Purpose.RECEIPT,
        language="de",
        to=application.email,
        subject="Ihre Bewerbung",
        body="…",
        created_at=world.NOW,
        send_at=world.NOW,
        sent_at=world.NOW,
        state=Mail.State.SENT,
    )
    return tokens.mint(application, Token.Purpose.REPLY, now=world.NOW, mail=sent)


# How they are built ------------------------------------------------------------------------------


def a_mail(
    name: str, to: str, text: str | None = LETTER, html: str = "", **headers: str
) -> EmailMessage:
    """Return a mail as a usual program writes it; `headers` replace or join the usual ones."""
    mail = EmailMessage()
    usual = {
        "From": f"Käthe Großmann <{sender(name)}>",
        "To": to,
        "Subject": f"Bewerbung {name}",
        "Message-ID": f"<{name}@post.example>",
        "Date": "Thu, 17 Sep 2026 09:12:00 +0200",
    }
    for key, value in (usual | {k.replace("_", "-"): v for k, v in headers.items()}).items():
        if value:
            mail[key] = value
    if text is not None:
        mail.set_content(text)
    if html and text is None:
        mail.set_content(html, subtype="html")
    elif html:
        mail.add_alternative(html, subtype="html")
    return mail


@cache
def pdf(text: str = "Lebenslauf") -> bytes:
    return world.a_pdf(text)


def attach(mail: EmailMessage, name: str = "Lebenslauf.pdf", content: bytes | None = None) -> None:
    data = pdf() if content is None else content
    mail.add_attachment(data, maintype="application", subtype="pdf", filename=name)


@cache
def picture(size: int = 40, kind: str = "PNG") -> bytes:
    """Return a picture of noise, which no format makes small."""
    from io import BytesIO

    from PIL import Image

    noise, file = Random(7).randbytes(size * size * 3), BytesIO()
    Image.frombytes("RGB", (size, size), noise).save(file, kind)
    return file.getvalue()


def by_hand(name: str, to: str, head: str, body: bytes) -> bytes:
    """Return a mail of which nothing has been seen to be right."""
    usual = f"From: {sender(name)}\r\nTo: {to}\r\nMessage-ID: <{name}@post.example>\r\n"
    return (usual + head + "\r\n\r\n").encode("latin-1") + body


def report(name: str, to: str, action: str, **headers: str) -> bytes:
    """Return a delivery report as mail servers write it (RFC 3464)."""
    usual = {
        "Return-Path": "<>",
        "From": "Mail Delivery System <MAILER-DAEMON@mx.post.example>",
        "To": to,
        "Subject": "Undelivered Mail Returned to Sender",
        "Message-ID": f"<{name}@post.example>",
        "Auto-Submitted": "auto-replied",
    } | {k.replace("_", "-"): v for k, v in headers.items()}
    head = "".join(f"{key}: {value}\r\n" for key, value in usual.items())
    return (
        f"{head}MIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain\r\n\r\nIt could not be delivered.\r\n"
        "--b\r\nContent-Type: message/delivery-status\r\n\r\n"
        "Reporting-MTA: dns; mx.post.example\r\n\r\n"
        f"Final-Recipient: rfc822; kaethe@post.example\r\nAction: {action}\r\nStatus: 5.1.1\r\n\r\n"
        "--b\r\nContent-Type: text/rfc822-headers\r\n\r\n"
        f"Subject: Ihre Bewerbung\r\nReply-To: {headers.get('Quoted', to)}\r\n\r\n--b--\r\n"
    ).encode()


Build = Callable[[Scene], Sample]
BUILDS: list[Build] = []


def build(function: Build) -> Build:
    BUILDS.append(function)
    return function


def samples(scene: Scene) -> list[Sample]:
    """Return all kinds, in an order of chance that is always the same."""
    made = [function(scene) for function in BUILDS]
    made += list(variants(scene))
    assert len({sample.name for sample in made}) == len(made)
    Random(5).shuffle(made)
    return made


def applied(name: str, mail: EmailMessage | bytes, documents: int = 0, *refused: str) -> Sample:
    raw = mail if isinstance(mail, bytes) else bytes(mail)
    return Sample(name, raw, Outcome.APPLICATION, documents=documents, refused=refused)


def stray(name: str, mail: EmailMessage | bytes, reason: str) -> Sample:
    raw = mail if isinstance(mail, bytes) else bytes(mail)
    return Sample(name, raw, Outcome.STRAY, reason)


# Applications -------------------------------------------------------------------------------------


@build
def with_two_documents(scene: Scene) -> Sample:
    mail = a_mail("two", addresses.of_job(scene.job))
    attach(mail)
    attach(mail, "Zeugnis – Prüfung.pdf")
    return applied("two", mail, 2)


@build
def of_html_alone(scene: Scene) -> Sample:
    return applied("html", a_mail("html", addresses.of_job(scene.job), None, HTML))


@build
def of_both(scene: Scene) -> Sample:
    mail = a_mail("both", addresses.of_job(scene.job), html=HTML)
    attach(mail)
    return applied("both", mail, 1)


@build
def from_a_mac(scene: Scene) -> Sample:
    """Apple Mail puts the attachments into one of the alternatives."""
    to = addresses.of_job(scene.job)
    head = 'MIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary="a"'
    file = EmailMessage()
    file.set_content(pdf(), "application", "pdf", disposition="inline", filename="Lebenslauf.pdf")
    body = (
        b"--a\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nGuten Tag\r\n"
        b'--a\r\nContent-Type: multipart/mixed; boundary="m"\r\n\r\n'
        b"--m\r\nContent-Type: text/html\r\n\r\n<p>Guten Tag</p>\r\n"
        b"--m\r\n" + bytes(file) + b"\r\n--m--\r\n--a--\r\n"
    )
    return applied("mac", by_hand("mac", to, head, body), 1)


@build
def speculative(scene: Scene) -> Sample:
    mail = a_mail("speculative", addresses.of_job(None))
    attach(mail)
    return applied("speculative", mail, 1)


@build
def to_a_closed_job(scene: Scene) -> Sample:
    return applied("closed", a_mail("closed", addresses.of_job(scene.closed)))


@build
def to_an_unknown_job(scene: Scene) -> Sample:
    return applied("unknown-job", a_mail("unknown-job", addresses.tagged("astronaut")))


@build
def in_english(scene: Scene) -> Sample:
    text = "Dear team,\n\nI would like to apply for the position of nurse. Please find my CV.\n"
    mail = a_mail(
        "english", addresses.of_job(scene.job), text, From="Amira Haddad <english@post.example>"
    )
    return applied("english", mail)


@build
def copied_to_a_friend(scene: Scene) -> Sample:
    mail = a_mail("copied", "freund@anderswo.example", Cc=addresses.of_job(scene.job))
    return applied("copied", mail)


@build
def blind_copied(scene: Scene) -> Sample:
    mail = a_mail("blind", "undisclosed-recipients:;", Delivered_To=addresses.of_job(scene.job))
    return applied("blind", mail)


@build
def to_an_address_in_capitals(scene: Scene) -> Sample:
    return applied("capitals", a_mail("capitals", addresses.of_job(scene.job).upper()))


@build
def forwarded(scene: Scene) -> Sample:
    inner = a_mail("inner", "amira@post.example", "Anbei meine Zeugnisse.\n")
    attach(inner, "Zeugnis.pdf")
    mail = a_mail("forwarded", addresses.of_job(scene.job))
    mail.add_attachment(inner)
    return applied("forwarded", mail, 1)


@build
def forwarded_twice(scene: Scene) -> Sample:
    inmost = a_mail("inmost", "amira@post.example", "Ganz innen.\n")
    attach(inmost)
    inner = a_mail("within", "amira@post.example", "In der Mitte.\n")
    inner.add_attachment(inmost)
    mail = a_mail("forwarded-twice", addresses.of_job(scene.job))
    mail.add_attachment(inner)
    attach(mail, "Anschreiben.pdf")
    return applied("forwarded-twice", mail, 2)


@build
def signed_with_a_logo(scene: Scene) -> Sample:
    """The logo of the signature is left out, the document stays."""
    mail = a_mail("logo", addresses.of_job(scene.job), html=HTML + '<img src="cid:logo@post">')
    page = mail.get_payload()[1]  # type: ignore[index]
    page.add_related(picture(), "image", "png", cid="<logo@post>", filename="image001.png")  # type: ignore[union-attr]
    attach(mail)
    return applied("logo", mail, 1)


@build
def with_an_inline_photo(scene: Scene) -> Sample:
    """A certificate photographed and put between the lines is a document."""
    mail = a_mail("photo", addresses.of_job(scene.job))
    photo = picture(300)
    mail.add_attachment(photo, "image", "png", disposition="inline", filename="IMG_2231.png")
    return applied("photo", mail, 1)


@build
def with_a_small_picture_attached(scene: Scene) -> Sample:
    mail = a_mail("small", addresses.of_job(scene.job))
    mail.add_attachment(picture(), "image", "png", filename="Passfoto.png")
    return applied("small", mail, 1)


@build
def with_an_inline_document(scene: Scene) -> Sample:
    mail = a_mail("inline", addresses.of_job(scene.job))
    mail.add_attachment(pdf(), "application", "pdf", disposition="inline", filename="CV.pdf")
    return applied("inline", mail, 1)


@build
def packed_by_outlook(scene: Scene) -> Sample:
    mail = a_mail("outlook", addresses.of_job(scene.job))
    mail.add_attachment(b"\x78\x9f\x3e\x22" * 20, "application", "ms-tnef", filename="winmail.dat")
    attach(mail)
    return applied("outlook", mail, 1, "winmail.dat")


@build
def with_a_program(scene: Scene) -> Sample:
    mail = a_mail("program", addresses.of_job(scene.job))
    mail.add_attachment(b"MZ" + bytes(200), "application", "octet-stream", filename="cv.exe")
    attach(mail)
    return applied("program", mail, 1, "cv.exe")


@build
def with_too_many(scene: Scene) -> Sample:
    mail = a_mail("many", addresses.of_job(scene.job))
    for number in range(settings.ATS_MAX_FILES + 2):
        attach(mail, f"Zeugnis {number}.pdf")
    most = settings.ATS_MAX_FILES
    names = [f"Zeugnis {number}.pdf" for number in (most, most + 1)]
    return applied("many", mail, most, *names)


@build
def with_calendar_and_signature(scene: Scene) -> Sample:
    mail = a_mail("extras", addresses.of_job(scene.job))
    mail.add_alternative("BEGIN:VCALENDAR\nEND:VCALENDAR\n", subtype="calendar")
    signature = b"0\x82"
    mail.add_attachment(signature, "application", "pkcs7-signature", filename="smime.p7s")
    return applied("extras", mail)


@build
def of_25_mb(scene: Scene) -> Sample:
    mail = a_mail("large", addresses.of_job(scene.job))
    for number in range(2):
        mail.add_attachment(
            pdf() + b"\n%" + b"%" * (9_000_000),
            "application",
            "pdf",
            filename=f"Mappe {number}.pdf",
        )
    return applied("large", mail, 2)


# Character sets and broken ones -------------------------------------------------------------------


def variants(scene: Scene) -> Iterator[Sample]:
    """Yield what is wrong with letters, headers and parts; each is an application all the same."""
    to = addresses.of_job(scene.job)
    text = "Grüße aus Köln, ich bewerbe mich.\r\n"
    plain = "MIME-Version: 1.0\r\nContent-Type: text/plain"
    for name, head, body in [
        ("latin1", f"{plain}; charset=iso-8859-1", text.encode("latin-1")),
        ("windows", f"{plain}; charset=us-ascii", text.encode("cp1252")),
        ("lying", f"{plain}; charset=iso-8859-1", text.encode()),
        ("nonsense", f"{plain}; charset=x-gibt-es-nicht", text.encode()),
        ("escape", f"{plain}; charset=unicode_escape", b"\\ud800 Gr\\xfc\\xdfe\r\n"),
        ("utf16", f"{plain}; charset=utf-16", text.encode("utf-16")),
        ("utf7", f"{plain}; charset=utf-7", b"Gr+APwA3w-e\r\n"),
        ("japanese", f"{plain}; charset=iso-2022-jp", "履歴書です\r\n".encode("iso-2022-jp")),
        ("nul", plain, b"Guten\x00 Tag\x1b[2J \xed\xa0\x80\r\n"),
        ("raw-header", "Subject: Bewerbung als Köchin", b"Guten Tag\r\n"),
        ("bad-word", "Subject: =?utf-8?b?R3LDvM!!!?= =?quatsch?q?x=?=", b"Guten Tag\r\n"),
        ("torn-word", "Subject: =?utf-8?q?Gr=C3?=\r\n =?utf-8?q?=BC=C3=9Fe?=", b"Guten Tag\r\n"),
        ("no-boundary", "Content-Type: multipart/mixed", b"--x\r\n\r\nGuten Tag\r\n--x--\r\n"),
        ("no-end", 'Content-Type: multipart/mixed; boundary="x"', b"--x\r\n\r\nGuten Tag\r\n"),
        ("no-parts", 'Content-Type: multipart/mixed; boundary="x"', b"Guten Tag\r\n"),
        ("bad-base64", f"{plain}\r\nContent-Transfer-Encoding: base64", b"R3V0ZW4gVGFn!!=\r\n"),
        ("bad-encoding", f"{plain}\r\nContent-Transfer-Encoding: x-quatsch", b"Guten Tag\r\n"),
        ("bad-type", "Content-Type: ;;;=;charset*0*=%%%;charset*1*=x", b"Guten Tag\r\n"),
        ("no-type", "X: y", b""),
        ("long-header", "X-Long: " + "(" * 60_000, b"Guten Tag\r\n"),
        ("many-headers", "\r\n".join(f"X-{n}: y" for n in range(3_000)), b"Guten Tag\r\n"),
    ]:  # fmt: skip
        yield applied(name, by_hand(name, to, head, body))


@build
def without_a_message_id(scene: Scene) -> Sample:
    return applied("no-id", a_mail("no-id", addresses.of_job(scene.job), Message_ID=""))


@build
def with_a_boundary_that_nobody_names(scene: Scene) -> Sample:
    """What stands between the lines is found all the same."""
    to, file = addresses.of_job(scene.job), EmailMessage()
    file.set_content(pdf(), "application", "pdf", filename="Lebenslauf.pdf")
    body = b"--zeile\r\n\r\nGuten Tag\r\n--zeile\r\n" + bytes(file) + b"\r\n--zeile--\r\n"
    head = "MIME-Version: 1.0\r\nContent-Type: multipart/mixed"
    return applied("unnamed", by_hand("unnamed", to, head, body), 1)


@build
def nested_too_deep(scene: Scene) -> Sample:
    to = addresses.of_job(scene.job)
    body = b"".join(
        b'--%d\r\nContent-Type: multipart/mixed; boundary="%d"\r\n\r\n' % (n, n + 1)
        for n in range(400)
    )
    raw = by_hand("deep", to, 'Content-Type: multipart/mixed; boundary="0"', body)
    return stray("deep", raw, Reason.UNREADABLE)


@build
def in_too_many_parts(scene: Scene) -> Sample:
    body = b"--x\r\n\r\nGuten Tag\r\n" * 1_000
    head = 'Content-Type: multipart/mixed; boundary="x"'
    return stray("parts", by_hand("parts", addresses.of_job(None), head, body), Reason.UNREADABLE)


# Replies ------------------------------------------------------------------------------------------


@build
def a_reply(scene: Scene) -> Sample:
    mail = a_mail("reply", addresses.tagged(scene.token()), "Danke!\n\n> Ihre Bewerbung\n")
    return Sample("reply", bytes(mail), Outcome.REPLY)


@build
def a_reply_with_a_document(scene: Scene) -> Sample:
    mail = a_mail("reply-file", addresses.tagged(scene.token()))
    attach(mail, "Zeugnis.pdf")
    return Sample("reply-file", bytes(mail), Outcome.REPLY, documents=1)


@build
def a_reply_to_a_rejection(scene: Scene) -> Sample:
    mail = a_mail("reply-closed", addresses.tagged(scene.token(status="rejected")))
    attach(mail, "Zeugnis.pdf")
    return Sample("reply-closed", bytes(mail), Outcome.REPLY, refused=("Zeugnis.pdf",))


@build
def a_reply_to_a_restricted_one(scene: Scene) -> Sample:
    mail = a_mail("restricted", addresses.tagged(scene.token(restricted_at=world.NOW)))
    return Sample("restricted", bytes(mail), Outcome.REPLY)


@build
def a_reply_to_nothing(scene: Scene) -> Sample:
    mail = a_mail("reply-dead", addresses.tagged("a" * tokens.LENGTH))
    return stray("reply-dead", mail, Reason.UNKNOWN)


# Machines -----------------------------------------------------------------------------------------


def automatic(name: str, to: str, **headers: str) -> EmailMessage:
    return a_mail(name, to, "Ich bin bis Montag nicht da.\n", **headers)


@build
def out_of_office(scene: Scene) -> Sample:
    to = addresses.tagged(scene.token())
    mail = automatic("away", to, Auto_Submitted="auto-replied", Return_Path="<>")
    return Sample("away", bytes(mail), Outcome.AUTOMATIC)


@build
def out_of_office_of_old(scene: Scene) -> Sample:
    mail = automatic("away-old", addresses.tagged(scene.token()), Precedence="auto_reply")
    return Sample("away-old", bytes(mail), Outcome.AUTOMATIC)


@build
def out_of_office_to_a_job(scene: Scene) -> Sample:
    mail = automatic("away-job", addresses.of_job(scene.job), X_Autoreply="yes")
    return stray("away-job", mail, Reason.AUTOMATIC)


@build
def a_person_who_writes_of_a_holiday(scene: Scene) -> Sample:
    mail = a_mail("holiday", addresses.tagged(scene.token()), Subject="Out of office next week")
    return Sample("holiday", bytes(mail), Outcome.REPLY)


@build
def a_bounce(scene: Scene) -> Sample:
    to = addresses.tagged(scene.token())
    return Sample("bounce", report("bounce", to, "failed"), Outcome.BOUNCE)


@build
def a_bounce_that_quotes_the_token(scene: Scene) -> Sample:
    quoted = addresses.tagged(scene.token())
    raw = report("bounce-quoted", settings.ATS_MAIL_ADDRESS, "failed", Quoted=quoted)
    return Sample("bounce-quoted", raw, Outcome.BOUNCE)


@build
def a_bounce_of_old(scene: Scene) -> Sample:
    mail = a_mail(
        "bounce-old",
        addresses.tagged(scene.token()),
        "Hi. This is the qmail-send program. I was not able to deliver your message.\n",
        From="MAILER-DAEMON@mx.post.example",
        Subject="failure notice",
    )
    return Sample("bounce-old", bytes(mail), Outcome.BOUNCE)


@build
def a_delay(scene: Scene) -> Sample:
    raw = report("delay", addresses.tagged(scene.token()), "delayed")
    return Sample("delay", raw, Outcome.DELAY)


@build
def a_bounce_of_nothing(scene: Scene) -> Sample:
    to = addresses.tagged("b" * tokens.LENGTH)
    return stray("bounce-dead", report("bounce-dead", to, "failed"), Reason.UNKNOWN)


@build
def a_mailing_list(scene: Scene) -> Sample:
    mail = a_mail("list", addresses.of_job(None), List_Id="Neues <neues.liste.example>")
    return stray("list", mail, Reason.LIST)


@build
def a_newsletter(scene: Scene) -> Sample:
    mail = a_mail("newsletter", addresses.of_job(None), Precedence="bulk")
    return stray("newsletter", mail, Reason.LIST)


@build
def by_our_own_group(scene: Scene) -> Sample:
    """Where our address is a group, its List-Id is on every mail."""
    mark = f"<{settings.ATS_MAIL_ADDRESS.replace('@', '.')}>"
    mail = a_mail("group", addresses.of_job(scene.job), List_Id=mark, Precedence="list")
    return applied("group", mail)


@build
def our_own_mail(scene: Scene) -> Sample:
    mail = a_mail("loop", addresses.of_job(scene.job), From=settings.ATS_MAIL_ADDRESS)
    return stray("loop", mail, Reason.AUTOMATIC)


@build
def our_own_mail_that_came_back(scene: Scene) -> Sample:
    mail = a_mail(
        "loop-back",
        addresses.tagged(scene.token()),
        Message_ID=f"<loop-back.post.example@{settings.SITE_HOST}>",
        Auto_Submitted="auto-generated",
    )
    return stray("loop-back", mail, Reason.AUTOMATIC)


# Nobody -------------------------------------------------------------------------------------------


@build
def without_a_sender(scene: Scene) -> Sample:
    raw = b"To: " + addresses.of_job(scene.job).encode()
    return stray(
        "nobody", raw + b"\r\nMessage-ID: <nobody@post.example>\r\n\r\nHallo", Reason.NO_SENDER
    )


@build
def from_a_portal(scene: Scene) -> Sample:
    """Nobody reads at From; Reply-To is the person."""
    to = addresses.of_job(scene.job)
    answer = f"Amira Haddad <{sender('portal')}>"
    return applied("portal", a_mail("portal", to, From="no-reply@portal.example", Reply_To=answer))


@build
def to_nothing(scene: Scene) -> Sample:
    return stray("no-tag", a_mail("no-tag", settings.ATS_MAIL_ADDRESS), Reason.NO_JOB)


@build
def to_somebody_else(scene: Scene) -> Sample:
    return stray("elsewhere", a_mail("elsewhere", "info@anderswo.example"), Reason.NO_JOB)
