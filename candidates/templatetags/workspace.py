"""Words and signs of the workspace alone."""

from collections.abc import Iterable
from datetime import date, datetime

from django import template
from django.utils import timezone
from django.utils.formats import date_format, get_format, number_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import get_text_list
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext

from candidates import retention
from candidates.models import Application, Event, Hold, Mail, Request
from candidates.record import Card
from storage.models import Attachment

register = template.Library()

ICONS = {
    Event.Kind.RECEIVED: "inbox",
    Event.Kind.MOVED: "move-right",
    Event.Kind.ASSIGNED: "arrow-right-left",
    Event.Kind.REJECTED: "x",
    Event.Kind.REOPENED: "rotate-ccw",
    Event.Kind.UNDONE: "undo-2",
    Event.Kind.WITHDRAWN: "undo-2",
    Event.Kind.HIRED: "users",
    Event.Kind.HIRE_UNDONE: "undo-2",
    Event.Kind.QUARANTINED: "shield-alert",
    Event.Kind.HELD: "pause",
    Event.Kind.HOLD_RENEWED: "pause",
    Event.Kind.HOLD_ENDED: "play",
    Event.Kind.REQUESTED: "message-square-text",
    Event.Kind.GRANTED: "message-square-check",
    Event.Kind.ANSWERED: "message-square-reply",
    Event.Kind.REFUSED: "message-square-x",
    Event.Kind.EARLY: "eraser",
    Event.Kind.CORRECTED: "pencil",
    Event.Kind.ADDED: "file-plus",
    Event.Kind.REMOVED: "file-minus",
}


@register.filter
def event_icon(event: Event) -> str:
    return ICONS.get(Event.Kind(event.kind), "circle")


@register.simple_tag
def score(value: float) -> SafeString:
    """Return a grade or a mean, 1 to 4, as strokes and figure."""
    strokes = "".join(
        f'<rect{" class=on" if n < round(value) else ""} x="{5 * n}" y="{6 - 2 * n}" width="3"'
        f' height="{4 + 2 * n}"/>'
        for n in range(4)
    )
    figure = number_format(value, 0 if value == int(value) else 1)
    return format_html(
        '<span class="score"><svg viewBox="0 0 18 10" aria-hidden="true">{}</svg>{}</span>',
        SafeString(strokes),
        figure,
    )


@register.filter
def givers(cards: Iterable[Card]) -> str:
    """Return by whom scorecards are, in words: Jens Holm and Aylin Sommer."""
    names = [str(card.row.by or pgettext("person", "someone")) for card in cards]
    return get_text_list(names, _("and"))


@register.filter
def about(event: Event) -> str:
    """Return what an event of a hold or request was about, in words: its kind, or the fields."""
    if event.kind == Event.Kind.CORRECTED:
        names = event.detail.split(",")
        return ", ".join(str(Application._meta.get_field(name).verbose_name) for name in names)  # type: ignore[union-attr]
    choices = Hold.Kind.choices if event.kind in OF_HOLDS else OF_REQUESTS
    labels = {value: str(label) for value, label in choices}
    kind = event.detail.partition(" ")[0]
    return labels.get(kind, kind)


OF_REQUESTS = [*Request.Kind.choices, *Application.Early.choices]
OF_HOLDS = (Event.Kind.HELD, Event.Kind.HOLD_RENEWED, Event.Kind.HOLD_ENDED)


@register.filter
def last_day(event: Event) -> date | None:
    """Return the last day of the hold that an event set or renewed."""
    try:
        return date.fromisoformat(event.detail.partition(" ")[2])
    except ValueError:
        return None


@register.filter
def answer_by(due_on: date, now: datetime) -> str:
    """Return until when a request must be answered, and how many days are left for it."""
    left = (due_on - retention.local_date(now)).days
    day = date_format(due_on, get_format("MONTH_DAY_FORMAT"))
    if left < 0:
        return _("answer overdue since %(day)s") % {"day": day}
    if left == 0:
        return _("answer due today")
    if left == 1:
        return _("answer due tomorrow")
    said = ngettext(
        "answer until %(day)s, %(n)s day left", "answer until %(day)s, %(n)s days left", left
    )
    return said % {"day": day, "n": left}


@register.filter
def promise(late: int) -> str:
    """Return how an answer stands, given the days past its promise or, negative, before it."""
    if late > 0:
        return ngettext("%(n)s day late", "%(n)s days late", late) % {"n": late}
    if late == 0:
        return pgettext("promise", "today")
    if late == -1:
        return pgettext("promise", "tomorrow")
    return ngettext("in %(n)s day", "in %(n)s days", -late) % {"n": -late}


@register.filter
def request_kind(code: str) -> str:
    return str(Request.Kind(code).label)


@register.filter
def mail_purpose(code: str) -> str:
    return str(Mail.Purpose(code).label)


@register.filter
def day_of(moment: datetime) -> date:
    """Return the day of a moment here."""
    return retention.local_date(moment)


@register.filter
def by_day(due_on: date, now: datetime) -> str:
    """Return until when a request must be answered, for a narrow place."""
    left = (due_on - retention.local_date(now)).days
    day = date_format(due_on, get_format("MONTH_DAY_FORMAT"))
    if left < 0:
        return _("overdue since %(day)s") % {"day": day}
    if left <= 1:
        return pgettext("promise", "tomorrow") if left else pgettext("promise", "today")
    return _("by %(day)s") % {"day": day}


#: From how many days before its end a deadline waits for somebody.
SOON = 7


@register.filter
def is_soon(due_on: date, now: datetime) -> bool:
    return (due_on - retention.local_date(now)).days <= SOON


@register.filter
def when(moment: datetime, now: datetime) -> str:
    """Return a moment as short as it is clear: 14:30, 5 Sep, 5 September 2025."""
    day, today = retention.local_date(moment), retention.local_date(now)
    if day == today:
        return date_format(timezone.localtime(moment), get_format("TIME_FORMAT"))
    if abs((today - day).days) > 300:
        return date_format(day)
    return date_format(day, get_format("MONTH_DAY_FORMAT"))


@register.filter
def is_choosable(application: Application) -> bool:
    """Whether it can be moved or rejected together with others."""
    return application.is_open and application.restricted_at is None


@register.filter
def dialled(phone: str) -> str:
    """Return a phone number as `tel:` wants it: digits, and a plus before them."""
    digits = "".join(sign for sign in phone if sign.isascii() and sign.isdigit())
    return f"+{digits}" if phone.lstrip().startswith("+") else digits


@register.filter
def file_kind(document: Attachment) -> str:
    """Return what a file is, in a word; its name's ending is that of its true type."""
    ending = document.name.rpartition(".")[2].upper()
    return _("%(ending)s file") % {"ending": ending} if "." in document.name else _("File")


#: What happened to an application meanwhile, for who came too late: with whom, and when.
TOLD = {
    Event.Kind.MOVED: gettext_lazy("Moved to “%(to)s” by %(by)s, %(at)s."),
    Event.Kind.ASSIGNED: gettext_lazy("Moved to the job “%(to)s” by %(by)s, %(at)s."),
    Event.Kind.REOPENED: gettext_lazy("Reopened by %(by)s, %(at)s."),
    Event.Kind.REJECTED: gettext_lazy("Rejected by %(by)s, %(at)s."),
    Event.Kind.WITHDRAWN: gettext_lazy("Noted as withdrawn by %(by)s, %(at)s."),
    Event.Kind.HIRED: gettext_lazy("Hired by %(by)s, %(at)s."),
}


def happened(step: Event, now: datetime) -> str:
    """Return who brought an application where it is, where that is and when, in a sentence."""
    kind = Event.Kind(step.kind)
    if kind == Event.Kind.WITHDRAWN and step.by is None:
        said = _("Withdrawn by the applicant, %(at)s.")
    else:
        said = str(TOLD[kind])
    by = step.by or _("somebody who has left")
    return said % {"by": by, "to": step.detail, "at": when(step.at, now)}
