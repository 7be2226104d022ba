"""What an applicant has been told: their application as the room may show it.

A rejection whose mail has not gone is not there: neither it, nor its day, nor its clock. Names of
people here and moves between stages are never there.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING
from uuid import UUID

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from candidates import retention, why
from candidates.mail import words as mails
from candidates.models import Application, Event, Mail, Request
from candidates.status import Status

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

Kind = Event.Kind
#: Events that open or close an application.
TURNS = (
    Kind.REJECTED,
    Kind.UNDONE,
    Kind.REOPENED,
    Kind.WITHDRAWN,
    Kind.HIRED,
    Kind.HIRE_UNDONE,
)


#: Where an application stands whose data are being erased; else it is the status.
GOING = "going"


@dataclass(frozen=True)
class Step:
    """One line of an applicant's way with us."""

    at: datetime
    words: str


@dataclass(frozen=True)
class Span:
    """The time from a decision to the deletion. Shares are percent of it."""

    start: date
    end: date
    today: date

    @property
    def left(self) -> int:
        return retention.share_left(self.start, self.end, today=self.today)

    @property
    def gone(self) -> int:
        return 100 - self.left

    @property
    def has_room(self) -> bool:
        """Whether today's name fits between those of the two ends."""
        return 30 <= self.gone <= 70

    @property
    def days(self) -> int:
        return (self.end - self.today).days


@dataclass
class Told:
    """An application at one moment. Costs one query for its mails; its story is prefetched."""

    application: Application
    now: datetime

    @cached_property
    def _mails(self) -> list[Mail]:
        return list(self.application.mails.all())

    @cached_property
    def mails(self) -> list[Mail]:
        """The mails to and from the person, newest first; not those that nobody has sent yet."""
        return [mail for mail in self._mails if not _is_untried(mail)]

    @cached_property
    def is_secret(self) -> bool:
        """Whether a rejection has been decided that the person cannot know of yet."""
        return any(_is_untried(each) and _rejects(each) for each in self._mails)

    @property
    def seems_open(self) -> bool:
        return self.application.is_open or self.is_secret

    @property
    def is_going(self) -> bool:
        """Whether it is being erased, at the person's own wish or because its day has come."""
        is_told = bool(self.application.early) or not self.seems_open
        return is_told and self.application.is_being_erased(self.now)

    @property
    def standing(self) -> str:
        if self.is_going:
            return GOING
        return str(Status.OPEN) if self.seems_open else self.application.status

    @cached_property
    def letter(self) -> Mail | None:
        """The mail of the rejection that stands, if one was sent."""
        if self.seems_open or self.application.status != Status.REJECTED:
            return None
        reopened = max(self._reopened, default=None)
        letters = (each for each in self.mails if _rejects(each))
        return next((each for each in letters if not reopened or each.created_at > reopened), None)

    @cached_property
    def _reopened(self) -> set[datetime]:
        """When a rejection was taken back of which the person knew."""
        return {each.created_at for each in self._mails if each.purpose == Mail.Purpose.REOPENED}

    # The clock

    @cached_property
    def span(self) -> Span | None:
        """The clock of a closed application, from the decision that the person knows of."""
        application = self.application
        if self.seems_open or application.decided_on is None or application.delete_on is None:
            return None
        start = application.decided_on
        if application.status == Status.WITHDRAWN:
            # Later than the clock's start, if it outran a rejection.
            start = why.withdrawn_on(application) or start
        return Span(start, application.delete_on, retention.local_date(self.now))

    @property
    def held_until(self) -> datetime | None:
        """When the hold ends that keeps the application on its last day and longer, if one does."""
        ends = [hold for hold in self.application.holds.all() if hold.until > self.now]
        last = max(ends, key=lambda hold: hold.until, default=None)
        span = self.span
        return last.until if last and span and last.last_day >= span.end else None

    @property
    def answer_by(self) -> date | None:
        """Until when an answer was promised; None for a speculative application."""
        job = self.application.job
        since = retention.local_date(max(self._considered()))
        return since + timedelta(days=job.answer_days) if job else None

    def _considered(self) -> Iterator[datetime]:
        """Yield the moments from which days are counted until an answer."""
        yield self.application.received_at
        yield from self._reopened
        for event in self.application.events.all():
            if event.kind == Kind.ASSIGNED:
                yield event.at

    @property
    def opened_at(self) -> datetime | None:
        """When somebody first opened it, if that is to be shown."""
        return self.application.first_opened_at if settings.ATS_SHOW_FIRST_OPENED else None

    # Requests

    @cached_property
    def asked(self) -> list[tuple[Request, str]]:
        """The person's requests and what they are called, newest first."""
        requests = sorted(self.application.requests.all(), key=lambda each: each.received_at)
        return [(each, str(REQUESTS[each.kind])) for each in reversed(requests)]

    @property
    def kinds_asked(self) -> set[str]:
        return {request.kind for request, _name in self.asked}

    @property
    def may_ask_again(self) -> set[UUID]:
        """The requests that were answered and may come again: the newest of each kind."""
        newest = {request.kind: request for request, _name in reversed(self.asked)}
        again = (each for each in newest.values() if each.kind != Request.Kind.CORRECTION)
        return set() if self.is_going else {each.pk for each in again if not each.is_pending}

    # The way

    @cached_property
    def way(self) -> list[Step]:
        """What happened, oldest first."""
        steps = [Step(event.at, words) for event in self._events() if (words := _words(event))]
        if self.opened_at:
            steps.append(Step(self.opened_at, _("Opened for the first time")))
        return sorted(steps, key=lambda step: step.at)

    def _events(self) -> list[Event]:
        """Return the events that the person may know of, oldest first."""
        events = list(reversed(self.application.events.all()))
        turns = [event for event in events if event.kind in TURNS]
        follows: dict[int, Event | None] = {a.pk: b for a, b in pairwise(turns)}
        return [
            event
            for event in events
            if event.kind not in TURNS or self._knows(event, follows.get(event.pk))
        ]

    def _knows(self, turn: Event, then: Event | None) -> bool:
        """Whether the person knows of a turn, given the one that followed it."""
        if turn.kind == Kind.REOPENED:
            return turn.at in self._reopened
        if turn.kind == Kind.REJECTED:
            # One that was withdrawn from had not been told: others cannot be withdrawn.
            return then.at in self._reopened if then else not self.is_secret
        # Nobody writes to a person of a hire that was undone: it was a slip.
        return turn.kind == Kind.WITHDRAWN or (turn.kind == Kind.HIRED and then is None)


def _is_untried(mail: Mail) -> bool:
    return mail.state == Mail.State.QUEUED and mail.attempts == 0


def _rejects(mail: Mail) -> bool:
    return mail.purpose == Mail.Purpose.REJECTION


# Words --------------------------------------------------------------------------------------

STEPS: dict[str, "_StrPromise"] = {
    Kind.RECEIVED: gettext_lazy("Application received"),
    Kind.REMOVED: gettext_lazy("Document removed"),
    Kind.QUARANTINED: gettext_lazy("Infected document removed"),
    Kind.CORRECTED: gettext_lazy("Details corrected"),
    Kind.WROTE: gettext_lazy("Mail from you"),
    Kind.REJECTED: gettext_lazy("Rejection"),
    Kind.REOPENED: gettext_lazy("Rejection taken back"),
    Kind.WITHDRAWN: gettext_lazy("Application withdrawn"),
    Kind.HIRED: gettext_lazy("Hired"),
    Kind.EARLY: gettext_lazy("Erasure begins"),
    Kind.RELEASED: gettext_lazy("Copy of all data ready"),
}
#: What an event's detail names as a kind of request.
OF_REQUESTS: dict[str, "_StrPromise"] = {
    Kind.REQUESTED: gettext_lazy("You asked: %(what)s"),
    Kind.ANSWERED: gettext_lazy("Answered: %(what)s"),
    Kind.REFUSED: gettext_lazy("Refused: %(what)s"),
}
REQUESTS: dict[str, "_StrPromise"] = {
    Request.Kind.ACCESS: gettext_lazy("Full copy of your data"),
    Request.Kind.CORRECTION: gettext_lazy("Correction of your details"),
    Request.Kind.ERASURE: gettext_lazy("Erasure before its day"),
    Request.Kind.RESTRICTION: gettext_lazy("Restriction of the use of your data"),
    Request.Kind.OBJECTION: gettext_lazy("Objection to the use of your data"),
}


def _words(event: Event) -> str:
    """Return what an event is called for the applicant, "" if it is none of theirs."""
    if event.kind in OF_REQUESTS:
        what = REQUESTS.get(event.detail)
        return str(OF_REQUESTS[event.kind] % {"what": what}) if what else ""
    if event.kind == Kind.ASSIGNED:
        return _("Considered for another position: %(title)s") % {"title": event.detail}
    if event.kind == Kind.ADDED and event.detail.isdigit():
        count = int(event.detail)
        return ngettext("Document added", "%(count)s documents added", count) % {"count": count}
    return str(STEPS.get(event.kind, ""))


def text(mail: Mail) -> str:
    """Return a mail's text without the link, of which what is kept has only the place."""
    link = re.escape(mails.link())
    # A line that leads to the link ends there instead.
    return re.sub(rf"(:?)\n*{link}", lambda found: "." if found[1] else "", mail.body).strip()
