"""One world, disturbed in many ways: each time it is put back as it was, purged, and judged."""

import gc
import logging
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from random import Random
from threading import Barrier, Thread
from typing import Self

from django.core.cache import cache
from django.db import connection

from candidates import purge, tasks
from tests.faults import counting, invariant, objects, rows, worlds
from tests.faults.bombs import Bomb, DiedError, Fault, Kind, armed
from tests.world import NOW

SECONDS = 60


class Scene:
    """A world on its databases and storage, that can be put back as often as one likes."""

    def __init__(self, seed: int, score: counting.Score) -> None:
        self.score = score
        rows.clear()
        self.shelf = objects.shelf()
        self.world = worlds.build(seed)
        self.expected = invariant.Expected.of(self.world)
        self.shelf.remember()
        self.snapshot = rows.snapshot()

    def __enter__(self) -> Self:
        logging.disable(logging.CRITICAL)  # pytest would keep tracebacks, and they a cursor
        gc.collect()
        gc.freeze()  # so that the many collections that follow look at what is new alone
        return self

    def __exit__(self, *_: object) -> None:
        self.snapshot.restore()
        self.snapshot.forget()
        gc.unfreeze()
        logging.disable(logging.NOTSET)

    def play(self, what: str, disturbed: Callable[[], None]) -> None:
        """Put the world back, let it be disturbed, and count what two clean runs leave of it."""
        self.snapshot.restore()
        self.shelf.restore()
        before = self.shelf.entries()
        disturbed()
        gc.collect()  # a cursor that a traceback keeps would keep SQLite's lock
        end_of_process()
        verdict = invariant.judge(self.expected, self.shelf, before)
        self.score.add(f"world {self.world.seed}, {what}", verdict.traces, verdict.lost)

    def steps(self) -> list[Kind]:
        """Return the steps of a purge that nothing disturbs. It is a schedule, too."""
        bomb = Bomb()
        self.play("undisturbed", lambda: self.purge_with(bomb))
        return bomb.steps

    def purge_with(self, bomb: Bomb) -> None:
        died: DiedError | None = None
        try:
            with suppress(Exception), armed(bomb):  # whatever comes out of a run has ended it
                purge.run(now=NOW)
        except DiedError as error:
            died = error
        if died:
            with warnings.catch_warnings():  # that who dies closes no cursor is no fault
                warnings.simplefilter("ignore", ResourceWarning)
                died = None
                gc.collect()

    def purge_beside_another(self, bomb: Bomb) -> None:
        """Purge with the bomb while a second purge begins at the same moment."""
        barrier = Barrier(2)

        def other() -> None:
            barrier.wait(timeout=SECONDS)
            with suppress(Exception):
                purge.run(now=NOW)
            connection.close()

        thread = Thread(target=other)
        thread.start()
        barrier.wait(timeout=SECONDS)
        self.purge_with(bomb)
        # What it holds is let go of as the end of the process would.
        gc.collect()
        connection.close()
        thread.join(timeout=SECONDS)
        assert not thread.is_alive()


def end_of_process() -> None:
    """Let go of the connection, also of one that broke where Django cannot tell any more."""
    connection.close()
    tasks.mend_connection()


def struck(scene: Scene, fault: Fault, *, most: int, beside: bool = False) -> None:
    """Let a fault strike at each step that it can; at `most` of them, which the seed chooses.

    If `beside`, a second purge runs at the same time, in which nothing goes wrong.
    """
    purges = scene.purge_beside_another if beside else scene.purge_with
    kinds = scene.steps()
    places = [number for number, kind in enumerate(kinds, start=1) if kind in fault.kinds]
    chosen = Random(scene.world.seed).sample(places, k=min(most, len(places)))
    for at in sorted(chosen):
        bomb = Bomb(at, fault)
        scene.play(f"{fault} at step {at} of {len(kinds)}", lambda b=bomb: purges(b))  # type: ignore[misc]


@contextmanager
def scored() -> Iterator[counting.Score]:
    """Count schedules, say how they went, and fail if anything was left or lost."""
    score = counting.Score()
    try:
        yield score
    finally:
        counting.TOTAL.include(score)
        print(score)
        cache.clear()
    score.require_clean()
