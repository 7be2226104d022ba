"""The purge, struck at each of its steps in turn: before and after every statement, commit, and
storage call. Two clean runs later nothing of what was due is left, and all else is as it was.
"""

import pytest
from django.db import connection

from tests.faults.bombs import AT_CALLS_AND_COMMITS, FAULTS
from tests.faults.schedules import Scene, scored, struck
from tests.world import rounds

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.soak]


#: On SQLite each step of seven worlds. A bucket behind a network takes longer: there an exception
#: comes at each call and commit, and whatever can come at a part of the steps.
WORLDS = 7
EACH_STEP, PART = 10_000, 25
SAMPLE = {"sqlite": 5, "postgresql": 2}


SESSIONS = {"sqlite": "sqlite", "postgresql": "postgres"}
EACH_FAULT = [
    pytest.param(
        number,
        id=str(fault),
        marks=[pytest.mark.once(SESSIONS[fault.vendor])] if fault.vendor else [],
    )
    for number, fault in enumerate(FAULTS)
]


@pytest.mark.parametrize("number", EACH_FAULT)
def test_struck_at_any_step_and_run_twice_nothing_due_is_left_and_nothing_else_lost(
    number: int,
) -> None:
    fault = FAULTS[number]
    if fault.vendor not in {"", connection.vendor}:
        pytest.skip(f"about {fault.vendor}")
    full = EACH_STEP if connection.vendor == "sqlite" else PART
    with scored() as score:
        for seed in range(number, number + rounds(1, WORLDS)):
            with Scene(seed, score) as scene:
                struck(scene, fault, most=rounds(SAMPLE[connection.vendor], full))


@pytest.mark.once("postgres")
def test_the_same_at_each_commit_and_each_call_to_a_bucket() -> None:
    if connection.vendor != "postgresql":
        pytest.skip("about buckets")
    with scored() as score:
        for seed in range(100, 100 + rounds(1, WORLDS)):
            with Scene(seed, score) as scene:
                struck(scene, AT_CALLS_AND_COMMITS, most=rounds(2, EACH_STEP))


def test_the_same_beside_a_second_purge() -> None:
    death = FAULTS[0]
    with scored() as score:
        for seed in range(500, 500 + rounds(1, WORLDS)):
            with Scene(seed, score) as scene:
                struck(scene, death, most=rounds(2, PART), beside=True)
