"""What lies on the privacy officer's desk: holds, and a request of each kind."""

from datetime import datetime, timedelta
from typing import NamedTuple

from candidates import holds, requests, retention
from candidates.models import Application, Hold, Mail, Read, Request, User


class Kept(NamedTuple):
    """A hold on somebody's application, by last name, set and ending so many days from now."""

    last_name: str
    kind: Hold.Kind
    reason: str
    set_days_ago: int
    ends_in: int


class Asked(NamedTuple):
    """A request of an applicant, by last name, in their words."""

    last_name: str
    kind: Request.Kind
    text: str
    days_ago: int
    is_granted: bool = False


HOLDS = (
    Kept(
        "Arslan",
        Hold.Kind.LEGAL_CLAIM,
        "Klage nach § 15 AGG angekündigt, Schreiben vom Anwalt liegt vor.",
        set_days_ago=20,
        ends_in=75,
    ),
    Kept(
        "Brzęczyszczykiewicz",
        Hold.Kind.OTHER,
        "Die Aufsichtsbehörde prüft eine Beschwerde über die Absage.",
        set_days_ago=6,
        ends_in=96,
    ),
)
REQUESTS = (
    Asked("Laurent", Request.Kind.ACCESS, "Welche Daten haben Sie von mir?", 12),
    Asked("Weiß", Request.Kind.RESTRICTION, "Das Datum meiner Absage bestreite ich.", 9),
    Asked("Roth", Request.Kind.ERASURE, "Bitte löschen Sie alles.", 4, is_granted=True),
    Asked("Krasniqi", Request.Kind.OBJECTION, "Ich widerspreche der Verarbeitung.", 2),
    Asked("Petersen", Request.Kind.CORRECTION, "Meine Telefonnummer hat sich geändert.", 1),
)


#: How long ago the newest applications came that somebody has opened.
UNOPENED = timedelta(days=3)


def open_and_return(played: list[Application], *, by: User, now: datetime) -> None:
    """Have all but the newest applications opened, and a rejection come back."""
    opened = [each for each in played if each.received_at < now - UNOPENED]
    for application in opened:
        application.first_opened_at = application.received_at + timedelta(hours=3)
    Application.objects.bulk_update(opened, ["first_opened_at"])
    Read.objects.bulk_create(
        Read(application=each, by=by, at=each.first_opened_at)
        for each in opened
        if each.first_opened_at
    )
    rejections = Mail.objects.filter(application__in=played, purpose=Mail.Purpose.REJECTION)
    sent = rejections.filter(state=Mail.State.SENT).order_by("-sent_at")
    Mail.objects.filter(pk__in=sent.values("pk")[:1]).update(state=Mail.State.BOUNCED)


def lay(played: list[Application], *, officer: User, now: datetime) -> None:
    """Set the holds and take in the requests, each in its past, by the verbs."""
    people = {application.last_name: application for application in played}
    today = retention.local_date(now)
    for kept in HOLDS:
        holds.set_hold(
            people[kept.last_name],
            kind=kept.kind,
            reason=kept.reason,
            until=today + timedelta(days=kept.ends_in),
            by=officer,
            now=now - timedelta(days=kept.set_days_ago),
        )
    for asked in REQUESTS:
        at = now - timedelta(days=asked.days_ago)
        request = requests.register(
            people[asked.last_name], asked.kind, text=asked.text, by=None, now=at
        )
        if asked.is_granted:
            requests.grant(request, by=officer, now=at + timedelta(days=1), tell=False)
