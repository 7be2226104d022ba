"""The purge, struck at each of its steps in turn: before and after every statement, commit, and
storage call. Two clean runs later nothing of what was due is left, and all else is as it was.
"""

import pytest
from django.db import connection

from tests.faults.bombs import FAULTS
from tests.faults.schedules import Scene, scored, struck
from tests.world import rounds

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.soak]


#: On SQLite each step of seven worlds; a bucket behind a network takes longer, so there a part.
WORLDS = 7
STEPS = {"sqlite": 10_000, "postgresql": 25}
SAMPLE = {"sqlite": 5, "postgresql": 2}


SESSIONS = {"sqlite": "sqlite", "postgresql": "postgres"}
EACH = [
    pytest.param(
        number,
        id=str(fault),
        marks=[pytest.mark.once(SESSIONS[fault.vendor])] if fault.vendor else [],
    )
    for number, fault in enumerate(FAULTS)
]


@pytest.mark.parametrize("number", EACH)
def test_struck_at_any_step_and_run_twice_nothing_due_is_left_and_nothing_else_lost(
    number: int,
) -> None:
    fault = FAULTS[number]
    if fault.vendor not in {"", connection.vendor}:
        pytest.skip(f"about {fault.vendor}")
    with scored() as score:
        for seed in range(number, number + rounds(1, WORLDS)):
            with Scene(seed, score) as scene:
                struck(
                    scene, fault, most=rounds(SAMPLE[connection.vendor], STEPS[connection.vendor])
                )


def test_the_same_beside_a_second_purge() -> None:
    death = FAULTS[0]
    with scored() as score:
        for seed in range(500, 500 + rounds(1, WORLDS)):
            with Scene(seed, score) as scene:
                struck(scene, death, most=rounds(2, STEPS["postgresql"]), beside=True)
