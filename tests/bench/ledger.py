"""Verifying and exporting the ledger, its lines and their copies in storage, at three lengths.

Each is measured in a process of its own, for its memory.
"""

import hashlib
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from django.db import connection, transaction

from candidates import ledger
from candidates.demo.rows import Rows
from candidates.ledger import chain, copies
from candidates.ledger.chain import Line
from candidates.ledger.copies import Copy
from candidates.models import LedgerLine
from storage.backends import attachment_store
from tests.bench.figures import Figure, at_most
from tests.bench.place import ROOT, Place, peak_mb

#: Seconds for a million lines, growth of a line's time from the length before, and memory in MB.
MOST, MILLION = 60, 1_000_000
GROWTH, MEMORY = 1.2, 20
BEGIN = date(2026, 1, 1)


def measure(place: Place) -> Iterator[Figure]:
    _empty()
    before: dict[str, dict[str, Any]] = {}
    for lines in (place.size // 100, place.size // 10, place.size):
        _extend(lines)
        floor = _run("floor")
        for name in ("verify", "export"):
            found = _middle(name, times=1 if lines == place.size else 3)
            yield _figure(place, name, lines, found, floor, before.get(name))
            before[name] = found | {"lines": lines}


def _figure(
    place: Place,
    name: str,
    lines: int,
    found: dict[str, Any],
    floor: dict[str, Any],
    before: dict[str, Any] | None,
) -> Figure:
    bounds = []
    if before:
        growth = found["seconds"] / lines / (before["seconds"] / before["lines"])
        bounds.append(at_most("a line's time over that before", growth, GROWTH))
        bounds.append(at_most("MB more than before", found["peak"] - before["peak"], MEMORY))
    if lines == MILLION and name == "verify":
        bounds.append(at_most("seconds", found["seconds"], MOST))
    return Figure(
        work=f"ledger {name}: {lines:,} lines",
        size=place.size,
        database=place.database,
        median_ms=found["seconds"] * 1000,
        per_second=lines / found["seconds"],
        rss_mb=found["peak"],
        floor_ms=floor["seconds"] * 1000 if name == "verify" else None,
        ratio=found["seconds"] / floor["seconds"] if name == "verify" else None,
        bounds=tuple(bounds),
    )


def _middle(name: str, *, times: int) -> dict[str, Any]:
    """Return the median of some runs: the shorter they are, the more a moment disturbs them."""
    runs = sorted((_run(name) for _ in range(times)), key=lambda run: run["seconds"])
    return runs[times // 2]


def _run(name: str) -> dict[str, Any]:
    child = f"import django; django.setup(); from tests.bench import ledger; ledger.alone({name!r})"
    command = [sys.executable, "-c", child]
    done = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


# The lines ------------------------------------------------------------------------------------


def _empty() -> None:
    """Begin a ledger anew: what was measured before may have left lines."""
    LedgerLine.objects.all().delete()
    shutil.rmtree(Path(attachment_store().location, copies.FOLDER), ignore_errors=True)


def _extend(wanted: int) -> None:
    """Write sealed lines and their copies until there are so many."""
    table = Rows(LedgerLine)
    sequence, previous = chain.newest()
    while sequence < wanted:
        copy = Copy(sequence + 1, min(sequence + copies.BATCH, wanted))
        lines = list(_chained(copy, previous))
        sequence, previous = copy.last, lines[-1].hash
        for line in lines:
            table.add(**_row(line))
        table.write()
        attachment_store().create(copy.key, b"".join(line.bytes for line in lines))
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE candidates_ledgerline")


def _chained(copy: Copy, previous: str) -> Iterator[Line]:
    """Yield the lines of a copy, behind the line of that hash."""
    for number in range(copy.first, copy.last + 1):
        day = (BEGIN + timedelta(days=number // 10_000)).isoformat()
        record = hashlib.sha256(str(number).encode()).hexdigest()
        blank = Line(
            *(number, day, "application", record, 14, 3),
            *("retention", "2026-11", previous, ""),
        )
        line = blank._replace(hash=blank.true_hash)
        previous = line.hash
        yield line


def _row(line: Line) -> dict[str, Any]:
    values = line._asdict()
    values["objects_count"] = values.pop("objects")
    day = date.fromisoformat(line.day)
    return values | {
        "day": day,
        "written_at": f"{day} 03:00:00+00",
        "is_copied": True,
        "is_proven": True,
        "proven_on": day,
    }


# In a process of its own ------------------------------------------------------------------------


def verify() -> None:
    if faults := ledger.verify():
        raise SystemExit(f"The ledger that is measured has faults: {faults[:3]}")


def export() -> None:
    with Path("/dev/null").open("wb") as nowhere:
        nowhere.writelines(ledger.as_json())


def floor() -> None:
    """Read all lines with one statement, hash each, compare its copy: the least of verifying."""
    previous = chain.NOTHING
    for row, copied in zip(_selected(), _copied(), strict=True):
        sequence, day, kind, record, rows, objects, rule, policy, before, hash_ = row
        text = (
            f'{{"sequence":{sequence},"day":"{day}","kind":"{kind}","record":"{record}",'
            f'"rows":{rows},"objects":{objects},"rule":"{rule}","policy_version":"{policy}",'
            f'"previous":"{before}"'
        )
        true_hash = hashlib.sha256(f"{text}}}".encode()).hexdigest()
        if (before, true_hash, copied) != (
            previous,
            hash_,
            f'{text},"hash":"{hash_}"}}\n'.encode(),
        ):
            raise SystemExit(f"Line {sequence} is not as it should be.")
        previous = hash_


def _copied() -> Iterator[bytes]:
    for path in sorted(Path(attachment_store().location, copies.FOLDER).iterdir()):
        yield from path.read_bytes().splitlines(keepends=True)


def _selected() -> Iterator[tuple[Any, ...]]:
    with transaction.atomic(), connection.chunked_cursor() as cursor:
        cursor.execute(
            "SELECT sequence, day, kind, record, rows, objects_count, rule, policy_version,"
            " previous, hash FROM candidates_ledgerline WHERE sequence IS NOT NULL"
            " ORDER BY sequence"
        )
        while page := cursor.fetchmany(chain.PAGE):
            yield from page


NAMED: dict[str, Callable[[], None]] = {"verify": verify, "export": export, "floor": floor}


def alone(name: str) -> None:
    """Do one of them and print how long it took, and the memory of this process at most."""
    start = time.perf_counter()
    NAMED[name]()
    seconds = time.perf_counter() - start
    print(json.dumps({"seconds": seconds, "peak": peak_mb()}))
