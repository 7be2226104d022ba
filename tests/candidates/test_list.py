"""The list of applications: filters from the address, and pages by their edge."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from candidates.models import Application, Job, User
from tests import world

pytestmark = pytest.mark.django_db


@pytest.fixture
def recruiter() -> User:
    return world.a_user("recruiter")


@pytest.fixture
def hr(client: Client, recruiter: User) -> Client:
    return world.log_in(client, recruiter)


def listed(client: Client, **query: Any) -> list[Application]:
    response = client.get(reverse("hr:applications"), query)
    assert response.status_code == 200
    rows: list[Application] = response.context["page"].rows
    return rows


def walk(client: Client, direction: str, start: Any = None, **query: Any) -> list[str]:
    """Return the last names on all pages, from the first (or from a cursor) to the last."""
    names: list[str] = []
    while True:
        turn = {direction: start} if start else {}
        page = client.get(reverse("hr:applications"), {**query, **turn}).context["page"]
        found = [row.last_name for row in page.rows]
        names = [*names, *found] if direction == "after" else [*found, *names]
        start = getattr(page, direction)
        if start is None:
            return names


def some(job: Job, number: int, **fields: Any) -> list[str]:
    """Create applications, two of them at each moment; return their names, the oldest first."""
    for n in range(number):
        at = world.NOW - timedelta(days=30) + timedelta(minutes=n // 2)
        world.an_application(job, last_name=f"N{n:03}", received_at=at, **fields)
    rows = Application.objects.order_by("received_at", "id")
    return list(rows.values_list("last_name", flat=True))


def test_every_row_stands_on_one_page_forwards_and_backwards(
    hr: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.pages_of(4, monkeypatch)
    oldest_first = some(world.a_job(), 11)
    assert walk(hr, "after") == oldest_first[::-1]
    last = Application.objects.order_by("received_at", "id")[0]
    assert walk(hr, "before", last.pk) == oldest_first[:0:-1]


def test_the_first_page_has_no_previous_and_the_last_no_next(
    hr: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.pages_of(2, monkeypatch)
    some(world.a_job(), 4)
    first = hr.get(reverse("hr:applications")).context["page"]
    second = hr.get(reverse("hr:applications"), {"after": first.after}).context["page"]
    back = hr.get(reverse("hr:applications"), {"before": second.before}).context["page"]
    assert (first.before, second.after) == (None, None)
    assert (back.rows, back.before, back.after) == (first.rows, None, first.after)


def test_closed_applications_can_stand_in_the_order_of_their_deletion(hr: Client) -> None:
    job = world.a_job()
    days = [world.TODAY - timedelta(days=days) for days in (3, 60, 20)]
    for day in days:
        world.an_application(job, status="rejected", decided_on=day)
    world.an_application(job)
    rows = listed(hr, status="closed", order="deletion")
    assert [row.decided_on for row in rows] == sorted(days)


def test_open_applications_have_no_deletion_to_be_ordered_by(hr: Client) -> None:
    application = world.an_application()
    assert listed(hr, order="deletion") == [application]


def test_each_filter_narrows_the_list(hr: Client) -> None:
    job, other = world.a_job(), world.a_job()
    screening = job.stages.get(position=2)
    opened = world.an_application(job)
    moved = world.an_application(job, stage=screening)
    withdrawn = world.an_application(job, status="withdrawn")
    elsewhere = world.an_application(other)
    speculative = world.an_application(None)

    everything = {opened, moved, withdrawn, elsewhere, speculative}
    assert set(listed(hr)) == everything
    assert set(listed(hr, job=job.slug)) == {opened, moved, withdrawn}
    assert set(listed(hr, job=job.slug, stage=screening.pk)) == {moved}
    assert set(listed(hr, status="open")) == everything - {withdrawn}
    assert set(listed(hr, status="withdrawn")) == {withdrawn}
    assert set(listed(hr, status="closed")) == {withdrawn}
    assert set(listed(hr, speculative="on")) == {speculative}
    assert set(listed(hr, job=other.slug, status="closed")) == set()


@pytest.mark.parametrize(
    "query",
    [
        {"job": "no-such-job"},
        {"stage": "99999999999999999999999"},
        {"stage": "x' OR 1=1"},
        {"status": "gone"},
        {"order": "salary"},
        {"job": "\u202e" * 500},
    ],
)
def test_an_unknown_filter_is_left_out_and_named(hr: Client, query: dict[str, str]) -> None:
    application = world.an_application()
    response = hr.get(reverse("hr:applications"), query)
    assert list(response.context["page"].rows) == [application]
    assert response.context["form"].ignored()
    assert 'role="status"' in response.content.decode()


@pytest.mark.parametrize("cursor", ["x", "1" * 5000, str(uuid4()), "\u202e"])
@pytest.mark.parametrize("direction", ["after", "before"])
def test_a_cursor_that_leads_nowhere_shows_the_beginning(
    hr: Client, direction: str, cursor: str
) -> None:
    application = world.an_application()
    response = hr.get(reverse("hr:applications"), {direction: cursor})
    assert list(response.context["page"].rows) == [application]
    assert response.context["page"].is_lost


def test_a_cursor_of_somebody_elses_application_leads_nowhere(hr: Client) -> None:
    secret = world.a_job(is_confidential=True)
    foreign = world.an_application(secret)
    assert hr.get(reverse("hr:applications"), {"after": str(foreign.pk)}).context["page"].is_lost


def test_the_list_keeps_its_filters_when_it_is_turned(
    hr: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.pages_of(1, monkeypatch)
    job = world.a_job()
    world.an_application(job), world.an_application(job)
    page = hr.get(reverse("hr:applications"), {"job": job.slug, "status": "open"})
    after = page.context["page"].after
    assert f"?job={job.slug}&amp;status=open&amp;after={after}" in page.content.decode()


def test_hiring_managers_see_their_jobs_alone_and_nobody_sees_an_own_application(
    client: Client,
) -> None:
    manager = world.a_user("hiring_manager")
    mine = world.an_application(world.a_job(hiring_team=[manager]))
    world.an_application(world.a_job(hiring_team=[manager]), email=manager.email.upper())
    world.an_application()
    world.an_application(None)
    assert listed(world.log_in(client, manager)) == [mine]
