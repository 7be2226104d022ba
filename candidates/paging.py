"""Keyset paging: a page costs the same at row fifty and at row one million.

The cursor is the id of the row at a page's edge, so an address holds nothing personal.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.core.exceptions import ValidationError
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import BooleanField, Expression, F, Model, QuerySet, Value
from django.db.models.sql.compiler import SQLCompiler

SIZE = 50

Row = TypeVar("Row", bound=Model)


@dataclass(frozen=True)
class Page(Generic[Row]):
    rows: list[Row]
    #: Cursors of the neighbouring pages, which are ids; None where there is none.
    before: Any
    after: Any
    #: A cursor was given whose row is gone or has left this order: this is the beginning.
    is_lost: bool = False


def cut(
    queryset: QuerySet[Row],
    *,
    order: Sequence[str],
    scope: QuerySet[Row],
    query: Mapping[str, str],
    size: int = SIZE,
    dress: Callable[[QuerySet[Row]], QuerySet[Row]] | None = None,
) -> Page[Row]:
    """Return the page that `after` or `before` in the query asks for, else the first.

    `order` names fields with a value in every row, all in one direction, the unique one last.
    `scope` is where a cursor's row is looked for, whatever the filters say. `dress` adds what is
    shown of the page's rows alone: added before, the database may work it out for all of them.
    """
    back = "before" in query and "after" not in query
    cursor = query.get("before" if back else "after")
    edge = _edge(scope, order, cursor) if cursor else None
    back = back and edge is not None
    if edge:
        queryset = queryset.filter(beyond(order, edge, back=back))
    by = turned(order) if back else order
    queryset = queryset.order_by(*by)[: size + 1]
    if dress:
        queryset = dress(scope.filter(pk__in=queryset.values("pk"))).order_by(*by)
    rows = list(queryset)
    more = len(rows) > size
    rows = rows[size - 1 :: -1] if back else rows[:size]
    has_before, has_after = (more, True) if back else (edge is not None, more)
    return Page(
        rows,
        before=rows[0].pk if rows and has_before else None,
        after=rows[-1].pk if rows and has_after else None,
        is_lost=bool(cursor) and edge is None,
    )


def _edge(scope: QuerySet[Row], order: Sequence[str], cursor: str) -> tuple[Any, ...] | None:
    """Return the values at a cursor, or None for garbage, an unknown row or one without them."""
    try:
        pk = scope.model._meta.pk.to_python(cursor)
    except ValidationError:
        return None
    names = [name.lstrip("-") for name in order]
    values = scope.filter(pk=pk).values_list(*names).first()
    if values is None:
        return None
    return None if None in values else tuple(values)


def turned(order: Sequence[str]) -> list[str]:
    return [name[1:] if name.startswith("-") else f"-{name}" for name in order]


def beyond(order: Sequence[str], edge: tuple[Any, ...], *, back: bool) -> "Beyond":
    """Return the condition "comes after the edge in this order"."""
    direction = "<" if order[0].startswith("-") is not back else ">"
    return Beyond([name.lstrip("-") for name in order], direction, edge)


class Beyond(Expression):
    """Whether a row's keys are less or greater than others, compared as one.

    So an index is entered at the edge, however many rows there are whose first key is the same.
    `edge` has values or expressions of such.
    """

    output_field = BooleanField()

    def __init__(self, names: Sequence[str], direction: str, edge: Sequence[Any]) -> None:
        super().__init__()
        self.keys: list[Any] = [F(name) for name in names]
        self.edge = [v if hasattr(v, "resolve_expression") else Value(v) for v in edge]
        self.direction = direction

    def get_source_expressions(self) -> list[Any]:
        return [*self.keys, *self.edge]

    def set_source_expressions(self, exprs: Sequence[Any]) -> None:
        half = len(exprs) // 2
        self.keys, self.edge = list(exprs[:half]), list(exprs[half:])

    def as_sql(  # type: ignore[override]
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper
    ) -> tuple[str, list[Any]]:
        keys, of_keys = _listed(compiler, self.keys)
        edge, of_edge = _listed(compiler, self.edge)
        return f"(({keys}) {self.direction} ({edge}))", of_keys + of_edge


def _listed(compiler: SQLCompiler, expressions: Sequence[Any]) -> tuple[str, list[Any]]:
    compiled = [compiler.compile(each) for each in expressions]
    return ", ".join(sql for sql, _ in compiled), [p for _, params in compiled for p in params]
