"""The farthest back that a decision may lie whose application is still kept."""

from datetime import date, timedelta

from dateutil.relativedelta import relativedelta

from candidates import retention


def earliest_decision(today: date, *, months: int) -> date:
    """Return the first day whose decisions' clock ends today, or tomorrow where none ends today.

    At the end of a month there may be no such day: nothing counts six months to 31 August.
    """
    day = today - relativedelta(months=months)
    while retention.delete_on(day, months=months) < today:
        day += timedelta(days=1)
    return day
