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
from tests.bench import databases, table
from tests.bench.figures import Figure
from tests.bench.place import ROOT

SIZES = (1_000, 100_000, 1_000_000)
SQLITE = 10_000
JOBS = 200


@dataclass(frozen=True)
class Work:
    """A module of this package whose `measure` gives figures, and where it is measured."""

    name: str
    #: Whether it is measured at every size, or at the largest alone.
    at_each: bool = True
    on_sqlite: bool = False
    #: Whether it asks for a small database beside; see `_beside`.
    beside: bool = False


#: In this order on each database: what only reads comes before what writes.
WORKS = (
    Work("rest", at_each=False, on_sqlite=True),
    Work("pages", on_sqlite=True),
    Work("searches"),
    Work("nothing_due"),
    Work("verbs"),
    Work("submitting"),
    Work("purging", at_each=False, beside=True),
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
    parser.add_argument("--sqlite", type=int, default=SQLITE, metavar="N", help="0: not at all")
    parser.add_argument("--only", nargs="+", metavar="WORK", default=[w.name for w in WORKS])
    parser.add_argument("--write", action="store_true", help="make docs/performance.md anew")
    return parser.parse_args()


def _figures(chosen: argparse.Namespace) -> Iterator[Figure]:
    server = databases.Server()
    for size in chosen.sizes:
        works = [w for w in WORKS if w.at_each or size == max(chosen.sizes)]
        env = _environment(server.create(f"bench_{size}"))
        beside = []
        if any(w.beside and w.name in chosen.only for w in works):
            beside = _beside(server, size)
        yield from _measured(works, chosen.only, env, size, "postgres", *beside)
    if chosen.sqlite:
        works = [w for w in WORKS if w.on_sqlite]
        file = machine.folder("bench") / "halbjahr.sqlite3"
        yield from _measured(
            works, chosen.only, _environment(f"sqlite:///{file}"), chosen.sqlite, "sqlite"
        )


def _environment(database_url: str) -> dict[str, str]:
    return databases.environment(database_url, machine.folder("attachments"))


def _beside(server: databases.Server, size: int) -> list[str]:
    """Fill a database with a fiftieth of the applications; return its URL and its size."""
    url, fewer = server.create(f"bench_{size}_beside"), max(size // 50, 1_000)
    env = _environment(url)
    databases.prepare(env)
    list(_stage("seeding", env, fewer, "postgres"))
    return [url, str(fewer)]


def _measured(
    works: list[Work], only: list[str], env: dict[str, str], size: int, database: str, *beside: str
) -> Iterator[Figure]:
    """Fill a database and measure on it."""
    databases.prepare(env)
    yield from _stage("seeding", env, size, database)
    for work in works:
        if work.name in only:
            asked = beside if work.beside else ()
            yield from _stage(work.name, env, size, database, *asked)


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
        raise SystemExit(f"{name} at {size:,} on {database} failed: see above.")


if __name__ == "__main__":
    sys.exit(main())
