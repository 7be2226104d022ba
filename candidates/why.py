"""Why this date: the rule and the events behind an application's last day, in a few sentences.

For the workspace with the names of those who did it; for the applicant without, as from us to
them. Every sentence is translated as a whole.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, ngettext_lazy, pgettext, pgettext_lazy

from candidates import mail, retention
from candidates.models import Application, Event, Hold, Mail, Request, User
from candidates.status import Status

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

#: The most months that may be set, in words; see `retention.delete_on`.
NUMBERS = {
    1: pgettext_lazy("number", "one"),
    2: pgettext_lazy("number", "two"),
    3: pgettext_lazy("number", "three"),
    4: pgettext_lazy("number", "four"),
    5: pgettext_lazy("number", "five"),
    6: pgettext_lazy("number", "six"),
}
MOST = max(NUMBERS)

#: Sentences by what they tell; those with "n" by the number of months.
Voice = Mapping[str, "_StrPromise"]

STAFF: Voice = {
    "open": gettext_lazy("No date yet: the application is open. A decision starts the clock."),
    "reopened": gettext_lazy(
        "It was opened again on %(day)s, so the decision before that does not count."
    ),
    "goes rejected": ngettext_lazy(
        "Rejected on %(decided)s, so erased on %(gone)s, one month later.",
        "Rejected on %(decided)s, so erased on %(gone)s, %(months)s months later.",
        "n",
    ),
    "goes withdrawn": ngettext_lazy(
        "Withdrawn on %(decided)s, so erased on %(gone)s, one month later.",
        "Withdrawn on %(decided)s, so erased on %(gone)s, %(months)s months later.",
        "n",
    ),
    "goes hired": ngettext_lazy(
        "Hired on %(decided)s, so the application is erased on %(gone)s, one month later.",
        "Hired on %(decided)s, so the application is erased on %(gone)s, %(months)s months later.",
        "n",
    ),
    "rejected": gettext_lazy("Rejected on %(decided)s."),
    "withdrawn": gettext_lazy("Withdrawn on %(decided)s."),
    "goes outrun": ngettext_lazy(
        "Withdrawn on %(day)s, before the applicant could know of the rejection of %(decided)s, "
        "from which the clock runs: erased on %(gone)s, one month later.",
        "Withdrawn on %(day)s, before the applicant could know of the rejection of %(decided)s, "
        "from which the clock runs: erased on %(gone)s, %(months)s months later.",
        "n",
    ),
    "outrun": gettext_lazy(
        "Withdrawn on %(day)s, before the applicant could know of the rejection of %(decided)s."
    ),
    "hired": gettext_lazy("Hired on %(decided)s."),
    "early": gettext_lazy("The applicant wants everything erased at once."),
    "early confirmed": gettext_lazy(
        "The applicant asked for erasure on %(asked)s; %(officer)s granted it and %(second)s "
        "confirmed it on %(day)s, so it is erased at once."
    ),
    "early waited": gettext_lazy(
        "The applicant asked for erasure on %(asked)s; %(officer)s granted it, and 24 hours "
        "stood for a second person until %(day)s, so it is erased at once."
    ),
    "early objection": gettext_lazy(
        "The applicant objected on %(asked)s; %(officer)s upheld it on %(day)s, so it is erased "
        "at once."
    ),
    "held claim": gettext_lazy("It is held until %(until)s: legal claim (%(who)s)."),
    "held other": gettext_lazy("It is held until %(until)s: %(reason)s (%(who)s)."),
    "held access": gettext_lazy(
        "It is held until the request for access of %(asked)s is answered."
    ),
    "held released": gettext_lazy(
        "The copy that was asked for on %(asked)s is ready. It is held until the applicant has "
        "fetched that, at most until %(until)s."
    ),
    "held restriction": gettext_lazy(
        "It is held until the request for restriction of %(asked)s is answered."
    ),
    "was held": gettext_lazy("A hold kept it until %(until)s. The next purge takes it."),
    "restricted": gettext_lazy("Since %(day)s only the privacy officer sees it."),
}

APPLICANT: Voice = {
    "open": gettext_lazy("No date yet: we have not decided. Our decision starts the clock."),
    "reopened": gettext_lazy("We took our decision back on %(day)s, so it does not count."),
    "goes rejected": ngettext_lazy(
        "We turned you down on %(decided)s, so we erase everything on %(gone)s, one month later.",
        "We turned you down on %(decided)s, so we erase everything on %(gone)s, %(months)s months "
        "later.",
        "n",
    ),
    "goes withdrawn": ngettext_lazy(
        "You withdrew on %(decided)s, so we erase everything on %(gone)s, one month later.",
        "You withdrew on %(decided)s, so we erase everything on %(gone)s, %(months)s months later.",
        "n",
    ),
    "goes hired": ngettext_lazy(
        "We hired you on %(decided)s, so we erase your application on %(gone)s, one month later.",
        "We hired you on %(decided)s, so we erase your application on %(gone)s, %(months)s months "
        "later.",
        "n",
    ),
    "rejected": gettext_lazy("We turned you down on %(decided)s."),
    "withdrawn": gettext_lazy("You withdrew on %(decided)s."),
    "goes outrun": ngettext_lazy(
        "You withdrew on %(day)s, so we erase everything on %(gone)s, less than one month later.",
        "You withdrew on %(day)s, so we erase everything on %(gone)s, less than %(months)s months "
        "later.",
        "n",
    ),
    "outrun": gettext_lazy("You withdrew on %(day)s."),
    "hired": gettext_lazy("We hired you on %(decided)s."),
    "early": gettext_lazy("You asked us to erase everything at once, and we do."),
    "early confirmed": gettext_lazy("You asked for erasure on %(asked)s, so we erase it at once."),
    "early waited": gettext_lazy("You asked for erasure on %(asked)s, so we erase it at once."),
    "early objection": gettext_lazy("You objected on %(asked)s, so we erase it at once."),
    "held claim": gettext_lazy("We keep it until %(until)s because of a legal claim."),
    "held other": gettext_lazy(
        "We have to keep it until %(until)s. Ask us if you want to know why."
    ),
    "held access": gettext_lazy(
        "We keep it until we have answered your request for access of %(asked)s."
    ),
    "held released": gettext_lazy(
        "Your copy is ready. We keep everything until you have fetched it, at most until %(until)s."
    ),
    "held restriction": gettext_lazy(
        "We keep it until we have answered your request for restriction of %(asked)s."
    ),
    "was held": gettext_lazy("We had to keep it until %(until)s. Now we erase it."),
    "restricted": gettext_lazy("Since %(day)s only our privacy officer sees it."),
}


def why(application: Application, now: datetime) -> str:
    """Return why an application goes when it does, for the workspace.

    Reads events, holds and requests, unless they are prefetched: see `reads.with_story`.
    """
    took_back = (Event.Kind.REOPENED, Event.Kind.HIRE_UNDONE)
    reopened = next((event for event in application.events.all() if event.kind in took_back), None)
    story = _Story(STAFF, application, now, reopened_at=reopened.at if reopened else None)
    return " ".join(story.tell())


def why_for_applicant(application: Application, now: datetime) -> str:
    """Return the same for the applicant: no names, and nothing that they have not been told."""
    mails = application.mails
    told = mails.filter(purpose=Mail.Purpose.REOPENED).first()
    story = _Story(
        APPLICANT,
        application,
        now,
        reopened_at=told.created_at if told else None,
        is_secret=mail.is_secret(application),
    )
    return " ".join(story.tell())


def withdrawn_on(application: Application) -> date | None:
    """Return the day on which an application was withdrawn, or None. Reads its events."""
    kind = Event.Kind.WITHDRAWN
    at = next((event.at for event in application.events.all() if event.kind == kind), None)
    return retention.local_date(at) if at else None


@dataclass(frozen=True)
class _Story:
    """What is told of one application at one moment, sentence by sentence."""

    voice: Voice
    application: Application
    now: datetime
    reopened_at: datetime | None
    #: Whether the reader has not been told of the decision.
    is_secret: bool = False

    def tell(self) -> Iterator[str]:
        holds = sorted(self.application.holds.all(), key=lambda hold: hold.until)
        delays = [hold for hold in holds if self._delays(hold)]
        yield from self._decision(is_delayed=bool(delays))
        yield from self._holds(holds, delays)
        if self.application.restricted_at:
            yield self._say("restricted", day=_day(self.application.restricted_at))
        if self.reopened_at:
            yield self._say("reopened", day=_day(self.reopened_at))

    def _decision(self, *, is_delayed: bool) -> Iterator[str]:
        status = "outrun" if self._outrun_on() else str(self.application.status)
        if self.application.early:
            if not self.is_secret:
                yield self._say(status, **self._clock())
            yield self._early()
        elif self.application.is_open or self.is_secret:
            yield self._say("open")
        elif is_delayed:
            yield self._say(status, **self._clock())
        else:
            yield self._say(f"goes {status}", **self._clock())
            yield from self._length()

    def _outrun_on(self) -> date | None:
        """Return the day of a withdrawal that came after the decision from which the clock runs.

        That decision is a rejection of which the applicant was never told.
        """
        if self.application.status != Status.WITHDRAWN or self.application.decided_on is None:
            return None
        day = withdrawn_on(self.application)
        return day if day and day > self.application.decided_on else None

    def _holds(self, holds: list[Hold], delays: list[Hold]) -> Iterator[str]:
        in_force = [hold for hold in holds if hold.until > self.now]
        for hold in in_force:
            yield self._hold(hold)
        if not delays:
            if in_force and not self.is_secret and not self.application.is_open:
                yield _("That ends before its day, so the date stays.")
        elif not in_force:
            yield self._say("was held", until=date_format(delays[-1].last_day))
        elif self.application.early:
            yield _("As soon as nothing holds it any more, it is erased.")
        else:
            yield _("Without the hold it would be erased on %(gone)s.") % self._clock()
            yield from self._length()

    def _delays(self, hold: Hold) -> bool:
        """Whether a hold keeps or kept the application on its last day or longer."""
        last_day = self.application.delete_on
        return last_day is not None and not self.is_secret and hold.last_day >= last_day

    def _clock(self) -> dict[str, object]:
        """Return the decision, the period, and the day on which it ends or would have ended."""
        decided, months = self.application.decided_on, self.application.retention_months
        if decided is None or months is None:
            return {}
        gone = retention.delete_on(decided, months=months)
        return {
            "day": date_format(self._outrun_on() or decided),
            "decided": date_format(decided),
            "gone": date_format(gone),
            "months": NUMBERS[months],
            "n": months,
        }

    def _length(self) -> Iterator[str]:
        """Say what is unusual about the period: shorter than it may be, or cut by a month's end."""
        decided, months = self.application.decided_on, self.application.retention_months
        if decided is None or months is None or self._outrun_on():
            return
        if months < MOST:
            yield ngettext(
                "At most six months are allowed; one is set here.",
                "At most six months are allowed; %(months)s are set here.",
                months,
            ) % {"months": NUMBERS[months]}
        gone = retention.delete_on(decided, months=months)
        if gone.day != decided.day:
            yield _("%(month)s has no day %(day)s, so its last day counts.") % {
                "month": date_format(gone, "YEAR_MONTH_FORMAT"),
                "day": decided.day,
            }

    def _early(self) -> str:
        objected = self.application.early == Application.Early.OBJECTION
        kind = Request.Kind.OBJECTION if objected else Request.Kind.ERASURE
        answered = [
            request
            for request in self.application.requests.all()
            if (request.kind, request.state) == (kind, Request.State.ANSWERED)
        ]
        request = answered[-1] if answered else None
        if request is None or self.application.early_at is None:
            return self._say("early")
        confirmed = "early confirmed" if request.confirmed_by_id else "early waited"
        return self._say(
            "early objection" if objected else confirmed,
            asked=_day(request.received_at),
            officer=_name(request.decided_by),
            second=_name(request.confirmed_by),
            day=_day(self.application.early_at),
        )

    def _hold(self, hold: Hold) -> str:
        asked_at = hold.request.received_at if hold.request else hold.set_at
        if hold.request and hold.request.state == Request.State.RELEASED:
            until = date_format(hold.request.copy.last_day)
            return self._say("held released", until=until, asked=_day(asked_at))
        kind = "other" if hold.has_end and hold.kind in Hold.OF_REQUESTS else hold.kind
        return self._say(
            f"held {kind}",
            until=date_format(hold.last_day),
            asked=_day(asked_at),
            reason=hold.reason.strip().rstrip(".") or hold.get_kind_display(),
            who=_name(hold.set_by),
        )

    def _say(self, what: str, **places: object) -> str:
        return str(self.voice[what] % places)


def _day(moment: datetime) -> str:
    return date_format(retention.local_date(moment))


def _name(user: User | None) -> str:
    return str(user) if user else pgettext("person", "someone")
