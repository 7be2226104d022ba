"""How what the database has is said to the person whom it is about: no names, in their language."""

from datetime import date, datetime
from typing import Any

from django.db.models import Model
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from candidates import access, retention
from candidates.mail import words
from candidates.models import Application, Event, Hold, Request, User

#: What nobody of those who work here does: the applicant did it, if no name stands there.
OWN = frozenset(
    {
        Event.Kind.RECEIVED,
        Event.Kind.ADDED,
        Event.Kind.REMOVED,
        Event.Kind.WROTE,
        Event.Kind.WITHDRAWN,
        Event.Kind.REQUESTED,
        Event.Kind.CORRECTED,
    }
)
OF_HOLDS = (Event.Kind.HELD, Event.Kind.HOLD_RENEWED, Event.Kind.HOLD_ENDED)
OF_REQUESTS = (
    Event.Kind.REQUESTED,
    Event.Kind.GRANTED,
    Event.Kind.ANSWERED,
    Event.Kind.REFUSED,
    Event.Kind.RELEASED,
    Event.Kind.EARLY,
)
#: The names of requests and early erasures, which share a column of the history.
ASKED = dict([*Request.Kind.choices, *Application.Early.choices])
HELD = dict(Hold.Kind.choices)

#: A value for machines, and the same in words for people.
Said = tuple[Any, str]


def plain(row: Model, name: str) -> Said:
    """Return a field's value as its kind has it: a choice by its label, a moment as a date."""
    value = getattr(row, name)
    if isinstance(value, bool):
        return value, _("yes") if value else _("no")
    if isinstance(value, datetime):
        return localtime(value).isoformat(), date_format(localtime(value), "DATETIME_FORMAT")
    if isinstance(value, date):
        return value.isoformat(), date_format(value)
    if value is None or isinstance(value, int):
        return value, "" if value is None else str(value)
    display = getattr(row, f"get_{name}_display", None)
    return str(value), str(display()) if display else str(value)


def role(row: Model, name: str) -> Said:
    """Return as what somebody acted here, and never who it was (CJEU C-579/21)."""
    user: User | None = getattr(row, name)
    if user is None:
        return None, ""
    names = {group.name for group in user.groups.all()}
    roles = [each for each in access.Role if each in names]
    said = ", ".join(str(each.label) for each in roles)
    return ",".join(roles), said or _("someone who works here")


def who(row: Model, name: str) -> Said:
    """Return the role of who did what stands in the history; the applicant has none."""
    if getattr(row, name) is None and isinstance(row, Event) and row.kind in OWN:
        return "applicant", _("you")
    return role(row, name)


def day(row: Model, name: str) -> Said:
    """Return the day of a moment, and not its hour."""
    on = retention.local_date(getattr(row, name))
    return on.isoformat(), date_format(on)


def end(row: Model, name: str) -> Said:
    """Return when a hold ends; one of a request has no day."""
    if isinstance(row, Hold) and not row.has_end:
        return None, _("until your request is answered")
    return plain(row, name)


def body(row: Model, name: str) -> Said:
    """Return a mail's text; where the link to the room was, it says so."""
    text = str(getattr(row, name)).replace(words.link(), _("(a link that was yours alone)"))
    return text, text


def about(row: Model, name: str) -> Said:
    """Return what an event was about in words, where a code stands in the history."""
    text = str(getattr(row, name))
    said = _about(row.kind, text) if isinstance(row, Event) else text
    return said, said


def _about(kind: str, detail: str) -> str:
    if kind == Event.Kind.CORRECTED:
        labels = {field.name: field for field in Application._meta.fields}
        names = [name for name in detail.split(",") if name]
        return ", ".join(str(labels[n].verbose_name) if n in labels else n for n in names)
    if kind in OF_HOLDS:
        code, _space, until = detail.partition(" ")
        return f"{HELD.get(code, code)} {until}".strip()
    return str(ASKED.get(detail, detail)) if kind in OF_REQUESTS else detail
