"""The purge, killed: a process that gets SIGKILL at a random moment of its run."""

import os
import signal
import time
from random import Random
from statistics import median

import pytest
from django.db import connection

from candidates import purge
from tests.faults.schedules import Scene, scored
from tests.world import NOW, rounds

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.soak]

#: Kills to a world: each has its own, and so its own length of a run.
KILLS = 25
SECONDS = 30


def start() -> int:
    """Begin a purge in a process of its own; return its id."""
    connection.close()  # a connection is nothing that two processes may share
    child = os.fork()
    if child:
        return child
    try:
        purge.run(now=NOW)
    finally:
        os._exit(0)


def lasts(scene: Scene) -> float:
    """Return how many seconds a run takes that is left alone."""
    times = []

    def run() -> None:
        began = time.monotonic()
        os.waitpid(start(), 0)
        times.append(time.monotonic() - began)

    for _ in range(3):
        scene.play("left alone", run)
    return median(times)


class Killer:
    """Kills purges at random moments of the time that one takes, and counts those it met."""

    def __init__(self, random: Random, longest: float) -> None:
        self.random, self.longest, self.kills = random, longest, 0

    def __call__(self) -> None:
        child = start()
        time.sleep(self.random.uniform(0, self.longest))
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        self.kills += os.WIFSIGNALED(status)
        wait_for_the_server()


def wait_for_the_server() -> None:
    """Wait until PostgreSQL has noticed that a client is gone, and let go of what it had."""
    if connection.vendor != "postgresql":
        return
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                " AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
            )
            if cursor.fetchone() == (0,):
                return
        time.sleep(0.005)
    raise TimeoutError("the killed one's connection is still there")


def test_killed_at_any_moment_and_run_twice_nothing_due_is_left_and_nothing_else_lost() -> None:
    wanted, kills = rounds(3, 250), 0
    with scored() as score:
        for seed in range(1000, 1000 + wanted):
            with Scene(seed, score) as scene:
                killer = Killer(Random(seed), 1.05 * lasts(scene))
                for number in range(min(KILLS, wanted)):
                    scene.play(f"kill {number}", killer)
            kills += killer.kills
            if kills >= wanted:
                break
    print(f"{kills} processes met SIGKILL while they ran")
    assert kills >= wanted
