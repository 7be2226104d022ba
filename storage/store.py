"""What every store of attachments offers, its errors, and what a key may look like."""

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import BinaryIO, NamedTuple, Protocol

KEY = re.compile(r"[a-z0-9][a-z0-9_-]*(/[a-z0-9][a-z0-9_-]*)*", re.IGNORECASE)
#: What names a record: that which is written once and never erased.
RECORD = re.compile(r"[a-z]+(-[a-z]+)*/[a-z0-9-]+\.jsonl")


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


def tried(erase: Callable[[str], int], key: str) -> int | StorageError:
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
