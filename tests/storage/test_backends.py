"""The contract of all back ends, then what is special to a bucket and to a folder."""

import errno
import os
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import pytest
from django.core.files.base import ContentFile

from storage.backends import (
    Bucket,
    Folder,
    ObjectExists,
    ObjectMissing,
    StorageDown,
    StorageError,
)
from storage.folder import _files_of
from tests import machine
from tests.storage import proxy as faults
from tests.storage.proxy import Proxy, Request

Store = Folder | Bucket


def a_key() -> str:
    return f"attachments/{uuid4()}"


def put(store: Store, key: str, content: bytes = b"content") -> None:
    store.write(key, BytesIO(content))


def content_of(store: Store, key: str) -> bytes:
    with store.open_object(key) as stream:
        return stream.read()


# All back ends --------------------------------------------------------------------------------


def test_what_is_written_can_be_read_and_is_gone_when_erased(store: Store) -> None:
    key, content = a_key(), bytes(range(256)) * 5_000
    put(store, key, content)
    assert content_of(store, key) == content
    assert list(store.keys("attachments/")) == [key]
    assert store.erase(key) == 1
    with pytest.raises(ObjectMissing):
        store.open_object(key)
    assert list(store.keys("")) == []


def test_a_stream_can_be_read_in_pieces(store: Store) -> None:
    key = a_key()
    put(store, key, b"0123456789")
    with store.open_object(key) as stream:
        assert [stream.read(4), stream.read(4), stream.read(4), stream.read(4)] == [
            *(b"0123", b"4567", b"89", b""),
        ]


def test_erasing_what_is_not_there_is_a_success(store: Store) -> None:
    assert store.erase(a_key()) == 0


def test_only_the_exact_key_is_erased(store: Store) -> None:
    neighbours = ["a/1", "a/10", "a/1-part", "a/11/2", "a/2"]
    for key in neighbours:
        put(store, key, key.encode())
    assert store.erase("a/1") == 1
    assert sorted(store.keys("a/")) == sorted(neighbours[1:])
    assert content_of(store, "a/10") == b"a/10"


def test_the_rest_of_a_file_is_written(store: Store) -> None:
    key, file = a_key(), BytesIO(b"before|after")
    file.seek(7)
    store.write(key, file)
    assert content_of(store, key) == b"after"


@pytest.mark.parametrize(
    "key", ["", "/", "/etc/passwd", "../a", "a/../../b", "a//b", "a/.", "a\x00b", "a\\b", "ä"]
)
def test_no_key_leads_outside(store: Store, key: str) -> None:
    for verb in (store.erase, store.open_object, lambda key: put(store, key)):
        with pytest.raises(StorageError) as refused:
            verb(key)
        assert refused.value.code == "bad-key"


def test_the_store_is_well(store: Store) -> None:
    store.check()


def test_django_s_own_way_in_and_out_keeps_the_same_promises(store: Store) -> None:
    key = store.save(a_key(), ContentFile(b"content"))
    assert content_of(store, key) == b"content"
    store.delete(key)
    assert list(store.keys("")) == []


def test_no_attachment_has_an_address_of_its_own(store: Store) -> None:
    with pytest.raises(NotImplementedError):
        store.url(a_key())


def test_all_that_lies_there_is_found_with_its_time(store: Store) -> None:
    start = datetime.now(UTC) - timedelta(seconds=2)  # the clock of a storage may be coarse
    put(store, "attachments/a")
    put(store, "attachments/b")
    put(store, "ledger/1")
    found = list(store.found("attachments/"))
    assert sorted(each.key for each in found) == ["attachments/a", "attachments/b"]
    assert all(start < each.at < start + timedelta(minutes=1) for each in found)
    assert not any(each.is_half for each in found)
    assert list(store.found("nothing/")) == []


def test_what_is_missing_is_told_from_what_is_there(store: Store) -> None:
    keys = [f"attachments/{name}" for name in ("1", "10", "2", "3", "30")]
    for key in keys[1:4]:
        put(store, key)
    put(store, "attachments/29")
    assert store.missing(keys) == [keys[0], keys[4]]
    assert store.missing(list(reversed(keys[1:4]))) == []
    assert store.missing(["attachments/0"]) == ["attachments/0"]
    assert store.missing([]) == []


def test_whether_anything_is_left_of_exactly_one_key(store: Store) -> None:
    put(store, "attachments/10")
    assert store.is_left("attachments/10")
    assert not store.is_left("attachments/1")


def test_there_is_nothing_to_abandon_of_a_whole_object(store: Store) -> None:
    put(store, "attachments/1")
    assert store.abandon("attachments/1", before=datetime.now(UTC) + timedelta(days=1)) == 0
    assert content_of(store, "attachments/1") == b"content"


# Buckets --------------------------------------------------------------------------------------


@cache
def client_of(endpoint: str) -> Any:
    return machine.s3(endpoint)


def client(store: Bucket) -> Any:
    return client_of(store.endpoint_url)


def left(store: Bucket, key: str) -> list[tuple[str, str]]:
    """List what the server has of a key, by a client of the test's own."""
    listed = client(store).list_object_versions(Bucket=store.bucket_name)
    rows = listed.get("Versions", []) + listed.get("DeleteMarkers", [])
    return [(row["Key"], row["VersionId"]) for row in rows if row["Key"] == key]


def set_versioning(store: Bucket, status: str) -> None:
    client(store).put_bucket_versioning(
        Bucket=store.bucket_name, VersioningConfiguration={"Status": status}
    )


def delete_badly(store: Bucket, key: str) -> None:
    """Delete as everybody does: in a versioned bucket that only adds a marker."""
    client(store).delete_object(Bucket=store.bucket_name, Key=key)


@pytest.fixture
def versioned(a_bucket: Callable[..., Bucket]) -> Bucket:
    return a_bucket("Enabled")


def test_every_version_and_marker_goes(versioned: Bucket) -> None:
    key = a_key()
    for _ in range(2):
        put(versioned, key)
        put(versioned, key)
        delete_badly(versioned, key)
        delete_badly(versioned, key)
    assert len(left(versioned, key)) == 8
    assert list(versioned.keys("attachments/")) == [key]
    assert versioned.erase(key) == 8
    assert left(versioned, key) == []


def test_what_was_written_before_during_and_after_versioning_goes(
    a_bucket: Callable[..., Bucket], proxy: Proxy
) -> None:
    store, key = a_bucket(None, proxy.url), a_key()
    put(store, key)  # its version is called null
    set_versioning(store, "Enabled")
    delete_badly(store, key)
    put(store, key)
    delete_badly(store, key)
    delete_badly(store, key)
    set_versioning(store, "Suspended")
    assert len(left(store, key)) == 5

    def as_amazon_does(request: Request) -> None:
        # A version can be deleted by its id whatever the bucket's state; in moto only while
        # versioning is on.
        by_version = request.method == "DELETE" and "versionId" in request.path
        if "?versioning" not in request.path:
            set_versioning(direct, "Enabled" if by_version else "Suspended")

    direct = Bucket(store.bucket_name, proxy.upstream, machine.REGION)
    proxy.rule = as_amazon_does
    assert store.erase(key) == 5
    assert left(store, key) == []


def test_long_lists_are_read_to_their_end(
    versioned: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.bucket.PAGE", 3)
    key, neighbour = "a/1", "a/10"
    put(versioned, neighbour)
    for _ in range(10):
        put(versioned, key)
    assert list(versioned.keys("a/")) == [key, neighbour]
    assert versioned.erase(key) == 10
    assert left(versioned, key) == []
    assert len(left(versioned, neighbour)) == 1


def start_upload(store: Bucket, key: str) -> None:
    connection = client(store)
    upload = connection.create_multipart_upload(Bucket=store.bucket_name, Key=key)
    connection.upload_part(
        Bucket=store.bucket_name,
        Key=key,
        UploadId=upload["UploadId"],
        PartNumber=1,
        Body=b"half a CV",
    )


def uploads(store: Bucket) -> list[str]:
    listed = client(store).list_multipart_uploads(Bucket=store.bucket_name)
    return sorted(upload["Key"] for upload in listed.get("Uploads", []))


@pytest.mark.parametrize("versioning", [None, "Enabled", "Suspended"])
def test_unfinished_uploads_go_with_their_key(
    a_bucket: Callable[..., Bucket], versioning: str | None
) -> None:
    store = a_bucket(versioning)
    for key in ("a/1", "a/1", "a/10"):
        start_upload(store, key)
    assert set(store.keys("a/")) == {"a/1", "a/10"}
    assert store.erase("a/1") == 0
    assert uploads(store) == ["a/10"]


def test_a_long_list_of_uploads_is_read_to_its_end(
    a_bucket: Callable[..., Bucket], proxy: Proxy
) -> None:
    """moto gives all uploads at once; Amazon gives 1,000, and where to go on."""
    waiting = {"a/1": ["first", "second"], "a/10": ["third"]}

    def listed(request: Request) -> tuple[int, str] | None:
        query = parse_qs(urlsplit(request.path).query, keep_blank_values=True)
        if request.method == "DELETE" and "uploadId" in query:
            waiting["a/1"].remove(query["uploadId"][0])
            return 204, ""
        if request.method != "GET" or "uploads" not in query:
            return None
        rows = [(key, upload) for key, uploads in waiting.items() for upload in uploads]
        start = next(
            (at + 1 for at, row in enumerate(rows) if [row[1]] == query.get("upload-id-marker")), 0
        )
        page, more = rows[start : start + 1], rows[start + 1 :]
        marker = "".join(
            f"<NextKeyMarker>{key}</NextKeyMarker><NextUploadIdMarker>{upload}</NextUploadIdMarker>"
            for key, upload in page
        )
        found = "".join(
            f"<Upload><Key>{key}</Key><UploadId>{upload}</UploadId></Upload>"
            for key, upload in page
        )
        truncated = str(bool(more)).lower()
        return 200, (
            f"<ListMultipartUploadsResult><IsTruncated>{truncated}</IsTruncated>{marker}{found}"
            "</ListMultipartUploadsResult>"
        )

    store = a_bucket(None, proxy.url)
    proxy.rule = listed
    store.erase("a/1")
    assert waiting == {"a/1": [], "a/10": ["third"]}


@pytest.mark.parametrize("rule", [faults.demands_md5, faults.hides_errors])
def test_a_server_that_deletes_many_wrongly_is_never_asked_to(
    a_bucket: Callable[..., Bucket], proxy: Proxy, rule: faults.Rule
) -> None:
    proxy.rule = rule
    store, key = a_bucket("Enabled", proxy.url), a_key()
    put(store, key)
    put(store, key)
    start_upload(store, key)
    assert store.erase(key) == 2
    assert left(store, key) == []
    assert uploads(store) == []
    assert not any(request.deletes_many for request in proxy.requests)


def test_a_version_that_may_not_be_deleted_is_not_gone(s3_endpoint: str) -> None:
    name, key = f"locked-{uuid4()}", a_key()
    connection = machine.s3(s3_endpoint)
    connection.create_bucket(
        Bucket=name,
        CreateBucketConfiguration={"LocationConstraint": machine.REGION},
        ObjectLockEnabledForBucket=True,
    )
    store = Bucket(name, s3_endpoint, machine.REGION)
    put(store, key)
    held = connection.put_object(Bucket=name, Key=key, Body=b"held")["VersionId"]
    connection.put_object_legal_hold(
        Bucket=name, Key=key, VersionId=held, LegalHold={"Status": "ON"}
    )
    with pytest.raises(StorageError) as refused:
        store.erase(key)
    assert refused.value.code == "AccessDenied"
    assert not isinstance(refused.value, StorageDown)
    assert (key, held) in left(store, key)
    connection.put_object_legal_hold(
        Bucket=name, Key=key, VersionId=held, LegalHold={"Status": "OFF"}
    )
    store.erase(key)
    assert left(store, key) == []


def test_an_answer_of_success_is_not_believed(
    a_bucket: Callable[..., Bucket], proxy: Proxy
) -> None:
    def pretends(request: Request) -> tuple[int, str] | None:
        return (204, "") if request.method == "DELETE" else None

    proxy.rule = pretends
    store, key = a_bucket("Enabled", proxy.url), a_key()
    put(store, key)
    with pytest.raises(StorageError) as refused:
        store.erase(key)
    assert refused.value.code == "left-over"


def test_an_upload_that_cannot_be_aborted_is_not_gone(
    a_bucket: Callable[..., Bucket], proxy: Proxy
) -> None:
    def denies(request: Request) -> tuple[int, str] | None:
        aborts = request.method == "DELETE" and "uploadId" in request.path
        return faults.fault(403, "AccessDenied") if aborts else None

    proxy.rule = denies
    store = a_bucket(None, proxy.url)
    start_upload(store, "a/1")
    with pytest.raises(StorageError) as refused:
        store.erase("a/1")
    assert refused.value.code == "AccessDenied"


@pytest.mark.parametrize(
    ("status", "code", "down"),
    [
        (403, "AccessDenied", False),
        (501, "NotImplemented", False),
        (500, "InternalError", True),
        (503, "SlowDown", True),
        (404, "NoSuchBucket", True),
        (403, "InvalidAccessKeyId", True),
    ],
)
def test_faults_of_one_object_are_told_from_those_of_the_whole_store(
    a_bucket: Callable[..., Bucket], proxy: Proxy, status: int, code: str, down: bool
) -> None:
    store = a_bucket(None, proxy.url)
    proxy.rule = lambda request: faults.fault(status, code)
    with pytest.raises(StorageError) as failed:
        store.erase(a_key())
    assert failed.value.code == code
    assert isinstance(failed.value, StorageDown) is down


def test_what_a_server_says_of_an_error_is_kept_only_if_it_is_a_plain_code(
    a_bucket: Callable[..., Bucket], proxy: Proxy
) -> None:
    store = a_bucket(None, proxy.url)
    proxy.rule = lambda request: faults.fault(403, "No, Käthe Großmann!")
    with pytest.raises(StorageError) as failed:
        store.erase(a_key())
    assert failed.value.code == "status-403"


def test_a_store_that_cannot_list_versions_is_not_well(
    a_bucket: Callable[..., Bucket], proxy: Proxy
) -> None:
    store = a_bucket(None, proxy.url)
    proxy.rule = lambda request: (
        faults.fault(501, "NotImplemented") if "versions" in request.path else None
    )
    with pytest.raises(StorageDown):
        store.check()


def test_a_bucket_that_nobody_answers_for_is_down_at_once() -> None:
    store = Bucket("anything", f"http://127.0.0.1:{machine.free_port()}", machine.REGION)
    start = time.monotonic()
    for verb in (store.check, lambda: store.erase(a_key()), lambda: put(store, a_key())):
        with pytest.raises(StorageDown) as down:
            verb()
        assert down.value.code == "EndpointConnectionError"
    with pytest.raises(StorageDown):
        list(store.keys(""))
    assert time.monotonic() - start < 15


def test_a_missing_bucket_is_down(s3_endpoint: str) -> None:
    with pytest.raises(StorageDown) as down:
        Bucket("nowhere", s3_endpoint, machine.REGION).check()
    assert down.value.code == "NoSuchBucket"


def test_the_content_type_is_ours(versioned: Bucket) -> None:
    key, other = a_key(), a_key()
    versioned.write(key, BytesIO(b"<script>"), content_type="application/pdf")
    versioned.write(other, BytesIO(b"<script>"))
    heads = [
        client(versioned).head_object(Bucket=versioned.bucket_name, Key=each)
        for each in (key, other)
    ]
    assert [head["ContentType"] for head in heads] == [
        "application/pdf",
        "application/octet-stream",
    ]


def test_requests_are_signed_with_version_4_and_no_new_checksums(
    a_bucket: Callable[..., Bucket], proxy: Proxy
) -> None:
    put(a_bucket(None, proxy.url), a_key())
    sent = proxy.requests[-1]
    assert sent.headers["authorization"].startswith("AWS4-HMAC-SHA256 ")
    assert not [name for name in sent.headers if "checksum" in name or "trailer" in name]


def test_old_versions_and_markers_are_found_and_read_as_missing(versioned: Bucket) -> None:
    put(versioned, "a/1")
    delete_badly(versioned, "a/1")
    assert [found.key for found in versioned.found("a/")] == ["a/1", "a/1"]
    assert versioned.missing(["a/1"]) == ["a/1"]
    assert versioned.is_left("a/1")


def test_an_unfinished_upload_is_found_and_abandoned_beside_the_object(versioned: Bucket) -> None:
    put(versioned, "a/1")
    start_upload(versioned, "a/1")
    start_upload(versioned, "a/10")
    (upload,) = [each for each in versioned.found("a/") if each.is_half and each.key == "a/1"]
    assert versioned.abandon("a/1", before=upload.at) == 0
    assert versioned.abandon("a/1", before=upload.at + timedelta(seconds=1)) == 1
    assert [(each.key, each.is_half) for each in versioned.found("a/")] == [
        *(("a/1", False), ("a/10", True)),
    ]
    assert content_of(versioned, "a/1") == b"content"


def test_what_a_long_list_is_missing_is_found_over_several_pages(
    versioned: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.bucket.PAGE", 3)
    keys = sorted(a_key() for _ in range(20))
    for key in keys:
        if key not in keys[3:20:5]:
            put(versioned, key)
    assert versioned.missing(keys) == keys[3:20:5]
    assert sorted(found.key for found in versioned.found("")) == sorted(
        set(keys) - set(keys[3:20:5])
    )


# Folders --------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    store = Folder(str(tmp_path / "store"))
    store.mark()
    return store


def place(folder: Folder, key: str) -> Path:
    return Path(folder.location) / key


def test_half_written_files_go_with_their_key(folder: Folder) -> None:
    put(folder, "a/1")
    put(folder, "a/10")
    place(folder, "a/1.part").write_bytes(b"half a CV")
    place(folder, "a/2.part").write_bytes(b"half a CV")
    assert sorted(folder.keys("")) == ["a/1", "a/10", "a/2"]
    assert folder.erase("a/1") == 2
    assert folder.erase("a/2") == 1
    assert list(folder.keys("")) == ["a/10"]


def test_a_half_written_file_is_found_and_abandoned_when_it_is_old(folder: Folder) -> None:
    put(folder, "a/1", b"whole")
    place(folder, "a/1.part").write_bytes(b"half a CV")
    assert sorted((each.key, each.is_half) for each in folder.found("a/")) == [
        *(("a/1", False), ("a/1", True)),
    ]
    now = datetime.now(UTC)
    assert folder.abandon("a/1", before=now - timedelta(hours=1)) == 0
    assert folder.abandon("a/1", before=now + timedelta(hours=1)) == 1
    assert content_of(folder, "a/1") == b"whole"
    assert not place(folder, "a/1.part").exists()


@pytest.mark.parametrize(("name", "stops"), [("lost+found", False), ("attachments/old", True)])
def test_a_closed_folder_stops_a_list_only_if_keys_lead_there(
    folder: Folder, monkeypatch: pytest.MonkeyPatch, name: str, stops: bool
) -> None:
    put(folder, "attachments/1")
    closed = place(folder, name)
    closed.mkdir()
    scandir = os.scandir

    # Nothing is closed to root, who may run this.
    def refuses(path: Path) -> Any:
        if Path(path) == closed:
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuses)
    assert list(folder.keys("ledger/")) == []
    for prefix in ("", "attachments/"):
        if stops:
            with pytest.raises(StorageDown) as down:
                list(folder.keys(prefix))
            assert down.value.code == "EACCES"
        else:
            assert list(folder.keys(prefix)) == ["attachments/1"]


def test_names_that_no_key_can_have_are_found(folder: Folder) -> None:
    put(folder, "attachments/1")
    (place(folder, "attachments") / "Lebenslauf Käthe.pdf").write_bytes(b"CV")
    assert sorted(found.key for found in folder.found("attachments/")) == [
        *("attachments/1", "attachments/Lebenslauf Käthe.pdf"),
    ]


def test_a_write_that_fails_leaves_nothing(folder: Folder) -> None:
    class Broken(BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            raise OSError(28, "No space left on device")

    with pytest.raises(StorageDown) as down:
        folder.write("a/1", Broken(b"content"))
    assert down.value.code == "ENOSPC"
    assert list(folder.keys("")) == []


def test_files_are_for_this_user_alone(folder: Folder) -> None:
    put(folder, "a/1")
    modes = [path.stat().st_mode & 0o777 for path in (place(folder, "a"), place(folder, "a/1"))]
    assert modes == [0o700, 0o600]


def test_a_folder_that_cannot_be_made_is_down(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    folder = Folder(str(tmp_path / "file" / "store"))
    with pytest.raises(StorageDown):
        folder.mark()
    with pytest.raises(StorageDown):
        folder.check()
    with pytest.raises(StorageDown):
        put(folder, "a/1")


def test_a_link_is_removed_and_what_it_points_to_stays(folder: Folder, tmp_path: Path) -> None:
    put(folder, "a/1")
    other = tmp_path / "other"
    other.write_bytes(b"not ours")
    place(folder, "a/2").symlink_to(other)
    assert folder.erase("a/2") == 1
    assert other.read_bytes() == b"not ours"


@pytest.mark.parametrize("place_is_left", [True, False])
def test_a_folder_that_is_not_mounted_is_down_and_loses_nothing(
    folder: Folder, place_is_left: bool
) -> None:
    put(folder, "a/1", b"a CV")
    root, away = Path(folder.location), Path(folder.location).with_name("away")
    root.rename(away)
    if place_is_left:
        root.mkdir()
    for verb in (
        folder.check,
        lambda: put(folder, "a/2"),
        lambda: folder.open_object("a/1"),
        lambda: folder.erase("a/1"),
        lambda: list(folder.keys("")),
        lambda: list(folder.found("")),
        lambda: folder.missing(["a/1"]),
        lambda: folder.is_left("a/1"),
    ):
        with pytest.raises(StorageDown) as down:
            verb()
        assert down.value.code == "no-mark"
    assert not place_is_left or not list(root.iterdir())
    if place_is_left:
        root.rmdir()
    away.rename(root)
    folder.check()
    assert list(folder.keys("")) == ["a/1"]
    assert folder.erase("a/1") == 1


def test_a_folder_that_goes_while_it_is_looked_into_is_not_proof(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(folder, "a/1")
    look = _files_of

    def goes_first(target: str) -> Iterator[str]:
        if Path(folder.location).exists():
            Path(folder.location).rename(Path(folder.location).with_name("away"))
        return look(target)

    monkeypatch.setattr("storage.folder._files_of", goes_first)
    with pytest.raises(StorageDown):
        folder.erase("a/1")


def test_each_of_many_keys_goes_or_says_why_not(folder: Folder) -> None:
    for key in ("a/1", "a/2"):
        put(folder, key)
    place(folder, "a/2.part").write_bytes(b"half a CV")
    answers = folder.erase_each(["a/1", "../x", "a/2", "a/none"])
    assert [getattr(answer, "code", answer) for answer in answers] == [1, "bad-key", 2, 0]
    assert list(folder.keys("")) == []


def test_what_is_wrong_with_one_file_does_not_keep_the_others(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    for key in ("a/1", "a/2", "a/3"):
        put(folder, key)
    unlink = os.unlink

    def refuses_one(path: str) -> None:
        if path.endswith("/2"):
            raise PermissionError(errno.EACCES, "Permission denied", path)
        unlink(path)

    monkeypatch.setattr(os, "unlink", refuses_one)
    answers = folder.erase_each(["a/1", "a/2", "a/3"])
    assert [getattr(answer, "code", answer) for answer in answers] == [1, "EACCES", 1]
    assert list(folder.keys("")) == ["a/2"]


def test_a_removal_that_is_not_synced_counts_for_no_key(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(folder, "a/1")

    def refuses(_handle: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "fsync", refuses)
    answers = folder.erase_each(["a/1", "a/2"])
    assert [type(answer) for answer in answers] == [StorageDown, StorageDown]


def test_erasing_a_key_never_looks_through_the_folder(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(folder, "a/1")

    def refuses(path: Path) -> None:
        raise AssertionError(f"somebody lists {path}")

    for name in ("scandir", "listdir"):
        monkeypatch.setattr(os, name, refuses)
    assert folder.is_left("a/1")
    assert folder.erase("a/1") == 1
    assert not folder.is_left("a/1")


def test_two_that_write_one_key_do_not_mix_their_bytes(folder: Folder) -> None:
    class Slow(BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            with pytest.raises(ObjectExists):
                put(folder, "a/1", b"other")
            return super().read(size)

    folder.write("a/1", Slow(b"first"))
    assert content_of(folder, "a/1") == b"first"
    assert list(folder.keys("")) == ["a/1"]


def test_half_written_files_of_former_releases_get_the_name_that_is_looked_for(
    folder: Folder,
) -> None:
    put(folder, "attachments/a-1")
    for name in ("a-1.part-01", "a-1.part-23", "b-2.part-45"):
        place(folder, f"attachments/{name}").write_bytes(b"half a CV")
    folder.rename_parts()
    assert folder.erase("attachments/a-1") == 2
    assert folder.erase("attachments/b-2") == 1
    assert list(folder.keys("")) == []
