"""What a person can take away at once (Art. 20 GDPR): what they gave, the mails, what happened.

It names nobody who works here, and has nothing that they noted, nothing of who read what, and
nothing of a decision that its person has not been told of.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import IO, Any

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from candidates import mail
from candidates.copies import archive, wording
from candidates.copies.archive import Given
from candidates.models import Application, Event, Mail
from candidates.status import Status

FORMAT = "halbjahr-takeout-1"


def takeout(application: Application, *, language: str, now: datetime) -> IO[bytes]:
    """Return the ZIP; the caller closes it. Raises `StorageDown` if the files cannot be had now."""

    def draw(given: list[Given]) -> dict[str, str]:
        content = _content(application, given, now=now)
        context = {
            "application": application,
            "data": content,
            "events": _events(application),
            "mails": _mails(application),
            "language": language,
            "made_at": localtime(now),
            "operator": settings.ATS_OPERATOR,
        }
        page = render_to_string("copies/takeout.html", context)
        return {"index.html": page, "data.json": archive.as_json(content)}

    with translation.override(language):
        return archive.pack(application, draw, now=now)


def _content(application: Application, given: list[Given], *, now: datetime) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "made_at": localtime(now).isoformat(),
        "keys": _keys(),
        "person": {
            name: getattr(application, name)
            for name in ("first_name", "last_name", "email", "phone")
        },
        "application": _application(application),
        "files": [archive.described(each) for each in given],
        "mails": [_described(each) for each in _mails(application)],
        "events": [
            {"at": localtime(each.at).isoformat(), "what": each.what}
            for each in _events(application)
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


def _application(application: Application) -> dict[str, Any]:
    secret = mail.is_secret(application)
    return {
        "position": application.title,
        "language": application.language,
        "source": application.source,
        "received_at": localtime(application.received_at).isoformat(),
        "policy_version": application.policy_version,
        "status": str(Status.OPEN) if secret else application.status,
        "decided_on": None if secret else _iso(application.decided_on),
        "delete_on": None if secret else _iso(application.delete_on),
        "wants_certificate": application.wants_certificate,
    }


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None


# What happened ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Told:
    """Something that happened, in plain words."""

    at: datetime
    what: str


def _events(application: Application) -> list[Told]:
    untold = _untold(application)
    return [
        Told(event.at, wording.told(event))
        for event in application.events.order_by("at", "pk")
        if event.pk not in untold
    ]


def _untold(application: Application) -> set[int]:
    """Return the events of decisions that the person cannot know of: not told, or taken back.

    A rejection that was taken back before its mail went leaves no mail of its reopening.
    """
    told = set(
        application.mails.filter(purpose=Mail.Purpose.REOPENED).values_list("created_at", flat=True)
    )
    untold: set[int] = set()
    rejection: int | None = None
    for event in application.events.order_by("at", "pk"):
        if event.kind == Event.Kind.REJECTED:
            rejection = event.pk
        elif event.kind == Event.Kind.REOPENED and event.at not in told:
            untold |= {event.pk} | ({rejection} if rejection else set())
    if mail.is_secret(application) and rejection:
        untold.add(rejection)
    return untold


def _mails(application: Application) -> list[Mail]:
    """Return the mails to and from the person, oldest first, without one that has not gone."""
    secret = application.mails.filter(purpose=Mail.Purpose.REJECTION).untried()
    mails = list(application.mails.exclude(pk__in=secret.values("pk")).order_by("created_at", "pk"))
    for each in mails:
        each.body = wording.without_link(each.body)
    return mails


def _described(mail: Mail) -> dict[str, Any]:
    return {
        "at": localtime(mail.sent_at or mail.created_at).isoformat(),
        "direction": "in" if mail.is_incoming else "out",
        "address": mail.to,
        "subject": mail.subject,
        "text": mail.body,
    }
