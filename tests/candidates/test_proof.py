"""The proof: what is gone is proven, what is left is found, wherever it is left."""

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.conf import LazySettings
from django.contrib.admin.models import LogEntry
from django.contrib.sessions.backends.db import SessionStore
from django.core.cache import cache
from django_q.models import OrmQ, Task
from django_q.signing import SignedPackage
from pytest_django import DjangoAssertNumQueries

from candidates import ledger, purge
from candidates.models import Application, Event, LedgerLine, Run
from candidates.models.applications import Applications
from candidates.models.ledger import LedgerLines
from candidates.purge import proof, reader
from candidates.purge.records import Erased
from storage.backends import Bucket, Folder, StorageError
from storage.models import Tombstone
from tests.world import NOW, TODAY, a_user, an_application, an_attachment, an_employee, store

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("attachment_store")]

HALF_A_YEAR_AGO = date(2026, 3, 17)
KEY = "attachments/6f1f4f0e-8a1c-4a52-9f5d-0a3a0f2b7c11"


def a_due_application(**fields: Any) -> Application:
    defaults: dict[str, Any] = {"status": "rejected", "decided_on": HALF_A_YEAR_AGO}
    return an_application(**defaults | fields)


def proofs() -> LedgerLines:
    return LedgerLine.objects.filter(kind=LedgerLine.Kind.PROOF)


def deletions() -> LedgerLines:
    return LedgerLine.objects.exclude(kind=LedgerLine.Kind.PROOF)


def erased(application: Application, *keys: str) -> Erased:
    """Return what a run says that it has erased, with its line."""
    line = ledger.append(
        [ledger.Deletion(application.pk, LedgerLine.Kind.APPLICATION, "retention", 1, len(keys))],  # type: ignore[arg-type]
        day=TODAY,
    )[0]
    return Erased(application.pk, line, keys)


def gone() -> Application:
    application = a_due_application()
    copy = Application(pk=application.pk)
    application.delete()
    return copy


# What is gone -------------------------------------------------------------------------------


def test_a_run_proves_what_it_erased_in_one_line_of_the_ledger() -> None:
    for _ in range(2):
        application = a_due_application()
        an_attachment(application)
        an_attachment(application)
    employee = an_employee()
    employee.start_clock(on=HALF_A_YEAR_AGO)
    employee.save()
    assert purge.run(now=NOW).purged == 3
    line = proofs().get()
    assert (line.rule, line.rows, line.objects_count, line.day) == ("absent", 3, 4, TODAY)
    assert set(deletions().values_list("is_proven", flat=True)) == {True}
    assert line.record not in set(deletions().values_list("record", flat=True))


def test_a_run_that_erases_nothing_proves_nothing() -> None:
    purge.run(now=NOW)
    assert not LedgerLine.objects.exists()


def test_the_price_of_a_proof_is_that_of_its_places_not_of_its_records(
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    many = [erased(gone()) for _ in range(30)]
    with django_assert_max_num_queries(16):
        assert proof.prove(many, now=NOW).left == []


# What is left -------------------------------------------------------------------------------


def test_a_row_that_is_left_in_any_table_of_ours_is_found() -> None:
    application = a_due_application()
    employee = an_employee(application=application)
    an_attachment(employee, came_from=application)
    an_attachment(application)
    application.events.create(kind=Event.Kind.RECEIVED, at=NOW)
    left = proof.prove([erased(application)], now=NOW).left
    assert left == [
        "candidates_application.id",
        "candidates_employee.application_id",
        "candidates_event.application_id",
        "storage_attachment.application_id",
        "storage_attachment.came_from_id",
    ]
    assert proofs().get().rule == "remains"
    assert not deletions().get().is_proven


def test_a_row_that_the_purges_own_queries_cannot_see_is_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The reader asks the database, not the models."""
    application = a_due_application()
    record = erased(application)
    blind = Applications(Application).none()
    monkeypatch.setattr(Application._default_manager, "get_queryset", lambda: blind)
    assert not Application.objects.exists()
    assert proof.prove([record], now=NOW).left == ["candidates_application.id"]


def in_a_session(record: UUID) -> None:
    session = SessionStore()
    session["seen"] = str(record)
    session.save()


def in_the_queue(record: UUID) -> None:
    OrmQ.objects.create(key="q", payload=SignedPackage.dumps({"id": "a", "args": (record,)}))


def in_a_result(record: UUID) -> None:
    task = {"name": "n", "func": "f", "started": NOW, "stopped": NOW}
    Task.objects.create(id="a", args=(1,), result=f"{record.hex} : Traceback", **task)


def in_the_admins_log(record: UUID) -> None:
    user = a_user()
    LogEntry.objects.create(user=user, object_id=str(record), object_repr="?", action_flag=1)


def in_the_cache(record: UUID) -> None:
    cache.set("seen", {"record": str(record)})


PLACES = {
    "django_session": in_a_session,
    "django_q_ormq": in_the_queue,
    "django_q_task": in_a_result,
    "django_admin_log": in_the_admins_log,
    "cache": in_the_cache,
}


@pytest.mark.parametrize("place", PLACES)
def test_an_id_in_a_text_is_found(place: str) -> None:
    record = erased(gone())
    PLACES[place](uuid4())
    assert proof.prove([record], now=NOW).left == []
    PLACES[place](record.record) if place != "django_q_task" else _replace_task(record.record)
    assert proof.prove([record], now=NOW).left == [place]


def _replace_task(record: UUID) -> None:
    Task.objects.all().delete()
    in_a_result(record)


@pytest.mark.parametrize("place", set(PLACES) - {"cache"})
def test_the_purge_erases_what_names_a_record_elsewhere(place: str) -> None:
    application = a_due_application()
    PLACES[place](application.pk)
    assert purge.run(now=NOW).failed == 0
    assert proofs().get().rule == "absent"


def test_what_names_nothing_erased_stays() -> None:
    in_a_session(uuid4())
    in_the_queue(uuid4())
    a_due_application()
    purge.run(now=NOW)
    assert OrmQ.objects.count() == 1
    assert SessionStore.get_model_class().objects.count() == 1


# The storage --------------------------------------------------------------------------------


def write(key: str) -> None:
    from io import BytesIO

    store().write(key, BytesIO(b"left"))


def test_an_object_that_is_left_is_found_and_goes_at_the_next_run() -> None:
    record = erased(gone(), KEY)
    write(KEY)
    assert proof.prove([record], now=NOW).left == ["storage"]
    assert Tombstone.objects.get().key == KEY
    assert not deletions().get().is_proven
    assert purge.run(now=NOW + timedelta(minutes=1)).failed == 0
    assert list(store().keys("attachments/")) == []
    assert deletions().get().is_proven


def test_a_key_that_begins_alike_is_another() -> None:
    write(f"{KEY}0")
    assert reader.keys_in_storage([KEY]) == set()
    write(KEY)
    assert reader.keys_in_storage([KEY, KEY[:-1]]) == {KEY}


@pytest.mark.once("sqlite")
def test_half_a_file_is_something_that_is_left() -> None:
    folder = store()
    if isinstance(folder, Folder):
        place = Path(folder.location, "attachments")
        place.mkdir(exist_ok=True)
        (place / f"{KEY.rpartition('/')[2]}.part-12").touch()
        assert reader.keys_in_storage([KEY]) == {KEY}


@pytest.mark.once("postgres")
def test_a_marker_and_half_an_upload_are_something_that_is_left() -> None:
    bucket = store()
    if isinstance(bucket, Bucket):
        place = {"Bucket": bucket.bucket_name, "Key": KEY}
        upload = bucket.client.create_multipart_upload(**place)["UploadId"]
        assert reader.keys_in_storage([KEY]) == {KEY}
        bucket.client.abort_multipart_upload(**place, UploadId=upload)
        write(KEY)
        bucket.client.delete_object(**place)
        assert reader.keys_in_storage([KEY]) == {KEY}
        bucket.erase(KEY)
        assert reader.keys_in_storage([KEY]) == set()


NO_STORAGE = {
    "BACKEND": "storage.backends.Bucket",
    "OPTIONS": {
        "bucket_name": "none",
        "endpoint_url": "http://127.0.0.1:9",
        "region_name": "x",
    },
}


def test_what_waits_for_the_storage_is_proven_when_it_is_gone(settings: LazySettings) -> None:
    with_file, without = a_due_application(), a_due_application()
    an_attachment(with_file)
    whole = settings.STORAGES
    settings.STORAGES = whole | {"attachments": NO_STORAGE}
    purge.run(now=NOW)
    proven = dict(deletions().values_list("record", "is_proven"))
    assert proven == {
        ledger.keyed_hash(with_file.pk): False,
        ledger.keyed_hash(without.pk): True,
    }
    purge.run(now=NOW + timedelta(minutes=5))
    assert deletions().filter(is_proven=False).count() == 1
    settings.STORAGES = whole
    purge.run(now=NOW + timedelta(minutes=10))
    assert not deletions().filter(is_proven=False).exists()
    assert [line.rule for line in proofs()] == ["absent", "absent"]


# Lines that others left -------------------------------------------------------------------------


def test_the_line_of_a_run_that_died_is_proven_by_a_later_one() -> None:
    erased(gone())
    outcome = purge.run(now=NOW)
    assert (outcome.purged, outcome.failed) == (0, 0)
    assert deletions().get().is_proven
    assert (proofs().get().rows, proofs().get().objects_count) == (1, 0)


@pytest.mark.parametrize("place", sorted(set(PLACES) - {"cache"}))
def test_what_a_run_that_died_left_beside_the_tables_goes_with_the_next(place: str) -> None:
    record = erased(gone())
    PLACES[place](record.record)
    purge.run(now=NOW)
    assert (proofs().get().rule, deletions().get().is_proven) == ("absent", True)
    assert reader.texts_with([record.record], []) == []


def test_what_was_left_in_a_text_is_looked_for_until_it_is_gone() -> None:
    record = erased(gone())
    in_the_cache(record.record)
    for hours in range(2):
        purge.run(now=NOW + timedelta(hours=hours))
        assert (proofs().last().rule, deletions().get().is_proven) == ("remains", False)  # type: ignore[union-attr]
    cache.clear()
    purge.run(now=NOW + timedelta(hours=2))
    assert deletions().get().is_proven


def test_lines_that_wait_for_the_storage_keep_no_others_from_being_proven(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    waits, another = erased(gone()), erased(gone())
    LedgerLine.objects.filter(pk=waits.line).update(day=TODAY - timedelta(days=1))
    an_open_tombstone(NOW - timedelta(days=1))
    monkeypatch.setattr(proof, "MOST", 1)
    proof.prove([], now=NOW)
    assert deletions().get(is_proven=True).pk == another.line


def test_a_replayed_line_waits_for_the_objects_that_the_replay_has_buried() -> None:
    """Its day is that of the deletion before the restore; the tombstones are of today."""
    record = erased(gone())
    line = deletions().filter(pk=record.line)
    line.update(day=TODAY - timedelta(days=3))
    an_open_tombstone(line.get().written_at)
    proof.prove([], now=NOW)
    assert not line.get().is_proven
    Tombstone.objects.all().delete()
    proof.prove([], now=NOW)
    assert line.get().is_proven


def an_open_tombstone(at: datetime) -> None:
    Tombstone.objects.create(key=KEY, created_at=at, breach_at=at, next_try_at=at)


def test_a_line_whose_record_is_still_there_is_never_proven() -> None:
    application = an_application()
    erased(application)
    for hours in (0, 1):
        outcome = purge.run(now=NOW + timedelta(hours=hours))
        assert outcome.failed == 1
        run = Run.objects.of(Run.Job.PURGE)[0]
        assert (run.state, run.reasons) == ("failed", ["remains"])
    assert not deletions().get().is_proven
    assert {line.rule for line in proofs()} == {"remains"}


def test_a_line_under_a_former_key_is_known(settings: LazySettings) -> None:
    erased(an_application())
    settings.ATS_FORMER_LEDGER_KEYS = [settings.ATS_LEDGER_KEY]
    settings.ATS_LEDGER_KEY = "another key, of as many characters as it takes"
    assert purge.run(now=NOW).failed == 1


def test_a_storage_that_cannot_be_asked_leaves_the_lines_unproven(settings: LazySettings) -> None:
    record = erased(gone(), KEY)
    settings.STORAGES = settings.STORAGES | {"attachments": NO_STORAGE}
    with pytest.raises(StorageError):
        proof.prove([record], now=NOW)
    assert not proofs().exists()
    assert not deletions().get().is_proven


def test_what_a_run_beside_it_has_just_erased_is_left_to_that_run() -> None:
    erased(gone())
    assert proof.prove([], now=NOW, others=False).records == 0
    assert deletions().filter(is_proven=False).count() == 1
    assert proof.prove([], now=NOW).records == 1
    assert not deletions().filter(is_proven=False).exists()


def test_one_run_proves_more_of_others_than_one_statement_has(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(proof, "PAGE", 2)
    for _ in range(5):
        erased(gone())
    assert proof.prove([], now=NOW).records == 5
    assert not deletions().filter(is_proven=False).exists()
