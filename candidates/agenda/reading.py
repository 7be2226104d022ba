"""The first rows of what waits for a person, with the applications that they are about."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import (
    CharField,
    DateField,
    DateTimeField,
    F,
    OuterRef,
    QuerySet,
    Subquery,
    Value,
)
from django.db.models.functions import Cast, Concat, Substr

from candidates import access, reads, retention
from candidates.models import Application, Scorecard, Stage, User
from candidates.statements import Values, kept, some_ids

from . import kinds
from .kinds import Kind

#: So much of a note is shown.
LETTERS = 200
#: Those of which the newest comes first; of the others the oldest, or what is due next.
NEWEST_FIRST = frozenset({Kind.NEW, Kind.MENTION, Kind.RETURNED})


class Row(NamedTuple):
    """A row of any kind, as the database gives it."""

    kind: str
    application: UUID
    at: datetime
    #: The row's own id where a page or form of its own is linked.
    ref: str
    #: What it is about: the kind of a request, the purpose of a mail.
    code: str
    who: str
    text: str
    day: date | None


@dataclass(frozen=True)
class Item:
    """Something that waits: since or by when, and the application that it is about."""

    row: Row
    application: Application

    @property
    def request(self) -> UUID:
        """The id of the request that it is; as text each database writes ids in its own way."""
        return UUID(self.row.ref)

    @property
    def late(self) -> int:
        """Days past the promised answer; negative before it."""
        late: int = self.application.late  # type: ignore[attr-defined]
        return late


class Asked(NamedTuple):
    """Where the columns of a `Row` come from in a kind's rows."""

    application: str
    at: Any
    ref: Any = Value("")
    code: Any = Value("")
    who: Any = Value("")
    text: Any = Value("")
    day: Any = Value(None)


_FIRST_CARD = Scorecard.objects.filter(application=OuterRef("pk")).order_by("at").values("at")[:1]
COLUMNS: dict[Kind, Asked] = {
    Kind.LATE: Asked("pk", F("stage_since"), F("stage")),
    Kind.CONFIRM: Asked("application", F("received_at"), F("pk"), F("kind"), day=F("due_on")),
    Kind.MENTION: Asked(
        "note__application",
        F("note__at"),
        who=Concat("note__by__first_name", Value(" "), "note__by__last_name"),
        text=Substr("note__text", 1, LETTERS),
    ),
    Kind.SCORE: Asked("pk", Subquery(_FIRST_CARD)),
    Kind.UNDECIDED: Asked("pk", F("received_at")),
    Kind.NEW: Asked("pk", F("received_at")),
    Kind.REQUEST: Asked("application", F("received_at"), F("pk"), F("kind"), day=F("due_on")),
    Kind.RETURNED: Asked("application", F("sent_at"), F("pk"), F("purpose")),
}


def items(user: User, now: datetime, *, few: int, wanted: Iterable[Kind]) -> dict[Kind, list[Item]]:
    """Return the first `few` of each wanted kind: three queries, whatever there is.

    Stray mails and stopped purges are about no application, so they are not among them.
    """
    waiting = tuple(kind for kind in wanted if kind in COLUMNS)
    rows = _rows(user, waiting, retention.local_date(now), few=few)
    found = {kind: [row for row in rows if row.kind == kind] for kind in waiting}
    applications = _applications(rows, now)
    return {kind: _first(rows, applications, few=few) for kind, rows in found.items()}


def _first(
    rows: Iterable[Row], applications: Mapping[UUID, Application], *, few: int
) -> list[Item]:
    there = [Item(r, applications[r.application]) for r in rows if r.application in applications]
    return sorted(filter(_is_due, there), key=_order)[:few]


def _is_due(item: Item) -> bool:
    return item.row.kind != Kind.LATE or item.late >= -kinds.SOON


def _order(item: Item) -> Any:
    if item.row.kind == Kind.LATE:
        return -item.late, item.row.at
    if item.row.day:
        return item.row.day, item.row.at
    return -item.row.at.timestamp() if item.row.kind in NEWEST_FIRST else item.row.at.timestamp()


def _rows(user: User, waiting: Iterable[Kind], today: date, *, few: int) -> list[Row]:
    """Return the first rows of each kind, in one query and one for the oldest of each stage."""
    promises = _first_promises(user, few=few) if Kind.LATE in waiting else {}
    others = tuple(kind for kind in waiting if kind != Kind.LATE)
    if not promises and not others:
        return []
    asked = _statement(user, others, today, few, len(promises))
    asked = asked.filled(dict(zip(some_ids(len(promises)), promises, strict=True)))
    rows = [Row(*row) for row in asked.rows()]
    late = [row for row in rows if row.kind == Kind.LATE]
    late.sort(key=lambda row: row.at + timedelta(days=promises[int(row.ref)]))
    return [*late[:few], *(row for row in rows if row.kind != Kind.LATE)]


@kept
def _statement(user: User, others: Iterable[Kind], today: date, few: int, stages: int) -> Values:
    """Ask for the first rows of so many stages, whose ids are left open, and of other kinds."""
    seen = access.applications(user).open().order_by("stage_since", "id")
    here = [seen.filter(stage=stage) for stage in some_ids(stages)]
    parts = [_columns(Kind.LATE, rows, few=few) for rows in here]
    parts += [_columns(kind, kinds.ROWS[kind](user, today), few=few) for kind in others]
    return Values.of(parts[0].union(*parts[1:], all=True))


def _columns(kind: Kind, rows: QuerySet[Any], *, few: int) -> QuerySet[Any]:
    """Return the first rows with the columns of `Row`.

    Their ids are asked for in a query within, since no part of a union can be limited on SQLite.
    """
    asked = COLUMNS[kind]
    first = rows.model._default_manager.filter(pk__in=rows.values("pk")[:few]).order_by()
    columns: QuerySet[Any] = first.values_list(
        Value(str(kind), CharField()),
        F(asked.application),
        Cast(asked.at, DateTimeField()),
        *(Cast(each, CharField()) for each in (asked.ref, asked.code, asked.who, asked.text)),
        Cast(asked.day, DateField()),
    )
    return columns


def _first_promises(user: User, *, few: int) -> dict[int, int]:
    """Return the stages whose oldest answers are due first, with the days that are promised.

    What a job has promised differs, so no index has all applications in their order; but the first
    `few` are among those of the `few` stages that have the first ones. One query.
    """
    found = _oldest_of_stages(user).rows()
    due = sorted((at + timedelta(days=days), pk, days) for at, days, pk in found if at)
    return {pk: days for _due, pk, days in due[:few]}


@kept
def _oldest_of_stages(user: User) -> Values:
    seen = access.applications(user).open().order_by("stage_since", "id")
    oldest = Subquery(seen.filter(stage=OuterRef("pk")).values("stage_since")[:1])
    stages = Stage.objects.filter(job__in=access.jobs(user)).annotate(oldest=oldest).order_by()
    return Values.of(stages.values_list("oldest", "job__answer_days", "pk"))


def _applications(rows: Iterable[Row], now: datetime) -> dict[UUID, Application]:
    """Return the applications of rows, with what a line says of them: one query."""
    ids = {row.application for row in rows}
    if not ids:
        return {}
    told = reads.with_documents(reads.with_hold(Application.objects.filter(pk__in=ids)))
    found = {each.pk: each for each in told.select_related("job", "stage")}
    for each in found.values():
        if each.job:
            reads.add_wait(each, answer_days=each.job.answer_days, now=now)
    return found
