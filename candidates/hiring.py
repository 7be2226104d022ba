"""Hiring: an application becomes an employee record, and back."""

import re
from collections.abc import Iterable
from datetime import date, datetime
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import IntegerField, Max
from django.db.models.functions import Cast
from django.utils.translation import gettext as _

from candidates import ledger, retention
from candidates.models import Application, Employee, Event, LedgerLine, User
from candidates.pipeline import CLOCK, RESTRICTED, ChangeNotAllowed, close, locked
from candidates.status import Status
from storage import erasure
from storage.models import Attachment

#: What documents are called that a personnel file has no need of: letters and photographs.
NOT_FOR_THE_FILE = re.compile(
    r"anschreiben|motivation|cover|letter|bewerbungsschreiben|fotos?\b|photos?\b|passbild|portrait",
    re.IGNORECASE,
)


class PersonnelNumberTaken(ChangeNotAllowed):
    """Another employee has this personnel number."""


def next_personnel_number() -> str:
    """Return the number after the highest that is a plain number, "10001" for the first."""
    plain = Employee.objects.filter(personnel_number__regex=r"^[0-9]{1,9}$")
    number = plain.aggregate(n=Max(Cast("personnel_number", IntegerField())))["n"] or 10000
    while Employee.objects.filter(personnel_number=str(number := number + 1)).exists():
        pass
    return str(number)


def belongs_in_the_file(document: Attachment) -> bool:
    """Return whether to propose that a document goes along, as far as its name tells.

    What was written to get the job has done its work (Art. 5(1)(c) GDPR); CVs, certificates and
    all else are proposed, since what stays behind is erased.
    """
    name = document.name.rpartition(".")[0] or document.name
    return not NOT_FOR_THE_FILE.search(name.replace("_", " "))


@transaction.atomic
def hire(
    application: Application,
    *,
    by: User,
    start_date: date,
    job_title: str,
    personnel_number: str,
    attachments: Iterable[UUID],
    now: datetime,
) -> Employee:
    """Turn an open application into an employee record and close it as hired.

    The chosen attachments change their owner; their objects stay where they are. What is not
    clean cannot be chosen. Everything else stays with the application and goes with its clock.
    Raises `ChangeNotAllowed`, and `PersonnelNumberTaken` if someone has that number.
    """
    application = locked(application, to=Status.HIRED)
    employee = Employee(
        personnel_number=personnel_number,
        first_name=application.first_name,
        last_name=application.last_name,
        email=application.email,
        phone=application.phone,
        job_title=job_title,
        start_date=start_date,
        application=application,
        applied_on=retention.local_date(application.received_at),
        applied_as=application.title,
        hired_at=now,
        hired_by=by,
    )
    _save_new(employee)
    moved = (
        application.attachments.servable()
        .filter(pk__in=list(attachments))
        .update(application=None, employee=employee, came_from=application)
    )
    close(application, Status.HIRED, now=now)
    application.events.create(kind=Event.Kind.HIRED, by=by, at=now, detail=str(moved))
    return employee


@transaction.atomic
def undo(employee: Employee, *, by: User, now: datetime) -> Application | None:
    """Undo a hire before its start date; return the application, open again.

    Its documents go back and the employee record goes. If the application has been purged
    meanwhile, or its last day has come, return None: the record becomes "not started" and runs
    the six-month clock itself.
    """
    # The application first, as everywhere: its purge changes the employee's row too.
    application = Application.objects.select_for_update().filter(employee=employee).first()
    employee = _locked(employee)
    today = retention.local_date(now)
    if employee.has_not_started:
        raise ChangeNotAllowed(_("This hire has been undone already."))
    if employee.start_date <= today:
        raise ChangeNotAllowed(_("The start date has come. A hire can be undone only before it."))
    if application and application.restricted_at:
        raise ChangeNotAllowed(str(RESTRICTED))
    if application is None or application.is_being_erased(now):
        employee.start_clock(on=today)
        employee.save(update_fields=["decided_on", "delete_on", "retention_months"])
        return None
    employee.attachments.filter(came_from=application).update(
        application=application, employee=None, came_from=None
    )
    _bury(employee, now=now)
    employee.delete()
    application.reopen()
    application.save(update_fields=CLOCK)
    application.events.create(kind=Event.Kind.HIRE_UNDONE, by=by, at=now)
    return application


@transaction.atomic
def erase(employee: Employee, *, by: User, rule: LedgerLine.Rule, now: datetime) -> None:
    """Delete an employee record that was handed over or whose person has left.

    Its documents become tombstones, which the worker turns into nothing; the ledger gets a line.
    """
    employee = _locked(employee)
    documents = employee.attachments.count()
    objects = _bury(employee, now=now)
    record = employee.pk
    deleted, _rows = employee.delete()
    ledger.append(
        [
            ledger.Deletion(
                record, LedgerLine.Kind.EMPLOYEE, rule, rows=deleted + documents, objects=objects
            )
        ],
        day=retention.local_date(now),
    )


def _save_new(employee: Employee) -> None:
    try:
        with transaction.atomic():
            employee.save(force_insert=True)
    except IntegrityError as error:
        raise PersonnelNumberTaken(
            _("The personnel number %(number)s is taken. The next free one is %(next)s.")
            % {"number": employee.personnel_number, "next": next_personnel_number()}
        ) from error


def _locked(employee: Employee) -> Employee:
    fresh = Employee.objects.select_for_update().filter(pk=employee.pk).first()
    if fresh is None:
        raise ChangeNotAllowed(_("This employee record has been erased meanwhile."))
    return fresh


def _bury(employee: Employee, *, now: datetime) -> int:
    documents = Attachment.objects.filter(employee=employee)
    return len(erasure.bury(documents, now=now, breach_at=now + retention.GRACE))
