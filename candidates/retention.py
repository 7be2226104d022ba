"""The clock: from a decision to the day on which nothing may be left. Pure functions, no writes.

Dates are those of `ATS_TIME_ZONE`. A deletion day belongs to the purge from its first moment to
its last; what is left after that is in breach.
"""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from dateutil.relativedelta import relativedelta
from django.conf import settings

#: Room for retries when an ended hold or a request made an application due.
GRACE = timedelta(hours=24)


def zone() -> ZoneInfo:
    """Return the time zone in which days begin and end."""
    return ZoneInfo(settings.ATS_TIME_ZONE)


def local_date(now: datetime) -> date:
    """Return the calendar day of an aware moment, whatever the server's own time zone."""
    return now.astimezone(zone()).date()


def delete_on(decided_on: date, *, months: int) -> date:
    """Return the last day on which data of an application may exist.

    The period starts the day after the decision and ends with the day that bears the same
    number, or with the month's last day where there is none (BGB §§ 187(1), 188(2), (3)).
    Always count from the original decision: 31 August plus six months is 28 February, and
    six months back from there is not 31 August.
    """
    return decided_on + relativedelta(months=months)


def start_of(day: date) -> datetime:
    """Return the first moment of a day, in UTC."""
    return datetime.combine(day, time.min, tzinfo=zone()).astimezone(UTC)


def end_of(day: date) -> datetime:
    """Return the first moment after a day, in UTC: what is due that day is then in breach."""
    midnight = datetime.combine(day + timedelta(days=1), time.min, tzinfo=zone())
    return midnight.astimezone(UTC)


def is_due(delete_on: date, *, today: date) -> bool:
    return delete_on <= today


def share_left(decided_on: date, delete_on: date, *, today: date) -> int:
    """Return how much of the clock is left, in percent: 100 on the first day, 0 on the last."""
    whole = (delete_on - decided_on).days
    left = min(max((delete_on - today).days, 0), whole)
    return round(100 * left / whole) if whole else 0
