"""Employees: the list, the record, undoing a hire, and erasing."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from candidates import hiring
from candidates.models import Application, Employee, LedgerLine, User
from storage.models import Tombstone
from tests import world

pytestmark = [pytest.mark.django_db, pytest.mark.once("postgres")]


@pytest.fixture
def personnel() -> User:
    return world.a_user("personnel")


@pytest.fixture
def hr(client: Client, personnel: User) -> Client:
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    return world.log_in(client, personnel)


def hired(by: User, *, in_days: int = 14, documents: int = 1) -> Employee:
    """Hire somebody who came with so many documents and one that stays behind."""
    application = world.an_application()
    along = [world.an_attachment(application, content=b"%PDF-") for _ in range(documents)]
    world.an_attachment(application, content=b"%PDF-")
    return hiring.hire(
        application,
        by=by,
        start_date=timezone.localdate() + timedelta(days=in_days),
        job_title="Pflegefachkraft",
        personnel_number=hiring.next_personnel_number(),
        attachments=[document.pk for document in along],
        now=timezone.now(),
    )


def page(client: Client, employee: Employee) -> str:
    response = client.get(employee.get_absolute_url())
    assert response.status_code == 200
    return response.content.decode()


def send(client: Client, verb: str, employee: Employee, **data: Any) -> Any:
    return client.post(reverse(f"hr:{verb}", args=[employee.pk]), data)


def test_the_list_is_in_the_order_of_names_and_is_paged(
    hr: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.pages_of(2, monkeypatch)
    for name in ("Ceylan", "Adam", "Brandt"):
        world.an_employee(last_name=name)
    first = hr.get(reverse("hr:employees")).context["page"]
    second = hr.get(reverse("hr:employees"), {"after": first.after}).context["page"]
    assert [row.last_name for row in first.rows] == ["Adam", "Brandt"]
    assert [row.last_name for row in second.rows] == ["Ceylan"]


def test_the_record_has_its_data_and_says_what_stayed_behind(hr: Client, personnel: User) -> None:
    employee = hired(personnel, documents=2)
    html = page(hr, employee)
    assert "starts in 14 days" in html
    assert "The application and its other document are erased on" in html
    assert html.count("from the application") == 2
    assert "Undo hire …" in html


def test_when_the_application_is_gone_nothing_has_stayed_behind(hr: Client) -> None:
    assert "Nothing: the application has been erased." in page(hr, world.an_employee())


def test_undoing_a_hire_opens_the_application_and_removes_the_record(
    hr: Client, personnel: User
) -> None:
    employee = hired(personnel)
    response = send(hr, "undo_hire", employee)
    assert response["Location"] == reverse("hr:employees")
    assert Employee.objects.count() == 0
    assert Application.objects.get().is_open
    assert Application.objects.get().attachments.count() == 2


def test_from_the_start_date_on_a_hire_cannot_be_undone(hr: Client, personnel: User) -> None:
    employee = hired(personnel, in_days=0)
    assert "Undo hire …" not in page(hr, employee)
    response = send(hr, "undo_hire", employee)
    assert response.status_code == 409
    assert "The start date has come" in response.content.decode()
    assert Employee.objects.count() == 1


def test_who_never_started_has_a_clock_if_the_application_is_gone(hr: Client) -> None:
    employee = world.an_employee(start_date=timezone.localdate() + timedelta(days=9))
    response = send(hr, "undo_hire", employee)
    assert response["Location"] == employee.get_absolute_url()
    html = page(hr, employee)
    assert "The hire was undone after the application had been erased." in html
    assert "Undo hire …" not in html
    assert 'class="clock"' in hr.get(reverse("hr:employees")).content.decode()


@pytest.mark.parametrize("rule", ["handed-over", "left"])
def test_a_record_is_erased_with_its_documents(hr: Client, personnel: User, rule: str) -> None:
    employee = hired(personnel, documents=2)
    keys = set(employee.attachments.values_list("key", flat=True))
    response = send(hr, "erase_employee", employee, rule=rule)
    assert response["Location"] == reverse("hr:employees")
    assert Employee.objects.count() == 0
    assert set(Tombstone.objects.values_list("key", flat=True)) == keys
    assert LedgerLine.objects.get().rule == rule


@pytest.mark.parametrize("data", [{}, {"rule": "retention"}, {"rule": "x"}])
def test_erasing_needs_one_of_the_two_rules(hr: Client, data: dict[str, str]) -> None:
    response = send(hr, "erase_employee", world.an_employee(), **data)
    assert response.status_code == 422
    assert 'class="error"' in response.content.decode()
    assert Employee.objects.count() == 1


def test_a_document_of_the_record_can_be_downloaded(hr: Client, personnel: User) -> None:
    document = hired(personnel).attachments.get()
    response = hr.get(reverse("hr:attachment", args=[document.pk]))
    assert b"".join(response) == b"%PDF-"
