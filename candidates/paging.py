"""Keyset paging: a page costs the same at row fifty and at row one million.

The cursor is the id of the row at a page's edge, so an address holds nothing personal.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.core.exceptions import ValidationError
from django.db.models import Model, Q, QuerySet

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


def beyond(order: Sequence[str], edge: tuple[Any, ...], *, back: bool) -> Q:
    """Return the condition "comes after the edge in this order", row-wise.

    The first field also stands alone, so that the database starts in its index at the edge.
    """
    direction = "lt" if order[0].startswith("-") is not back else "gt"
    names = [name.lstrip("-") for name in order]
    condition = Q()
    for name, value in reversed(list(zip(names, edge, strict=True))):
        further = Q((f"{name}__{direction}", value))
        condition = further | (Q((name, value)) & condition) if condition else further
    return Q((f"{names[0]}__{direction}e", edge[0])) & condition
