"""Placeholders in the texts of mails, like {first_name}: what they stand for, and what is wrong.

A curly bracket stands in no mail that goes: what looks like a placeholder is one, or a slip.
"""

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from django.conf import settings
from django.utils import translation
from django.utils.formats import date_format, get_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from candidates import retention
from candidates.models import Application, Mail, User

from .rejections import is_secret
from .words import link

#: A pair of curly brackets with what is in it, or a bracket that stands alone.
PATTERN = re.compile(r"\{([^{}\n]*)\}|[{}]")
LONGEST_SUBJECT = 200

#: Each placeholder and what stands for it, for whoever writes a text.
MEANINGS = {
    "first_name": gettext_lazy("first name"),
    "last_name": gettext_lazy("last name"),
    "name": gettext_lazy("first and last name"),
    "job": gettext_lazy("title of the job"),
    "received": gettext_lazy("day on which the application came"),
    "delete_on": gettext_lazy("day on which everything is erased"),
    "room": gettext_lazy("link to the applicant’s page, on a line of its own"),
    "sender": gettext_lazy("your name"),
    "operator": gettext_lazy("name of the company"),
}


class Text(NamedTuple):
    """Subject and body of a mail, with placeholders or without."""

    subject: str
    body: str


class Piece(NamedTuple):
    """A part of a text as it goes, or a placeholder that nothing stands for."""

    words: str
    is_gap: bool = False


class Unresolved(ValueError):
    """A text cannot go: nothing stands for one of its placeholders. Says which, to a person."""


def values(
    application: Application, *, purpose: Mail.Purpose, by: User | None
) -> Mapping[str, str]:
    """Return what stands for each placeholder, "" for nothing, in the applicant's language.

    No mail but a rejection's own has the day of deletion while the rejection is secret.
    """
    delete_on = application.delete_on
    if delete_on and purpose != Mail.Purpose.REJECTION and is_secret(application):
        delete_on = None
    with translation.override(application.language):
        form = get_format("MAIL_DATE_FORMAT")
        found = {
            "first_name": application.first_name,
            "last_name": application.last_name,
            "name": application.name,
            "job": application.job.title if application.job else "",
            "received": date_format(retention.local_date(application.received_at), form),
            "delete_on": date_format(delete_on, form) if delete_on else "",
            "room": link(),
            "sender": by.get_full_name() if by else "",
            "operator": settings.ATS_OPERATOR["name"],
        }
    # Names came from strangers: none may begin a line of the mail, or end one.
    return {name: " ".join(value.split()) for name, value in found.items()}


def pieces(text: str, values: Mapping[str, str]) -> Iterator[Piece]:
    """Yield a text's parts with what stands for its placeholders. What stands is not read again.

    An empty text has none.
    """
    end = 0
    for found in PATTERN.finditer(text):
        yield Piece(text[end : found.start()])
        value = values.get((found[1] or "").strip(), "")
        yield Piece(value) if value else Piece(found[0], is_gap=True)
        end = found.end()
    if text[end:]:
        yield Piece(text[end:])


def faults(text: str, values: Mapping[str, str] | None = None, *, name: str = "") -> list[str]:
    """Return what is wrong with a text's placeholders, in sentences; of a person, if one is named.

    Without values, only what is wrong for everybody.
    """
    found = (PATTERN.finditer(text)) if values is None else _gaps(text, values)
    sentences = (_fault(each, values, name) for each in found)
    return list(dict.fromkeys(sentence for sentence in sentences if sentence))


def _gaps(text: str, values: Mapping[str, str]) -> Iterator[re.Match[str]]:
    for found in PATTERN.finditer(text):
        if not values.get((found[1] or "").strip()):
            yield found


def _fault(found: re.Match[str], values: Mapping[str, str] | None, name: str) -> str:
    if found[1] is None:
        return _("A curly bracket stands alone in the text. Take it out, or complete it.")
    if found[1].strip() not in MEANINGS:
        return _(
            "“%(placeholder)s” is not a placeholder. Choose one of the list, or take it out."
        ) % {"placeholder": found[0]}
    if values is None:
        return ""
    said = _("Nothing stands for “%(placeholder)s” of %(name)s. Write it yourself, or take it out.")
    return said % {"placeholder": found[0], "name": name}


def fill(text: Text, application: Application, *, purpose: Mail.Purpose, by: User | None) -> Text:
    """Return a text as it goes to an applicant. Raises `Unresolved`."""
    known = values(application, purpose=purpose, by=by)
    wrong = faults("\n".join(text), known, name=application.name)
    if wrong:
        raise Unresolved(wrong[0])
    subject, body = ("".join(piece.words for piece in pieces(part, known)) for part in text)
    subject = " ".join(subject.split())
    return Text(subject[:LONGEST_SUBJECT].rstrip(), body.replace("\r\n", "\n").strip() + "\n")
