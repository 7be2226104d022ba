"""The purge job with nothing due, as the cluster runs it every hour: what it costs to say so."""

import time
from collections.abc import Callable, Iterator
from typing import Any

from django.db import connection
from django.utils import timezone

from candidates import purge
from tests.bench.figures import Figure, at_most, median, p95
from tests.bench.place import Place

ROUNDS = 30
#: The first run of a day foresees the next day's, and the first of a process opens what it needs.
WARM = 3


def measure(place: Place) -> Iterator[Figure]:
    """Run it so often in this process. Each run writes its row and its pulse, as ever."""
    runs = [_run() for _ in range(WARM + ROUNDS)][WARM:]
    times, queries = [ms for ms, _ in runs], max(count for _, count in runs)
    yield Figure(
        work="purge with nothing due",
        size=place.size,
        database=place.database,
        median_ms=median(times),
        p95_ms=p95(times),
        queries=queries,
        bounds=(at_most("ms", median(times), 25), at_most("queries", queries, 8)),
    )


def _run() -> tuple[float, int]:
    """Return the milliseconds of a run and how many statements it made."""
    statements: list[str] = []

    def note(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        statements.append(sql)
        return execute(sql, *rest)

    start = time.perf_counter()
    with connection.execute_wrapper(note):
        outcome = purge.run(now=timezone.now())
    ms = (time.perf_counter() - start) * 1000
    if outcome.due or outcome.stopped:
        raise RuntimeError(f"Something is due: {outcome}")
    return ms, len(statements)
