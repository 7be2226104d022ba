"""The table of docs/performance.md, made from one run between two markers.

`python -m tests.bench.table < lines` makes it from the lines that a run has printed.
"""

import os
import platform
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from tests.bench.figures import Figure
from tests.bench.place import ROOT

PAGE = ROOT / "docs" / "performance.md"
BEGIN, END = "<!-- figures: made by make bench -->", "<!-- end of figures -->"
COLUMNS = (
    *("work", "applications", "median ms", "in SQL", "95 % ms", "a second", "queries", "KB"),
    *("MB", "floor ms", "in SQL", "floor 95 %", "÷ floor", "bound"),
)


def write(figures: Iterable[Figure]) -> None:
    """Put the figures into the page, and leave all other words of it."""
    text = PAGE.read_text()
    before, _begin, rest = text.partition(BEGIN)
    _old, _end, after = rest.partition(END)
    inside = "\n".join((machine(), "", *rows(figures)))
    PAGE.write_text(f"{before}{BEGIN}\n\n{inside}\n\n{END}{after}")


def machine() -> str:
    """Return a sentence on the machine."""
    model = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ),
        platform.machine(),
    )
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    return (
        f"Measured on {datetime.now(tz=UTC):%Y-%m-%d} on {os.cpu_count()} cores of {model} with "
        f"{memory:.0f} GB, {platform.system()} {platform.release().partition('-')[0]}, "
        f"Python {platform.python_version()}."
    )


def rows(figures: Iterable[Figure]) -> Iterable[str]:
    yield f"| {' | '.join(COLUMNS)} |"
    yield f"|{' --- |' * len(COLUMNS)}"
    for f in figures:
        size = f"{f.size:,}" + (" (SQLite)" if f.database == "sqlite" else "")
        kilobytes = f.bytes / 1000 if f.bytes is not None else None
        numbers = (f.median_ms, f.database_ms, f.p95_ms, f.per_second, f.queries, kilobytes)
        floors = (f.rss_mb, f.floor_ms, f.floor_database_ms, f.floor_p95_ms, f.ratio)
        bounds = "; ".join(
            f"{words}: {'holds' if holds else '**missed**'}" for words, holds in f.bounds
        )
        cells = (
            f.work,
            size,
            *map(number, numbers),
            *map(number, floors),
            ". ".join(filter(None, (bounds, f.note))),
        )
        yield f"| {' | '.join(cells)} |"


def number(value: float | None) -> str:
    if value is None:
        return ""
    if isinstance(value, int) or value >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}"


if __name__ == "__main__":
    write(Figure.of(line) for line in sys.stdin)
