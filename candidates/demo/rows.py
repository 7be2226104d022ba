"""Rows by the thousand, past the verbs: COPY on PostgreSQL, bulk inserts on SQLite."""

from dataclasses import dataclass
from typing import Any

from django.db import connection, models

#: Rows in one statement of SQLite.
BATCH = 2_000


class Rows:
    """New rows of a table, in memory until they are written."""

    def __init__(self, model: type[models.Model]) -> None:
        self.model = model
        fields = [f for f in model._meta.concrete_fields if f is not model._meta.auto_field]
        self.columns = [connection.ops.quote_name(str(field.column)) for field in fields]
        self.made = {
            f.attname: f.default for f in fields if f.has_default() and callable(f.default)
        }
        #: A row of defaults, in the order of the columns.
        self.blank = {
            f.attname: None if f.attname in self.made else f.get_default() for f in fields
        }
        self.waiting: list[dict[str, Any]] = []

    def add(self, **given: Any) -> dict[str, Any]:
        """Add a row, its columns as the model's attributes; what is not given is the default."""
        row = self.blank | {name: make() for name, make in self.made.items() if name not in given}
        row |= given
        self.waiting.append(row)
        return row

    def write(self) -> None:
        """Insert all rows that wait."""
        if connection.vendor == "postgresql":
            self._copy()
        else:
            instances = (self.model(**row) for row in self.waiting)
            self.model._base_manager.bulk_create(instances, batch_size=BATCH)
        self.waiting.clear()

    def _copy(self) -> None:
        table = connection.ops.quote_name(self.model._meta.db_table)
        statement = f"COPY {table} ({', '.join(self.columns)}) FROM STDIN"
        with connection.cursor() as cursor, cursor.copy(statement) as copy:
            for row in self.waiting:
                copy.write_row(tuple(row.values()))


# What is checked and sorted once, when all rows are there ---------------------------------------


@dataclass(frozen=True)
class Part:
    """An index of a table, or a constraint between tables: how it is dropped and made."""

    name: str
    drop: str
    make: str


def take_off(*tables: type[models.Model]) -> list[Part]:
    """Drop what costs every inserted row, but for primary keys; return it, for `put_on`.

    Both belong in one transaction: one that fails leaves the schema as it was. On SQLite
    everything stays.
    """
    if connection.vendor != "postgresql":
        return []
    connection.check_constraints()  # a table cannot be altered while some are to be checked
    with connection.cursor() as cursor:
        cursor.execute(PARTS, {"tables": [table._meta.db_table for table in tables]})
        parts = [Part(*row) for row in cursor.fetchall()]
        for part in parts:
            cursor.execute(part.drop)
    return parts


def put_on(*parts: Part) -> None:
    """Make again what `take_off` has dropped."""
    with connection.cursor() as cursor:
        for part in parts:
            cursor.execute(part.make)


#: Foreign keys and unique columns of some tables; then their other indexes.
PARTS = """
    SELECT conname,
        format('ALTER TABLE %%s DROP CONSTRAINT %%I', conrelid::regclass, conname),
        format('ALTER TABLE %%s ADD CONSTRAINT %%I %%s',
            conrelid::regclass, conname, pg_get_constraintdef(oid))
    FROM pg_constraint
    WHERE conrelid = ANY(%(tables)s::regclass[]) AND contype IN ('f', 'u')
    UNION ALL
    SELECT relname, format('DROP INDEX %%s', indexrelid::regclass), pg_get_indexdef(indexrelid)
    FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
    WHERE indrelid = ANY(%(tables)s::regclass[]) AND NOT indisprimary
    AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid AND contype = 'u')
"""
