"""The main pages as a small firm has them: SQLite on a laptop, and PostgreSQL with as many rows."""

from collections.abc import Iterator

from tests.bench.databases import RECRUITER
from tests.bench.figures import Figure, median, p95
from tests.bench.pages import BIG, check, one
from tests.bench.place import Ask, Place, ask, session, times

ROUNDS = 30


def measure(place: Place) -> Iterator[Figure]:
    with place.web() as web:
        headers = {"Cookie": session(RECRUITER)}
        asks = [Ask(path, headers=headers) for path in paths().values()]
        answers = ask(web.url, asks, rounds=ROUNDS, warm=4).each
        for name, found in zip(paths(), answers, strict=True):
            check(name, found)
            yield Figure(
                work=f"laptop: {name}",
                size=place.size,
                database=place.database,
                median_ms=median(times(found)),
                p95_ms=p95(times(found)),
                database_ms=median([answer.database_ms for answer in found]),
                queries=found[-1].queries,
                bytes=found[-1].bytes,
                rss_mb=web.rss_mb(),
            )


def paths() -> dict[str, str]:
    return {
        "today": "/hr/",
        "board": f"/hr/jobs/{BIG}/",
        "list": "/hr/applications/",
        "list by name": f"/hr/applications/?job={BIG}&order=name",
        "list of the closed": "/hr/applications/?status=closed&order=deletion",
        "search in names": "/hr/applications/?q=ann",
        "application page": one("open"),
    }
