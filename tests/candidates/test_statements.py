"""What is kept of a statement is the question; its answer is asked for anew each time."""

import inspect
from datetime import date, timedelta

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.utils import timezone

from candidates import access, agenda, retention
from candidates.agenda import Kind, counting, kinds, reading
from candidates.models import Application, User
from candidates.statements import (
    SOME_ADDRESS,
    SOME_MOMENT,
    SOME_USER,
    Statement,
    Values,
    kept,
    some_ids,
)
from tests import world

pytestmark = pytest.mark.django_db
postgres = pytest.mark.skipif(
    connection.vendor != "postgresql", reason="SQLite plans in no time, and keeps no plan"
)

NOW = timezone.now()


def new(user: User) -> int:
    """Return how many applications the menu says are new, as on a person's next page."""
    return agenda.rail(User.objects.get(pk=user.pk), NOW).of(Kind.NEW)


def fresh() -> Application:
    return world.an_application(world.a_job(), received_at=NOW)


def test_what_comes_and_what_is_erased_is_in_the_next_answer() -> None:
    user = world.a_user("recruiter")
    application = fresh()
    assert new(user) == 1
    fresh()
    assert new(user) == 2
    application.delete()
    assert new(user) == 1


def test_whoever_loses_a_role_or_a_team_sees_nothing_more() -> None:
    user = world.a_user("recruiter")
    application = fresh()
    assert application.job is not None
    assert new(user) == 1
    user.groups.set(Group.objects.filter(name="hiring_manager"))
    assert new(user) == 0
    application.job.hiring_team.add(user)
    assert new(user) == 1
    application.job.hiring_team.remove(user)
    assert new(user) == 0


def test_whoever_gets_the_applicants_address_does_not_see_the_application() -> None:
    user = world.a_user("recruiter")
    application = fresh()
    assert new(user) == 1
    User.objects.filter(pk=user.pk).update(email=application.email.upper())
    assert new(user) == 0


def test_two_people_with_the_same_roles_have_each_their_own() -> None:
    jens, aylin = world.a_user("hiring_manager"), world.a_user("hiring_manager")
    application = fresh()
    assert application.job is not None
    application.job.hiring_team.add(jens)
    assert (new(jens), new(aylin)) == (1, 0)


def built_anew(user: User, today: date) -> list[Statement]:
    """Return the statements of all pages of a person as they would be built now."""
    menu, rows = (inspect.unwrap(each) for each in (counting._statement, reading._statement))
    asked = [menu(user, today, late) for late in (True, False)]
    wanted = tuple(kind for kind in kinds.waiting(user, today) if kind in reading.COLUMNS)
    others = tuple(kind for kind in wanted if kind != Kind.LATE)
    asked.append(rows(user, others, today, 5, 3))
    return asked


@pytest.mark.parametrize("role", access.READERS)
def test_nothing_of_a_person_is_asked_for_but_what_is_filled_in(role: str) -> None:
    """A statement built for nobody, and filled in, is the one that is built for the person."""
    user, today = world.a_user(role), retention.local_date(NOW)
    nobody = access.with_roles(User(pk=SOME_USER, email=SOME_ADDRESS), access.roles(user))
    filling = {SOME_USER: user.pk, SOME_ADDRESS: connection.ops.prep_for_iexact_query(user.email)}
    filled = [(each.sql, each.filled(filling).params) for each in built_anew(nobody, today)]
    assert filled == [(each.sql, list(each.params)) for each in built_anew(user, today)]


def test_who_asks_is_told_from_who_has_much_the_same_address() -> None:
    user = world.a_user("recruiter", email="jo_%doe@musterwerk.example")
    world.an_application(world.a_job(), email="JO_%DOE@musterwerk.example", received_at=NOW)
    assert new(user) == 0
    world.an_application(world.a_job(), email="joanna-doe@musterwerk.example", received_at=NOW)
    assert new(user) == 1


@postgres
def test_it_is_planned_once_for_all_who_have_these_roles() -> None:
    with connection.cursor() as cursor:
        cursor.execute("DEALLOCATE ALL")
    jens, aylin = world.a_user("hiring_manager"), world.a_user("hiring_manager")
    for user in (jens, aylin, jens):
        new(user)
    with connection.cursor() as cursor:
        cursor.execute("SELECT generic_plans, custom_plans FROM pg_prepared_statements")
        assert cursor.fetchall() == [(3, 0)]


def test_what_is_filled_in_stays_open_and_all_else_is_written_down() -> None:
    asked = Statement("SELECT %s, %s, 5 %% 3, %s, %s", ["it's", SOME_USER, 7, "5 %s"])
    settled = asked.settled()
    assert settled.params == [SOME_USER, "5 %s"]
    assert settled.filled({SOME_USER: 4}).rows() == [("it's", 4, 2, 7, "5 %s")]


def test_it_is_built_once_for_each_day() -> None:
    built = []

    @kept
    def statement(user: User, day: date) -> Values:
        built.append((user.pk, day))
        return Values.of(access.applications(user).values_list("pk"))

    user, today = world.a_user("recruiter"), retention.local_date(NOW)
    tomorrow = today + timedelta(days=1)
    for day in (today, today, tomorrow, today):
        statement(user, day)
    assert built == [(SOME_USER, today), (SOME_USER, tomorrow)]


def test_what_was_left_open_is_filled_in() -> None:
    user = world.a_user("recruiter")
    first, second = fresh(), fresh()
    stages = {-1: first.stage_id or 0, -2: second.stage_id or 0}
    rows = access.applications(user).filter(stage__in=some_ids(2), received_at__lte=SOME_MOMENT)
    asked = Values.of(rows.order_by().values_list("pk", "received_at"))
    assert not list(asked.rows())

    found = sorted(asked.filled(stages).filled({SOME_MOMENT: NOW}).rows())
    assert found == sorted((each.pk, NOW) for each in (first, second))
    assert not list(asked.filled(stages).filled({SOME_MOMENT: NOW - timedelta(days=1)}).rows())
