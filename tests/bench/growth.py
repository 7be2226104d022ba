"""How figures grow from the smallest database to the largest, in one run.

By medians: a 95th percentile is one of the slowest few of a page's requests, and a ratio of four of
them says more of the machine than of growth.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from tests.bench.figures import Figure, at_most

#: Pages whose time over their floor's must not grow by more than this factor.
RATIO = 1.3
#: Works whose own time must not.
TIME = 1.2
#: How much longer a page may take on SQLite than on PostgreSQL with as many applications.
SQLITE = 2
OVER_FLOOR = ("today", "board", "list: ")
BY_ITSELF = ("move", "reject", "application page")


def measure(figures: Sequence[Figure]) -> Iterator[Figure]:
    yield from _over_postgres(figures)
    yield from _grown(figures)


def _over_postgres(figures: Iterable[Figure]) -> Iterator[Figure]:
    """Yield how much longer a laptop's pages take on SQLite."""
    laptop = [f for f in figures if f.work.startswith("laptop")]
    others = {f.work: f for f in laptop if f.database == "postgres"}
    for figure in laptop:
        if figure.database == "sqlite" and figure.median_ms:
            times = figure.median_ms / (others[figure.work].median_ms or 1)
            bound = at_most("÷ PostgreSQL", times, SQLITE)
            yield replace(figure, work=f"{figure.work}, SQLite ÷ PostgreSQL", bounds=(bound,))


def _grown(figures: Iterable[Figure]) -> Iterator[Figure]:
    """Yield the growth of each work that was measured at more than one size, on PostgreSQL."""
    sizes: dict[str, list[Figure]] = {}
    for figure in figures:
        if figure.database == "postgres":
            sizes.setdefault(figure.work, []).append(figure)
    for work, found in sizes.items():
        least, most = (choose(found, key=lambda f: f.size) for choose in (min, max))
        if least.size < most.size and (bound := _bound(work, least, most)):
            yield Figure(
                work=f"{work}: growth from {least.size:,}", size=most.size, bounds=(bound,)
            )


def _bound(work: str, least: Figure, most: Figure) -> tuple[str, bool] | None:
    if work.startswith(OVER_FLOOR) and least.over_floor and most.over_floor:
        return at_most("÷ floor", most.over_floor / least.over_floor, RATIO)
    if work.startswith(BY_ITSELF) and least.median_ms and most.median_ms:
        return at_most("time", most.median_ms / least.median_ms, TIME)
    return None
