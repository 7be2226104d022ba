"""The brake on pages: why a purge stopped, what it would take, and the count that is typed."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from candidates import purge, retention
from candidates.models import Application, Confirmation, Run, User
from candidates.purge import brake
from tests import world
from tests.candidates.test_queries import many_applications

#: A store without copies of the ledger: those of other tests would say that a restore is due.
pytestmark = [
    pytest.mark.django_db,
    pytest.mark.once("sqlite"),
    pytest.mark.usefixtures("attachment_store", "english"),
]

PATH = "/hr/retention/confirm/"


@pytest.fixture
def user() -> User:
    return world.a_user("privacy_officer")


@pytest.fixture
def officer(client: Client, user: User) -> Client:
    return world.log_in(client, user)


def many_due(number: int = 31, *, days: int = 0) -> date:
    """Close so many applications that all go on one day; return that day."""
    day = retention.local_date(timezone.now()) + timedelta(days=days)
    made = [each.pk for each in many_applications(world.a_job(), number)]
    Application.objects.filter(pk__in=made).update(
        status="rejected", decided_on=day - timedelta(days=183), delete_on=day, retention_months=6
    )
    return day


def seen(client: Client, path: str = PATH) -> str:
    """Return what the page hands back as seen."""
    page = client.get(path).content.decode()
    return page.split('name="seen" value="')[1].split('"')[0]


def post(client: Client, path: str = PATH, **data: Any) -> Any:
    return client.post(path, data)


def test_a_stopped_purge_is_told_at_the_top_with_its_reasons(officer: Client) -> None:
    many_due()
    purge.run()
    page = officer.get(reverse("hr:retention")).content.decode()
    assert "31 records are due" in page
    assert brake.sentence("unforeseen") in page
    assert f'href="{PATH}"' in page
    assert page.index("31 records are due") < page.index("<h1>")


def test_a_stop_that_nobody_can_confirm_is_told_without_a_way_to(officer: Client) -> None:
    now = timezone.now()
    Run.objects.create(
        job="purge", state="stopped", started_at=now, ended_at=now,
        numbers={"due": 3}, reasons=["behind"],
    )  # fmt: skip
    page = officer.get(reverse("hr:retention")).content.decode()
    assert "Replay the ledger first" in page
    assert f'href="{PATH}"' not in page


def test_the_page_shows_what_would_go_and_why_the_purge_stopped(officer: Client) -> None:
    many_due()
    page = officer.get(PATH).content.decode()
    assert "The purge has stopped before 31 records" in page
    assert page.count('class="leaves"') == 31
    assert brake.sentence("unforeseen") in page
    assert not Run.objects.exists()


def test_who_types_the_count_lets_the_purge_go_on(officer: Client, user: User) -> None:
    many_due()
    purge.run()
    response = post(officer, count="31", seen=seen(officer))
    assert response["Location"] == reverse("hr:retention")
    confirmation = Confirmation.objects.get()
    assert (confirmation.count, confirmation.by) == (31, user)
    assert b"stopped before its first deletion" not in officer.get(response["Location"]).content
    assert purge.run().purged == 31


@pytest.mark.parametrize("count", ["", "30", "32", "x", "-31", "31.5"])
def test_any_other_number_confirms_nothing(officer: Client, count: str) -> None:
    many_due()
    response = post(officer, count=count, seen=seen(officer))
    assert response.status_code == 422
    assert b'aria-invalid="true"' in response.content
    assert not Confirmation.objects.exists()


def test_if_more_have_come_due_meanwhile_one_must_look_again(officer: Client) -> None:
    many_due(31)
    before = seen(officer)
    many_due(1)
    response = post(officer, count="31", seen=before)
    assert response.status_code == 422
    assert b"This has changed since you looked" in response.content
    assert b"stopped before 32 records" in response.content
    assert not Confirmation.objects.exists()
    assert post(officer, count="32", seen=seen(officer)).status_code == 302


def test_if_a_reason_has_come_meanwhile_one_must_look_again(officer: Client) -> None:
    many_due()
    now = timezone.now()
    Run.objects.create(job="purge", state="good", started_at=now, ended_at=now)
    before = seen(officer)
    Run.objects.all().delete()
    assert post(officer, count="31", seen=before).status_code == 422
    assert not Confirmation.objects.exists()


def test_with_nothing_stopped_there_is_nothing_to_confirm(officer: Client) -> None:
    assert "There is nothing to confirm" in officer.get(PATH).content.decode()
    assert post(officer, count="0", seen="").status_code == 409
    assert not Confirmation.objects.exists()


def test_a_large_day_to_come_is_announced_and_can_be_confirmed_ahead(officer: Client) -> None:
    day = many_due(40, days=3)
    page = officer.get(reverse("hr:retention")).content.decode()
    path = f"{PATH}?day={day}"
    assert "40 records go on" in page
    assert f'href="{path}"' in page
    assert officer.get(path).content.decode().count('class="leaves"') == 40
    assert post(officer, path, count="40", seen=seen(officer, path)).status_code == 302
    assert Confirmation.objects.get().day == day
    page = officer.get(reverse("hr:retention")).content.decode()
    assert "That is confirmed." in page
    assert f'href="{path}"' not in page
    assert "There is nothing to confirm" in officer.get(path).content.decode()


@pytest.mark.parametrize("day", ["x", "2026-02-30", "9999-12-31", "1900-01-01"])
def test_a_day_that_was_not_announced_cannot_be_confirmed(officer: Client, day: str) -> None:
    many_due(40, days=3)
    assert post(officer, f"{PATH}?day={day}", count="40", seen="").status_code == 409
    assert not Confirmation.objects.exists()


@pytest.mark.parametrize("role", ["recruiter", "hiring_manager", "personnel", "administrator"])
def test_nobody_but_the_privacy_officer_confirms(client: Client, role: str) -> None:
    many_due()
    world.log_in(client, world.a_user(role))
    assert post(client, count="31", seen="").status_code == 403
    assert not Confirmation.objects.exists()


def test_a_dry_run_says_that_the_purge_would_stop(officer: Client) -> None:
    many_due()
    page = officer.get(reverse("hr:dry_run")).content.decode()
    assert "The purge would stop and ask you first" in page
    assert brake.sentence("unforeseen") in page
