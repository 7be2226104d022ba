"""Previous and next beside an application: in its column, in the list, for each role."""

from datetime import timedelta
from typing import Any

import pytest
from django.http import QueryDict
from pytest_django import DjangoAssertNumQueries

from candidates import access, neighbours, pipeline
from candidates.forms.filters import FilterForm
from candidates.models import Application, User
from tests import world

pytestmark = pytest.mark.django_db


@pytest.fixture
def recruiter() -> User:
    return world.a_user("recruiter")


def beside(user: User, application: Application, **query: str) -> list[Application | None]:
    return list(neighbours.neighbours(user, application, query))


def a_column(number: int = 3, **fields: Any) -> list[Application]:
    """Return applications of one job's first stage, who has waited longest first."""
    job = world.a_job()
    times = [world.NOW - timedelta(days=9 - n) for n in range(number)]
    return [world.an_application(job, received_at=at, **fields) for at in times]


def test_on_the_board_they_are_those_above_and_below_in_the_column(recruiter: User) -> None:
    first, second, third = a_column()
    world.an_application(second.job, stage=second.job.stages.get(position=2))  # type: ignore[union-attr]
    query = {"from": "board"}
    assert beside(recruiter, first, **query) == [None, second]
    assert beside(recruiter, second, **query) == [first, third]
    assert beside(recruiter, third, **query) == [second, None]


def test_who_has_been_moved_on_keeps_the_place_that_was_left(recruiter: User) -> None:
    first, second, third = a_column()
    place = neighbours.at(second)
    stage = second.job.stages.get(position=2)  # type: ignore[union-attr]
    moved = pipeline.move(second, to=stage, seen=second.stage, by=recruiter, now=world.NOW)
    query = {"from": "board", "at": place}
    assert beside(recruiter, moved, **query) == [first, third]
    assert beside(recruiter, moved, **{"from": "board"}) == [None, None]


def test_the_closed_ones_of_a_job_stand_in_the_order_in_which_they_are_erased(
    recruiter: User,
) -> None:
    job = world.a_job()
    days = [world.TODAY - timedelta(days=n) for n in (30, 20, 10)]
    one, two, three = (world.an_application(job, status="rejected", decided_on=d) for d in days)
    world.an_application(job)
    assert beside(recruiter, two, **{"from": "board"}) == [one, three]


def test_in_the_list_they_follow_its_filters_and_order(recruiter: User) -> None:
    older, middle, newer = a_column()
    world.an_application(received_at=middle.received_at + timedelta(hours=1))
    assert middle.job
    query = {"from": "list", "job": middle.job.slug, "status": "open"}
    assert beside(recruiter, middle, **query) == [newer, older]


def test_in_the_list_of_what_is_erased_next_it_is_the_day_that_counts(recruiter: User) -> None:
    days = [world.TODAY - timedelta(days=n) for n in (30, 20, 10)]
    one, two, three = (world.an_application(status="rejected", decided_on=day) for day in days)
    query = {"from": "list", "status": "closed", "order": "deletion"}
    assert beside(recruiter, two, **query) == [one, three]


@pytest.mark.parametrize("query", [{}, {"from": "today"}, {"from": "x" * 99}])
def test_whoever_came_from_no_list_has_none_beside_them(
    recruiter: User, query: dict[str, str]
) -> None:
    _first, second, _third = a_column()
    assert beside(recruiter, second, **query) == [None, None]


@pytest.mark.parametrize("at", ["x", "1", "1.x", ".", "9" * 40 + "." + "9" * 40, "-1.-1"])
def test_a_place_that_is_garbage_leads_nowhere_and_breaks_nothing(recruiter: User, at: str) -> None:
    application = a_column()[1]
    assert len(beside(recruiter, application, **{"from": "board", "at": at})) == 2


@pytest.mark.parametrize("stage", ["x", "9" * 40, "²", "-1"])
def test_a_stage_that_is_garbage_breaks_nothing(recruiter: User, stage: str) -> None:
    application = a_column()[1]
    assert len(beside(recruiter, application, **{"from": "list", "stage": stage})) == 2


def test_nobody_is_led_to_what_they_may_not_see() -> None:
    manager = world.a_user("hiring_manager")
    job = world.a_job(hiring_team=[manager])
    mine = world.an_application(job, received_at=world.NOW - timedelta(days=5))
    own: dict[str, Any] = {"email": manager.email, "received_at": world.NOW - timedelta(days=4)}
    world.an_application(job, **own)
    world.an_application(job, restricted_at=world.NOW, received_at=world.NOW - timedelta(days=3))
    world.an_application(received_at=world.NOW - timedelta(days=2))
    for way in ("board", "list"):
        assert beside(manager, mine, **{"from": way}) == [None, None]


def test_both_cost_one_query(
    recruiter: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    application = a_column(9)[4]
    access.roles(recruiter)  # read once a request
    with django_assert_num_queries(1):
        assert None not in beside(recruiter, application, **{"from": "board"})


def test_an_address_keeps_what_leads_on_and_leaves_the_pages_own() -> None:
    query = QueryDict("from=list&job=a&document=1&history=notes&q=Zoë")
    assert neighbours.kept(query) == "?from=list&job=a&q=Zo%C3%AB"
    assert neighbours.kept(QueryDict("document=1")) == ""


@pytest.mark.parametrize("order", ["", "oldest", "name", "waiting", "deletion"])
@pytest.mark.parametrize("status", ["", "open", "closed"])
def test_around_one_are_the_lists_own_neighbours_and_others_of_its_address(
    recruiter: User, status: str, order: str
) -> None:
    waiting = a_column(email="k@post.example", last_name="Roth")
    for _ in range(3):
        world.an_application(waiting[0].job, status="rejected", email="k@post.example")
    query = {"from": "list", "status": status, "order": order, "q": "post"}
    form = FilterForm.trusting(query, recruiter)
    by = form.sorting
    rows = list(form.narrow(access.applications(recruiter), now=world.NOW).order_by(*by))
    assert len(rows) == (3 if status else 6)
    for before, row, after in zip([None, *rows], rows, [*rows[1:], None], strict=False):
        found = neighbours.around(recruiter, row, query)
        assert (found.previous, found.next) == (before, after)
        assert len(found.others) == 5
