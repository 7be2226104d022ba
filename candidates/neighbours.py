"""Previous and next: the applications beside one, in the list or column that one came from.

Where that was stands in the address of an application's page: `from=board` (and `at`, the place
in its column that it has been moved out of), or `from=list` with the filters of the list.
"""

from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from django.db.models import QuerySet, Value
from django.db.models.functions import Lower
from django.http import QueryDict
from django.utils import timezone

from candidates import access, paging, reads
from candidates.forms.filters import FilterForm
from candidates.models import Application, User

#: What an application's page has in its address for itself.
OWN = ("document", "as", "pages", "history", "before", "after", "mail")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Pair = tuple[Application | None, Application | None]


class Place(NamedTuple):
    """Rows in their order, and where in it an application stands."""

    rows: QuerySet[Application]
    order: tuple[str, ...]
    edge: tuple[Any, ...]
    #: Fields of the order that may be without a value.
    nulls: Collection[str] = ()


def neighbours(user: User, application: Application, query: Mapping[str, str]) -> Pair:
    """Return the applications before and after this one, in one query; None where there is none."""
    return pair(reads.first_of_each(list(parts(user, application, query))))


def parts(
    user: User, application: Application, query: Mapping[str, str]
) -> Iterator[QuerySet[Application]]:
    """Yield a query for each neighbour, whose row says in `place` which it is."""
    place = _place(user, application, query)
    if place is None or (None in place.edge and not place.nulls):
        return
    order, edge, nulls = place.order, place.edge, place.nulls
    for name, back in (("previous", True), ("next", False)):
        beyond = place.rows.filter(paging.beyond(order, edge, back=back, nulls=nulls))
        marked = beyond.exclude(pk=application.pk).annotate(place=Value(name))
        yield marked.order_by(*paging.ordered(order, nulls=nulls, back=back))[:1]


def pair(rows: list[Application]) -> Pair:
    found = {row.place: row for row in rows}  # type: ignore[attr-defined]
    return found.get("previous"), found.get("next")


def kept(query: QueryDict, **more: str) -> str:
    """Return what of an address leads on to the neighbours, as a query with its "?", or ""."""
    left = query.copy()
    for name in OWN:
        left.pop(name, None)
    for name, value in more.items():
        left[name] = value
    return f"?{left.urlencode()}" if left.get("from") else ""


# The board ----------------------------------------------------------------------------------


def at(application: Application) -> str:
    """Return the place of an open application in its column, so that it can be left and kept."""
    since = (application.stage_since - EPOCH) // timedelta(microseconds=1)
    return f"{application.stage_id}.{since}"


def _board(user: User, application: Application, query: Mapping[str, str]) -> Place | None:
    """Return a column of open ones, or the drawer of the closed ones."""
    seen = access.applications(user)
    left = _left(query.get("at", ""))
    if not left and not application.is_open:
        closed = seen.closed().filter(job=application.job_id)
        return Place(closed, ("delete_on", "id"), (application.delete_on, application.pk))
    stage, since = left or (application.stage_id, application.stage_since)
    column = seen.open().filter(stage=stage)
    return Place(column, ("stage_since", "id"), (since, application.pk))


def _left(value: str) -> tuple[int, datetime] | None:
    """Return the stage and moment of a place in a column, or None for garbage."""
    stage, _dot, since = value.partition(".")
    try:
        return int(stage[:18]), EPOCH + timedelta(microseconds=int(since[:18]))
    except (ValueError, OverflowError):
        return None


# The list -----------------------------------------------------------------------------------


def _list(user: User, application: Application, query: Mapping[str, str]) -> Place:
    """Return the list as its filters, its search and its order make it."""
    form = FilterForm.trusting(query, user)
    rows = form.narrow(access.applications(user), now=timezone.now())
    order, nulls = form.sorting
    edge = tuple(_value(application, name.lstrip("-")) for name in order)
    return Place(rows, order, edge, nulls)


def _value(application: Application, name: str) -> Any:
    """Return what the list compares of an application; what the database makes, it makes here."""
    match name:
        case "last_key":
            return Lower(Value(application.last_name))
        case "first_key":
            return Lower(Value(application.first_name))
        case "waits_since":
            return application.stage_since if application.is_open else None
    return getattr(application, name)


def _place(user: User, application: Application, query: Mapping[str, str]) -> Place | None:
    ways = {"board": _board, "list": _list}
    way = ways.get(query.get("from", ""))
    return way(user, application, query) if way else None
