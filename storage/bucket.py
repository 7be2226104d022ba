"""Attachments in an S3 bucket."""

import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from functools import partial
from typing import IO, TYPE_CHECKING, Any, BinaryIO, cast

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from storages.backends.s3 import S3Storage

from storage.store import (
    RECORD,
    Found,
    ObjectExists,
    ObjectMissing,
    StorageDown,
    StorageError,
    checked,
    checked_record,
    tried,
)

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
        return [tried(self.erase, key) for key in keys]

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
