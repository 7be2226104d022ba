from datetime import date, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from candidates import hiring, ledger
from candidates.models import Application, Employee, LedgerLine
from candidates.pipeline import ChangeNotAllowed
from candidates.status import Status
from storage.models import Attachment, Tombstone
from tests.world import NOW, TODAY, a_user, an_application, an_attachment, an_employee

pytestmark = [pytest.mark.django_db, pytest.mark.once("postgres")]


def hired(application: Application, **fields: Any) -> Employee:
    defaults: dict[str, Any] = {
        "by": a_user("recruiter"),
        "start_date": TODAY + timedelta(days=14),
        "job_title": "Pflegefachkraft",
        "personnel_number": hiring.next_personnel_number(),
        "attachments": [],
        "now": NOW,
    }
    return hiring.hire(application, **defaults | fields)


def test_a_hire_makes_an_employee_moves_the_chosen_documents_and_starts_the_clock() -> None:
    application = an_application()
    chosen, left = an_attachment(application, "CV.pdf"), an_attachment(application, "Foto.pdf")
    employee = hired(application, attachments=[chosen.pk])
    application.refresh_from_db()
    assert (application.status, application.delete_on) == (Status.HIRED, date(2027, 3, 17))
    assert (employee.name, employee.email) == (application.name, application.email)
    assert list(employee.attachments.all()) == [chosen]
    assert list(application.attachments.all()) == [left]
    assert employee.attachments.get().key == chosen.key
    assert application.events.get().detail == "1"


def test_a_foreign_attachment_does_not_follow_a_hire() -> None:
    foreign = an_attachment(an_application())
    assert not hired(an_application(), attachments=[foreign.pk]).attachments.exists()


def test_personnel_numbers_count_on_from_the_highest() -> None:
    assert hiring.next_personnel_number() == "10001"
    an_employee(personnel_number="10427")
    an_employee(personnel_number="X-99999")
    assert hiring.next_personnel_number() == "10428"


def test_a_proposed_personnel_number_is_always_free() -> None:
    an_employee(personnel_number="999999999")
    an_employee(personnel_number="1000000000")
    assert hiring.next_personnel_number() == "1000000001"


def test_a_taken_personnel_number_is_refused_with_the_next_free_one() -> None:
    application = an_application()
    an_employee(personnel_number="10427")
    with pytest.raises(hiring.PersonnelNumberTaken, match="10428"):
        hired(application, personnel_number="10427")
    application.refresh_from_db()
    assert application.is_open


def test_a_rejected_applicant_cannot_be_hired() -> None:
    with pytest.raises(ChangeNotAllowed):
        hired(an_application(status="rejected"))
    assert not Employee.objects.exists()


def test_undoing_a_hire_gives_the_documents_back_and_stops_the_clock() -> None:
    application = an_application()
    file = an_attachment(application)
    employee = hired(application, attachments=[file.pk])
    again = hiring.undo(employee, by=a_user("personnel"), now=NOW)
    assert again == application
    application.refresh_from_db()
    assert (application.status, application.delete_on) == (Status.OPEN, None)
    assert list(application.attachments.all()) == [file]
    assert not Employee.objects.exists()
    assert not Tombstone.objects.exists()
    assert application.events.filter(kind="hire-undone").exists()


def test_undoing_a_hire_buries_what_came_to_the_employee_later() -> None:
    employee = hired(an_application())
    contract = an_attachment(employee, "Vertrag.pdf")
    hiring.undo(employee, by=a_user("personnel"), now=NOW)
    assert Tombstone.objects.get().key == contract.key


def test_a_hire_cannot_be_undone_from_its_start_date_on() -> None:
    employee = hired(an_application(), start_date=TODAY)
    with pytest.raises(ChangeNotAllowed):
        hiring.undo(employee, by=a_user("personnel"), now=NOW)


def test_undoing_after_the_purge_leaves_a_record_that_runs_the_clock_itself() -> None:
    application = an_application()
    file = an_attachment(application)
    start = TODAY + timedelta(days=300)
    employee = hired(application, attachments=[file.pk], start_date=start)
    Application.objects.filter(pk=application.pk).delete()
    assert hiring.undo(employee, by=a_user("personnel"), now=NOW) is None
    employee.refresh_from_db()
    assert employee.has_not_started
    assert employee.delete_on == date(2027, 3, 17)
    assert list(employee.attachments.all()) == [file]
    with pytest.raises(ChangeNotAllowed):
        hiring.undo(employee, by=a_user("personnel"), now=NOW)


def test_erasing_an_employee_leaves_tombstones_and_a_line_without_a_person() -> None:
    application = an_application()
    file = an_attachment(application)
    employee = hired(application, attachments=[file.pk])
    record = employee.pk
    hiring.erase(employee, by=a_user("personnel"), rule=LedgerLine.Rule.HANDED_OVER, now=NOW)
    assert not Employee.objects.exists()
    assert not Attachment.objects.exists()
    assert Tombstone.objects.get().key == file.key
    line = LedgerLine.objects.get()
    assert (line.kind, line.rule, line.rows, line.objects_count) == (
        "employee",
        "handed-over",
        2,
        1,
    )
    assert line.record == ledger.keyed_hash(record)
    application.refresh_from_db()
    assert application.status == Status.HIRED


def test_an_attachment_has_one_owner_or_is_staged() -> None:
    file = an_attachment(an_application())
    for broken in (
        {"employee": an_employee()},
        {"application": None},
        {"staged_until": NOW},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            Attachment.objects.filter(pk=file.pk).update(**broken)
