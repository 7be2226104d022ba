"""The purge of many due applications, with their objects in a folder, and of some on the wire.

The floor is the least for the same result: one DELETE a table, written by hand, for the same ids in
one transaction, and then, from one thread as in the purge, the same calls to the same storage: a
file and what a broken write may have left of it are unlinked, their folder is synced, and both are
looked for. It locks all it deletes for as long as that takes, proves nothing and writes no ledger.

Twice as many applications as are purged are chosen at random among all. They are dealt out into
parts: the floor takes one, the purge the next, and so on, so both meet the same table, the same
load of the machine, and rows that lie alike. A part is made due just before its turn. Beside it the
purge takes as many from a small database, for what the size of the table costs, and the floor takes
a part of its own there: what becomes dearer for both, the database's size makes so.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.test import override_settings
from django.utils import timezone

from candidates import purge, retention
from candidates.access import Role
from candidates.demo.clock import earliest_decision
from candidates.models import User
from storage.backends import Bucket, Folder, attachment_store
from tests import machine
from tests.bench.figures import Figure, at_most
from tests.bench.place import Place
from tests.bench.watching import Watch

#: Of a million applications so many are due, and never fewer than `FEW`.
SHARE, FEW = 100, 200
ON_THE_WIRE = 300
#: How often the floor and the purge take turns.
TURNS, TURNS_ON_THE_WIRE = 2, 6
CONTENT = os.urandom(3_000)


@dataclass(frozen=True)
class Part:
    """Applications that go together, with the keys of their objects."""

    ids: list[UUID]
    keys: list[str]


@dataclass
class Taken:
    """What the turns of one side took, in seconds."""

    seconds: list[float] = field(default_factory=list)

    @contextmanager
    def time(self) -> Iterator[None]:
        start = perf_counter()
        yield
        self.seconds.append(perf_counter() - start)

    @property
    def ms(self) -> float:
        return sum(self.seconds) * 1000


def due_of(size: int) -> int:
    return max(size // SHARE, FEW)


def measure(place: Place) -> Iterator[Figure]:
    yield _in_a_folder(place)
    yield _on_the_wire(place)


def _in_a_folder(place: Place) -> Figure:
    due = due_of(place.size)
    floor, ours, small, small_floor = Taken(), Taken(), Taken(), Taken()
    watch = Watch()
    with TemporaryDirectory() as folder:
        parts = _parts(2 * due, 2 * TURNS)
        _confirm(due)
        with _beside(place, folder):
            small_parts = _parts(due + due // TURNS, TURNS + 1)
            _confirm(due)
        os.sync()
        for turn in range(TURNS):
            _erase_by_hand(parts[2 * turn], floor, _unlink)
            _purge(parts[2 * turn + 1], ours, watch)
            with _beside(place, folder):
                _purge(small_parts[turn], small, watch)
                if turn == 0:
                    _erase_by_hand(small_parts[-1], small_floor, _unlink)
    growth, ratio = ours.ms / small.ms, ours.ms / floor.ms
    of_floor = floor.ms / (small_floor.ms * TURNS)
    return Figure(
        work=f"purge of {due:,} due, objects in a folder",
        size=place.size,
        database=place.database,
        median_ms=ours.ms,
        per_second=1000 * due / ours.ms,
        rss_mb=watch.rss_mb,
        floor_ms=floor.ms,
        ratio=ratio,
        note=f"The floor takes {of_floor:.2f} times what it takes among {place.beside_size:,}.",
        bounds=(
            at_most("÷ floor", ratio, 2),
            at_most(f"÷ the same among {place.beside_size:,}", growth, 1.2),
            at_most("MB more than at the start", watch.rss_mb - watch.started_with_mb, 50),
            at_most("longest lock in ms", watch.longest_lock_ms, 1000),
            at_most("longest change beside it in ms", watch.longest_change_ms, 1000),
        ),
    )


def _on_the_wire(place: Place) -> Figure:
    """Purge from a versioned bucket on moto's server, whose every list takes longer the more keys
    there are: so the objects of a part are written when it is its turn.
    """
    floor, ours, watch = Taken(), Taken(), Watch()
    with _bucket():
        _confirm(ON_THE_WIRE)
        for turn, part in enumerate(_choose(2 * ON_THE_WIRE, 2 * TURNS_ON_THE_WIRE)):
            _write(part.keys)
            if turn % 2:
                _purge(part, ours, watch)
            else:
                _erase_by_hand(part, floor, _delete_versions)
    ratio = ours.ms / floor.ms
    return Figure(
        work=f"purge of {ON_THE_WIRE} due, objects on the wire",
        size=place.size,
        database=place.database,
        median_ms=ours.ms,
        per_second=1000 * ON_THE_WIRE / ours.ms,
        rss_mb=watch.rss_mb,
        floor_ms=floor.ms,
        ratio=ratio,
        note=f"moto’s lists are linear in the bucket’s keys, so {TURNS_ON_THE_WIRE} parts of"
        f" {ON_THE_WIRE // TURNS_ON_THE_WIRE}, one after the other.",
        bounds=(
            at_most("÷ floor", ratio, 2),
            at_most("MB more than at the start", watch.rss_mb - watch.started_with_mb, 50),
            at_most("longest lock in ms", watch.longest_lock_ms, 1000),
        ),
    )


# What is due ------------------------------------------------------------------------------


def _parts(count: int, parts: int) -> list[Part]:
    """Choose so many applications for so many parts, and write their objects."""
    chosen = _choose(count, parts)
    for part in chosen:
        _write(part.keys)
    return chosen


def _choose(count: int, parts: int) -> list[Part]:
    """Deal applications out into parts. Their ids are random, so are those that come first."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, ARRAY(SELECT key FROM storage_attachment WHERE application_id = a.id)"
            " FROM candidates_application a ORDER BY id LIMIT %s",
            [count],
        )
        rows = cursor.fetchall()
    dealt = [rows[number::parts] for number in range(parts)]
    return [Part([i for i, _ in each], [k for _, keys in each for k in keys]) for each in dealt]


def _write(keys: list[str]) -> None:
    """Lay an object under each key; in a folder without the syncs of the way in."""
    store = attachment_store()
    if isinstance(store, Bucket):
        for key in keys:
            store.write(key, BytesIO(CONTENT))
        return
    root = Path(store.location)
    (root / "attachments").mkdir(mode=0o700, exist_ok=True)
    for key in keys:
        (root / key).write_bytes(CONTENT)


def _make_due(part: Part) -> None:
    today = retention.local_date(timezone.now())
    decided_on = earliest_decision(today, months=settings.ATS_RETENTION_MONTHS)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE candidates_application SET status = 'rejected', decided_on = %s,"
            " delete_on = %s, retention_months = %s WHERE id = ANY(%s)",
            [decided_on, today, settings.ATS_RETENTION_MONTHS, part.ids],
        )


def _confirm(count: int) -> None:
    """Have the privacy officer confirm what no forecast had, as the brake asks."""
    now = timezone.now()
    purge.brake.confirm(
        day=retention.local_date(now),
        count=count,
        reasons=purge.brake.FORESEEABLE,
        by=User.objects.filter(groups__name=Role.PRIVACY_OFFICER)[0],
        now=now,
    )


# The purge --------------------------------------------------------------------------------


def _purge(part: Part, taken: Taken, watch: Watch) -> None:
    _make_due(part)
    now = timezone.now()
    with watch, taken.time():
        outcome = purge.run(now=now)
    done = (outcome.purged, outcome.objects_deleted, outcome.failed)
    if done != (len(part.ids), len(part.keys), 0):
        raise RuntimeError(f"Not all was purged: {outcome}")


# The floor --------------------------------------------------------------------------------

OWN = "application_id = ANY(%s)"
ITS_ATTACHMENTS = f"attachment_id IN (SELECT id FROM storage_attachment WHERE {OWN})"
#: Each table with the rows that go; what points at others comes first.
DELETES = {
    "storage_page": ITS_ATTACHMENTS,
    "storage_words": ITS_ATTACHMENTS,
    "storage_attachment": OWN,
    "candidates_mention": f"note_id IN (SELECT id FROM candidates_note WHERE {OWN})",
    "candidates_note": OWN,
    "candidates_grade": f"scorecard_id IN (SELECT id FROM candidates_scorecard WHERE {OWN})",
    "candidates_scorecard": OWN,
    "candidates_accesscopy": f"request_id IN (SELECT id FROM candidates_request WHERE {OWN})",
    "candidates_hold": OWN,
    "candidates_request": OWN,
    "candidates_seenmail": OWN,
    "candidates_token": OWN,
    "candidates_read": OWN,
    "candidates_mail": OWN,
    "candidates_event": OWN,
    "candidates_application": "id = ANY(%s)",
}


def _erase_by_hand(part: Part, taken: Taken, erase: Callable[[list[str]], None]) -> None:
    _make_due(part)
    with taken.time():
        with transaction.atomic(), connection.cursor() as cursor:
            for table, condition in DELETES.items():
                cursor.execute(f"DELETE FROM {table} WHERE {condition}", [part.ids])
        erase(part.keys)


def _unlink(keys: list[str]) -> None:
    root = settings.STORAGES["attachments"]["OPTIONS"]["location"]
    handle = os.open(f"{root}/attachments", os.O_RDONLY)
    at_once = Folder.at_once
    for start in range(0, len(keys), at_once):
        page = [f"{root}/{key}" for key in keys[start : start + at_once]]
        halves = [f"{file}.part" for file in page]
        for file, half in zip(page, halves, strict=True):
            os.unlink(file)  # noqa: PTH108  as the purge does
            with suppress(FileNotFoundError):
                os.unlink(half)  # noqa: PTH108
        os.fsync(handle)
        if any(os.path.lexists(file) for file in page + halves):
            raise RuntimeError("A file is left.")
    os.close(handle)


def _delete_versions(keys: list[str]) -> None:
    bucket = settings.STORAGES["attachments"]["OPTIONS"]
    client = machine.s3(bucket["endpoint_url"])
    for key in keys:
        place = {"Bucket": bucket["bucket_name"], "Prefix": key}
        for version in client.list_object_versions(**place)["Versions"]:
            client.delete_object(
                Bucket=bucket["bucket_name"], Key=key, VersionId=version["VersionId"]
            )
        client.list_multipart_uploads(**place)
        if "Versions" in client.list_object_versions(**place):
            raise RuntimeError("A version is left.")
        client.list_multipart_uploads(**place)


# Where ------------------------------------------------------------------------------------


@contextmanager
def _stored(backend: str, **options: str) -> Iterator[None]:
    entry = {"BACKEND": f"storage.backends.{backend}", "OPTIONS": options}
    with override_settings(STORAGES=settings.STORAGES | {"attachments": entry}):
        yield


@contextmanager
def _bucket() -> Iterator[None]:
    endpoint, name = machine.s3_endpoint(), "halbjahr-bench"
    machine.create_bucket(endpoint, name, "Enabled")
    with _stored("Bucket", bucket_name=name, endpoint_url=endpoint, region_name=machine.REGION):
        yield


@contextmanager
def _beside(place: Place, folder: str) -> Iterator[None]:
    """Work on the small database, with a folder of its own: a ledger's copies are of one."""
    name = urlsplit(place.beside).path.rpartition("/")[2]
    with _connected(name), _stored("Folder", location=folder):
        store = attachment_store()
        assert isinstance(store, Folder)
        store.mark()
        yield


@contextmanager
def _connected(name: str) -> Iterator[None]:
    before = connection.settings_dict["NAME"]
    connection.close()
    connection.settings_dict["NAME"] = name
    yield
    connection.close()
    connection.settings_dict["NAME"] = before
