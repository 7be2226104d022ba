"""Where the bytes of attachments lie: a folder, or an S3 bucket. One interface, `Store`.

Keys are ours and random (`attachments/<uuid>`): nothing is ever overwritten, and a key says
nothing of a person, so neither do the errors here.

Beside them lie records: small objects that are written once and stay. Their keys have another
form, which `erase` refuses, so no tombstone can ever reach one.
"""

import errno
import os
import re
import stat
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from functools import partial
from io import BytesIO
from pathlib import Path
from shutil import copyfileobj
from typing import IO, TYPE_CHECKING, Any, BinaryIO, NamedTuple, Protocol, cast
from uuid import uuid4

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from django.core.files.storage import FileSystemStorage, storages
from storages.backends.s3 import S3Storage

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client
    from types_boto3_s3.type_defs import (
        DeleteMarkerEntryTypeDef,
        MultipartUploadTypeDef,
        ObjectVersionTypeDef,
    )

#: Entries that one listing asks for; S3 gives at most 1,000.
PAGE = 1_000
CONNECT_SECONDS = 3
READ_SECONDS = 15

KEY = re.compile(r"[a-z0-9][a-z0-9_-]*(/[a-z0-9][a-z0-9_-]*)*", re.IGNORECASE)
#: What names a record: that which is written once and never erased.
RECORD = re.compile(r"[a-z]+(-[a-z]+)*/[a-z0-9-]+\.jsonl")
#: How a half-written file ends, beside the place where it is to lie. No key can end so. Each key
#: has one such name, so that it is found without a look at all others in the folder.
PART = ".part"
#: The file in a folder's root that says: this is it, and not the place of an absent volume.
MARK = ".halbjahr-storage"


class StorageError(Exception):
    """The storage did not do what was asked. `code` says why, without personal data."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code[:100]


class StorageDown(StorageError):
    """Nothing can be stored, read or erased at the moment; what was asked is not at fault."""


class ObjectMissing(StorageError):
    """There is no such object."""


class Found(NamedTuple):
    """Something that lies under a key: a version, a marker, or, if `is_half`, an unfinished upload.

    `at` is the moment in which it was written, or begun, by the storage's clock.
    """

    key: str
    at: datetime
    is_half: bool = False


class ObjectExists(StorageError):
    """There is a record of this key already; it was left as it is."""


class Store(Protocol):
    """What every back end offers beyond Django's storage API. Errors are `StorageError`s."""

    #: How many keys `erase_each` is to be given: so many that it takes a fraction of a second.
    at_once: int

    def write(self, key: str, file: BinaryIO, *, content_type: str = "") -> None:
        """Store the rest of a seekable file, whole or not at all as far as readers see."""

    def open_object(self, key: str) -> BinaryIO:
        """Return a stream of the object, to be closed; raises `ObjectMissing`."""

    def erase(self, key: str) -> int:
        """Erase all that there is of exactly this key; return how many versions that were.

        Versions, delete markers, unfinished uploads: whatever is listed goes, and only an
        empty list afterwards counts as success. A key of which nothing is left is one.
        """

    def erase_each(self, keys: Sequence[str]) -> list[int | StorageError]:
        """Erase each of these keys as `erase` does; return what it would return, or raise, of each.

        Never raises a `StorageError`: one key does not keep the others.
        """

    def keys(self, prefix: str) -> Iterator[str]:
        """Yield every key of which anything is left, once, be it an old version or half a file."""

    def found(self, prefix: str) -> Iterator[Found]:
        """Yield all that there is, in any order; also under names that no key can have.

        Nothing of it is kept in memory, however much there is.
        """

    def is_left(self, key: str) -> bool:
        """Whether anything lies under exactly this key."""

    def missing(self, keys: Sequence[str]) -> list[str]:
        """Return those of the keys whose object cannot be read, for there is none.

        Asks least of a bucket if the keys follow one another.
        """

    def abandon(self, key: str, *, before: datetime) -> int:
        """End the key's unfinished uploads that began before; return how many.

        The object itself stays.
        """

    def check(self) -> None:
        """Raise `StorageDown` unless objects can be reached and listed."""

    def create(self, key: str, content: bytes) -> None:
        """Write a record, whole or not at all; raises `ObjectExists` if it is there already."""

    def read_record(self, key: str) -> bytes:
        """Return a record's content; raises `ObjectMissing`."""

    def records(self, prefix: str, *, after: str = "") -> Iterator[str]:
        """Yield the keys of records in their order, from the first that is above `after`.

        `prefix` is a folder's name and a slash. It costs what is yielded, not what is passed over.
        """


def attachment_store() -> "Folder | Bucket":
    """Return the store that the settings name."""
    return cast("Folder | Bucket", storages["attachments"])


def _tried(erase: Callable[[str], int], key: str) -> int | StorageError:
    """Return what erasing a key returns or raises."""
    try:
        return erase(key)
    except StorageError as error:
        return error
    except Exception as error:  # noqa: BLE001  one object must not keep all others
        return StorageError(f"unexpected-{type(error).__name__}")


def checked(key: str) -> str:
    """Return the key if it is one of ours. Anything else could name a place outside."""
    if not KEY.fullmatch(key):
        raise StorageError("bad-key")
    return key


def checked_record(key: str) -> str:
    """Return the key if it is that of a record: no attachment's, and nothing that is erased."""
    if not RECORD.fullmatch(key):
        raise StorageError("bad-key")
    return key


# A folder ---------------------------------------------------------------------------------

#: What is wrong with one file rather than with the whole folder.
OF_ONE_FILE = {errno.EACCES, errno.EPERM, errno.EISDIR, errno.ENOTDIR, errno.EBUSY}


@contextmanager
def _file_errors() -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise ObjectMissing("missing") from error
    except OSError as error:
        kind = StorageError if error.errno in OF_ONE_FILE else StorageDown
        raise kind(_code(error)) from error


def _code(error: OSError) -> str:
    """Return the error's name, such as ENOSPC; its text would name the file."""
    return errno.errorcode.get(error.errno or 0, "OSError")


class Folder(FileSystemStorage):
    """Attachments as files below one folder, readable by this user alone.

    The folder bears a mark, see `mark`. Without it the storage is down: where a volume is not
    mounted no file is to be seen, and an erasure would count as done.
    """

    at_once = 500

    def __init__(self, location: str) -> None:
        super().__init__(
            location=location, file_permissions_mode=0o600, directory_permissions_mode=0o700
        )

    def mark(self) -> None:
        """Make the folder if need be and mark it as the one. Nothing else ever does."""
        root = Path(self.location)
        try:
            root.mkdir(mode=0o700, parents=True, exist_ok=True)
            (root / MARK).touch(mode=0o600)
            _sync(root)
        except OSError as error:
            raise StorageDown(_code(error)) from error

    def is_marked(self) -> bool:
        try:
            return Path(self.location, MARK).exists()
        except OSError as error:
            raise StorageDown(_code(error)) from error

    def rename_parts(self) -> None:
        """Give half-written files their one name, where former releases had a new one for each."""
        root = Path(self.location, "attachments")
        try:
            for part in root.glob(f"*{PART}-*"):
                part.replace(_part_of(part.with_name(part.name.partition(PART)[0])))
        except OSError as error:
            raise StorageDown(_code(error)) from error

    def has_attachments(self) -> bool:
        """Whether anything lies where keys lead, marked or not."""
        try:
            with os.scandir(Path(self.location, "attachments")) as found:
                return any(found)
        except FileNotFoundError:
            return False
        except OSError as error:
            raise StorageDown(_code(error)) from error

    def write(self, key: str, file: BinaryIO, *, content_type: str = "") -> None:
        target = self._place(key)
        self._put(target, file, part=_part_of(target), place=Path.replace)

    def open_object(self, key: str) -> BinaryIO:
        target = self._place(key)
        self._require_mark()
        with _file_errors():
            return target.open("rb")

    def erase(self, key: str) -> int:
        (answer,) = self.erase_each([key])
        if isinstance(answer, StorageError):
            raise answer
        return answer

    def erase_each(self, keys: Sequence[str]) -> list[int | StorageError]:
        try:
            self._require_mark()
            answers = {key: _tried(self._unlink, key) for key in keys}
            erased = {key: n for key, n in answers.items() if not isinstance(n, StorageError)}
            self._sync_parents(key for key, n in erased.items() if n)
            answers |= {
                key: _tried(partial(self._require_gone, n), key) for key, n in erased.items()
            }
            # Again, since the volume may have gone before the look that found nothing.
            self._require_mark()
        except StorageError as error:
            return [error] * len(keys)
        return [answers[key] for key in keys]

    def _unlink(self, key: str) -> int:
        with _file_errors():
            return sum(map(_removed, _places_of(self._path(key))))

    def _sync_parents(self, keys: Iterable[str]) -> None:
        with _file_errors():
            for folder in {self._path(key).rpartition("/")[0] for key in keys}:
                _sync(folder)

    def _require_gone(self, erased: int, key: str) -> int:
        with _file_errors():
            if any(_files_of(self._path(key))):
                raise StorageError("left-over")
        return erased

    def keys(self, prefix: str) -> Iterator[str]:
        yield from dict.fromkeys(found.key for found in self.found(prefix))

    def found(self, prefix: str) -> Iterator[Found]:
        self._require_mark()
        root = Path(self.location)
        for file in _files_below(root / prefix.rpartition("/")[0], root):
            name, part, _ = file.path.removeprefix(f"{root}/").partition(PART)
            if name.startswith(prefix) and name != MARK:
                # Gone since it was listed: then there is nothing to tell of.
                with suppress(ObjectMissing), _file_errors():
                    at = datetime.fromtimestamp(file.stat(follow_symlinks=False).st_mtime, UTC)
                    yield Found(name, at, is_half=bool(part))

    def is_left(self, key: str) -> bool:
        target = self._path(key)
        self._require_mark()
        with _file_errors():
            return any(_files_of(target))

    def missing(self, keys: Sequence[str]) -> list[str]:
        with _file_errors():
            gone = [key for key in keys if not self._place(key).is_file()]
        # Afterwards, since without its volume a folder lacks everything.
        self._require_mark()
        return gone

    def abandon(self, key: str, *, before: datetime) -> int:
        part = _part_of(self._place(key))
        self._require_mark()
        with suppress(ObjectMissing), _file_errors():
            if part.stat().st_mtime < before.timestamp():
                part.unlink()
                return 1
        return 0

    def check(self) -> None:
        self._require_mark()
        try:
            with tempfile.TemporaryFile(dir=self.location):
                pass
        except OSError as error:
            raise StorageDown(_code(error)) from error

    def create(self, key: str, content: bytes) -> None:
        target = Path(self.location, checked_record(key))
        # Two may write one record at once, each its own half.
        part = target.with_name(f"{target.name}{PART}-{uuid4().hex}")
        self._put(target, BytesIO(content), part=part, place=_link)

    def read_record(self, key: str) -> bytes:
        self._require_mark()
        with _file_errors():
            return Path(self.location, checked_record(key)).read_bytes()

    def records(self, prefix: str, *, after: str = "") -> Iterator[str]:
        self._require_mark()
        try:
            with os.scandir(Path(self.location, prefix)) as found:
                keys = sorted(key for each in found if (key := prefix + each.name) > after)
        except FileNotFoundError:
            keys = []
        except OSError as error:
            raise StorageDown(_code(error)) from error
        # Again, since the volume may have gone before the look that found nothing.
        self._require_mark()
        yield from filter(RECORD.fullmatch, keys)

    def _put(
        self, target: Path, file: BinaryIO, *, part: Path, place: Callable[[Path, Path], object]
    ) -> None:
        """Write a file beside its place, and put it there when it is whole."""
        self._require_mark()
        try:
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with _new_file(part) as out:
                copyfileobj(file, out)
                out.flush()
                os.fsync(out.fileno())
                place(part, target)
            _sync(target.parent)
        except FileExistsError as error:
            raise ObjectExists("exists") from error
        except OSError as error:
            raise StorageDown(_code(error)) from error

    def _require_mark(self) -> None:
        if not self.is_marked():
            raise StorageDown("no-mark")

    def _place(self, key: str) -> Path:
        return Path(self._path(key))

    def _path(self, key: str) -> str:
        """Return where a key's file lies, as text: a purge asks for many thousands."""
        return f"{self.location}/{checked(key)}"

    # Django's own API, with the same promises.

    def _save(self, name: str, content: IO[Any]) -> str:
        self.write(name, cast("BinaryIO", content))
        return name

    def delete(self, name: str) -> None:
        self.erase(name)

    def url(self, name: str | None) -> str:
        raise NotImplementedError("Attachments are only served through the application.")


def _files_below(folder: Path, root: Path) -> Iterator[os.DirEntry[str]]:
    """Yield every file and link below a folder, one after the other.

    A folder that cannot be read stops the listing: what is skipped would seem gone. But not one
    that no key leads to, such as a volume's own `lost+found`.
    """
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    yield from _files_below(Path(entry.path), root)
                else:
                    yield entry
    except FileNotFoundError:
        return
    except OSError as error:
        if folder == root or KEY.fullmatch(folder.relative_to(root).as_posix()):
            raise StorageDown(_code(error)) from error


def _link(part: Path, target: Path) -> None:
    """Give a file its name unless the name is taken: unlike a rename, a link never replaces."""
    target.hardlink_to(part)


@contextmanager
def _new_file(part: Path) -> Iterator[BinaryIO]:
    """Make a file that is nobody else's; its name is gone at the end of the block."""
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as out:
            yield out
    finally:
        with suppress(OSError):
            part.unlink()


def _part_of(target: Path) -> Path:
    return target.with_name(f"{target.name}{PART}")


def _files_of(target: str) -> Iterator[str]:
    """Yield the file of a key, and what an interrupted write has left of it."""
    for file in _places_of(target):
        try:
            if not stat.S_ISDIR(os.lstat(file).st_mode):
                yield file
        except (FileNotFoundError, NotADirectoryError):
            continue


def _places_of(target: str) -> tuple[str, str]:
    """Return where the file of a key lies, and what an interrupted write may have left of it."""
    return target, f"{target}{PART}"


def _removed(file: str) -> bool:
    """Remove a file, and return whether there was one."""
    try:
        os.unlink(file)  # noqa: PTH108  a purge has many thousands, and paths take longer
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return False
    return True


def _sync(folder: Path | str) -> None:
    """Make names in a folder survive a power cut: a rename, or a removal."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


# A bucket ---------------------------------------------------------------------------------

#: Answers to one request that say that no other would fare better.
OF_THE_WHOLE_BUCKET = {
    "ExpiredToken",
    "InvalidAccessKeyId",
    "NoSuchBucket",
    "RequestTimeTooSkewed",
    "RequestTimeout",
    "SignatureDoesNotMatch",
    "SlowDown",
}


#: What servers say of a record that is there already, or is being written by somebody else.
TAKEN = {"PreconditionFailed", "ConditionalRequestConflict"}


@contextmanager
def _s3_errors() -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        raise _translated(error) from error
    except BotoCoreError as error:
        raise StorageDown(type(error).__name__) from error


def _translated(error: ClientError) -> StorageError:
    code = str(error.response.get("Error", {}).get("Code", ""))
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    code = code if re.fullmatch(r"[\w.-]{1,60}", code, re.ASCII) else f"status-{status}"
    if code in OF_THE_WHOLE_BUCKET or (status >= 500 and status != 501):
        return StorageDown(code)
    if code == "NoSuchKey" or status == 404:
        return ObjectMissing("missing")
    return StorageError(code)


class Bucket(S3Storage):  # type: ignore[misc]  # django-storages has no types
    """Attachments as objects of one S3 bucket: unversioned, versioned or suspended.

    Every version is deleted by a DeleteObject of its own. DeleteObjects, which takes 1,000 at
    once, needs a Content-MD5 on some servers, which boto3 no longer sends, and hides errors in
    an answer of 200.
    """

    at_once = 1

    def __init__(
        self, bucket_name: str, endpoint_url: str | None = None, region_name: str | None = None
    ) -> None:
        super().__init__(
            bucket_name=bucket_name,
            endpoint_url=endpoint_url,
            region_name=region_name,
            default_acl=None,
            querystring_auth=False,
            client_config=Config(
                signature_version="s3v4",
                # Servers of one's own rarely have a host name for every bucket.
                s3={"addressing_style": "path" if endpoint_url else "auto"},
                connect_timeout=CONNECT_SECONDS,
                read_timeout=READ_SECONDS,
                retries={"mode": "standard", "total_max_attempts": 2},
                # Other servers than Amazon's refuse the new checksums.
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
            ),
        )
        self._client: S3Client | None = None
        self._process = 0

    def write(self, key: str, file: BinaryIO, *, content_type: str = "") -> None:
        with _s3_errors():
            self.client.put_object(
                Bucket=self.bucket_name,
                Key=checked(key),
                Body=file,
                # Ours, not the browser's: nothing that a browser would run.
                ContentType=content_type or "application/octet-stream",
            )

    def open_object(self, key: str) -> BinaryIO:
        with _s3_errors():
            answer = self.client.get_object(Bucket=self.bucket_name, Key=checked(key))
        return cast("BinaryIO", answer["Body"])

    def erase(self, key: str) -> int:
        with _s3_errors():
            versions = self._versions(checked(key))
            for version in versions:
                self.client.delete_object(Bucket=self.bucket_name, Key=key, VersionId=version)
            for upload in self._uploads(key):
                self._abort(key, upload)
            if self._versions(key) or self._uploads(key):
                raise StorageError("left-over")
        return len(versions)

    def erase_each(self, keys: Sequence[str]) -> list[int | StorageError]:
        return [_tried(self.erase, key) for key in keys]

    def keys(self, prefix: str) -> Iterator[str]:
        yield from dict.fromkeys(found.key for found in self.found(prefix))

    def found(self, prefix: str) -> Iterator[Found]:
        with _s3_errors():
            for version in self._listed_versions(prefix):
                yield Found(version["Key"], version["LastModified"])
            for upload in self._listed_uploads(prefix):
                yield Found(upload["Key"], upload["Initiated"], is_half=True)

    def is_left(self, key: str) -> bool:
        with _s3_errors():
            return bool(self._versions(checked(key)) or self._uploads(key))

    def missing(self, keys: Sequence[str]) -> list[str]:
        gone = {checked(key) for key in keys}
        with _s3_errors():
            # One list from the first to the last: asking for each would be a request a key.
            for key in self._listed_between(min(gone), max(gone)) if gone else ():
                gone.discard(key)
        return sorted(gone)

    def abandon(self, key: str, *, before: datetime) -> int:
        with _s3_errors():
            listed = [row for row in self._listed_uploads(checked(key)) if row["Key"] == key]
            old = [row["UploadId"] for row in listed if row["Initiated"] < before]
            for upload in old:
                self._abort(key, upload)
        return len(old)

    def check(self) -> None:
        """Do what erasing needs: servers and permissions without it keep data for ever."""
        try:
            with _s3_errors():
                self.client.list_object_versions(
                    Bucket=self.bucket_name, Prefix="attachments/", MaxKeys=1
                )
                self.client.list_multipart_uploads(
                    Bucket=self.bucket_name, Prefix="attachments/", MaxUploads=1
                )
        except StorageDown:
            raise
        except StorageError as error:
            raise StorageDown(error.code) from error

    def create(self, key: str, content: bytes) -> None:
        try:
            with _s3_errors():
                # Servers that overlook the condition would overwrite: so look first.
                if self._has(checked_record(key)):
                    raise ObjectExists("exists")
                self._put_new(key, content)
        except StorageError as error:
            if error.code in TAKEN:
                raise ObjectExists("exists") from error
            raise

    def read_record(self, key: str) -> bytes:
        with _s3_errors():
            answer = self.client.get_object(Bucket=self.bucket_name, Key=checked_record(key))
            return answer["Body"].read()

    def records(self, prefix: str, *, after: str = "") -> Iterator[str]:
        with _s3_errors():
            pages = self.client.get_paginator("list_objects_v2").paginate(
                Bucket=self.bucket_name, Prefix=prefix, StartAfter=after or prefix
            )
            for page in pages:
                keys = [row["Key"] for row in page.get("Contents", [])]
                yield from filter(RECORD.fullmatch, keys)

    def _put_new(self, key: str, content: bytes) -> None:
        put = partial(
            self.client.put_object,
            Bucket=self.bucket_name,
            Key=key,
            Body=content,
            ContentType="application/jsonl",
        )
        try:
            put(IfNoneMatch="*")
        except ClientError as error:
            if _translated(error).code != "NotImplemented":
                raise
            put()

    def _has(self, key: str) -> bool:
        try:
            self.client.head_object(Bucket=self.bucket_name, Key=key)
        except ClientError as error:
            if isinstance(_translated(error), ObjectMissing):
                return False
            raise
        return True

    @property
    def client(self) -> "S3Client":
        """One client for all threads, which may share it, but not for processes, which may not."""
        if self._client is None or self._process != os.getpid():
            self._client = self._create_session().client(
                "s3",
                region_name=self.region_name,
                endpoint_url=self.endpoint_url,
                config=self.client_config,
                verify=self.verify,
            )
            self._process = os.getpid()
        return self._client

    def __getstate__(self) -> dict[str, Any]:
        return cast("dict[str, Any]", super().__getstate__()) | {"_client": None}

    def _versions(self, key: str) -> list[str]:
        """Return the ids of all versions and markers of exactly this key: `a/1` is not `a/10`."""
        listed = self._listed_versions(key)
        # Without versioning, and while it was off, an object's version is called null.
        return [row.get("VersionId", "null") for row in listed if row["Key"] == key]

    def _uploads(self, key: str) -> list[str]:
        return [row["UploadId"] for row in self._listed_uploads(key) if row["Key"] == key]

    def _listed_versions(
        self, prefix: str
    ) -> "Iterator[ObjectVersionTypeDef | DeleteMarkerEntryTypeDef]":
        pages = self.client.get_paginator("list_object_versions").paginate(
            Bucket=self.bucket_name, Prefix=prefix, PaginationConfig={"PageSize": PAGE}
        )
        for page in pages:
            yield from page.get("Versions", [])
            yield from page.get("DeleteMarkers", [])

    def _listed_between(self, first: str, last: str) -> Iterator[str]:
        """Yield the keys of readable objects from the first to the last, and maybe some before."""
        pages = self.client.get_paginator("list_objects_v2").paginate(
            Bucket=self.bucket_name,
            StartAfter=first[:-1],
            PaginationConfig={"PageSize": PAGE},
        )
        for page in pages:
            for row in page.get("Contents", []):
                if row["Key"] > last:
                    return
                yield row["Key"]

    def _listed_uploads(self, prefix: str) -> "Iterator[MultipartUploadTypeDef]":
        pages = self.client.get_paginator("list_multipart_uploads").paginate(
            Bucket=self.bucket_name, Prefix=prefix, PaginationConfig={"PageSize": PAGE}
        )
        for page in pages:
            yield from page.get("Uploads", [])

    def _abort(self, key: str, upload: str) -> None:
        # It may have ended since it was listed; the list is read again afterwards anyway.
        with suppress(self.client.exceptions.NoSuchUpload):
            self.client.abort_multipart_upload(Bucket=self.bucket_name, Key=key, UploadId=upload)

    # Django's own API, with the same promises.

    def _save(self, name: str, content: IO[Any]) -> str:
        self.write(name, cast("BinaryIO", content))
        return name

    def delete(self, name: str) -> None:
        self.erase(name)

    def url(self, name: str | None, **_options: object) -> str:
        raise NotImplementedError("Attachments are only served through the application.")
