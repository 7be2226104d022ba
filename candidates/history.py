"""An application's history: events, mails, notes, scorecards and reads in one line of time.

A page of it is one query, a union of five tables, whatever there is. Texts come cut to `CUT`
letters, but for the one line that is asked for whole.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import (
    BooleanField,
    Case,
    DateTimeField,
    Exists,
    F,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    TextChoices,
    TextField,
    Value,
    When,
)
from django.db.models.functions import Cast, Coalesce, Left
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from candidates import reads
from candidates.models import (
    Application,
    Event,
    Mail,
    Mention,
    Note,
    Read,
    Scorecard,
    User,
)

#: Lines of a page, and letters of a text: together they keep a page below 150 KB.
SIZE = 40
CUT = 800
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

#: The tables, in the order in which lines of one moment are told: the last one first.
TABLES: dict[str, type[Any]] = {
    "read": Read,
    "event": Event,
    "mail": Mail,
    "score": Scorecard,
    "note": Note,
}
#: What answers a mail: somebody's words, not a machine's.
REPLIES = Mail.objects.filter(answers=OuterRef("pk")).exclude(purpose=Mail.Purpose.AUTOMATIC)
RANKS = {name: rank for rank, name in enumerate(TABLES)}


class Tab(TextChoices):
    """What of the history is shown: the values stand in addresses."""

    ALL = "", pgettext_lazy("history", "All")
    NOTES = "notes", _("Notes")
    MAILS = "mails", _("Mails")
    READS = "reads", _("Reads")


SHOWN = {
    Tab.ALL: tuple(TABLES),
    Tab.NOTES: ("note", "score"),
    Tab.MAILS: ("mail",),
    Tab.READS: ("read",),
}


@dataclass(frozen=True)
class Line:
    """One line: which table it is of, and the row as an instance with what a page shows of it."""

    table: str
    row: Any
    at: datetime
    #: Whether the text is only the beginning of it, and whether it was asked for whole.
    is_cut: bool = False
    is_whole: bool = False

    @property
    def key(self) -> str:
        return f"{self.table}.{self.row.pk}"

    @property
    def cursor(self) -> str:
        since = (self.at - EPOCH) // timedelta(microseconds=1)
        return f"{since}.{RANKS[self.table]}.{self.row.pk}"


@dataclass(frozen=True)
class Count:
    """A tab of the history and how many lines it has, or None for all."""

    value: str
    label: str
    count: int | None


@dataclass(frozen=True)
class History:
    """A page of it."""

    tab: Tab
    tabs: list[Count]
    lines: list[Line]
    #: The cursor of the next page; None if this is the last.
    after: str | None
    #: Whether this is not the first page.
    is_later: bool


def tab(value: str | None) -> Tab:
    """Return the tab that an address names, or all for garbage."""
    return Tab(value) if value in Tab.values else Tab.ALL


def counts(user: User) -> dict[str, Any]:
    """Return annotations of applications: how many lines each tab has that the user may read."""
    return {
        "note_lines": reads.number_of(Note.objects.seen_by(user))
        + reads.number_of(Scorecard.objects.all()),
        "mail_lines": reads.number_of(Mail.objects.all()),
        "read_lines": reads.number_of(Read.objects.all()),
    }


def page(application: Application, user: User, *, tab: Tab, after: str, whole: str) -> History:
    """Return a page of the history, the newest first, in one query.

    `after` is the cursor of the last page's last line; garbage gives the first page. `whole` is
    the key of the line whose text is not cut.
    """
    edge = _edge(after)
    parts = [_part(name, application, user, edge, whole) for name in SHOWN[tab]]
    rows = parts[0].union(*parts[1:], all=True) if parts[1:] else parts[0]
    found = list(rows.order_by("-c_moment", "-c_rank", "-c_pk")[: SIZE + 1])
    lines = [_line(row, application, whole) for row in found[:SIZE]]
    more = lines[-1].cursor if len(found) > SIZE else None
    return History(tab, _tabs(application), lines, after=more, is_later=edge is not None)


def _tabs(application: Any) -> list[Count]:
    numbers = {
        Tab.NOTES: application.note_lines,
        Tab.MAILS: application.mail_lines,
        Tab.READS: application.read_lines,
    }
    return [Count(tab.value, str(tab.label), numbers.get(tab)) for tab in Tab]


def _edge(after: str) -> tuple[datetime, int, int] | None:
    try:
        since, rank, pk = (int(part[:18]) for part in after.split("."))
        return EPOCH + timedelta(microseconds=since), rank, pk
    except (ValueError, OverflowError):
        return None


# The union ----------------------------------------------------------------------------------

NO_TEXT = Value("", output_field=TextField())
NO_TIME = Cast(Value(None), DateTimeField())
NO = Value(False, output_field=BooleanField())

#: What each table calls the columns of the union. `text` is what is cut.
COLUMNS: dict[str, dict[str, Any]] = {
    "event": {"text": F("reason"), "what": F("kind"), "about": F("detail")},
    "mail": {
        "text": F("body"),
        "what": F("purpose"),
        "about": F("subject"),
        "state": F("state"),
        "language": F("language"),
        "to": F("to"),
        "error": F("error"),
        "send": F("send_at"),
        "sent": F("sent_at"),
        "flag": Exists(REPLIES),
    },
    "note": {"text": F("text"), "flag": F("is_private")},
    # What is judged on it is not for everybody: see `record.Card`.
    "score": {},
    "read": {"about": F("document")},
}
TEXTS = ("what", "about", "state", "language", "to", "error")
TIMES = ("send", "sent")


def _part(
    name: str, application: Application, user: User, edge: Any, whole: str
) -> "QuerySet[Any, Any]":
    rows = TABLES[name]._default_manager.filter(application=application)
    if name == "note":
        rows = rows.seen_by(user)
    if name == "event":  # the mail that came then is a line of its own
        rows = rows.exclude(kind=Event.Kind.WROTE)
    moment = "created_at" if name == "mail" else "at"
    if edge:
        rows = rows.filter(_before(name, moment, edge))
    columns = COLUMNS[name]
    mine = Exists(Mention.objects.filter(note=OuterRef("pk"), user=user))
    shown: dict[str, Any] = {
        "moment": F(moment),
        "rank": Value(RANKS[name], output_field=IntegerField()),
        "pk": F("pk"),
        "by": F("by_id"),
        "first": Coalesce("by__first_name", NO_TEXT, output_field=TextField()),
        "last": Coalesce("by__last_name", NO_TEXT, output_field=TextField()),
        "email": Coalesce("by__email", NO_TEXT, output_field=TextField()),
        "text": _cut(columns.get("text", NO_TEXT), whole if whole.startswith(f"{name}.") else ""),
        "mine": mine if name == "note" else NO,
        "flag": columns.get("flag", NO),
        **{each: Cast(columns.get(each, NO_TEXT), TextField()) for each in TEXTS},
        **{each: columns.get(each, NO_TIME) for each in TIMES},
    }
    # No table has a column of such a name, and all parts name theirs alike.
    named = {f"c_{each}": value for each, value in shown.items()}
    return rows.order_by().annotate(**named).values(*named)  # type: ignore[no-any-return]


def _before(name: str, moment: str, edge: tuple[datetime, int, int]) -> Q:
    """Return the condition "comes after the edge", in the order of the newest first."""
    at, rank, pk = edge
    same = Q((moment, at))
    if RANKS[name] == rank:
        return Q((f"{moment}__lt", at)) | same & Q(pk__lt=pk)
    return Q((f"{moment}__lt", at)) | same if RANKS[name] < rank else Q((f"{moment}__lt", at))


def _cut(text: Any, whole: str) -> Any:
    """Return the beginning of a text, one letter longer than `CUT` if there is more."""
    begun = Left(text, CUT + 1, output_field=TextField())
    pk = whole.partition(".")[2]
    if not (pk.isdecimal() and pk.isascii()):
        return begun
    return Case(When(pk=int(pk[:18]), then=text), default=begun, output_field=TextField())


# The rows -----------------------------------------------------------------------------------


def _line(values: dict[str, Any], application: Application, whole: str) -> Line:
    table = list(TABLES)[values["c_rank"]]
    row = _MAKE[table](values)
    row.pk, row.application = values["c_pk"], application
    row.by = _who(values)
    text = values["c_text"]
    is_whole = whole == f"{table}.{row.pk}"
    is_cut = len(text) == CUT + 1 and not is_whole
    row.shown = text[:CUT] + "…" if is_cut else text
    return Line(table, row, values["c_moment"], is_cut, is_whole)


def _who(values: dict[str, Any]) -> User | None:
    if values["c_by"] is None:
        return None
    first, last, email = (values[f"c_{name}"] for name in ("first", "last", "email"))
    return User(pk=values["c_by"], first_name=first, last_name=last, email=email)


def _event(values: dict[str, Any]) -> Event:
    return Event(kind=values["c_what"], detail=values["c_about"], at=values["c_moment"])


def _mail(values: dict[str, Any]) -> Mail:
    mail = Mail(
        purpose=values["c_what"],
        subject=values["c_about"],
        created_at=values["c_moment"],
        send_at=values["c_send"],
        sent_at=values["c_sent"],
        **{name: values[f"c_{name}"] for name in ("state", "language", "to", "error")},
    )
    mail.is_answered = bool(values["c_flag"])  # type: ignore[attr-defined]
    return mail


def _note(values: dict[str, Any]) -> Note:
    note = Note(at=values["c_moment"], is_private=bool(values["c_flag"]))
    note.is_for_me = bool(values["c_mine"])  # type: ignore[attr-defined]
    return note


def _score(values: dict[str, Any]) -> Scorecard:
    return Scorecard(at=values["c_moment"])


def _read(values: dict[str, Any]) -> Read:
    return Read(document=values["c_about"], at=values["c_moment"])


_MAKE: dict[str, Any] = {
    "event": _event,
    "mail": _mail,
    "note": _note,
    "score": _score,
    "read": _read,
}
