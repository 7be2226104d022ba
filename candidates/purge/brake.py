"""The brake: when a run must not delete anything until a person has looked.

A run that finds a reason stops before its first deletion. It goes on once a privacy officer has
confirmed, for this day, at least as many records as are due and every reason that it found.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import partial
from uuid import UUID

from django.db import transaction
from django.db.models import Count, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_q.tasks import async_task

from candidates import access, retention, runs
from candidates.models import Application, Confirmation, Employee, Run, User
from candidates.pipeline import ChangeNotAllowed

from . import clocks, telling
from .census import unforecast

UNFORESEEN, CLOCKS, LATE, TIME = "unforeseen", "clocks", "late", "time"
#: What only a replay of the ledger mends, never a confirmation.
BEHIND = "behind"

#: Each reason with the sentence that people read.
REASONS = {
    UNFORESEEN: gettext_lazy(
        "Far more is due than yesterday’s forecast said. Look whether dates were changed by"
        " mistake."
    ),
    CLOCKS: gettext_lazy(
        "Something is due on a day that does not follow from its decision. Look at the dates of"
        " what is due."
    ),
    LATE: gettext_lazy(
        "The last good run is more than two days ago, and much is due. Look whether this is the"
        " right database and whether its time is right."
    ),
    TIME: gettext_lazy(
        "The time of the database and that of the server differ by more than five minutes. Set"
        " both right."
    ),
}
SENTENCES = REASONS | {
    BEHIND: gettext_lazy(
        "The database is older than the ledger’s copy in storage. Replay the ledger first."
    )
}

#: So many records a day are never too many.
FEW = 25
#: Of the closed applications, in percent.
MANY = 20
LATEST = timedelta(days=2)
LARGEST_DRIFT = timedelta(minutes=5)
#: How many days ahead large days are announced and can be confirmed.
AHEAD = timedelta(days=7)
#: What a confirmation ahead of its day stands for: the other reasons nobody can foresee.
FORESEEABLE = [UNFORESEEN, LATE]
#: Rows in one transaction. A row that changes has a new place in each index: a thousand of them,
#: scattered among a million, have taken seconds.
PAGE = 100


def sentence(code: str) -> str:
    """Return what a reason means and what to do."""
    return str(SENTENCES[code])


def reasons(now: datetime, *, due: int, unforeseen: int, drift: timedelta) -> list[str]:
    """Return why nothing may be deleted now: codes of `REASONS`, none if all is well.

    `due` counts records, and `unforeseen` those of them that no forecast had; `drift` is how far
    the process's time is from the database's.
    """
    found = {
        TIME: drift > LARGEST_DRIFT,
        UNFORESEEN: unforeseen > 0 and _is_too_much(unforeseen + _unforeseen_today(now)),
        CLOCKS: due > 0 and clocks.disagree(now),
        LATE: due > FEW and _is_late(now),
    }
    return [code for code, holds in found.items() if holds]


def _is_too_much(unforeseen: int) -> bool:
    if unforeseen <= FEW:
        return False
    # No more than it takes to be few among them: there may be a million. Those that go last,
    # since an index is full of what is gone where purges have been.
    enough = unforeseen * 100 // MANY + 1
    closed = Application.objects.closed().order_by("-delete_on").values("pk")[:enough].count()
    return unforeseen > too_many(closed)


def _unforeseen_today(now: datetime) -> int:
    """Count what the day's earlier runs have let go unforeseen: many small runs are a large one."""
    return sum(
        min(numbers.get("unforeseen", 0), numbers.get("purged", 0))
        for numbers in _of_day(retention.local_date(now)).values_list("numbers", flat=True)
    )


def _of_day(day: date) -> QuerySet[Run]:
    """Return the purges since a day began."""
    midnight = datetime.combine(day, time.min, tzinfo=retention.zone())
    return Run.objects.of(Run.Job.PURGE).filter(started_at__gte=midnight)


def _is_late(now: datetime) -> bool:
    last = runs.last_good(Run.Job.PURGE)
    return last is None or now - last.started_at > LATEST


def foresee(now: datetime) -> None:
    """Write into the rows that the next day's purge will take what this day foresees.

    A page in one transaction. Rows that somebody else has locked are for the next run, since
    nobody may wait for a purge.
    """
    last: UUID | None = None
    while ids := _foresee_page(now, after=last):
        last = ids[-1]


@transaction.atomic
def _foresee_page(now: datetime, *, after: UUID | None) -> list[UUID]:
    rows = unforecast(now).order_by("pk").select_for_update(skip_locked=True, of=("self",))
    rows = rows.filter(pk__gt=after) if after else rows
    ids = list(rows.values_list("pk", flat=True)[:PAGE])
    if ids:
        today = retention.local_date(now)
        Application.objects.filter(pk__among=ids).update(foreseen_on=today)
    return ids


def too_many(closed: int) -> float:
    """Return how many records a day may take of so many closed applications."""
    return max(FEW, closed * MANY / 100)


# A person's word ----------------------------------------------------------------------------


def is_confirmed(day: date, *, due: int, reasons: list[str]) -> bool:
    """Whether a privacy officer has seen these reasons and agreed to so many records.

    What has been erased since counts: a word for thirty is none for thirty others an hour later.
    """
    words = Confirmation.objects.filter(day=day, count__gte=due)
    seen = (word for word in words if set(reasons) <= set(word.reasons))
    return any(due <= word.count - _taken_since(word) for word in seen)


def _taken_since(word: Confirmation) -> int:
    """Count what the purges of its day have erased since a word was given."""
    later = _of_day(word.day).filter(started_at__gte=word.at)
    return sum(numbers.get("purged", 0) for numbers in later.values_list("numbers", flat=True))


@transaction.atomic
def confirm(*, day: date, count: int, reasons: list[str], by: User, now: datetime) -> Confirmation:
    """Let up to `count` records go on this day in spite of these reasons; the purge is woken.

    Ahead of the day, `FORESEEABLE` are the reasons. Raises `ChangeNotAllowed` for anybody but a
    privacy officer, for a day past or more than a week ahead, and for reasons that are none.
    """
    today = retention.local_date(now)
    if not access.has(by, access.Role.PRIVACY_OFFICER):
        raise ChangeNotAllowed(_("Only the privacy officer confirms a purge."))
    if not today <= day <= today + AHEAD:
        raise ChangeNotAllowed(_("A purge can be confirmed from a week ahead until its day."))
    if not set(reasons) <= REASONS.keys() or count < 0:
        raise ChangeNotAllowed(_("This cannot be confirmed. Reload the page and look again."))
    if day == today:
        transaction.on_commit(partial(async_task, "candidates.tasks.purge_due"), robust=True)
    return Confirmation.objects.create(
        day=day, count=count, reasons=sorted(set(reasons)), by=by, at=now
    )


def stopped_run() -> Run | None:
    """Return the newest purge if the brake stopped it and nobody has confirmed it since."""
    ended = Run.objects.of(Run.Job.PURGE).exclude(state=Run.State.RUNNING)
    run = ended.first()
    if run is None or run.state != Run.State.STOPPED or not set(run.reasons) <= REASONS.keys():
        return None
    words = Confirmation.objects.filter(at__gte=run.started_at, count__gte=run.numbers["due"])
    confirmed = any(set(run.reasons) <= set(word.reasons) for word in words)
    return None if confirmed else run


def tell(codes: list[str], due: int, now: datetime) -> bool:
    """Tell the privacy officers of a stop, once a day for each kind; whether a mail went."""
    context = {"sentences": [sentence(code) for code in codes], "due": due}
    return telling.once_a_day(f"told-{'-'.join(codes)}", "mail/stopped.txt", context, now)


# Large days that are to be expected -------------------------------------------------------------


@dataclass(frozen=True)
class Announcement:
    """A day on which many records go, held ones counted in: at most so many may."""

    day: date
    count: int
    is_confirmed: bool


def announcements(today: date) -> list[Announcement]:
    """Return the large days from tomorrow to a week from today, the next one first."""
    days: dict[date, int] = {}
    for records in (Application.objects.all(), Employee.objects.all()):
        for day, count in _by_day(records, today):
            days[day] = days.get(day, 0) + count
    limit = too_many(Application.objects.closed().count())
    return [
        Announcement(day, count, is_confirmed(day, due=count, reasons=FORESEEABLE))
        for day, count in sorted(days.items())
        if count > limit
    ]


def _by_day(
    records: "QuerySet[Application] | QuerySet[Employee]", today: date
) -> list[tuple[date, int]]:
    ahead = records.filter(delete_on__gt=today, delete_on__lte=today + AHEAD).order_by()
    return list(ahead.values_list("delete_on").annotate(Count("pk")))


def announce(now: datetime) -> bool:
    """Tell the privacy officers of large unconfirmed days, once a day; whether a mail went."""
    large = [day for day in announcements(retention.local_date(now)) if not day.is_confirmed]
    if not large:
        return False
    return telling.once_a_day("told-large-days", "mail/large_days.txt", {"days": large}, now)
