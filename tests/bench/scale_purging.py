"""The purge by one, two and three processes at once, from one database and one folder."""

import json
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from django.utils import timezone

from candidates import ledger, purge, retention
from candidates.access import Role
from candidates.demo.bulk import seed
from candidates.models import Application, LedgerLine, User
from storage.backends import Folder, attachment_store
from storage.models import Attachment, Tombstone
from tests.bench.figures import Figure, at_least, at_most
from tests.bench.place import ROOT, Place

PROCESSES = (1, 2, 3)
ROUNDS = 2
#: Pages of the purge: each process takes the next that nobody has.
DUE = 3_000
OBJECTS = 1
CONTENT = bytes(3_000)
RUN = (
    "import json; from candidates import purge; print('ready', flush=True); input();"
    "print(json.dumps(purge.run().as_dict()))"
)


@dataclass
class Sum:
    """What so many processes did in all rounds."""

    seconds: float = 0.0
    purged: int = 0
    #: Records of which the ledger has not just one line, or that some process counted too.
    wrong: int = 0


def measure(place: Place) -> Iterator[Figure]:
    seed(applications=2_000, jobs=5, due=0, attachments=0, now=timezone.now())
    sums = {number: Sum() for number in PROCESSES}
    for _round in range(ROUNDS):
        for number, found in sums.items():
            _purge(number, found)
    rates = {number: found.purged / found.seconds for number, found in sums.items()}
    for number, found in sums.items():
        bounds = [at_most("records not purged just once", found.wrong, 0)]
        if number > 1:
            bounds.append(at_least("× the rate of one", rates[number] / rates[1], 1))
        yield Figure(
            work=f"purge by {number} process{'es' * (number > 1)}, a folder",
            size=DUE,
            per_second=rates[number],
            ratio=rates[number] / rates[1],
            note="÷ is the rate over that of one process",
            bounds=tuple(bounds),
        )


def _purge(number: int, found: Sum) -> None:
    """Have so many processes, all begun before, purge at the same moment."""
    expected = make_due(DUE, objects=OBJECTS)
    before = LedgerLine.objects.count()
    processes = [_waiting() for _ in range(number)]
    start = time.perf_counter()
    for process in processes:
        print(file=process.stdin, flush=True)
    outcomes = [json.loads(process.communicate()[0]) for process in processes]
    found.seconds += time.perf_counter() - start
    purged = sum(outcome["purged"] for outcome in outcomes)
    found.purged += purged
    found.wrong += abs(purged - DUE) + not_once(expected) + _left()
    assert LedgerLine.objects.count() > before


def _waiting() -> "subprocess.Popen[str]":
    command = [sys.executable, "manage.py", "shell", "--verbosity", "0", "-c", RUN]
    process = subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout
    assert process.stdout.readline() == "ready\n"
    return process


def _left() -> int:
    """Count what should be gone: records, tombstones and files."""
    store = attachment_store()
    assert isinstance(store, Folder)
    files = sum(1 for _ in Path(store.location, "attachments").iterdir())
    due = Application.objects.due(timezone.now()).count()
    return due + Tombstone.objects.count() + files


# What is due, also for `scale_killing` --------------------------------------------------------


def make_due(number: int, *, objects: int) -> set[str]:
    """Make so many due applications with objects, confirmed; return the hashes of their ids."""
    now = timezone.now()
    seed(applications=number, jobs=0, due=number, attachments=objects, now=now)
    due = Application.objects.due(now)
    _write(Attachment.objects.filter(application__in=due).values_list("key", flat=True))
    purge.brake.confirm(
        day=retention.local_date(now),
        count=100 * number,
        reasons=purge.brake.FORESEEABLE,
        by=User.objects.filter(groups__name=Role.PRIVACY_OFFICER)[0],
        now=now,
    )
    return {ledger.keyed_hash(pk) for pk in due.values_list("pk", flat=True)}


def _write(keys: Iterable[str]) -> None:
    """Lay an object under each key; in a folder without the syncs of the way in."""
    store = attachment_store()
    for key in keys:
        if isinstance(store, Folder):
            path = Path(store.location, key)
            path.parent.mkdir(mode=0o700, exist_ok=True)
            path.write_bytes(CONTENT)
        else:
            store.write(key, BytesIO(CONTENT))


def not_once(expected: set[str]) -> int:
    """Count those of the records that do not have one line in the ledger, one alone."""
    lines = LedgerLine.objects.filter(record__in=expected).values_list("record", flat=True)
    found = list(lines)
    return len(expected - set(found)) + len(found) - len(set(found))
