"""Previous and next: the applications beside one, in the list or column that one came from.

Where that was stands in the address of an application's page: `from=board` (and `at`, the place
in its column that it has been moved out of), or `from=list` with the filters of the list.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple

from django.db.models import F, QuerySet, Value
from django.db.models.functions import Lower
from django.http import QueryDict
from django.utils import timezone

from candidates import access, paging, reads
from candidates.forms.filters import FilterForm
from candidates.gathering import aware
from candidates.models import Application, Job, User
from candidates.models.applications import LAST_MOMENT

#: What an application's page has in its address for itself.
OWN = ("document", "as", "pages", "history", "after", "whole", "answers")
#: Others of the same address that a page names.
OTHERS = 20
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Pair = tuple[Application | None, Application | None]


class Place(NamedTuple):
    """Rows in their order, and where in it an application stands."""

    rows: QuerySet[Application]
    order: tuple[str, ...]
    edge: tuple[Any, ...]


class Around(NamedTuple):
    """The applications beside one: its neighbours, and others of the same address."""

    previous: Application | None
    next: Application | None
    others: list[Application]


def neighbours(user: User, application: Application, query: Mapping[str, str]) -> Pair:
    """Return the applications before and after this one, in one query; None where there is none."""
    rows = reads.first_of_each(list(_parts(user, application, query)))
    found = {row.place: row for row in rows}  # type: ignore[attr-defined]
    return found.get("previous"), found.get("next")


def around(user: User, application: Application, query: Mapping[str, str]) -> Around:
    """Return its neighbours, and the newest others of its address, which may be seen: one query."""
    others = access.applications(user).same_address(application).order_by("-received_at", "-id")
    parts = [*_parts(user, application, query), _marked(others[:OTHERS], "other")]
    rows: dict[str, list[Application]] = {"previous": [], "next": [], "other": []}
    for row in reads.first_of_each(parts):
        rows[row.place].append(_told(row))  # type: ignore[attr-defined]
    same = sorted(rows["other"], key=lambda row: (row.received_at, row.pk), reverse=True)
    return Around(next(iter(rows["previous"]), None), next(iter(rows["next"]), None), same)


def _told(row: Any) -> Application:
    """Give a row its job's title and its hold, which a union has as columns of no model."""
    row.job = Job(pk=row.job_id, title=row.job_title) if row.job_id else None
    row.held_until = row.held_until and aware(row.held_until)
    return row  # type: ignore[no-any-return]


def _marked(rows: QuerySet[Application], place: str) -> QuerySet[Application]:
    """Return these rows with what their place needs and nothing else: a union wants one shape."""
    picked = Application.objects.filter(pk__in=rows.values("pk"))
    return reads.with_hold(picked).annotate(job_title=F("job__title"), place=Value(place))


def _parts(
    user: User, application: Application, query: Mapping[str, str]
) -> Iterator[QuerySet[Application]]:
    """Yield a query for each neighbour, whose row says in `place` which it is."""
    place = _place(user, application, query)
    if place is None or None in place.edge:
        return
    order, edge = place.order, place.edge
    for name, back in (("previous", True), ("next", False)):
        beyond = place.rows.filter(paging.beyond(order, edge, back=back))
        rows = beyond.exclude(pk=application.pk)
        yield _marked(rows.order_by(*(paging.turned(order) if back else order))[:1], name)


def kept(query: QueryDict, **more: str) -> str:
    """Return what of an address leads on to the neighbours, as a query with its "?", or ""."""
    left = query.copy()
    for name in OWN:
        left.pop(name, None)
    for name, value in more.items():
        left[name] = value
    return f"?{left.urlencode()}" if left.get("from") else ""


def onward(query: QueryDict, application: Application) -> str:
    """Return the same for what acts on an application, which may then leave its place."""
    if query.get("from") == "board" and "at" not in query and application.is_open:
        return kept(query, at=at(application))
    return kept(query)


def kept_on(query: QueryDict) -> str:
    """Return the same for a neighbour, which stands in its own place."""
    left = query.copy()
    left.pop("at", None)
    return kept(left)


def way_back(query: QueryDict) -> str:
    """Return the query of the list that one came from, with its "?", or "" for its beginning."""
    left = query.copy()
    for name in (*OWN, "from", "at"):
        left.pop(name, None)
    return f"?{left.urlencode()}" if left else ""


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
    edge = tuple(_value(application, name.lstrip("-")) for name in form.sorting)
    return Place(rows, form.sorting, edge)


def _value(application: Application, name: str) -> Any:
    """Return what the list compares of an application; what the database makes, it makes here."""
    match name:
        case "last_key":
            return Lower(Value(application.last_name))
        case "first_key":
            return Lower(Value(application.first_name))
        case "waits_key":
            return application.stage_since if application.is_open else LAST_MOMENT
        case "erased_key":
            return application.delete_on or date.max
    return getattr(application, name)


def _place(user: User, application: Application, query: Mapping[str, str]) -> Place | None:
    ways = {"board": _board, "list": _list}
    way = ways.get(query.get("from", ""))
    return way(user, application, query) if way else None
