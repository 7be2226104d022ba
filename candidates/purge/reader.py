"""The reader of the proof: asks everything for exact ids and keys, by a way of its own.

Nothing here uses the models, querysets or storage calls that erase: the tables and their columns
are those that the database's catalogue names, the storage is listed by calls of the reader's own.
A fault that hides a row from the purge so does not hide it from the proof.
"""

import json
import os
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any
from uuid import UUID

from botocore.exceptions import BotoCoreError, ClientError
from django.conf import settings
from django.db import connection
from django_q.signing import SignedPackage
from picklefield.fields import dbsafe_decode

from candidates import ledger
from storage.backends import Bucket, StorageDown, attachment_store

#: Ids and keys in one statement.
PAGE = 500

Column = tuple[str, str]

COLUMNS = {
    "postgresql": (
        "SELECT table_name, column_name, data_type FROM information_schema.columns"
        " WHERE table_schema = ANY (current_schemas(false))"
    ),
    "sqlite": (
        "SELECT tables.name, columns.name, lower(columns.type)"
        " FROM sqlite_master tables JOIN pragma_table_info(tables.name) columns"
        " WHERE tables.type = 'table'"
    ),
}
#: What a column is called that holds ids.
ID_TYPES = {"uuid", "char(32)"}
KEY_COLUMNS = {"key", "view_key"}
#: How a statement asks for many values with one parameter.
ANY = {"postgresql": "= ANY (%s)", "sqlite": "IN (SELECT value FROM json_each(%s))"}
#: The same for a statement that asks many columns: what is wanted is read once, not for each.
WANTED = {
    "postgresql": "WITH wanted AS MATERIALIZED (SELECT %s AS value) ",
    "sqlite": "WITH wanted AS MATERIALIZED (SELECT value FROM json_each(%s)) ",
}
AMONG_WANTED = {
    "postgresql": "= ANY ((SELECT value FROM wanted)::{kind}[])",
    "sqlite": "IN (SELECT value FROM wanted)",
}
#: An id in a text, with its dashes or without.
ID = re.compile(r"[0-9a-f]{8}(?:-?[0-9a-f]{4}){3}-?[0-9a-f]{12}", re.IGNORECASE)


# Tables -------------------------------------------------------------------------------------


def tables_with(ids: Collection[UUID], keys: Collection[str]) -> list[str]:
    """Return the columns, as `table.column`, in which one of the ids or keys is left."""
    columns = _columns()
    id_columns = {place: kind for place, kind in columns.items() if kind in ID_TYPES}
    key_columns = {place: kind for place, kind in columns.items() if _is_of_keys(*place)}
    # In their order: what is asked for together lies together in the indexes.
    asked = [(id_columns, sorted(map(_plain, ids))), (key_columns, sorted(keys))]
    return sorted(
        place
        for places, values in asked
        for place in {each for page in _pages(values) for each in _holding(places, page)}
    )


def pending(keys: Iterable[str]) -> set[str]:
    """Return those of the keys whose object still waits, as a tombstone, to go."""
    question = f"SELECT key FROM storage_tombstone WHERE key {ANY[connection.vendor]}"  # noqa: S608
    return {key for page in _pages(keys) for (key,) in _rows(question, [_many(page)])}


def hashes_of_what_exists() -> Iterator[str]:
    """Yield the keyed hashes, as a ledger line may have them, of every id in every table.

    Also of those that stand in a text, of a session or of the queue.
    """
    columns = [place for place, kind in _columns().items() if kind in ID_TYPES]
    parts = (f"SELECT {_name(column)} FROM {_name(table)}" for table, column in columns)  # noqa: S608
    for (value,) in _rows(" UNION ".join(parts)):
        if value is not None:
            yield from ledger.hashes(value if isinstance(value, UUID) else UUID(value))
    named = {_bare(found) for _, text in _texts() for found in ID.findall(text)}
    for name in named:
        yield from ledger.hashes(UUID(name))


def _columns() -> dict[Column, str]:
    rows = _rows(COLUMNS[connection.vendor])
    return {(table, column): kind for table, column, kind in rows}


def _is_of_keys(table: str, column: str) -> bool:
    return column in KEY_COLUMNS and table.startswith("storage_")


def _holding(columns: Mapping[Column, str], values: list[str]) -> Iterator[str]:
    """Yield the columns that hold one of the values: one statement for all."""
    among = AMONG_WANTED[connection.vendor]
    questions = (
        f"SELECT '{table}.{column}' WHERE EXISTS (SELECT 1 FROM {_name(table)}"  # noqa: S608
        f" WHERE {_name(column)} {among.format(kind=kind)})"
        for (table, column), kind in columns.items()
    )
    question = WANTED[connection.vendor] + " UNION ALL ".join(questions)
    for (place,) in _rows(question, [_many(values)]):
        yield place


def _name(identifier: str) -> str:
    """Return a name from the catalogue as SQL has it."""
    return connection.ops.quote_name(identifier)


def _plain(record: UUID) -> str:
    return str(record) if connection.vendor == "postgresql" else record.hex


def _many(values: list[str]) -> Any:
    return values if connection.vendor == "postgresql" else json.dumps(values)


def _rows(question: str, parameters: Sequence[Any] | None = None) -> Iterator[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(question, parameters)
        while page := cursor.fetchmany(PAGE):
            yield from page


def _pages(items: Iterable[str]) -> Iterator[list[str]]:
    page: list[str] = []
    for item in items:
        page.append(item)
        if len(page) == PAGE:
            yield page
            page = []
    if page:
        yield page


# Texts: sessions, the queue, the admin's log ----------------------------------------------------


def texts_with(ids: Iterable[UUID], keys: Iterable[str]) -> list[str]:
    """Return the tables outside of ours in whose texts one of the ids or keys is left."""
    wanted = {record.hex for record in ids}
    wanted |= {_bare(found) for key in keys for found in ID.findall(key)}
    if not wanted:
        return []
    return sorted({table for table, text in _texts() if _names(text, wanted)})


def _texts() -> Iterator[tuple[str, str]]:
    tables = {table for table, _ in _columns()}
    for (table, columns), read in READINGS.items():
        if table not in tables:
            continue  # such as the cache, where it is Redis
        for row in _rows(f"SELECT {columns} FROM {table}"):  # noqa: S608
            yield table, " ".join(read(value) for value in row if value)


def _names(text: str, wanted: set[str]) -> bool:
    return any(_bare(found) in wanted for found in ID.findall(text))


def _bare(found: str) -> str:
    return found.replace("-", "").lower()


def _session(text: str) -> str:
    store = import_module(settings.SESSION_ENGINE).SessionStore()
    return json.dumps(store.decode(text), default=str)


def _unpacked(open_: Callable[[str], object], text: str) -> str:
    try:
        return repr(open_(text))
    except Exception:  # noqa: BLE001  what cannot be opened by its owner either is read as it is
        return text


#: What a table's columns are called, and how their texts are opened.
READINGS: dict[tuple[str, str], Callable[[str], str]] = {
    ("django_session", "session_data"): _session,
    ("django_q_ormq", "payload"): partial(_unpacked, SignedPackage.loads),
    ("django_q_task", "args, kwargs, result"): partial(_unpacked, dbsafe_decode),
    ("cache", "cache_key, value"): partial(_unpacked, dbsafe_decode),
    ("django_q_schedule", "args, kwargs"): str,
    ("django_admin_log", "object_id, object_repr, change_message"): str,
}


# The storage --------------------------------------------------------------------------------


def keys_in_storage(keys: Collection[str]) -> set[str]:
    """Return those of the keys of which anything is left: a version, a marker, half an upload.

    Raises `StorageDown` if the storage does not answer.
    """
    if not keys:
        return set()
    store = attachment_store()
    if isinstance(store, Bucket):
        return {key for key in keys if _is_in_bucket(store, key)}
    wanted, folders = set(keys), {Path(key).parent for key in keys}
    return {key for key in _in_folder(Path(store.location), folders) if key in wanted}


def _is_in_bucket(store: Bucket, key: str) -> bool:
    """Ask for one key; others that begin with it come after it in the list."""
    place = {"Bucket": store.bucket_name, "Prefix": key}
    try:
        versions = store.client.list_object_versions(**place)
        uploads = store.client.list_multipart_uploads(**place)
    except (ClientError, BotoCoreError) as error:
        raise StorageDown(type(error).__name__) from error
    found = [
        *versions.get("Versions", []),
        *versions.get("DeleteMarkers", []),
        *uploads.get("Uploads", []),
    ]
    return any(each["Key"] == key for each in found)


def _in_folder(root: Path, folders: Iterable[Path]) -> Iterator[str]:
    """Yield the keys of all files in these folders, also of those that were written by half."""
    try:
        if not any(root.iterdir()):  # what is mounted here has its mark
            raise StorageDown("no-mark")
        for folder in folders:
            with os.scandir(root / folder) as files:
                for file in files:
                    yield f"{folder.as_posix()}/{file.name.partition('.')[0]}"
    except FileNotFoundError:
        return
    except OSError as error:
        raise StorageDown(type(error).__name__) from error
