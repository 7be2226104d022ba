"""Tombstones: written with the deletion, worked after it, kept until the object is gone."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Event

import pytest
from django.db import connection, transaction
from pytest_django import DjangoAssertNumQueries
from pytest_django.fixtures import Settings

from storage import erasure
from storage.backends import Bucket, Folder
from storage.models import Attachment, Tombstone
from tests import machine
from tests.storage import proxy as faults
from tests.storage.proxy import Proxy, Request
from tests.world import NOW, a_job, an_application, an_attachment

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)
Store = Folder | Bucket


def bury_all() -> list[str]:
    return erasure.bury(Attachment.objects.all(), now=NOW, breach_at=NOW + HOUR)


def tombstones(*keys: str) -> None:
    Tombstone.objects.bulk_create(
        Tombstone(key=key, created_at=NOW, breach_at=NOW + HOUR, next_try_at=NOW) for key in keys
    )


@pytest.fixture
def misbehaving(settings: Settings, a_bucket: Callable[..., Bucket], proxy: Proxy) -> Proxy:
    """Make a bucket behind a proxy the store; set the proxy's rule to have it fail."""
    bucket = a_bucket("Enabled", proxy.url)
    settings.STORAGES = settings.STORAGES | {
        "attachments": {
            "BACKEND": "storage.backends.Bucket",
            "OPTIONS": {
                "bucket_name": bucket.bucket_name,
                "endpoint_url": proxy.url,
                "region_name": machine.REGION,
            },
        }
    }
    return proxy


# Burying --------------------------------------------------------------------------------------


def test_a_tombstone_takes_the_place_of_each_row() -> None:
    application = an_application()
    keys = {an_attachment(application).key for _ in range(3)}
    other = an_attachment(an_application())
    buried = erasure.bury(
        Attachment.objects.filter(application=application), now=NOW, breach_at=NOW + HOUR
    )
    assert set(buried) == keys
    assert list(Attachment.objects.all()) == [other]
    assert {
        (stone.key, stone.created_at, stone.breach_at, stone.next_try_at, stone.attempts)
        for stone in Tombstone.objects.all()
    } == {(key, NOW, NOW + HOUR, NOW, 0) for key in keys}


def test_rows_found_through_other_tables_can_be_buried() -> None:
    job = a_job()
    an_attachment(an_application(job))
    an_attachment(an_application(None))
    rows = Attachment.objects.filter(application__job=job)
    assert len(erasure.bury(rows, now=NOW, breach_at=NOW)) == 1
    rows = Attachment.objects.filter(application__job=None, employee__isnull=True)
    assert len(erasure.bury(rows, now=NOW, breach_at=NOW)) == 1


def test_burying_is_undone_with_the_caller_s_transaction() -> None:
    row = an_attachment(an_application())
    with transaction.atomic():
        assert bury_all() == [row.key]
        transaction.set_rollback(True)
    assert Attachment.objects.get() == row
    assert not Tombstone.objects.exists()


def test_burying_many_takes_few_queries(
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    application = an_application()
    Attachment.objects.bulk_create(
        Attachment(name="a", size=1, created_at=NOW, application=application) for _ in range(400)
    )
    with django_assert_max_num_queries(16):
        assert len(bury_all()) == 400
    assert Tombstone.objects.count() == 400


# Working --------------------------------------------------------------------------------------


def test_what_is_buried_is_erased(attachment_store: Store) -> None:
    gone = [an_attachment(an_application()) for _ in range(2)]
    bury_all()
    kept = an_attachment(an_application())
    assert erasure.work(now=NOW) == erasure.Work(erased=2, failed=0, objects=2)
    assert not Tombstone.objects.exists()
    assert list(attachment_store.keys("")) == [kept.key]
    assert kept.key not in {row.key for row in gone}


def test_a_tombstone_without_an_object_goes_too(attachment_store: Store) -> None:
    tombstones("attachments/never-written")
    assert erasure.work(now=NOW) == erasure.Work(erased=1)
    assert erasure.work(now=NOW) == erasure.Work()


def test_only_the_keys_asked_for_are_worked(attachment_store: Store) -> None:
    tombstones("a", "b", "c")
    assert erasure.work(now=NOW, keys=iter(["b", "unknown"])).erased == 1
    assert set(Tombstone.objects.values_list("key", flat=True)) == {"a", "c"}


def test_any_number_is_worked_a_page_at_a_time(
    attachment_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(erasure, "PAGE", 3)
    tombstones(*(f"a/{number}" for number in range(10)))
    assert erasure.work(now=NOW, keys=[f"a/{number}" for number in range(5)]).erased == 5
    assert erasure.work(now=NOW).erased == 5


def test_a_pause_is_waited_for_unless_there_is_no_time(attachment_store: Store) -> None:
    tombstones("a")
    Tombstone.objects.update(next_try_at=NOW + HOUR)
    assert erasure.work(now=NOW).erased == 0
    assert erasure.work(now=NOW + HOUR).erased == 1
    tombstones("a")
    Tombstone.objects.update(next_try_at=NOW + HOUR)
    assert erasure.work(now=NOW, patient=False).erased == 1


def test_pauses_grow_from_a_minute_to_an_hour_and_never_end(misbehaving: Proxy) -> None:
    misbehaving.rule = lambda request: faults.fault(403, "AccessDenied")
    tombstones("a")
    now, pauses = NOW, []
    for attempt in range(1, 10):
        assert erasure.work(now=now) == erasure.Work(failed=1)
        stone = Tombstone.objects.get()
        assert (stone.attempts, stone.error) == (attempt, "AccessDenied")
        pauses.append((stone.next_try_at - now) // timedelta(minutes=1))
        now = stone.next_try_at
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    Tombstone.objects.update(attempts=1_000_000)
    assert erasure.work(now=now).failed == 1
    misbehaving.rule = lambda request: None
    assert erasure.work(now=now + HOUR).erased == 1


def test_one_object_does_not_keep_the_others(misbehaving: Proxy) -> None:
    def denies_one(request: Request) -> tuple[int, str] | None:
        return faults.fault(403, "AccessDenied") if "prefix=a%2F2" in request.path else None

    misbehaving.rule = denies_one
    tombstones(*(f"a/{number}" for number in range(5)))
    assert erasure.work(now=NOW, patient=False) == erasure.Work(erased=4, failed=1)
    assert Tombstone.objects.get().key == "a/2"


def test_a_key_that_no_store_takes_does_not_keep_the_others(attachment_store: Store) -> None:
    tombstones("../x", "a", "b")
    assert erasure.work(now=NOW) == erasure.Work(erased=2, failed=1)
    assert Tombstone.objects.get().error == "bad-key"


def test_a_run_ends_when_the_store_is_down(misbehaving: Proxy) -> None:
    misbehaving.rule = lambda request: faults.fault(503, "SlowDown")
    tombstones(*(f"a/{number}" for number in range(10)))
    assert erasure.work(now=NOW, patient=False) == erasure.Work(failed=3)
    assert Tombstone.objects.count() == 10
    assert Tombstone.objects.filter(attempts=0).count() == 7


@pytest.mark.once("postgres")
@pytest.mark.django_db(transaction=True)
def test_two_runs_share_the_work(attachment_store: Store) -> None:
    if not connection.features.has_select_for_update_skip_locked:
        pytest.skip("one row cannot be locked on this database")
    tombstones("a", "b")
    held, done = Event(), Event()

    def hold() -> None:
        try:
            with transaction.atomic():
                Tombstone.objects.select_for_update().get(key="a")
                held.set()
                done.wait(20)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        other = pool.submit(hold)
        assert held.wait(20)
        assert erasure.work(now=NOW) == erasure.Work(erased=1)
        done.set()
        other.result()
    assert Tombstone.objects.get().key == "a"
    assert erasure.work(now=NOW).erased == 1
