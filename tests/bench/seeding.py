"""Fills a database with applications, and says how long that took."""

from collections.abc import Iterator

from django.utils import timezone

from candidates.demo.bulk import seed
from tests.bench.figures import Figure, at_most
from tests.bench.place import Place

JOBS = 200
ATTACHMENTS = 3
#: The most seconds for a million, without the text index.
MOST, MILLION = 600, 1_000_000


def measure(place: Place) -> Iterator[Figure]:
    took = seed(
        applications=place.size, jobs=JOBS, due=0, attachments=ATTACHMENTS, now=timezone.now()
    )
    bounds = (at_most("seconds", took.rows, MOST),) if place.size == MILLION else ()
    note = f"{JOBS} jobs, {ATTACHMENTS} attachments each, a text of 2 KB; indexes built behind it."
    yield _figure(place, "seed", took.rows, note=note, bounds=bounds)
    if place.database == "postgres":
        yield _figure(place, "seed: text index", took.text_index)


def _figure(
    place: Place,
    work: str,
    seconds: float,
    *,
    note: str = "",
    bounds: tuple[tuple[str, bool], ...] = (),
) -> Figure:
    return Figure(
        work=work,
        size=place.size,
        database=place.database,
        median_ms=seconds * 1000,
        per_second=place.size / seconds,
        note=note,
        bounds=bounds,
    )
