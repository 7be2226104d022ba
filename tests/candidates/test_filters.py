"""Filters that can be trusted: each does what it says, and what cannot be used is said."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from django.http import QueryDict
from django.test import Client
from django.urls import reverse
from django.utils.http import urlencode

from candidates import access, neighbours
from candidates.forms.filters import FilterForm
from candidates.models import Application, Hold, Job, User
from tests import world

pytestmark = pytest.mark.django_db
ORDERS = ["received", "oldest", "waiting", "deletion", "name"]


@pytest.fixture
def recruiter() -> User:
    return world.a_user("recruiter")


@pytest.fixture
def hr(client: Client, recruiter: User) -> Client:
    return world.log_in(client, recruiter)


def through(user: User, **query: Any) -> set[Application]:
    """Return what filters let through, all of which must be good."""
    form = FilterForm.of(QueryDict(urlencode(query)), user)
    assert not form.ignored()
    return set(form.narrow(access.applications(user), now=world.NOW))


def at(day: str, clock: str = "12:00") -> datetime:
    return datetime.fromisoformat(f"{day}T{clock}").replace(tzinfo=world.NOW.tzinfo)


def test_received_from_and_until_are_whole_days_here(recruiter: User) -> None:
    moments = [("2026-09-01", "23:59"), ("2026-09-02", "00:00"), ("2026-09-03", "23:59")]
    before, first, last = (world.an_application(received_at=at(*each)) for each in moments)
    after = world.an_application(received_at=at("2026-09-04", "00:00"))
    assert through(recruiter, received_from="2026-09-02") == {first, last, after}
    assert through(recruiter, received_to="2026-09-03") == {before, first, last}
    both = {"received_from": "2026-09-02", "received_to": "2026-09-03"}
    assert through(recruiter, **both) == {first, last}


def test_only_open_applications_wait(recruiter: User) -> None:
    long = world.an_application(received_at=at("2026-08-30"), stage_since=at("2026-09-01"))
    world.an_application(stage_since=at("2026-09-03"))
    world.an_application(stage_since=at("2026-09-01"), status="rejected")
    assert through(recruiter, waiting="2026-09-02") == {long}


def test_deletion_days_count_from_and_until(recruiter: User) -> None:
    def rejected(day: str) -> Application:
        return world.an_application(status="rejected", decided_on=date.fromisoformat(day))

    early, middle, late = (rejected(day) for day in ("2026-04-01", "2026-05-01", "2026-06-01"))
    world.an_application()
    assert through(recruiter, erased_from="2026-11-01") == {middle, late}
    assert through(recruiter, erased_to="2026-11-01") == {early, middle}


def test_a_hold_counts_while_it_is_in_force(recruiter: User) -> None:
    held, free, over = (world.an_application(status="rejected") for _ in range(3))
    for application, days in ((held, 9), (over, -1)):
        until = world.NOW + timedelta(days=days)
        since = world.NOW - timedelta(days=9)
        Hold.objects.create(
            application=application, kind="other", reason="?", set_at=since, until=until
        )
    assert through(recruiter, hold="held") == {held}
    assert through(recruiter, hold="free") == {free, over}


def test_teams_are_those_of_jobs_and_ones_own(recruiter: User) -> None:
    mine = world.an_application(world.a_job(team="Nord", hiring_team=[recruiter]))
    north = world.an_application(world.a_job(team="Nord"))
    world.an_application(world.a_job(team="Süd & West"))
    speculative = world.an_application(None)
    assert through(recruiter, team="Nord") == {mine, north}
    assert through(recruiter, team="*") == {mine}
    assert through(recruiter, speculative="on") == {speculative}


def test_sources_tell_how_an_application_came(recruiter: User) -> None:
    agency = world.an_application(source="agency", introduced_by="Muster Personal")
    world.an_application()
    assert through(recruiter, source="agency") == {agency}


@pytest.mark.parametrize(
    ("query", "label"),
    [
        ("received_from=yesterday", "Received from"),
        ("received_to=0001-01-01", "Received until"),
        ("received_from=9999-12-31", "Received from"),
        ("received_from=2026-09-03&received_to=2026-09-02", "Received until"),
        ("erased_from=2026-09-03&erased_to=2026-09-02", "Erased until"),
        ("waiting=2026-02-30", "Waiting since, or longer"),
        ("hold=perhaps", "Hold"),
        ("team=Nobody", "Team"),
        ("source=rumour", "Source"),
        ("status=open&status=rejected", "Status"),
        ("stage=1", "Stage"),
        ("state=open", "state"),
        ("q=%21", "Search"),
    ],
)
@pytest.mark.usefixtures("english")
def test_what_cannot_be_used_is_named_and_left_out(hr: Client, query: str, label: str) -> None:
    application = world.an_application(status="rejected")
    response = hr.get(f"{reverse('hr:applications')}?{query}")
    assert response.status_code == 200
    assert response.context["form"].ignored() == [label]
    assert f"cannot be used and were left out: {label}." in response.content.decode()
    assert application in response.context["page"].rows


def test_nobody_filters_by_a_confidential_job_or_a_team_of_it(hr: Client) -> None:
    secret = world.a_job(is_confidential=True, team="Vorstand")
    for query in ({"job": secret.slug}, {"team": "Vorstand"}):
        response = hr.get(reverse("hr:applications"), query)
        assert response.context["form"].ignored()
        assert "Vorstand</option>" not in response.content.decode()


def test_a_hiring_manager_has_no_speculative_ones_to_filter_by(client: Client) -> None:
    hr = world.log_in(client, world.a_user("hiring_manager"))
    page = hr.get(reverse("hr:applications"), {"speculative": "on"})
    assert page.context["form"].ignored() == ["speculative"]


# Chips --------------------------------------------------------------------------------------


@pytest.mark.usefixtures("english")
def test_each_filter_that_is_set_has_a_chip_that_takes_it_away_alone(hr: Client) -> None:
    job = world.a_job(title="Pflege & Co")
    query: dict[str, Any] = {
        "q": "Müller",
        "job": job.slug,
        "stage": job.first_stage().pk,
        "received_from": "2026-09-02",
        "order": "name",
    }
    form = hr.get(reverse("hr:applications"), query).context["form"]
    words = [(chip.label, chip.value) for chip in form.chips()]
    assert words == [
        ("Search", "Müller"),
        ("Job", "Pflege & Co"),
        ("Stage", str(job.first_stage())),
        ("Received from", "2 September 2026"),
    ]
    less = [dict(QueryDict(chip.without).items()) for chip in form.chips()]
    whole = {name: str(value) for name, value in query.items()}
    assert less[0] == {name: whole[name] for name in whole if name != "q"}
    assert less[1] == {name: whole[name] for name in whole if name not in {"job", "stage"}}
    assert less[3] == {name: whole[name] for name in whole if name != "received_from"}


# Counts -------------------------------------------------------------------------------------


def test_a_count_is_true_on_every_page_and_said_to_be_capped_above_its_end(
    hr: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.pages_of(2, monkeypatch)
    job = world.a_job()
    for _ in range(5):
        world.an_application(job)
    first = hr.get(reverse("hr:applications"))
    later = hr.get(reverse("hr:applications"), {"after": first.context["page"].after})
    nobody = hr.get(reverse("hr:applications"), {"status": "hired"})
    counts = [each.context["count"].number for each in (first, later, nobody)]
    assert counts == [5, 5, 0]
    monkeypatch.setattr("candidates.views.applications.COUNTED", 4)
    capped = hr.get(reverse("hr:applications")).context["count"]
    assert (capped.is_capped, capped.shown) == (True, 4)


# Orders -------------------------------------------------------------------------------------


def a_mixture(job: Job) -> list[Application]:
    """Create open and closed applications, several with the same day, name and moment."""
    made = []
    for n in range(12):
        since = world.NOW - timedelta(days=20 - n // 3)
        closed: dict[str, Any] = {
            "status": "rejected",
            "decided_on": world.TODAY - timedelta(days=n // 4),
        }
        made.append(
            world.an_application(
                job,
                received_at=since,
                stage_since=since + timedelta(hours=n % 3),
                last_name=("berg", "Berg", "Ahrens")[n % 3],
                **(closed if n % 2 else {}),
            )
        )
    return made


def walked(hr: Client, direction: str, start: Any = None, **query: str) -> list[Application]:
    rows: list[Application] = []
    while True:
        turn = {direction: str(start)} if start else {}
        page = hr.get(reverse("hr:applications"), query | turn).context["page"]
        rows = [*rows, *page.rows] if direction == "after" else [*page.rows, *rows]
        start = getattr(page, direction)
        if start is None:
            return rows


KEYS: dict[str, Callable[[Application], Any]] = {
    "received": lambda row: -row.received_at.timestamp(),
    "oldest": lambda row: row.received_at,
    "waiting": lambda row: (not row.is_open, row.stage_since if row.is_open else row.received_at),
    "deletion": lambda row: (row.is_open, row.delete_on or row.received_at.date()),
    "name": lambda row: (row.last_name.lower(), row.first_name.lower()),
}


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("filters", [{}, {"status": "open"}, {"status": "closed"}])
def test_each_order_is_kept_on_all_pages_forwards_backwards_and_beside_each_row(
    hr: Client,
    recruiter: User,
    monkeypatch: pytest.MonkeyPatch,
    order: str,
    filters: dict[str, str],
) -> None:
    world.pages_of(5, monkeypatch)
    a_mixture(world.a_job())
    query = {"order": order, **filters}
    rows = walked(hr, "after", **query)
    assert {row.pk for row in rows} == {row.pk for row in through(recruiter, **query)}
    assert len(rows) == len({row.pk for row in rows})
    assert rows == sorted(rows, key=KEYS[order])
    assert walked(hr, "before", rows[-1].pk, **query) == rows[:-1]
    for before, after in pairwise(rows):
        beside = {"from": "list", **query}
        assert neighbours.neighbours(recruiter, before, beside)[1] == after
        assert neighbours.neighbours(recruiter, after, beside)[0] == before
