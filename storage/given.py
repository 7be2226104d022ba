"""Many rows in one statement: a parameter for each column, or one for all.

To make a model of each row, and a placeholder of each value, takes longer than to write them.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Field, Model
from django.db.models.sql import DeleteQuery

from storage.among import of_ids

Columns = Mapping[str, Sequence[Any]]


def insert(model: type[Model], each: Columns, **same: Any) -> list[tuple[Any, ...]]:
    """Write rows that differ in the columns of `each`; return these, and each row's key behind.

    They come back in any order. What is not named has the field's default.
    """
    rest = {
        field.name: field.get_db_prep_save(same.get(field.name, field.get_default()), connection)
        for field in model._meta.concrete_fields
        if not (field.name in each or field.primary_key or field.has_db_default())
    }
    columns = ", ".join(_column(model, name) for name in [*each, *rest])
    values = ", ".join([*(_column(model, name) for name in each), *["%s"] * len(rest)])
    back = ", ".join(_column(model, name) for name in [*each, "pk"])
    rows, params = _given(model, each)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {_table(model)} ({columns})"  # noqa: S608
            f" SELECT {values} FROM {rows} RETURNING {back}",
            [*rest.values(), *params],
        )
        return list(cursor.fetchall())


def update(model: type[Model], pks: Sequence[Any], each: Columns) -> None:
    """Write the columns of `each` into the rows with these keys."""
    changes = ", ".join(f"{(column := _column(model, name))} = given.{column}" for name in each)
    key = _column(model, "pk")
    rows, params = _given(model, {"pk": pks, **each})
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {_table(model)} SET {changes} FROM {rows}"  # noqa: S608
            f" WHERE {_table(model)}.{key} = given.{key}",
            params,
        )


def delete(model: type[Model], way: str, records: Iterable[UUID]) -> list[UUID]:
    """Delete the rows whose way leads to one of the records, and nothing that points at them.

    Return of each the record that it led to. The way is the key, a foreign key, or two.
    """
    with connection.cursor() as cursor:
        cursor.execute(_deletion(connection.vendor, model, way), [of_ids(records, connection)])
        return [found if isinstance(found, UUID) else UUID(found) for (found,) in cursor]


@cache
def _deletion(_vendor: str, model: type[Model], way: str) -> str:
    """Return the SQL of a deletion, whose one parameter stands for the records."""
    rows = model._default_manager.filter(**{f"{way}__among": ()})
    query = rows.order_by().query.clone()
    query.__class__ = DeleteQuery
    sql, _none = query.get_compiler(connection=connection).as_sql()
    return f"{sql} RETURNING {_end(model, way)}"


def _end(model: type[Model], way: str) -> str:
    """Return the SQL of the id at which a way from the rows of a model ends."""
    first, _, rest = way.partition("__")
    column = f"{_table(model)}.{_column(model, first)}"
    if not rest:
        return column
    parent = _field(model, first).related_model
    assert parent  # noqa: S101  a foreign key
    return (
        f"(SELECT {_end(parent, rest)} FROM {_table(parent)}"  # noqa: S608
        f" WHERE {_table(parent)}.{_column(parent, 'pk')} = {column})"
    )


def _given(model: type[Model], columns: Columns) -> tuple[str, list[Any]]:
    """Return the SQL of a table `given` with these columns, and its parameters."""
    names = [_column(model, name) for name in columns]
    if connection.vendor == "postgresql":
        types = (_field(model, name).cast_db_type(connection) for name in columns)
        arrays = ", ".join(f"%s::{each}[]" for each in types)
        return f"unnest({arrays}) AS given ({', '.join(names)})", [*map(list, columns.values())]
    values = (f"json_extract(value, '$[{at}]') AS {name}" for at, name in enumerate(names))
    rows = json.dumps(list(zip(*columns.values(), strict=True)))
    return f"(SELECT {', '.join(values)} FROM json_each(%s)) AS given", [rows]  # noqa: S608


def _table(model: type[Model]) -> str:
    return connection.ops.quote_name(model._meta.db_table)


def _column(model: type[Model], name: str) -> str:
    return connection.ops.quote_name(_field(model, name).column or name)


def _field(model: type[Model], name: str) -> "Field[Any, Any]":
    field = model._meta.pk if name == "pk" else model._meta.get_field(name)
    assert isinstance(field, Field)  # noqa: S101  a column, not a relation from elsewhere
    return field
