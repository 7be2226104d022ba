"""The machine itself: what tests stand on must be what it says."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from django.core.mail import send_mail
from django.db import connection

from candidates.models import Application
from tests import machine
from tests.conftest import MailSink
from tests.world import a_docx, a_pdf, a_user, an_application

if TYPE_CHECKING:
    from playwright.sync_api import Page
    from pytest_django.live_server_helper import LiveServer


@pytest.mark.django_db
def test_the_database_is_the_one_that_was_asked_for(pytestconfig: pytest.Config) -> None:
    expected = {"sqlite": "sqlite", "postgres": "postgresql"}[pytestconfig.option.db]
    assert connection.vendor == expected


@pytest.mark.django_db
@pytest.mark.parametrize("status", ["open", "rejected", "withdrawn", "hired"])
def test_the_world_holds_applications_of_every_status(status: str) -> None:
    a_user("recruiter")
    an_application(status=status)
    an_application(None, status=status)
    assert Application.objects.filter(status=status).count() == 2


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("time", [1, 2])
def test_the_roles_are_there_after_a_flush(time: int) -> None:
    assert a_user("recruiter").groups.get().name == "recruiter"


def test_who_has_a_long_run_is_in_the_soak() -> None:
    files = {path: path.read_text() for path in Path(__file__).parent.rglob("test_*.py")}
    long = [path for path, text in files.items() if "rounds(" in text]
    assert len(long) > 10
    assert [path.name for path in long if "pytest.mark.soak" not in files[path]] == []


def test_files_are_real() -> None:
    assert a_pdf().startswith(b"%PDF-")
    assert a_docx().startswith(b"PK\x03\x04")


def test_a_mail_arrives_over_the_wire(mail_sink: MailSink) -> None:
    send_mail("Grüße", "Schöne Grüße.", "a@b.example", ["c@d.example"])
    assert [message["subject"] for message in mail_sink.messages] == ["Grüße"]


@pytest.mark.parametrize("versioning", [None, "Enabled", "Suspended"])
def test_a_bucket_has_the_versioning_that_was_asked_for(
    versioning: str | None, bucket: Callable[..., str], s3_endpoint: str
) -> None:
    answer = machine.s3(s3_endpoint).get_bucket_versioning(Bucket=bucket(versioning=versioning))
    assert answer.get("Status") == versioning


def test_a_page_shows_what_the_server_sends(live_server: "LiveServer", page: "Page") -> None:
    response = page.goto(f"{live_server.url}/static/admin/css/base.css")
    assert response is not None
    assert response.status == 200
    assert a_user().pk
