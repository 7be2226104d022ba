"""An application as its page shows it: the row and all that is short about it, in one query."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef

from candidates import access, history
from candidates.gathering import attach, built, gathered
from candidates.models import (
    Application,
    Event,
    Grade,
    Hold,
    Mail,
    Mention,
    Request,
    Scorecard,
    Stage,
    User,
)
from candidates.models.applications import Applications
from storage.models import Attachment

#: What of the history says why a date is what it is; see `why.why`.
TELLING = (Event.Kind.REOPENED, Event.Kind.HIRE_UNDONE, Event.Kind.WITHDRAWN)

#: What a hold says of the request that set it, and of the copy that waits to be fetched.
COPIES = (
    *("request__id", "request__state", "request__received_at"),
    *("request__copy__id", "request__copy__request_id", "request__copy__fetch_until"),
)


def _names(field: str) -> list[str]:
    return [f"{field}__{name}" for name in ("id", "first_name", "last_name", "email")]


@dataclass(frozen=True)
class Card:
    """A scorecard as somebody may see it: without `grades` it is hidden from them."""

    row: Scorecard
    grades: list[Grade]
    is_mine: bool

    @property
    def is_hidden(self) -> bool:
        return not self.grades


def read(applications: Applications, user: User) -> Applications:
    """Add what `complete` makes of it: lists as JSON, numbers, moments."""
    unseen = Mention.objects.filter(note__application=OuterRef("pk"), user=user, seen_at=None)
    rejections = Mail.objects.untried().filter(purpose=Mail.Purpose.REJECTION)
    judged = access.scorecards(user)
    return applications.select_related("job", "stage", "employee").annotate(
        r_stages=gathered(Stage.objects.all(), way="job"),
        r_events=gathered(Event.objects.filter(kind__in=TELLING), *_names("by")),
        r_requests=gathered(Request.objects.all(), *_names("decided_by"), *_names("confirmed_by")),
        r_holds=gathered(Hold.objects.all(), *_names("set_by"), *COPIES),
        r_attachments=gathered(Attachment.objects.all()),
        r_cards=gathered(Scorecard.objects.all(), *_names("by"), only=("id", "by_id", "at")),
        r_judged=gathered(judged, only=("id", "text")),
        r_grades=gathered(Grade.objects.filter(scorecard__in=judged), way="scorecard__application"),
        r_rejections=gathered(rejections),
        has_unseen=Exists(unseen),
        **history.counts(user),
    )


def complete(application: Application, user: User) -> Application:
    """Have what `read` added answer as the application's own lists, without a query."""
    row: Any = application
    if row.job:
        attach(row.job, "stages", row.r_stages, order="position")
    attach(row, "events", row.r_events, order="-at")
    attach(row, "requests", row.r_requests, order="due_on")
    attach(row, "holds", row.r_holds, order="until")
    attach(row, "attachments", row.r_attachments, order="created_at")
    row.cards = list(_cards(row, user))
    unsent = [built(Mail, values) for values in row.r_rejections or ()]
    row.rejection_mail = unsent[0] if unsent and row.status == "rejected" else None
    return application


def _cards(row: Any, user: User) -> Iterator[Card]:
    grades = [built(Grade, values) for values in row.r_grades or ()]
    texts = {values["id"]: values["text"] for values in row.r_judged or ()}
    cards = [built(Scorecard, values) for values in row.r_cards or ()]
    for card in sorted(cards, key=lambda card: (card.at, card.pk)):
        card.text = texts.get(card.pk, "")
        own = sorted((g for g in grades if g.scorecard_id == card.pk), key=lambda g: g.pk)
        yield Card(card, own, is_mine=card.by_id == user.pk)
