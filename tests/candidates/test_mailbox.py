"""The mailbox, on a real IMAP server, and the command that takes a mail from a mail server."""

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone
from pytest_django.fixtures import Settings

from candidates import addresses, intake, tasks
from candidates.intake import taking
from candidates.models import Application, StrayMail
from tests import machine
from tests.dovecot import Dovecot
from tests.mails import a_mail
from tests.world import NOW

pytestmark = pytest.mark.once("postgres")


@pytest.fixture(scope="module")
def server() -> Iterator[Dovecot]:
    try:
        dovecot = Dovecot()
    except machine.Missing as error:
        machine.do_without(error)
    yield dovecot
    dovecot.stop()


@pytest.fixture
def dovecot(server: Dovecot, settings: Settings) -> Dovecot:
    settings.IMAP_URL = server.url
    server.empty("Andere", "Bewerbungen")
    return server


def mails(number: int) -> list[bytes]:
    return [bytes(a_mail(f"m{n}", addresses.of_job(None))) for n in range(number)]


@pytest.mark.django_db
def test_without_a_mailbox_nothing_is_asked() -> None:
    assert tasks.poll_mail() == "no mailbox is set"


@pytest.mark.django_db
def test_mails_are_taken_in_and_then_deleted_and_others_are_left(dovecot: Dovecot) -> None:
    dovecot.deliver(mails(3))
    dovecot.deliver(mails(1), "Andere")
    assert intake.poll(NOW) == "application: 3"
    assert (dovecot.content(), len(dovecot.content("Andere"))) == ([], 1)
    assert intake.poll(NOW) == "no mail"


@pytest.mark.django_db
def test_the_path_of_the_address_names_the_folder(dovecot: Dovecot, settings: Settings) -> None:
    settings.IMAP_URL = f"{dovecot.url}/Bewerbungen"
    dovecot.deliver(mails(1))
    dovecot.deliver(mails(2), "Bewerbungen")
    assert intake.poll(NOW) == "application: 2"
    assert (len(dovecot.content()), dovecot.content("Bewerbungen")) == (1, [])


@pytest.mark.django_db
def test_what_cannot_be_stored_now_stays_unread_and_untouched(
    dovecot: Dovecot, settings: Settings
) -> None:
    settings.STORAGES = settings.STORAGES | {
        "attachments": {
            "BACKEND": "storage.backends.Folder",
            "OPTIONS": {"location": "/nonexistent/halbjahr"},
        }
    }
    message = a_mail("waits", addresses.of_job(None))
    message.add_attachment(b"Guten Tag", "text", "plain", filename="Brief.txt")
    dovecot.deliver([bytes(message), *mails(1)])
    assert intake.poll(NOW) == "application: 1, waits: 1"
    assert len(dovecot.content()) == 1
    assert not [line for line in dovecot.flags() if "Seen" in line or "Deleted" in line]


@pytest.mark.django_db
def test_a_mail_that_somebody_else_has_marked_as_deleted_is_not_expunged_by_us(
    dovecot: Dovecot, settings: Settings
) -> None:
    """Only the mail that is stored goes, though another waits for an expunge."""
    settings.STORAGES = settings.STORAGES | {
        "attachments": {
            "BACKEND": "storage.backends.Folder",
            "OPTIONS": {"location": "/nonexistent/halbjahr"},
        }
    }
    message = a_mail("waits", addresses.of_job(None))
    message.add_attachment(b"Guten Tag", "text", "plain", filename="Brief.txt")
    dovecot.deliver([bytes(message), *mails(1)])
    dovecot.flag(r"(\Deleted)", number=1)
    intake.poll(NOW)
    assert len(dovecot.content()) == 1


@pytest.mark.django_db
def test_a_mail_that_is_too_large_stays_until_a_month_has_passed(dovecot: Dovecot) -> None:
    raw = bytes(a_mail("huge", addresses.of_job(None))) + b"x\r\n" * (taking.MOST // 3)
    dovecot.deliver([raw])
    now = timezone.now()
    assert intake.poll(now) == "stray: 1"
    assert StrayMail.objects.get().reason == StrayMail.Reason.TOO_LARGE
    StrayMail.objects.all().delete()
    assert intake.poll(now) == "too large: 1"
    assert (len(dovecot.content()), StrayMail.objects.count()) == (1, 0)
    intake.poll(now + timedelta(days=31))
    assert dovecot.content() == []


@pytest.mark.django_db
def test_a_mailbox_that_does_not_answer_is_said_without_its_words(
    dovecot: Dovecot, settings: Settings
) -> None:
    settings.IMAP_URL = f"imap://jobs:wrong@127.0.0.1:{dovecot.port}"
    with pytest.raises(intake.MailboxDown, match=r"^MailboxLoginError$"):
        intake.poll(NOW)
    settings.IMAP_URL = f"imap://jobs:wrong@127.0.0.1:{machine.free_port()}"
    with pytest.raises(intake.MailboxDown, match=r"^ConnectionRefusedError$"):
        intake.poll(NOW)
    assert tasks.poll_mail() == "the mailbox cannot be used"


# receive_mail -------------------------------------------------------------------------------------


def received(raw: bytes, **environment: str) -> tuple[int, bytes]:
    """Run the command as a mail server does; return how it ended and what it said."""
    done = subprocess.run(
        [sys.executable, "manage.py", "receive_mail"],
        input=raw,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
        env=os.environ | {"DATABASE_URL": _database_url()} | environment,
    )
    return done.returncode, done.stdout.splitlines()[-1]


def _database_url() -> str:
    """Return what names this test's own database to another process."""
    name = connection.settings_dict["NAME"]
    if connection.vendor == "sqlite":
        return f"sqlite:///{name}"
    return os.environ["DATABASE_URL"].rpartition("/")[0] + f"/{name}"


@pytest.mark.django_db(transaction=True)
def test_a_mail_server_hands_over_a_mail_once() -> None:
    raw = b"From jobs Thu Sep 17 09:12:00 2026\n" + mails(1)[0]
    assert received(raw) == (0, b"application")
    assert received(raw) == (0, b"duplicate")
    assert Application.objects.get().source == "email"


@pytest.mark.django_db(transaction=True)
def test_no_mail_is_an_error_and_a_database_that_is_down_asks_for_another_try() -> None:
    assert received(b"\n") == (65, b"There is no mail on standard input.")
    gone = "sqlite:////nonexistent/halbjahr.sqlite3"
    code, said = received(mails(1)[0], DATABASE_URL=gone)
    assert (code, b"post.example" in said) == (75, False)
