"""The comparison of storage with rows: what it finds, what it buries, and what it leaves alone."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from io import BytesIO
from pathlib import Path
from threading import Barrier

import pytest
from django.db import connection
from django.utils import timezone

from storage import erasure, sweep
from storage.backends import Bucket, Folder, Found, StorageDown
from storage.models import Attachment, Tombstone, new_key
from tests import machine
from tests.world import an_application, an_attachment, an_employee

Store = Folder | Bucket

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def store(attachment_store: Store) -> Store:
    return attachment_store


@pytest.fixture
def later() -> datetime:
    """A moment in which what a test has written is older than a day."""
    return timezone.now() + timedelta(hours=25)


def put(store: Store, key: str | None = None, content: bytes = b"content") -> str:
    key = key or new_key()
    store.write(key, BytesIO(content))
    return key


def put_anywhere(store: Store, name: str) -> None:
    """Put something under a name that the store itself refuses."""
    if isinstance(store, Bucket):
        store.client.put_object(Bucket=store.bucket_name, Key=name, Body=b"content")
    else:
        Path(store.location, name).write_bytes(b"content")


def numbers(**expected: int) -> dict[str, int]:
    return sweep.Swept().as_dict() | expected


# Objects without a row -----------------------------------------------------------------------


def test_a_stray_is_reported_and_with_fix_it_is_buried_and_then_gone(
    store: Store, later: datetime
) -> None:
    kept = an_attachment(an_application())
    stray = put(store)
    found = sweep.sweep(now=later, fix=False)
    assert (found.as_dict(), found.names) == (numbers(strays=1), [stray])
    assert not Tombstone.objects.exists()

    assert sweep.sweep(now=later, fix=True).as_dict() == numbers(strays=1, buried=1)
    tombstone = Tombstone.objects.get()
    assert (tombstone.key, tombstone.created_at) == (stray, later)
    assert tombstone.breach_at == later + timedelta(hours=24)
    assert erasure.work(now=later).erased == 1
    assert list(store.keys("attachments/")) == [kept.key]
    assert sweep.sweep(now=later, fix=True).as_dict() == numbers()


def test_what_a_row_names_is_no_stray(store: Store, later: datetime) -> None:
    an_attachment(an_application(), view_key=put(store))
    an_attachment(an_employee())
    an_attachment(None, staged_by="a" * 64)
    erasure.lay_out([put(store)], now=later, breach_at=later)
    assert sweep.sweep(now=later, fix=True).as_dict() == numbers()
    assert Tombstone.objects.count() == 1


def test_what_is_not_a_day_old_is_left_alone(store: Store) -> None:
    put(store)
    for hours in (0, 23):
        now = timezone.now() + timedelta(hours=hours)
        assert sweep.sweep(now=now, fix=True).as_dict() == numbers()


def test_other_parts_of_the_storage_are_left_alone(store: Store, later: datetime) -> None:
    put(store, "ledger/1-200")
    put(store, "attachments-of-others/1")
    assert sweep.sweep(now=later, fix=True).as_dict() == numbers()


def test_one_run_buries_no_more_than_its_most_and_the_next_ones_the_rest(
    store: Store, later: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweep, "MOST", 3)
    monkeypatch.setattr(sweep, "PAGE", 2)
    for _ in range(7):
        put(store)
    buried = [sweep.sweep(now=later, fix=True).buried for _ in range(4)]
    assert buried == [3, 3, 1, 0]
    assert set(Tombstone.objects.values_list("key", flat=True)) == set(store.keys(""))


def test_what_has_no_name_of_ours_is_reported_and_stays(store: Store, later: datetime) -> None:
    put(store)
    names = ["attachments/Lebenslauf Käthe.pdf", f"attachments/{'a' * 70}"]
    for name in names:
        put_anywhere(store, name)
    found = sweep.sweep(now=later, fix=True)
    assert found.as_dict() == numbers(strays=3, foreign=2, buried=1)
    assert set(names) < set(found.names)


def test_what_nobody_removes_keeps_no_stray_of_ours_from_being_buried(
    store: Store, later: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweep, "MOST", 3)
    put(store)
    for number in range(4):
        put_anywhere(store, f"attachments/!{number}")
    found = sweep.sweep(now=later, fix=True)
    assert found.as_dict() == numbers(strays=4, foreign=3, buried=1)


def test_old_versions_markers_and_unfinished_uploads_are_strays_too(
    a_bucket: Callable[..., Bucket], later: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = a_bucket("Enabled")
    for module in (sweep, erasure):
        monkeypatch.setattr(module, "attachment_store", lambda: store)
    erased_badly, begun = put(store), new_key()
    store.client.delete_object(Bucket=store.bucket_name, Key=erased_badly)
    begin_upload(store, begun)
    assert sweep.sweep(now=later, fix=True).as_dict() == numbers(strays=2, buried=2)
    assert erasure.work(now=later).erased == 2
    assert list(store.keys("")) == []


def begin_upload(store: Store, key: str) -> None:
    """Begin to write an object once more, and die."""
    if isinstance(store, Bucket):
        store.client.create_multipart_upload(Bucket=store.bucket_name, Key=key)
    else:
        Path(store.location, f"{key}.part").write_bytes(b"half a CV")


def test_an_unfinished_upload_beside_an_object_is_abandoned_and_the_object_stays(
    store: Store, later: datetime
) -> None:
    attachment = an_attachment(an_application())
    begin_upload(store, attachment.key)
    if isinstance(store, Folder):  # moto's server says of every upload that it began in 2010
        assert sweep.sweep(now=timezone.now(), fix=True).as_dict() == numbers()
    assert sweep.sweep(now=later, fix=False).as_dict() == numbers(unfinished=1)
    assert sweep.sweep(now=later, fix=True).as_dict() == numbers(unfinished=1, abandoned=1)
    assert [found.is_half for found in store.found("attachments/")] == [False]
    assert not Tombstone.objects.exists()


# Rows without an object ------------------------------------------------------------------------


def test_a_row_without_its_object_is_reported_and_stays(
    store: Store, later: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweep, "PAGE", 2)
    whole = [an_attachment(an_application(), view_key=put(store)) for _ in range(5)]
    store.erase(whole[1].key)
    store.erase(whole[3].view_key or "")
    for fix in (False, True):
        found = sweep.sweep(now=later, fix=fix)
        assert found.as_dict() == numbers(missing=2)
        assert found.attachments == [whole[1].pk, whole[3].pk]
    assert Attachment.objects.count() == 5


def test_an_upload_that_is_being_written_is_not_missing(later: datetime) -> None:
    Attachment.objects.create(
        size=1, created_at=later, staged_until=later, staged_by="a" * 64, name="a.pdf"
    )
    assert sweep.sweep(now=later, fix=True).as_dict() == numbers()


# Beside others ------------------------------------------------------------------------------


def test_what_is_sent_and_what_is_erased_between_list_and_look_is_neither(
    store: Store, later: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    going = an_attachment(an_application())
    listed, asked = store.found, store.missing

    def list_then_let_others_work(prefix: str) -> Iterator[Found]:
        found = list(listed(prefix))
        # The purge erases one file, and another one is sent.
        erasure.bury(Attachment.objects.filter(pk=going.pk), now=later, breach_at=later)
        erasure.work(now=later)
        an_attachment(an_application())
        yield from found
        yield from listed(prefix)

    def ask_then_let_others_work(keys: Sequence[str]) -> list[str]:
        for key in keys:
            store.erase(key)
        gone = asked(keys)
        Attachment.objects.filter(key__in=keys).delete()
        return gone

    monkeypatch.setattr(store, "found", list_then_let_others_work)
    assert sweep.sweep(now=later, fix=True).as_dict() == numbers()
    monkeypatch.setattr(store, "found", listed)
    monkeypatch.setattr(store, "missing", ask_then_let_others_work)
    assert sweep.sweep(now=later, fix=True).as_dict() == numbers()


@pytest.mark.django_db(transaction=True)
@pytest.mark.once("postgres")
def test_two_sweeps_at_once_bury_each_stray_once(store: Store, later: datetime) -> None:
    strays = {put(store) for _ in range(20)}
    barrier = Barrier(2)

    def run() -> int:
        try:
            connection.ensure_connection()
            barrier.wait(timeout=10)
            return sweep.sweep(now=later, fix=True).strays
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda _: run(), range(2)))
    assert sorted(Tombstone.objects.values_list("key", flat=True)) == sorted(strays)


def test_a_storage_that_is_down_buries_nothing_and_misses_nothing(
    later: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    an_attachment(an_application())
    away = Bucket("anything", f"http://127.0.0.1:{machine.free_port()}", machine.REGION)
    monkeypatch.setattr(sweep, "attachment_store", lambda: away)
    with pytest.raises(StorageDown):
        sweep.sweep(now=later, fix=True)
    assert not Tombstone.objects.exists()
