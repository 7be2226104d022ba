"""Statistics: the same before a purge and after it, and nobody to be found in them."""

import random
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from threading import Barrier
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import pytest
from django.db import connection, transaction

from candidates import statistics
from candidates.models import Application, Duration, Job, Tally
from candidates.statistics import LONGER, Group, Span
from tests.world import NOW, TODAY, a_job, an_application, an_employee, rounds

if TYPE_CHECKING:
    from pytest_django import DjangoAssertNumQueries

pytestmark = pytest.mark.django_db


@transaction.atomic
def go(applications: list[Application]) -> None:
    """Erase applications as the purge does."""
    ids = [application.pk for application in applications]
    statistics.count_out(ids)
    Application.objects.filter(pk__in=ids).delete()


def a_world(seed: int) -> list[Application]:
    """Make applications of every kind, some of them much alike."""
    dice = random.Random(seed)
    jobs: list[Job | None] = [a_job(), a_job(slug=f"eins-{seed}"), None]
    made = []
    for _ in range(60):
        job = dice.choice(jobs)
        received_at = NOW - timedelta(hours=dice.randrange(24 * 400))
        made.append(
            an_application(
                job,
                stage=dice.choice(list(job.stages.all())) if job else None,
                source=dice.choice(Application.Source.values),
                received_at=received_at,
                status=dice.choice(["open", "rejected", "rejected", "withdrawn", "hired"]),
                decided_on=received_at.date() + timedelta(days=dice.choice([0, 3, 4, 30, 200])),
            )
        )
    an_employee(application=dice.choice(made))
    return made


@pytest.mark.parametrize("seed", range(5))
def test_a_report_is_the_same_before_a_purge_and_after_it(seed: int) -> None:
    world = a_world(seed)
    before, shown = statistics.figures(), statistics.report()
    assert sum(before.tallies.values()) == 60
    dice = random.Random(seed)
    dice.shuffle(world)
    while world:
        batch, world = world[: (size := dice.randrange(1, 20))], world[size:]
        go(batch)
        assert statistics.figures() == before
        assert statistics.report() == shown
    assert Application.objects.count() == 0


def test_the_month_and_the_days_are_those_of_the_time_zone() -> None:
    job = a_job(slug="pflege")
    # In Berlin this is the first of January, and so is the day of the decision.
    received_at = datetime(2025, 12, 31, 23, 30, tzinfo=UTC)
    kept: dict[str, Any] = {"received_at": received_at, "status": "rejected", "source": "email"}
    applications = [
        an_application(job, decided_on=date(2026, 1, 1) + timedelta(days=days), **kept)
        for days in (0, 3, 4, 180, 181)
    ]
    group = Group(date(2026, 1, 1), "pflege", "email", job.first_stage().name, "rejected")
    spans = Counter({3: 2, 7: 1, 180: 1, LONGER: 1})
    expected = statistics.Figures(
        Counter({group: 5}),
        Counter({Span(date(2026, 1, 1), "pflege", days): n for days, n in spans.items()}),
    )
    assert statistics.figures() == expected
    go(applications)
    assert statistics.figures() == expected
    assert list(Tally.objects.values_list("month", "stage", "count")) == [
        (date(2026, 1, 1), job.first_stage().name, 5)
    ]
    assert Duration.objects.count() == 4


def test_a_withdrawal_and_an_open_application_have_no_time_to_a_decision() -> None:
    go([an_application(status="withdrawn"), an_application(None)])
    assert sum(Tally.objects.values_list("count", flat=True)) == 2
    assert not Duration.objects.exists()


def test_counting_takes_two_statements_however_many_go(
    django_assert_num_queries: "DjangoAssertNumQueries",
) -> None:
    world = [application.pk for application in a_world(1)]
    for ids in (world, world[:1], [uuid4()]):
        with django_assert_num_queries(2):
            statistics.count_out(ids)
    statistics.count_out([])


@pytest.mark.django_db(transaction=True)
@pytest.mark.once("postgres")
@pytest.mark.soak
def test_purges_beside_each_other_neither_wait_for_ever_nor_lose_a_count() -> None:
    jobs = [a_job() for _ in range(12)]
    sides = [list(reversed(jobs)), jobs, jobs[6:] + jobs[:6]]
    for _ in range(rounds(10, 200)):
        batches = [
            [an_application(job, status="rejected").pk for job in side for _ in range(2)]
            for side in sides
        ]
        Tally.objects.all().delete()
        barrier = Barrier(len(batches))

        def purge(ids: list[UUID], barrier: Barrier = barrier) -> None:
            try:
                connection.ensure_connection()
                barrier.wait(timeout=10)
                with transaction.atomic():
                    statistics.count_out(ids)
                    Application.objects.filter(pk__in=ids).delete()
            finally:
                connection.close()

        with ThreadPoolExecutor(len(batches)) as pool:
            list(pool.map(purge, batches))
        assert sorted(Tally.objects.values_list("count", flat=True)) == [6] * len(jobs)


# What is shown ------------------------------------------------------------------------------


def groups_of(*counts: int) -> Counter[Group]:
    """Return groups of one month that differ in their stage."""
    base = Group(date(2026, 1, 1), "a", "form", "", "open")
    return Counter({base._replace(stage=f"s{n}"): count for n, count in enumerate(counts)})


def test_a_small_group_is_only_shown_together_with_others() -> None:
    shown = dict(statistics._shown(groups_of(7, 2, 3, 1)))
    base = Group(date(2026, 1, 1), "a", "form", None, "open")
    assert shown == {base._replace(stage="s0"): 7, base: 6}


def test_one_small_group_beside_large_ones_is_not_shown_and_cannot_be_subtracted() -> None:
    assert dict(statistics._shown(groups_of(7, 8, 2))) == {
        Group(date(2026, 1, 1), "a", "form", "s0", "open"): 7,
        Group(date(2026, 1, 1), "a", "form", "s1", "open"): 8,
    }


@pytest.mark.parametrize("seed", range(20))
def test_what_is_shown_are_groups_of_five_or_more_that_have_nobody_in_common(seed: int) -> None:
    dice = random.Random(seed)
    exact = Counter(
        {
            Group(date(2026, dice.choice([1, 2, 3]), 1), *(dice.choice("ab") for _ in range(4))): (
                dice.randrange(1, 9)
            )
            for _ in range(40)
        }
    )
    shown = list(statistics._shown(exact))
    assert all(count >= statistics.SMALLEST for _, count in shown)
    assert len({group for group, _ in shown}) == len(shown)
    left_out = sum(exact.values()) - sum(count for _, count in shown)
    assert 0 <= left_out < statistics.SMALLEST


def test_times_to_a_decision_are_shares_of_classes_with_five_people_or_more() -> None:
    month = date(2026, 1, 1)

    def histograms(**counts: int) -> list[tuple[tuple[int, int], ...]]:
        exact = Counter({Span(month, "a", int(days[1:])): n for days, n in counts.items()})
        return [histogram.shares for histogram in statistics._histograms(exact)]

    assert histograms(d3=1, d7=3) == []
    assert histograms(d3=1, d7=4) == [((7, 100),)]
    assert histograms(d3=6, d7=2, d14=4, d30=1) == [((3, 45), (30, 55))]


def test_a_row_never_begins_like_a_formula() -> None:
    job = a_job(slug="pflege")
    stage = job.stages.create(name="=HYPERLINK(1)", position=9)
    go([an_application(job, stage=stage) for _ in range(5)])
    assert statistics.as_rows(statistics.report()) == [
        ["month", "job", "source", "stage", "outcome", "count"],
        [str(TODAY.replace(day=1)), "pflege", "form", "'=HYPERLINK(1)", "open", 5],
    ]
