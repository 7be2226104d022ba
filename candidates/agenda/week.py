"""The deletions of the days to come, as far as a person may see what goes."""

from datetime import date, datetime, timedelta
from typing import NamedTuple

from candidates import access, deadlines, retention
from candidates.access import Role
from candidates.models import User
from candidates.statements import SOME_MOMENT, Values, kept

DAYS = 7


class Going(NamedTuple):
    """A day and how many records go then."""

    day: date
    number: int
    #: How much of the clock is left, in percent.
    left: int


def week(user: User, now: datetime) -> list[Going]:
    """Return the days from today on which something goes, a week of them."""
    today = retention.local_date(now)
    last = today + timedelta(days=DAYS - 1)
    if not access.has(user, *access.READERS):
        return []
    asked = _statement(user, last).filled({SOME_MOMENT: now})
    counts = deadlines.by_days(asked.rows(), today=today, until=last)
    return [
        Going(day, number, deadlines.Day(day, today, number).left)
        for day, number in sorted(counts.items())
        if number
    ]


@kept
def _statement(user: User, last: date) -> Values:
    """Count what goes on the days up to the last one; when holds count is left open."""
    if access.has(user, Role.PRIVACY_OFFICER):
        return Values.of(deadlines.counts_of_all(SOME_MOMENT, until=last))
    seen, less = access.of_jobs(user), access.kept_back(user)
    return Values.of(deadlines.counts_among(seen, SOME_MOMENT, less=less, until=last))
