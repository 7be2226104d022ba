"""Records: what is written once, read in order, and out of every erasure's reach."""

import threading
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest

from storage.backends import Bucket, Folder, ObjectExists, ObjectMissing, StorageDown, StorageError
from tests import machine
from tests.storage import proxy as faults
from tests.storage.proxy import Proxy

Store = Folder | Bucket

FIRST = "ledger/000000000001-000000000009.jsonl"
SECOND = "ledger/000000000010-000000000010.jsonl"
THIRD = "ledger/000000000011-000000000100.jsonl"


def test_a_record_is_read_as_it_was_written(store: Store) -> None:
    content = b'{"sequence":1}\n' * 5_000
    store.create(FIRST, content)
    assert store.read_record(FIRST) == content


def test_a_record_is_never_overwritten(store: Store) -> None:
    store.create(FIRST, b"first")
    for content in (b"first", b"second"):
        with pytest.raises(ObjectExists):
            store.create(FIRST, content)
    assert store.read_record(FIRST) == b"first"


def test_of_several_that_write_a_record_at_once_one_wins(store: Store) -> None:
    start, won = threading.Barrier(4), list[bytes]()

    def write(content: bytes) -> None:
        start.wait()
        try:
            store.create(FIRST, content)
        except ObjectExists:
            return
        won.append(content)

    threads = [threading.Thread(target=write, args=[bytes([at])]) for at in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert won == [store.read_record(FIRST)]


def test_records_come_in_their_order_and_from_any_on(store: Store) -> None:
    for key in (THIRD, FIRST, SECOND):
        store.create(key, b"line")
    store.create("ledger-keys/0123.jsonl", b"key")
    assert list(store.records("ledger/")) == [FIRST, SECOND, THIRD]
    assert list(store.records("ledger/", after=FIRST)) == [SECOND, THIRD]
    assert list(store.records("ledger/", after="ledger/000000000010")) == [SECOND, THIRD]
    assert list(store.records("ledger/", after=THIRD)) == []
    assert list(store.records("ledger-keys/")) == ["ledger-keys/0123.jsonl"]


def test_where_there_are_no_records_none_come(store: Store) -> None:
    assert list(store.records("ledger/")) == []
    with pytest.raises(ObjectMissing):
        store.read_record(FIRST)


def test_no_erasure_reaches_a_record(store: Store) -> None:
    store.create(FIRST, b"line")
    attempts: list[Callable[[], object]] = [
        lambda: store.erase(FIRST),
        lambda: store.delete(FIRST),
        lambda: store.write(FIRST, BytesIO(b"other")),
        # Nor that which its key begins with.
        lambda: store.erase("ledger"),
        lambda: store.erase("ledger/000000000001-000000000009"),
    ]
    for attempt in attempts:
        try:
            attempt()
        except StorageError as error:
            assert error.code in {"bad-key", "left-over"}  # noqa: PT017
    assert store.read_record(FIRST) == b"line"
    assert list(store.keys("attachments/")) == []


@pytest.mark.parametrize(
    "key", ["", "ledger", "ledger/1", "attachments/1", "ledger/../1.jsonl", "ledger/a/1.jsonl"]
)
def test_a_record_has_a_record_s_key(store: Store, key: str) -> None:
    for verb in (lambda key: store.create(key, b""), store.read_record):
        with pytest.raises(StorageError) as refused:
            verb(key)
        assert refused.value.code == "bad-key"


# Buckets --------------------------------------------------------------------------------------


def test_more_records_than_one_answer_lists(a_bucket: Callable[..., Bucket]) -> None:
    store = a_bucket()
    client = machine.s3(str(store.endpoint_url))
    keys = [f"ledger/{number:012}-{number:012}.jsonl" for number in range(1, 1_003)]
    for key in keys:
        client.put_object(Bucket=store.bucket_name, Key=key, Body=b"")
    assert list(store.records("ledger/", after=keys[0])) == keys[1:]


def test_the_server_is_asked_not_to_overwrite(
    a_bucket: Callable[..., Bucket], proxy: Proxy
) -> None:
    a_bucket(None, proxy.url).create(FIRST, b"line")
    (put,) = [request for request in proxy.requests if request.method == "PUT"]
    assert put.headers["if-none-match"] == "*"


def test_a_server_without_conditions_takes_records_too(
    a_bucket: Callable[..., Bucket], proxy: Proxy
) -> None:
    proxy.rule = lambda request: (
        faults.fault(501, "NotImplemented") if "if-none-match" in request.headers else None
    )
    store = a_bucket(None, proxy.url)
    store.create(FIRST, b"line")
    with pytest.raises(ObjectExists):
        store.create(FIRST, b"other")
    assert store.read_record(FIRST) == b"line"


@pytest.mark.parametrize(
    ("status", "code"), [(412, "PreconditionFailed"), (409, "ConditionalRequestConflict")]
)
def test_a_server_that_knows_better_is_believed(
    a_bucket: Callable[..., Bucket], proxy: Proxy, status: int, code: str
) -> None:
    store = a_bucket(None, proxy.url)
    proxy.rule = lambda request: faults.fault(status, code) if request.method == "PUT" else None
    with pytest.raises(ObjectExists):
        store.create(FIRST, b"line")


# Folders --------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    store = Folder(str(tmp_path / "store"))
    store.mark()
    return store


def test_a_record_that_was_half_written_is_none(folder: Folder) -> None:
    folder.create(SECOND, b"line")
    half = Path(folder.location, FIRST + ".part-0123")
    half.write_bytes(b"li")
    assert list(folder.records("ledger/")) == [SECOND]
    folder.create(FIRST, b"line")
    assert list(folder.records("ledger/")) == [FIRST, SECOND]


def test_a_record_leaves_no_second_name_behind(folder: Folder) -> None:
    folder.create(FIRST, b"line")
    with pytest.raises(ObjectExists):
        folder.create(FIRST, b"line")
    names = [path.name for path in Path(folder.location, "ledger").iterdir()]
    assert names == [FIRST.partition("/")[2]]


def test_records_of_a_folder_that_is_not_mounted_are_unknown(folder: Folder) -> None:
    folder.create(FIRST, b"line")
    Path(folder.location).rename(Path(folder.location).with_name("away"))
    with pytest.raises(StorageDown):
        list(folder.records("ledger/"))
    with pytest.raises(StorageDown):
        folder.create(SECOND, b"line")
