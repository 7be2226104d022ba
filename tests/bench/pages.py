"""The workspace's pages over their floors: Today, board, list, application.

Each is asked for in turn with its floor, A B A B …; see app.py for what a floor is.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from time import perf_counter

from tests.bench import floors
from tests.bench.databases import RECRUITER
from tests.bench.figures import Figure, at_most, median, p95
from tests.bench.place import Answer, Ask, Place, Web, ask, session, times

#: Of each page, and where its 95th percentile is judged.
ROUNDS, MORE = 40, 100
#: Of a page's 95th percentile over its floor's, among so many applications.
RATIO, AMONG = 3, 1_000_000
QUERIES = 12
BIG = "seed-0"
#: How many events an application has whose page is measured.
STEPS = {"open": 2, "rejected": 3}


def measure(place: Place) -> Iterator[Figure]:
    rounds = MORE if place.size >= AMONG else ROUNDS
    with place.web() as web:
        cookie = session(RECRUITER)
        for name, floor, path in pages():
            ratio = None if floor == "application" else RATIO
            yield against_floor(place, web, cookie, name, floor, path, rounds=rounds, ratio=ratio)
        yield counts_of_board(place)
        for name, query in COMBINATIONS.items():
            for part, address in turned(query):
                work = f"list: {name}, {part}"
                yield against_floor(place, web, cookie, work, "list", address, rounds=rounds)


def pages() -> Iterator[tuple[str, str, str]]:
    """Yield the name of each page, that of its floor, and its address."""
    yield "today", "today", "/hr/"
    yield "board", "board", f"/hr/jobs/{BIG}/"
    yield "application page", "application", one("open")
    yield "application page, closed", "application", one("rejected")


def counts_of_board(place: Place) -> Figure:
    """Return what the counts of a board's columns take by themselves, without a request."""
    from candidates import reads
    from candidates.models import Job, User

    user, job = User.objects.get(email=RECRUITER), Job.objects.get(slug=BIG)
    taken = []
    for _round in range(ROUNDS):
        start = perf_counter()
        columns, closed = reads.job_counts(user, job)
        taken.append((perf_counter() - start) * 1000)
    return Figure(
        work="board: its counts",
        size=place.size,
        database=place.database,
        median_ms=median(taken),
        p95_ms=p95(taken),
        note=f"{sum(columns.values()):,} open in {len(columns)} stages and {closed:,} closed;"
        " part of the board above",
    )


def one(status: str) -> str:
    """Return the page of one that shows as much in each database: its story, and a text."""
    from django.db.models import Count, OuterRef, Subquery

    from candidates.models import Application
    from storage.models import Attachment

    documents = Attachment.objects.filter(application=OuterRef("pk"))
    first = documents.order_by("created_at", "pk").values("words__pk")[:1]
    found = Application.objects.filter(status=status, job__slug=BIG).order_by("id")
    alike = found.alias(steps=Count("events"), text=Subquery(first))
    shown = alike.filter(steps=STEPS[status], text__isnull=False)
    return f"/hr/applications/{shown.values_list('pk', flat=True)[0]}/"


def against_floor(
    place: Place,
    web: Web,
    cookie: str,
    work: str,
    floor: str,
    path: str,
    *,
    rounds: int,
    ratio: float | None = RATIO,
) -> Figure:
    """Ask for a page and its floor in turn, and return what both took.

    `ratio` is the bound of one over the other; None sets none.
    """
    own = Ask(path, headers={"Cookie": cookie})
    least = Ask(path, headers={"Cookie": cookie, "X-Floor": floor})
    found, floors_ = ask(web.url, [own, least], rounds=rounds, warm=4).each
    check(path, found + floors_)
    over = p95(times(found)) / p95(times(floors_))
    return Figure(
        work=work,
        size=place.size,
        database=place.database,
        median_ms=median(times(found)),
        p95_ms=p95(times(found)),
        queries=found[-1].queries,
        bytes=found[-1].bytes,
        rss_mb=web.rss_mb(),
        floor_ms=median(times(floors_)),
        floor_p95_ms=p95(times(floors_)),
        ratio=over,
        database_ms=median([answer.database_ms for answer in found]),
        floor_database_ms=median([answer.database_ms for answer in floors_]),
        bounds=(
            *([at_most("95 % ÷ floor", over, ratio)] if ratio and place.size >= AMONG else []),
            at_most("queries", found[-1].queries, QUERIES),
        ),
    )


def check(path: str, answers: list[Answer]) -> None:
    """Stop if anything but whole pages was measured."""
    if strange := {answer.status for answer in answers} - {200}:
        raise RuntimeError(f"{path} answered {strange}")
    sizes = [answer.bytes for answer in answers]
    if max(sizes) > min(sizes) * 1.02:
        raise RuntimeError(f"{path}: its floor does not show the same: {min(sizes)}, {max(sizes)}")


# The list -----------------------------------------------------------------------------------


def days(number: int) -> str:
    return (date.today() + timedelta(days=number)).isoformat()  # noqa: DTZ011


COMBINATIONS = {
    "all": "",
    "all, oldest first": "order=oldest",
    "all, longest waiting": "order=waiting",
    "all, erased next": "order=deletion",
    "all, by name": "order=name",
    "one job": f"job={BIG}",
    "one job, open": f"job={BIG}&status=open",
    "one job, oldest first": f"job={BIG}&order=oldest",
    "one job, open, longest waiting": f"job={BIG}&status=open&order=waiting",
    "one job, closed, erased next": f"job={BIG}&status=closed&order=deletion",
    "one job, by name": f"job={BIG}&order=name",
    "small job": "job=seed-7",
    "small job, by name": "job=seed-7&order=name",
    "open": "status=open",
    "open, longest waiting": "status=open&order=waiting",
    "open, by name": "status=open&order=name",
    "open, oldest first": "status=open&order=oldest",
    "rejected": "status=rejected",
    "rejected, erased next": "status=rejected&order=deletion",
    "withdrawn": "status=withdrawn",
    "hired, erased next": "status=hired&order=deletion",
    "closed": "status=closed",
    "closed, erased next": "status=closed&order=deletion",
    "received last week": f"received_from={days(-7)}",
    "received a month ago": f"received_from={days(-37)}&received_to={days(-30)}",
    "waiting for a month": f"status=open&waiting={days(-30)}&order=waiting",
    "erased this week": f"status=closed&erased_from={days(0)}&erased_to={days(7)}&order=deletion",
    "speculative": "speculative=on",
    "not held, open": "status=open&hold=free",
    "from the form": "source=form",
}


def turned(query: str) -> Iterator[tuple[str, str]]:
    """Yield the addresses of the first, the middle and the last page."""
    yield "first page", address(query, "")
    for part, share in (("middle page", 0.5), ("last page", 1.0)):
        if edge := row_before(query, share):
            yield part, address(query, f"after={edge}")


def address(*parts: str) -> str:
    query = "&".join(filter(None, parts))
    return "/hr/applications/" + (f"?{query}" if query else "")


def row_before(query: str, share: float) -> str:
    """Return the id of the row before a page so far along a list, or "" if it has one page."""
    from urllib.parse import parse_qsl

    from django.db import connection

    chosen = dict(parse_qsl(query))
    keys, way = floors.order(chosen)
    where, params = floors.conditions(chosen)
    rows = f"FROM candidates_application a {floors.JOINED} WHERE {where}"
    by = ", ".join(f"{key} {way}" for key in keys)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) {rows}", params)
        number = cursor.fetchone()[0]
        place = int(number * share) - (51 if share == 1 else 1)
        if number < 102 or place < 0:
            return ""
        cursor.execute(f"SELECT a.id {rows} ORDER BY {by} OFFSET %s LIMIT 1", [*params, place])
        return str(cursor.fetchone()[0])
