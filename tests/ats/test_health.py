import time
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from django.db import DatabaseError, connection
from django.test import Client
from django.utils import timezone

from ats import views
from candidates import ledger
from candidates.models import Heartbeat, LedgerLine
from storage import erasure
from storage.models import new_key
from tests.scanner import Clamd
from tests.world import TODAY, an_application, an_attachment

if TYPE_CHECKING:
    from pytest_django.fixtures import Settings

    from storage.backends import Bucket, Folder


def beat(name: str, ago: timedelta) -> None:
    Heartbeat.objects.beat(name, timezone.now() - ago)


def all_beat() -> None:
    beat("cluster", timedelta(minutes=4))
    beat("purge", timedelta(hours=24, minutes=59))


PARTS = ("database", "storage", "cluster", "purge", "tombstones", "breaches", "holds", "ledger")
WELL = {"status": "well"} | dict.fromkeys(PARTS, "well")
WELL["scanner"] = "off, CLAMD_URL is not set"


@pytest.mark.django_db
def test_it_is_well_when_all_its_parts_are(
    client: Client, attachment_store: "Folder | Bucket"
) -> None:
    all_beat()
    response = client.get("/health/")
    assert (response.status_code, response.json()) == (200, WELL)
    assert "no-store" in response["Cache-Control"]
    assert "Set-Cookie" not in response


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "ago"), [("cluster", timedelta(minutes=5)), ("purge", timedelta(hours=25))]
)
def test_a_silent_job_is_named_with_its_last_sign(
    client: Client, name: str, ago: timedelta
) -> None:
    all_beat()
    beat(name, ago + timedelta(seconds=1))
    response = client.get("/health/")
    assert response.status_code == 503
    found = response.json()
    assert found.pop(name).startswith("silent since 20")
    assert found == {key: word for key, word in WELL.items() if key != name} | {
        "status": "not well"
    }


def a_tombstone_is_old() -> None:
    now = timezone.now()
    erasure.lay_out([new_key()], now=now - timedelta(hours=24), breach_at=now + timedelta(hours=1))


def something_is_in_breach() -> None:
    an_application(status="rejected", decided_on=TODAY - timedelta(days=3650))


def a_hold_has_ended_unnoticed() -> None:
    until = timezone.now() - timedelta(hours=3)
    application = an_application(status="rejected", decided_on=TODAY - timedelta(days=3650))
    application.holds.create(kind="other", reason="-", set_at=until, until=until)


def the_database_is_a_restored_one() -> None:
    deletion = ledger.Deletion(
        uuid4(), LedgerLine.Kind.APPLICATION, LedgerLine.Rule.RETENTION, rows=1, objects=0
    )
    ledger.append([deletion], day=TODAY)
    ledger.seal(now=timezone.now())
    ledger.copy(now=timezone.now())
    LedgerLine.objects.all().delete()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("goes_wrong", "part", "word"),
    [
        (a_tombstone_is_old, "tombstones", "older than 24 hours: 1"),
        (something_is_in_breach, "breaches", "kept too long: 1"),
        (a_hold_has_ended_unnoticed, "holds", "ended, and not erased since: 1"),
        (the_database_is_a_restored_one, "ledger", "behind its copy in storage"),
    ],
)
def test_what_the_jobs_have_not_done_is_named(
    client: Client,
    attachment_store: "Folder | Bucket",
    goes_wrong: Callable[[], None],
    part: str,
    word: str,
) -> None:
    all_beat()
    goes_wrong()
    response = client.get("/health/")
    assert response.status_code == 503
    assert response.json() == WELL | {"status": "not well", part: word}


@pytest.mark.django_db
def test_what_an_officer_must_see_to_is_no_fault_of_the_machine(
    client: Client, attachment_store: "Folder | Bucket"
) -> None:
    all_beat()
    an_application(received_at=timezone.now() - timedelta(days=900))
    assert client.get("/health/").status_code == 200


@pytest.mark.django_db
def test_jobs_that_never_ran_are_not_well(client: Client) -> None:
    response = client.get("/health/")
    assert response.status_code == 503
    assert response.json()["purge"] == response.json()["cluster"] == "has not run yet"


@pytest.mark.django_db
def test_a_storage_that_is_down_is_named(client: Client, settings: "Settings") -> None:
    all_beat()
    settings.STORAGES = settings.STORAGES | {
        "attachments": {
            "BACKEND": "storage.backends.Folder",
            "OPTIONS": {"location": "/proc/no/such"},
        }
    }
    response = client.get("/health/")
    assert (response.status_code, response.json()["storage"]) == (503, "down")
    assert response.json()["ledger"] == "unknown"


@pytest.mark.django_db
def test_how_the_scanner_is_is_said_and_is_no_fault_of_ours(client: Client, clamd: Clamd) -> None:
    def said() -> tuple[int, str, str]:
        response = client.get("/health/")
        found = response.json()
        return response.status_code, found["status"], found["scanner"]

    all_beat()
    assert said() == (200, "well", "well")
    an_attachment(an_application(), verdict="pending")
    clamd.pause()
    assert said() == (200, "well", "too slow; files that wait: 1")
    clamd.stop()
    assert said() == (200, "well", "down; files that wait: 1")


class Sleepy:
    def check(self) -> None:
        time.sleep(1)


@pytest.mark.django_db
def test_a_storage_that_hangs_does_not_hang_the_page(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "attachment_store", Sleepy)
    monkeypatch.setattr(views, "SECONDS", 0.05)
    started = time.monotonic()
    response = client.get("/health/")
    assert time.monotonic() - started < 0.9
    assert (response.status_code, response.json()["storage"]) == (503, "too slow")


@pytest.mark.django_db
def test_a_database_that_is_down_is_named(client: Client) -> None:
    def broken(*args: object) -> None:
        raise DatabaseError("connection of user mira refused")

    with connection.execute_wrapper(broken):
        response = client.get("/health/")
    assert response.status_code == 503
    assert response.json()["database"] == "down"
    assert response.json()["breaches"] == "unknown"
    assert "mira" not in response.text


def test_it_is_only_to_be_read(client: Client) -> None:
    assert client.post("/health/").status_code == 405


def test_search_engines_are_told_what_not_to_keep(client: Client) -> None:
    assert "Disallow: /hr/" in client.get("/robots.txt").text
