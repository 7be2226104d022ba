"""The deletions of the days to come, as far as a person may see what goes."""

from datetime import date, datetime, timedelta
from typing import NamedTuple

from candidates import access, deadlines, retention
from candidates.access import Role
from candidates.models import User

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
    if access.has(user, Role.PRIVACY_OFFICER):
        counts = deadlines.going(now, until=last)
    elif access.has(user, *access.READERS):
        counts = deadlines.going(now, until=last, among=access.of_jobs(user))
        counts -= deadlines.going(now, until=last, among=access.kept_back(user))
    else:
        return []
    return [
        Going(day, number, deadlines.Day(day, today, number).left)
        for day, number in sorted(counts.items())
        if number
    ]
