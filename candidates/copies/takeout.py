"""What a person can take away at once (Art. 20 GDPR): what they gave, the mails, what happened.

It names nobody who works here, and has nothing that they noted, nothing of who read what, and
nothing of a decision that its person has not been told of.
"""

from datetime import datetime
from typing import IO, Any

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from candidates import told, why
from candidates.copies import archive
from candidates.copies.archive import Given
from candidates.models import Application, Mail
from candidates.status import Status

FORMAT = "halbjahr-takeout-1"


def takeout(application: Application, *, language: str, now: datetime) -> IO[bytes]:
    """Return the ZIP; the caller closes it. Raises `StorageDown` if the files cannot be had now."""
    known = told.Told(application, now)

    def draw(given: list[Given]) -> dict[str, str]:
        content = _content(known, given)
        context = {
            "application": application,
            "data": content,
            "told": known,
            "why": why.why_for_applicant(application, now),
            "mails": [(each, told.text(each)) for each in reversed(known.mails)],
            "language": language,
            "made_at": localtime(now),
            "operator": settings.ATS_OPERATOR,
        }
        page = render_to_string("copies/takeout.html", context)
        return {"index.html": page, "data.json": archive.as_json(content)}

    with translation.override(language):
        return archive.pack(application, draw, now=now)


def _content(known: told.Told, given: list[Given]) -> dict[str, Any]:
    application = known.application
    return {
        "format": FORMAT,
        "made_at": localtime(known.now).isoformat(),
        "keys": _keys(),
        "person": {
            name: getattr(application, name)
            for name in ("first_name", "last_name", "email", "phone")
        },
        "application": _application(known),
        "files": [archive.described(each) for each in given],
        "mails": [_described(each) for each in reversed(known.mails)],
        "events": [
            {"at": localtime(step.at).isoformat(), "what": step.words} for step in known.way
        ],
    }


def _keys() -> dict[str, str]:
    """Return what the keys of `data.json` mean, for whoever has only that file."""
    return {
        "person": _("What you told us of yourself."),
        "application": _(
            "The position, when and how the application came, and how it stands. Dates as in ISO "
            "8601; “delete_on” is the day on which everything is erased."
        ),
        "files": _(
            "Each file with its name, its place in this ZIP and its size in bytes; or why it is "
            "not included."
        ),
        "mails": _("The mails to you (“out”) and from you (“in”), with their texts."),
        "events": _("What happened to your application, in plain words."),
    }


def _application(known: told.Told) -> dict[str, Any]:
    application, span = known.application, known.span
    return {
        "position": application.title,
        "language": application.language,
        "source": application.source,
        "received_at": localtime(application.received_at).isoformat(),
        "policy_version": application.policy_version,
        "status": str(Status.OPEN) if known.seems_open else application.status,
        "decided_on": span.start.isoformat() if span else None,
        "delete_on": span.end.isoformat() if span else None,
        "wants_certificate": application.wants_certificate,
    }


def _described(mail: Mail) -> dict[str, Any]:
    return {
        "at": localtime(mail.sent_at or mail.created_at).isoformat(),
        "direction": "in" if mail.is_incoming else "out",
        "address": mail.to,
        "subject": mail.subject,
        "text": told.text(mail),
    }
