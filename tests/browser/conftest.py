"""What holds for every test in a browser: no mail leaves that its history does not tell of."""

import re
from collections.abc import Iterator
from email.message import EmailMessage

import pytest

from candidates import history, mail
from candidates.models import Application, LedgerLine, Mail, User
from tests.conftest import MailSink, await_requests

#: How our own texts begin, and those that HR's templates ship with.
GREETINGS = {"de": "Guten Tag", "en": "Hello"}
#: What no text that went has: a placeholder, a value that was missing, a text that was cut.
UNRESOLVED = re.compile(r"[{}…]|\[\[|\bNone\b|(Guten Tag|Hello) *,")
#: A link to the room, with the token that is kept nowhere.
LINK = re.compile(r"(?<=/my/)[a-z2-7]{20,}(?=/)")


@pytest.fixture(autouse=True)
def _every_mail_is_told(transactional_db: None, mail_sink: MailSink) -> Iterator[None]:
    """Send what still waits when a test is over, and look for all that went in the histories."""
    yield
    await_requests()
    mail_sink.refusal = None
    if waiting := Mail.objects.order_by("send_at").last():
        mail.send_due(waiting.send_at)
    staff = set(User.objects.values_list("email", flat=True))
    for message in mail_sink.messages:
        if message["To"] in staff:
            assert_names_nobody(message)
        else:
            assert_told(message)


def words(message: EmailMessage) -> str:
    """Return subject and text."""
    text = message.get_body(("plain",))
    assert text
    return f"{message['Subject']}\n{text.get_content()}"


def assert_names_nobody(message: EmailMessage) -> None:
    """Check a mail to a colleague: it is about nobody's record, and only leads to one."""
    said = words(message)
    assert not UNRESOLVED.search(said), said
    for application in Application.objects.all():
        assert application.email not in said
        assert application.name not in said


def assert_told(message: EmailMessage) -> None:
    """Check that a mail stands in a history, sent, in its language, with nothing unresolved."""
    said = words(message)
    assert not UNRESOLVED.search(said), said
    kept = LINK.sub("…", said).split()  # however a mail server has folded its lines
    sent = Mail.objects.filter(to=message["To"])
    found = [row for row in sent if f"{row.subject} {row.body}".split() == kept]
    if not found:
        assert_erased(message["To"])
        return
    row = found[0]
    assert row.state in {Mail.State.SENT, Mail.State.BOUNCED}
    assert row.language == row.application.language
    assert row.body.startswith(GREETINGS[row.language]), row.body
    assert row.state in shown(row)


def shown(mail: Mail) -> list[str]:
    """Return the state that its application's history shows of a mail, if it shows the mail."""
    reader = User(pk=0)
    records = Application.objects.annotate(**history.counts(reader))
    record = records.get(pk=mail.application_id)
    page = history.page(record, reader, tab=history.Tab.MAILS, after="", whole="")
    return [line.row.state for line in page.lines if line.row == mail]


def assert_erased(address: str) -> None:
    """Check that a mail of which nothing is left was to somebody whom a purge has erased."""
    assert not Mail.objects.filter(to=address).exists()
    assert not Application.objects.filter(email=address).exists()
    assert LedgerLine.objects.filter(kind=LedgerLine.Kind.APPLICATION).exists()
