"""What lies in the storage, seen and put back by other means than the product's own.

An entry is one thing that can be left of a key: a file, half a file, a version, a delete marker,
an upload that was never finished. All are named `key` and what follows the first blank.
"""

from collections.abc import Iterable, Iterator
from io import BytesIO
from pathlib import Path
from random import Random
from typing import Any

from storage.backends import Folder
from storage.folder import MARK
from tests import machine
from tests.world import store

#: Of the ledger's copies, which a purge writes.
OF_THE_LEDGER = ("ledger/", "ledger-keys/")

#: In the order in which `put` makes them.
KINDS = ("version", "upload", "marker")

Entries = dict[str, bytes | str]


def key_of(entry: str) -> str:
    return entry.partition(" ")[0]


def shelf() -> "FolderShelf | BucketShelf":
    """Return the storage that the settings name, empty."""
    place = store()
    return FolderShelf(place) if isinstance(place, Folder) else BucketShelf()


def put(key: str, content: bytes, random: Random) -> None:
    """Write an object; at random with what versions and interrupted writes leave beside it."""
    place = store()
    place.write(key, BytesIO(content), content_type="application/pdf")
    if random.random() < 0.7:
        return
    if isinstance(place, Folder):
        Path(place.location, f"{key}.part").write_bytes(content[:10])
        return
    _complicate(machine.s3(machine.s3_endpoint()), key, content, random.randint(1, 7))


def _complicate(client: Any, key: str, content: bytes, which: int) -> None:
    """Add an older version, a delete marker, an unfinished upload: as the bits say."""
    place = {"Bucket": machine.BUCKET, "Key": key}
    if which & 1:
        client.put_object(**place, Body=content)
    if which & 2:
        client.create_multipart_upload(**place)
    if which & 4:
        client.delete_object(**place)


class FolderShelf:
    """A folder, remembered file by file."""

    def __init__(self, place: Folder) -> None:
        self.root = Path(place.location)
        self._clear()

    def remember(self) -> None:
        self.files = {path: path.read_bytes() for path in self._files()}

    def restore(self) -> None:
        there = set(self._files())
        for path in there - self.files.keys():
            path.unlink()
        for path, content in self.files.items():
            if path not in there or path.read_bytes() != content:
                path.write_bytes(content)

    def entries(self) -> Entries:
        """Return all that there is but the ledger's copies."""
        found = ((path.relative_to(self.root).as_posix(), path) for path in self._files())
        return {
            name.replace(".part", " part"): path.read_bytes()
            for name, path in found
            if not name.startswith(OF_THE_LEDGER)
        }

    def _files(self) -> Iterator[Path]:
        return (path for path in self.root.rglob("*") if path.is_file() and path.name != MARK)

    def _clear(self) -> None:
        for path in self._files():
            path.unlink()


class BucketShelf:
    """A bucket, remembered by what was done to each key: versions cannot be put back."""

    def __init__(self) -> None:
        self.client = machine.s3(machine.s3_endpoint())
        self.place = {"Bucket": machine.BUCKET}
        self._erase(self._all())

    def remember(self) -> None:
        self.recipes: dict[str, list[tuple[str, bytes]]] = {}
        self.untouched = self._all()
        for entry in sorted(self.untouched, key=lambda entry: KINDS.index(entry.split(" ")[1])):
            _, kind, name = entry.split(" ")
            body = b""
            if kind == "version":
                one = {**self.place, "Key": key_of(entry), "VersionId": name}
                body = self.client.get_object(**one)["Body"].read()
            self.recipes.setdefault(key_of(entry), []).append((kind, body))

    def restore(self) -> None:
        there = self._all()
        spoilt = {key_of(entry) for entry in there.keys() ^ self.untouched.keys()}
        self._erase(entry for entry in there if key_of(entry) in spoilt)
        for key in spoilt & self.recipes.keys():
            for kind, body in self.recipes[key]:
                self._redo(key, kind, body)
        self.untouched = self._all()

    def entries(self) -> Entries:
        """Return all that there is but the ledger's copies; contents by their hash."""
        return {
            entry: content
            for entry, content in self._all().items()
            if not entry.startswith(OF_THE_LEDGER)
        }

    def _redo(self, key: str, kind: str, body: bytes) -> None:
        one = {**self.place, "Key": key}
        match kind:
            case "version":
                self.client.put_object(**one, Body=body)
            case "marker":
                self.client.delete_object(**one)
            case _:
                self.client.create_multipart_upload(**one)

    def _all(self) -> Entries:
        found: Entries = {}
        for page in self.client.get_paginator("list_object_versions").paginate(**self.place):
            for kind, rows in (("version", "Versions"), ("marker", "DeleteMarkers")):
                for row in page.get(rows, []):
                    found[f"{row['Key']} {kind} {row['VersionId']}"] = row.get("ETag", "")
        for row in self.client.list_multipart_uploads(**self.place).get("Uploads", []):
            found[f"{row['Key']} upload {row['UploadId']}"] = ""
        return found

    def _erase(self, entries: Iterable[str]) -> None:
        for entry in list(entries):
            key, kind, name = entry.split(" ")
            one = {**self.place, "Key": key}
            if kind == "upload":
                self.client.abort_multipart_upload(**one, UploadId=name)
            else:
                self.client.delete_object(**one, VersionId=name)
