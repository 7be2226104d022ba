"""Clocks in rows: those that are longer than the setting, and those that do not add up."""

from datetime import date, datetime

from django.conf import settings

from candidates import retention
from candidates.models import Application, Employee


def shorten_clocks() -> None:
    """Shorten the clocks that are longer than `ATS_RETENTION_MONTHS`; nothing lengthens one.

    An early erasure stays as early as it is.
    """
    months = settings.ATS_RETENTION_MONTHS
    applications = Application.objects.filter(
        delete_on__isnull=False, early_at__isnull=True, retention_months__gt=months
    )
    employees = Employee.objects.filter(delete_on__isnull=False, retention_months__gt=months)
    days = applications.order_by().values_list("decided_on")
    for (day,) in list(days.union(employees.order_by().values_list("decided_on"))):
        if day is None:
            continue
        end = retention.delete_on(day, months=months)
        for longer in (applications, employees):
            longer.filter(decided_on=day).update(delete_on=end, retention_months=months)


def disagree(now: datetime) -> bool:
    """Whether something is due on a day that does not follow from its decision."""
    clocks = ("decided_on", "delete_on", "retention_months")
    applications = Application.objects.due(now).order_by()
    employees = Employee.objects.due(now).order_by()
    return any(
        not _adds_up(*clock, is_early=is_early)
        for rows, is_early in (
            (applications.filter(early_at__isnull=True), False),
            (applications.filter(early_at__isnull=False), True),
            (employees, False),
        )
        for clock in rows.values_list(*clocks).distinct()
    )


def _adds_up(
    decided_on: date | None, delete_on: date | None, months: int | None, *, is_early: bool
) -> bool:
    if not (decided_on and delete_on and months):
        return False
    end = retention.delete_on(decided_on, months=months)
    return delete_on <= end if is_early else delete_on == end
