"""Fills a database with applications, and says how long that took."""

import io
import time
from collections.abc import Iterator

from django.core.management import call_command

from tests.bench.figures import Figure
from tests.bench.place import Place

JOBS = 200
ATTACHMENTS = 3


def measure(place: Place) -> Iterator[Figure]:
    start = time.perf_counter()
    call_command(
        "seed",
        applications=place.size,
        jobs=JOBS,
        attachments=ATTACHMENTS,
        stdout=io.StringIO(),
    )
    seconds = time.perf_counter() - start
    yield Figure(
        work="seed",
        size=place.size,
        database=place.database,
        median_ms=seconds * 1000,
        per_second=place.size / seconds,
    )
