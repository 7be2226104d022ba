"""Re-encoding, stopped at each of its steps in turn: before and after every statement, commit,
and storage call. A clean run later the copy is there, the original is gone, and nothing is left.
"""

import gc
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta

import pytest
from django.db import DatabaseError, connection

from candidates import purge
from candidates.models import Application, LedgerLine, Run
from storage import erasure, preview
from storage.models import Attachment, Tombstone
from tests.faults import objects
from tests.faults.bombs import UNEXPECTED, Bomb, StoppedError, armed, quiet
from tests.world import NOW, TODAY, a_photo, an_application, an_attachment, rounds, store

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.soak]

#: When everybody who was stopped is taken for dead.
LATER = NOW + preview.LEASE + timedelta(minutes=1)


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    with quiet():
        yield


def a_picture() -> Attachment:
    application = an_application(status="rejected", decided_on=TODAY.replace(month=3))
    return an_attachment(application, "Foto.jpg", a_photo(size=(64, 48)), content_type="image/jpeg")


def schedules() -> Iterator[int]:
    """Yield the steps to stop at: each in the soak, a few otherwise."""
    bomb = Bomb()
    a_picture()
    with armed(bomb):
        assert preview.prepare(now=NOW).ready == 1
    clear()
    yield from range(1, len(bomb.steps) + 1, rounds(max(1, len(bomb.steps) // 12), 1))


def clear() -> None:
    """Begin anew: of the runs, too, since the brake adds up what a day's runs have erased."""
    for model in (Application, Tombstone, LedgerLine, Run):
        model._default_manager.all().delete()
    objects.shelf()  # empties it


def stopped(at: int) -> None:
    with suppress(StoppedError, DatabaseError), armed(Bomb(at, UNEXPECTED)):
        preview.prepare(now=NOW)
    gc.collect()  # a cursor that a traceback keeps would keep SQLite's lock
    connection.close()  # as the end of the process would


def keys_there() -> set[str]:
    return set(store().keys("attachments/"))


def every_object_has_a_row() -> bool:
    keys = {key for row in Attachment.objects.all() for key in row.keys}
    return keys_there() <= keys | set(Tombstone.objects.values_list("key", flat=True))


def test_stopped_anywhere_a_clean_run_finishes_it() -> None:
    for at in schedules():
        original = a_picture().key
        stopped(at)
        assert every_object_has_a_row(), at
        preview.prepare(now=LATER)
        erasure.work(now=LATER, patient=False)
        row = Attachment.objects.get()
        assert row.preparation == Attachment.Preparation.READY, at
        assert original not in row.keys, at
        assert keys_there() == set(row.keys), at
        assert not Tombstone.objects.exists(), at
        clear()


def test_stopped_anywhere_the_purge_takes_everything() -> None:
    for at in schedules():
        a_picture()
        stopped(at)
        purge.run(now=NOW)
        assert not Attachment.objects.exists(), at
        assert every_object_has_a_row(), at
        erasure.work(now=LATER, patient=False)
        assert keys_there() == set(), at
        assert not Tombstone.objects.exists(), at
        clear()
