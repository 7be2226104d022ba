"""Many small lists of one row, such as its holds and requests, in the query that reads the row.

Prefetching costs a query for each list. Here the database makes each list a JSON array beside the
row, and the instances are built from that. Worth it for lists that are short and always wanted.
"""

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from django.db.models import Aggregate, IntegerField, JSONField, Model, OuterRef, QuerySet, Subquery
from django.db.models.functions import JSONObject


class Array(Aggregate):
    """All values of a group as a JSON array, in no order."""

    function = "JSONB_AGG"
    output_field = JSONField()

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self.as_sql(compiler, connection, function="JSON_GROUP_ARRAY", **context)


class Counted(Subquery):
    """How many rows a query has, in the query that asks for others."""

    template = "(SELECT COUNT(*) FROM (%(subquery)s) AS counted)"
    output_field = IntegerField()


def gathered(
    rows: QuerySet[Any], *more: str, way: str = "application", only: Iterable[str] = ()
) -> Subquery:
    """Return an annotation with these rows as JSON: all their columns, and `more`, joined ones.

    `way` is the field that says whose they are. `only` names the columns if not all are wanted.
    """
    names = [*only] or [field.attname for field in rows.model._meta.concrete_fields]
    names += more
    owner = "job" if way == "job" else "pk"
    made = (
        rows.filter(**{way: OuterRef(owner)})
        .order_by()
        .values(way)
        .annotate(rows=Array(JSONObject(**{n: n for n in names})))
    )
    return Subquery(made.values("rows"), output_field=JSONField())


def attach(row: Model, name: str, rows: list[dict[str, Any]] | None, *, order: str) -> None:
    """Have a row's relation answer with these rows, in this order, as if it were prefetched."""
    manager = getattr(row, name)
    instances = [built(manager.model, values) for values in rows or ()]
    back = manager.field
    for each in instances:
        back.set_cached_value(each, row)
    descending = order.startswith("-")
    instances.sort(key=lambda each: (getattr(each, order.lstrip("-")), each.pk), reverse=descending)
    found = manager.get_queryset()
    found._result_cache, found._prefetch_done = instances, True
    if not hasattr(row, "_prefetched_objects_cache"):
        row._prefetched_objects_cache = {}  # type: ignore[attr-defined]
    row._prefetched_objects_cache[name] = found  # type: ignore[attr-defined]


def built(model: type[Model], values: Mapping[str, Any]) -> Any:
    """Return an instance of a model from JSON; columns that are not there are deferred.

    What is named as `set_by__first_name` becomes a related instance, or None without its key.
    """
    own: dict[str, Any] = {}
    related: dict[str, dict[str, Any]] = {}
    for name, value in values.items():
        head, _dash, rest = name.partition("__")
        if rest:
            related.setdefault(head, {})[rest] = value
        else:
            field = model._meta.get_field(head)
            own[field.attname] = _read(field, value)  # type: ignore[union-attr]
    ordered = [f.attname for f in model._meta.concrete_fields if f.attname in own]
    row = model.from_db("default", ordered, [own[name] for name in ordered])
    for name, parts in related.items():
        _relate(row, name, parts)
    return row


def _relate(row: Model, name: str, parts: Mapping[str, Any]) -> None:
    relation: Any = row._meta.get_field(name)
    model = relation.related_model
    is_there = parts.get(model._meta.pk.attname) is not None
    relation.set_cached_value(row, built(model, parts) if is_there else None)


def _read(field: Any, value: Any) -> Any:
    """Return a value of a column from how JSON has it."""
    if isinstance(field, JSONField):
        return json.loads(value) if isinstance(value, str) else value
    value = field.to_python(value)
    return aware(value) if isinstance(value, datetime) else value


def aware(moment: datetime | str) -> datetime:
    """Return a moment as a database gives it where Django has not: SQLite keeps UTC as a text."""
    moment = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
