"""The words and signs that every page of Halbjahr shares: the clock, the mark, sizes, waits."""

from datetime import date, datetime, timedelta
from typing import NamedTuple

import nh3
from django import template
from django.utils import timezone
from django.utils.formats import date_format, get_format, number_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext
from markdown_it import MarkdownIt

from candidates import retention
from candidates.models import Application, Employee
from candidates.models.holds import UNTIL_ANSWERED

register = template.Library()

#: The thinnest pie that can still be told from a hollow ring at 14 pixels, in percent.
THINNEST = 6

RING = '<circle cx="8" cy="8" r="7"/>'
PIE = (
    '<circle class="pie" cx="8" cy="8" r="3.5" pathLength="100"{}'
    ' transform="matrix(0 -1 -1 0 16 16)"/>'
)
HALF = '<path d="M8 1a7 7 0 0 0 0 14z" fill="currentColor" stroke="none"/>'
BARS = '<path d="M6 5v6M10 5v6" stroke-width="1.5"/>'


def drawing(inside: SafeString, css: str = "") -> SafeString:
    """Return a ring with something in it, as an SVG without style attributes."""
    name = format_html(' class="{}"', css) if css else ""
    return format_html(
        '<svg{} viewBox="0 0 16 16" aria-hidden="true">{}{}</svg>', name, SafeString(RING), inside
    )


def pie_of(left: int) -> SafeString:
    """Return the pie for what is left, in percent; no dash when it is full."""
    dash = "" if left >= 100 else format_html(' stroke-dasharray="{} 100"', left)
    return format_html(PIE, dash)


@register.simple_tag
def mark(css: str = "mark") -> SafeString:
    """Return the half circle that is the product's mark."""
    return drawing(SafeString(HALF), css)


def held_until(record: Application | Employee) -> datetime | None:
    """Return when the record's latest hold ends or ended.

    Lists annotate `held_until` or prefetch `holds`; without either this costs a query.
    """
    if hasattr(record, "held_until"):
        annotated: datetime | None = record.held_until
        return annotated
    if isinstance(record, Employee):
        return None
    return max((hold.until for hold in record.holds.all()), default=None)


def short(day: date, *, today: date) -> str:
    """Return a day as a word or without its year, as far as that is clear."""
    if day == today:
        return pgettext("deletion", "today")
    if day == today + timedelta(days=1):
        return pgettext("deletion", "tomorrow")
    if abs((day - today).days) > 300:
        return date_format(day)
    return date_format(day, get_format("MONTH_DAY_FORMAT"))


class Face(NamedTuple):
    """What a clock shows; `day` is None where it ends with an answer and not on a day."""

    css: str
    inside: SafeString
    day: date | None
    words: str


def in_breach(
    delete_on: date, held: datetime | None, now: datetime, early_at: datetime | None = None
) -> bool:
    late = [moment + retention.GRACE for moment in (held, early_at) if moment]
    return now >= max([retention.end_of(delete_on), *late])


def face(
    decided_on: date,
    delete_on: date,
    held: datetime | None,
    now: datetime,
    early_at: datetime | None = None,
) -> Face:
    today = retention.local_date(now)
    if held and held >= UNTIL_ANSWERED:
        return Face("clock held", SafeString(BARS), None, _("held until the request is answered"))
    if held and held > now:
        day = retention.local_date(held - timedelta(microseconds=1))
        words = _("held until %(day)s") % {"day": short(day, today=today)}
        return Face("clock held", SafeString(BARS), day, words)
    words = short(delete_on, today=today)
    if in_breach(delete_on, held, now, early_at):
        words = _("overdue since %(day)s") % {"day": words}
        return Face("clock breach", pie_of(0), delete_on, words)
    if delete_on <= today:
        words = words if delete_on == today else pgettext("deletion", "now")
        return Face("clock today", pie_of(0), delete_on, words)
    left = retention.share_left(decided_on, delete_on, today=today)
    return Face("clock", pie_of(max(left, THINNEST)), delete_on, words)


def face_of(record: Application | Employee, now: datetime) -> Face | None:
    if record.decided_on is None or record.delete_on is None:
        return None
    early_at = record.early_at if isinstance(record, Application) else None
    return face(record.decided_on, record.delete_on, held_until(record), now, early_at)


@register.simple_tag
def clock(record: Application | Employee, now: datetime | None = None) -> SafeString:
    """Return the circle that empties and the date of deletion; nothing for an open record."""
    face = face_of(record, now or timezone.now())
    if face is None:
        return SafeString("")
    return format_html(
        '<span class="{}">{}<span class="unseen">{} </span>{}</span>',
        face.css,
        drawing(face.inside),
        _("To be erased:"),
        format_html('<time datetime="{}">{}</time>', face.day.isoformat(), face.words)
        if face.day
        else face.words,
    )


@register.simple_tag
def fate(record: Application | Employee, now: datetime) -> str:
    """Return how a closed record's clock stands, in a word: running, held, today or breach."""
    face = face_of(record, now)
    return face.css.removeprefix("clock").strip() or "running" if face else ""


@register.simple_tag
def pie(record: Application | Employee, now: datetime | None = None) -> SafeString:
    """Return the circle alone, for places that say the date in a sentence beside it."""
    face = face_of(record, now or timezone.now())
    return drawing(pie_of(100) if face is None else face.inside)


@register.filter
def file_size(size: int | None) -> str:
    """Return a number of bytes as people know it: 412 KB, 7.8 MB; nothing for none."""
    if size is None:
        return ""
    if size < 999_500:
        return f"{max(1, round(size / 1000))} KB"
    return f"{number_format(round(size / 1_000_000, 1), 1)} MB"


@register.filter
def waiting(since: datetime, now: datetime | None = None) -> str:
    """Return for how many days something has waited, counted in calendar days."""
    days = (retention.local_date(now or timezone.now()) - retention.local_date(since)).days
    if days <= 0:
        return pgettext("waiting", "today")
    if days == 1:
        return pgettext("waiting", "yesterday")
    return ngettext("%(days)s day", "%(days)s days", days) % {"days": days}


@register.filter
def in_words(number: int) -> str:
    """Return a number up to twelve as a word, as texts have it; others in figures."""
    words = [
        pgettext("number", "none"),
        pgettext("number", "one"),
        pgettext("number", "two"),
        pgettext("number", "three"),
        pgettext("number", "four"),
        pgettext("number", "five"),
        pgettext("number", "six"),
        pgettext("number", "seven"),
        pgettext("number", "eight"),
        pgettext("number", "nine"),
        pgettext("number", "ten"),
        pgettext("number", "eleven"),
        pgettext("number", "twelve"),
    ]
    return words[number] if 0 <= number < len(words) else number_format(number)


#: What a job’s text may contain. The page’s own title is the only first heading.
TEXT = {"a", "blockquote", "br", "code", "em", "hr", "p", "strong"}
TAGS = TEXT | {"h2", "h3", "h4", "li", "ol", "ul"}
LOWER = {"h1": "h2", "h5": "h4", "h6": "h4"}
MARKDOWN = MarkdownIt("commonmark", {"html": False})


@register.filter
def markdown(text: str) -> SafeString:
    """Return a job's Markdown as HTML; HTML in it is shown as text."""
    tokens = MARKDOWN.parse(text)
    for token in tokens:
        token.tag = LOWER.get(token.tag, token.tag)
    html = MARKDOWN.renderer.render(tokens, MARKDOWN.options, {})
    return SafeString(nh3.clean(html, tags=TAGS, url_schemes={"http", "https", "mailto", "tel"}))
