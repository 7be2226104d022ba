"""How what the database has is said to the person whom it is about: no names, in their language."""

from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db.models import Model
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from candidates import access, retention
from candidates.models import Application, Event, Hold, Request, User

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

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
    """Return a mail's text without its link."""
    text = without_link(str(getattr(row, name)))
    return text, text


def without_link(text: str) -> str:
    """Return a mail's text; where the link to the room was, it says so."""
    return text.replace(f"{settings.ATS_SITE_URL}/my/…/", _("(a link that was yours alone)"))


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


# What may be told at once -------------------------------------------------------------------

#: The history for its person, in plain words. `%(detail)s` is there where it says nothing of
#: those who work here: a stage does, and what somebody wrote as a reason does.
TOLD: dict[Event.Kind, "_StrPromise"] = {
    Event.Kind.RECEIVED: gettext_lazy("We received your application."),
    Event.Kind.MOVED: gettext_lazy("Your application went a step further here."),
    Event.Kind.ASSIGNED: gettext_lazy("We considered you for another position: %(detail)s."),
    Event.Kind.REJECTED: gettext_lazy("We turned you down."),
    Event.Kind.REOPENED: gettext_lazy("We took our decision back."),
    Event.Kind.WITHDRAWN: gettext_lazy("The application was withdrawn."),
    Event.Kind.HIRED: gettext_lazy("We hired you."),
    Event.Kind.HIRE_UNDONE: gettext_lazy("The hire was undone."),
    Event.Kind.QUARANTINED: gettext_lazy("A virus was found in a document, and we removed it."),
    Event.Kind.HELD: gettext_lazy("The deletion was put on hold."),
    Event.Kind.HOLD_RENEWED: gettext_lazy("The hold on the deletion was renewed."),
    Event.Kind.HOLD_ENDED: gettext_lazy("The hold on the deletion ended."),
    Event.Kind.REQUESTED: gettext_lazy("We received your request: %(detail)s."),
    Event.Kind.GRANTED: gettext_lazy("We granted your request: %(detail)s."),
    Event.Kind.ANSWERED: gettext_lazy("Your request was answered: %(detail)s."),
    Event.Kind.REFUSED: gettext_lazy("We refused your request: %(detail)s."),
    Event.Kind.EARLY: gettext_lazy("Everything is to be erased at once."),
    Event.Kind.CORRECTED: gettext_lazy("Details were corrected: %(detail)s."),
    Event.Kind.ADDED: gettext_lazy("Documents were added."),
    Event.Kind.REMOVED: gettext_lazy("A document was removed: %(detail)s."),
    Event.Kind.WROTE: gettext_lazy("You wrote to us."),
    Event.Kind.RELEASED: gettext_lazy("We made the copy of all your data ready for you."),
}


def told(event: Event) -> str:
    """Return an event as its person may have it at once: no names, no reasons, no stages."""
    kind = Event.Kind(event.kind)
    return str(TOLD[kind]) % {"detail": _about(kind, event.detail)}
