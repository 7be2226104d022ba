"""The web process at rest: how soon it answers, and what it keeps once its pages are loaded."""

from collections.abc import Iterator
from dataclasses import dataclass

from tests.bench.databases import RECRUITER
from tests.bench.figures import Figure, at_most, median
from tests.bench.place import Ask, Place, ask, session

STARTS = 5
READY_S, RSS_MB = 3, 150
#: The first that is asked of each process: a careers page, the log-in, and the workspace.
PUBLIC, WORKSPACE = ("/jobs/", "/accounts/login/"), ("/hr/",)


@dataclass(frozen=True)
class Start:
    ready_s: float
    #: Of the largest process, after its first answer and after its first pages.
    fresh_mb: float
    rss_mb: float


def measure(place: Place) -> Iterator[Figure]:
    cookie = {"Cookie": session(RECRUITER)}
    asks = [*map(Ask, PUBLIC), *(Ask(page, headers=cookie) for page in WORKSPACE)]
    starts = [started(place, asks) for _ in range(STARTS)]
    ready, largest = median([each.ready_s for each in starts]), max(each.rss_mb for each in starts)
    fresh = max(each.fresh_mb for each in starts)
    yield Figure(
        work="web process at rest",
        size=place.size,
        database=place.database,
        median_ms=ready * 1000,
        rss_mb=largest,
        note=f"{STARTS} starts until the first answer; {fresh:.0f} MB then, and the figure after"
        " the first pages, of the largest process",
        bounds=(at_most("MB", largest, RSS_MB), at_most("seconds until ready", ready, READY_S)),
    )


def started(place: Place, asks: list[Ask]) -> Start:
    with place.web("ats.wsgi") as web:
        fresh = web.rss_mb()
        # On several connections, so that no process is left that has not drawn them.
        answers = ask(web.url, asks, rounds=5, threads=4, warm=0)
        wrong = {answer.status for each in answers.each for answer in each} - {200}
        if wrong:
            raise RuntimeError(f"A page at rest answers {wrong}.")
        return Start(web.ready_s, fresh, web.rss_mb())
