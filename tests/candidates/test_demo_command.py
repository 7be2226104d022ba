"""`manage.py demo`: what it prints, and where it keeps out."""

import re
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from django_q.models import OrmQ
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from candidates import mail, purge, tokens
from candidates.demo import accounts
from candidates.demo.people import STAFF
from candidates.models import Application, Token, User
from tests.world import an_application

pytestmark = [pytest.mark.django_db, pytest.mark.once("sqlite")]


def demo() -> str:
    out = StringIO()
    call_command("demo", stdout=out)
    return out.getvalue()


def test_it_prints_passwords_that_work_leaves_no_work_and_refuses_the_second_time(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        lines = [line.split() for line in demo().splitlines() if "@" in line]
    passwords = {words[0]: words[-1] for words in lines}
    assert set(passwords) == {colleague.email for colleague in STAFF}
    assert len(set(passwords.values())) == len(STAFF)
    assert all(User.objects.get(email=email).check_password(p) for email, p in passwords.items())
    assert purge.breaches(timezone.now()) == 0
    assert not OrmQ.objects.exists()

    before = Application.objects.count()
    with pytest.raises(CommandError, match="Use an empty database"):
        demo()
    assert Application.objects.count() == before


def test_under_debug_the_password_is_known_and_the_second_time_adds_nothing(
    settings: Settings,
) -> None:
    settings.DEBUG = True
    assert demo().count(accounts.WELL_KNOWN) == len(STAFF)

    User.objects.get(email="jens@musterwerk.example").delete()
    katrin = User.objects.get(email="katrin@musterwerk.example")
    katrin.set_password("another one of mine")
    katrin.save()
    before = Application.objects.count()
    again = demo()
    assert Application.objects.count() == before
    assert "nothing was added" in again
    assert again.count(accounts.WELL_KNOWN) == len(STAFF) - 2
    assert "another one" not in again


def test_where_mails_go_to_a_folder_two_receipts_wait_whose_links_work(
    settings: Settings, tmp_path: Path
) -> None:
    settings.DEBUG = True
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    settings.EMAIL_FILE_PATH = str(tmp_path)
    assert "sends 2 receipts at once" in demo()
    assert mail.send_due(timezone.now()) == 2
    sent = "".join(file.read_text() for file in tmp_path.iterdir())
    links = set(re.findall(rf"{settings.ATS_SITE_URL}/my/({tokens.PATTERN})/", sent))
    found = [tokens.find(each, Token.Purpose.ROOM, now=timezone.now()) for each in links]
    assert [token.application.is_open for token in found if token] == [True, True]


def test_it_keeps_out_of_a_database_with_applications() -> None:
    an_application()
    with pytest.raises(CommandError, match="Use an empty database"):
        demo()
    assert not User.objects.exists()
