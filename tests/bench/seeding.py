"""Fills a database with applications, and says how long that took.

Then PostgreSQL's memory is filled with it, as far as there is room: that of a server that has run
for a while has what is asked for, that of one whose tables were just filled has nothing.
"""

from collections.abc import Iterator
from time import perf_counter

from django.db import connection
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
        yield _into_memory(place)


#: PostgreSQL's own extension, which also does this after a restart; it returns blocks of 8 KB.
INTO_MEMORY = """
    SELECT sum(pg_prewarm(pg_class.oid))::float * 8192, current_setting('shared_buffers')
    FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
    WHERE relkind IN ('r', 'i', 't') AND nspname IN ('public', 'pg_toast')
"""


def _into_memory(place: Place) -> Figure:
    start = perf_counter()
    with connection.cursor() as cursor:
        cursor.execute("CREATE EXTENSION pg_prewarm")
        cursor.execute(INTO_MEMORY)
        size, room = cursor.fetchone()
    seconds = perf_counter() - start
    note = f"{size / 1e6:,.0f} MB of tables and indexes; PostgreSQL’s own memory is {room}."
    return _figure(place, "seed: into memory", seconds, note=note)


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
