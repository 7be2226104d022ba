"""Where the bytes of attachments lie: a folder, or an S3 bucket. One interface, `Store`.

Keys are ours and random (`attachments/<uuid>`): nothing is ever overwritten, and a key says
nothing of a person, so neither do the errors here.

Beside them lie records: small objects that are written once and stay. Their keys have another
form, which `erase` refuses, so no tombstone can ever reach one.
"""

from typing import cast

from django.core.files.storage import storages

from storage.bucket import Bucket
from storage.folder import Folder
from storage.store import (
    Found,
    ObjectExists,
    ObjectMissing,
    StorageDown,
    StorageError,
    Store,
    checked,
    checked_record,
)

__all__ = [
    "Bucket",
    "Folder",
    "Found",
    "ObjectExists",
    "ObjectMissing",
    "StorageDown",
    "StorageError",
    "Store",
    "attachment_store",
    "checked",
    "checked_record",
]


def attachment_store() -> Folder | Bucket:
    """Return the store that the settings name."""
    return cast("Folder | Bucket", storages["attachments"])
