"""The figures for Prometheus: who gets them, that they can be read, and what they say."""

import math
import re
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from candidates import watch
from candidates.models import Heartbeat, Mail
from candidates.watch.conditions import SENTENCES
from storage import erasure
from storage.models import new_key
from tests.world import TODAY, an_application, an_attachment

if TYPE_CHECKING:
    from pytest_django.fixtures import Settings

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.usefixtures("attachment_store"),
    pytest.mark.once("sqlite"),
]

TOKEN = "a token of our own, ä"

# The text format, version 0.0.4, read as its description says and not as it is written here.
NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
LABEL = r'[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*"'
SAMPLE = re.compile(rf"({NAME})(?:\{{((?:{LABEL},?)*)\}})? (\S+)(?: -?\d+)?")
NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?|[+-]?Inf|NaN")


def parse(text: str) -> dict[str, float]:
    """Return the samples by name and labels; fail if anything is not as the format wants it."""
    assert text.endswith("\n")
    assert "\n\n" not in text
    samples: dict[str, float] = {}
    helped, typed, family = set[str](), set[str](), ""
    for line in text.splitlines():
        if line.startswith("# "):
            word, name, rest = line[2:].split(" ", 2)
            assert re.fullmatch(NAME, name)
            seen = {"HELP": helped, "TYPE": typed}[word]
            assert name not in seen, "only one of each, and all samples of a name together"
            assert word == "HELP" or rest == "gauge"
            seen.add(name)
            family = name
            continue
        found = SAMPLE.fullmatch(line)
        assert found, line
        assert found[1] == family
        assert family in helped & typed
        assert NUMBER.fullmatch(found[3]), line
        key = found[1] + (f"{{{found[2]}}}" if found[2] else "")
        assert key not in samples
        samples[key] = float(found[3])
    assert helped == typed
    return samples


@pytest.fixture
def scraper(settings: "Settings") -> Client:
    settings.ATS_METRICS_TOKEN = TOKEN
    return Client(headers={"Authorization": f"Bearer {TOKEN}"})


def scraped(scraper: Client) -> dict[str, float]:
    response = scraper.get("/metrics/")
    assert response.status_code == 200
    return parse(response.text)


# Who gets them ----------------------------------------------------------------------------------


def test_without_a_token_in_the_settings_there_is_no_such_page(client: Client) -> None:
    for headers in ({}, {"Authorization": "Bearer "}, {"Authorization": "Bearer x"}):
        assert client.get("/metrics/", headers=headers).status_code == 404


@pytest.mark.parametrize(
    "sent", [None, "", "Bearer", "Bearer ", "Bearer wrong", TOKEN, f"Basic {TOKEN}", "Bearer ä"]
)
def test_without_the_right_token_nothing_is_said(
    client: Client, settings: "Settings", sent: str | None
) -> None:
    settings.ATS_METRICS_TOKEN = TOKEN
    headers = {} if sent is None else {"Authorization": sent}
    response = client.get("/metrics/", headers=headers)
    assert (response.status_code, response.content) == (401, b"")
    assert response["WWW-Authenticate"].startswith("Bearer")


def test_it_is_only_to_be_read_and_not_to_be_kept(scraper: Client) -> None:
    assert scraper.post("/metrics/").status_code == 405
    response = scraper.get("/metrics/")
    assert response["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert "no-store" in response["Cache-Control"]
    assert "Set-Cookie" not in response


# What they say ----------------------------------------------------------------------------------


def test_a_system_at_rest_says_so_in_every_figure(scraper: Client) -> None:
    figures = scraped(scraper)
    assert figures.pop("halbjahr_storage_up") == 1
    for job in ("cluster", "purge", "sweep", "verify"):
        assert figures.pop(f'halbjahr_job_last_good_seconds{{job="{job}"}}') == math.inf
    conditions = {code: figures.pop(f'halbjahr_condition{{code="{code}"}}') for code in SENTENCES}
    silent = {"cluster-silent", "purge-silent", "sweep-silent", "verify-silent"}
    assert {code for code, value in conditions.items() if value} == silent
    assert set(figures) == {
        f"halbjahr_{name}"
        for name in (
            *("applications_due", "applications_held", "employees_due", "breaches"),
            *("tombstones", "tombstone_oldest_seconds", "mails_unsent", "mail_oldest_seconds"),
            *("certificates_unsent", "attachments_pending_scan", "uploads_staged"),
            *("requests_pending", "requests_late", "ledger_lines", "ledger_lines_unsealed"),
            "ledger_unsealed_oldest_seconds",
        )
    }
    assert set(figures.values()) == {0}


def test_the_figures_are_those_of_the_rows(scraper: Client) -> None:
    now = timezone.now()
    for name in watch.SILENCE:
        Heartbeat.objects.beat(name, now - timedelta(minutes=3))
    due = an_application(status="rejected", decided_on=TODAY - timedelta(days=3650))
    held = an_application(status="rejected", decided_on=TODAY - timedelta(days=3650))
    held.holds.create(kind="other", reason="-", set_at=now, until=now + timedelta(days=9))
    held.requests.create(kind="access", received_at=now, due_on=now + timedelta(days=20))
    erasure.lay_out([new_key()], now=now - timedelta(hours=50), breach_at=now)
    an_attachment(due, verdict="pending")
    an_attachment(None, staged_by="a" * 64, staged_until=now + timedelta(hours=3))
    for state, minutes in (("queued", -30), ("queued", 30), ("sending", -10)):
        Mail.objects.create(
            application=due,
            state=state,
            purpose="receipt",
            created_at=now - timedelta(hours=2),
            send_at=now + timedelta(minutes=minutes),
        )
    figures = scraped(scraper)
    expected = {
        "applications_due": 1,
        "applications_held": 1,
        "breaches": 2,
        "tombstones": 1,
        "tombstone_oldest_seconds": 50 * 3600,
        "attachments_pending_scan": 1,
        "uploads_staged": 1,
        "requests_pending": 1,
        "mails_unsent": 2,
        "mail_oldest_seconds": 2 * 3600,
        'job_last_good_seconds{job="purge"}': 180,
        'job_last_good_seconds{job="cluster"}': 180,
        'condition{code="breach"}': 1,
        'condition{code="tombstone-old"}': 1,
        'condition{code="purge-silent"}': 0,
    }
    for name, value in expected.items():
        assert figures[f"halbjahr_{name}"] == pytest.approx(value, abs=30 if value > 100 else 0)


def test_nothing_of_a_person_or_a_job_is_in_them(scraper: Client) -> None:
    application = an_application(status="rejected", decided_on=TODAY - timedelta(days=3650))
    attachment = an_attachment(application, verdict="pending")
    text = scraper.get("/metrics/").text
    assert application.job
    for value in (
        *(application.first_name, application.last_name, application.email, application.phone),
        *(str(application.pk), application.job.slug, application.job.title),
        *(attachment.name, attachment.key, str(attachment.pk)),
    ):
        assert value not in text


def test_they_take_as_many_queries_with_many_rows_as_with_none(scraper: Client) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            scraped(scraper)
        return len(captured)

    with_none = queries()
    for _ in range(5):
        an_attachment(an_application(status="rejected"), verdict="pending")
        erasure.lay_out([new_key()], now=timezone.now(), breach_at=timezone.now())
    assert queries() == with_none
    assert with_none <= 22


def test_a_storage_that_is_down_is_a_figure_too(scraper: Client, settings: "Settings") -> None:
    settings.STORAGES = settings.STORAGES | {
        "attachments": {
            "BACKEND": "storage.backends.Folder",
            "OPTIONS": {"location": "/proc/no/such"},
        }
    }
    assert scraped(scraper)["halbjahr_storage_up"] == 0
