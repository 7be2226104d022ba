"""After a restore, until the ledger has been replayed: nothing acts on those who are back."""

from datetime import timedelta

import pytest
from django.core import mail as post
from django.utils import timezone

from candidates import mail, requests, tasks
from candidates.models import LedgerLine, Mail, Request
from storage.backends import StorageDown, attachment_store
from tests.world import a_user, an_application, an_attachment, store

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("attachment_store")]

WAITS = "waits for a replay of the ledger"


def restored() -> None:
    """Have storage know a line that the database does not."""
    store().create("ledger/000000000001-000000000001.jsonl", b"{}\n")


def a_mail_that_is_due() -> Mail:
    now = timezone.now()
    return mail.queue(an_application(), Mail.Purpose.RECEIPT, now=now, send_at=now)


def test_no_mail_goes_to_people_who_may_be_gone() -> None:
    a_mail_that_is_due()
    restored()
    assert (tasks.send_mails(), post.outbox) == (WAITS, [])
    assert tasks.send_certificates() == WAITS


def test_mails_go_when_the_database_is_not_behind() -> None:
    a_mail_that_is_due()
    assert tasks.send_mails() == "sent 1"


def test_no_mail_goes_as_long_as_nobody_can_say(monkeypatch: pytest.MonkeyPatch) -> None:
    def down(*_: object, **__: object) -> None:
        raise StorageDown("ConnectTimeoutError")

    a_mail_that_is_due()
    monkeypatch.setattr(type(attachment_store()), "records", down)
    assert (tasks.send_mails(), post.outbox) == ("waits for the storage", [])


def test_no_infected_file_goes_and_no_erasure_is_confirmed() -> None:
    long_ago = timezone.now() - timedelta(days=30)
    application = an_application(status="rejected")
    an_attachment(application, verdict="quarantined", quarantined_at=long_ago)
    officer = a_user("privacy_officer")
    asked = requests.register(application, Request.Kind.ERASURE, by=officer, now=long_ago)
    requests.grant(asked, by=officer, now=long_ago)
    restored()
    assert (tasks.scan_pending(), tasks.confirm_waited()) == (WAITS, WAITS)
    asked.refresh_from_db()
    assert (asked.state, application.attachments.count()) == ("granted", 1)
    assert not LedgerLine.objects.exists()
