"""`make bench`: measures every work at every size, prints a line of JSON for each figure.

    python -m tests.bench                                   all that docs/performance.md has
    python -m tests.bench --sizes 1000 10000 --only pages   some of it, quickly

With `--write` the tables of docs/performance.md are made anew from this one run.
"""

import argparse
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass

from tests import machine
from tests.bench import databases, growth, table
from tests.bench.figures import Figure
from tests.bench.place import ROOT

SIZES = (1_000, 100_000, 1_000_000)
SQLITE = 10_000


@dataclass(frozen=True)
class Work:
    """A module of this package whose `measure` gives figures, and where it is measured."""

    name: str
    #: Whether it is measured at every size, or at the largest alone.
    at_each: bool = True


#: In this order on each database: what only reads comes before what writes.
WORKS = (
    Work("rest", at_each=False),
    Work("pages"),
    Work("searches"),
    Work("nothing_due"),
    Work("verbs"),
    Work("submitting"),
    Work("purging", at_each=False),
    Work("ledger", at_each=False),
    Work("load", at_each=False),
    Work("scale", at_each=False),
)


def main() -> int:
    chosen = _arguments()
    try:
        figures = list(_figures(chosen))
    finally:
        machine.end_all()
    for figure in growth.measure(tuple(figures)):
        print(figure.as_json(), flush=True)
        figures.append(figure)
    if chosen.write:
        table.write(figures)
    missed = [f for f in figures if not f.holds]
    for figure in missed:
        words = "; ".join(words for words, holds in figure.bounds if not holds)
        print(f"missed: {figure.work} at {figure.size:,}: {words}", file=sys.stderr)
    print(f"{len(figures)} figures, {len(missed)} with a bound that is missed", file=sys.stderr)
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="Measures Halbjahr.")
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, metavar="N")
    parser.add_argument("--sqlite", type=int, default=SQLITE, metavar="N")
    names = [*(work.name for work in WORKS), "laptop"]
    parser.add_argument("--only", nargs="+", choices=names, default=names, metavar="WORK")
    parser.add_argument("--write", action="store_true", help="make docs/performance.md anew")
    return parser.parse_args()


def _figures(chosen: argparse.Namespace) -> Iterator[Figure]:
    server = databases.Server()
    for size in chosen.sizes:
        works = [w.name for w in WORKS if w.at_each or size == max(chosen.sizes)]
        names = [name for name in works if name in chosen.only]
        beside = _beside(server, size) if "purging" in names else []
        yield from _measured(names, server.create(f"bench_{size}"), size, "postgres", *beside)
        server.drop(f"bench_{size}")
    if "laptop" in chosen.only:
        file = machine.folder("bench") / "halbjahr.sqlite3"
        yield from _measured(["laptop"], f"sqlite:///{file}", chosen.sqlite, "sqlite")
        yield from _measured(["laptop"], server.create("laptop"), chosen.sqlite, "postgres")


def _beside(server: databases.Server, size: int) -> list[str]:
    """Fill a database with a fiftieth of the applications; return its URL and its size."""
    url, fewer = server.create(f"bench_{size}_beside"), max(size // 50, 1_000)
    list(_measured([], url, fewer, "postgres"))
    return [url, str(fewer)]


def _measured(
    names: list[str], url: str, size: int, database: str, *beside: str
) -> Iterator[Figure]:
    """Fill a database and measure on it; `beside` are the URL and the size of another one."""
    env = databases.environment(url, machine.folder("attachments"))
    databases.prepare(env)
    for name in ("seeding", *names):
        yield from _stage(name, env, size, database, *beside)


def _stage(
    name: str, env: dict[str, str], size: int, database: str, *beside: str
) -> Iterator[Figure]:
    command = [sys.executable, "-m", "tests.bench.stage", name, str(size), database, *beside]
    process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    for line in process.stdout:
        print(line, end="", flush=True)
        yield Figure.of(line)
    if process.wait():
        print(f"{name} at {size:,} on {database} broke off: see above.", file=sys.stderr)
        end = ("measured to its end", False)
        broken = Figure(work=f"{name}: broke off", size=size, database=database, bounds=(end,))
        print(broken.as_json(), flush=True)
        yield broken


if __name__ == "__main__":
    sys.exit(main())
