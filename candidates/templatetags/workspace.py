"""Words and signs of the workspace alone."""

from datetime import datetime

from django import template
from django.utils import timezone
from django.utils.formats import date_format, get_format
from django.utils.translation import gettext as _

from candidates import retention
from candidates.models import Event
from storage.models import Attachment

register = template.Library()

ICONS = {
    Event.Kind.RECEIVED: "inbox",
    Event.Kind.MOVED: "move-right",
    Event.Kind.ASSIGNED: "arrow-right-left",
    Event.Kind.REJECTED: "x",
    Event.Kind.REOPENED: "rotate-ccw",
    Event.Kind.WITHDRAWN: "undo-2",
    Event.Kind.HIRED: "users",
    Event.Kind.HIRE_UNDONE: "undo-2",
    Event.Kind.QUARANTINED: "shield-alert",
}


@register.filter
def event_icon(event: Event) -> str:
    return ICONS.get(Event.Kind(event.kind), "circle")


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
def dialled(phone: str) -> str:
    """Return a phone number as `tel:` wants it: digits, and a plus before them."""
    digits = "".join(sign for sign in phone if sign.isascii() and sign.isdigit())
    return f"+{digits}" if phone.lstrip().startswith("+") else digits


@register.filter
def file_kind(document: Attachment) -> str:
    """Return what a file is, in a word; its name's ending is that of its true type."""
    ending = document.name.rpartition(".")[2].upper()
    return _("%(ending)s file") % {"ending": ending} if "." in document.name else _("File")
