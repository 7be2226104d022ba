"""Handing an employee's record over: what the files hold, and who is seen to take them."""

import csv
import json
from io import StringIO

import pytest
from django.test import Client
from django.urls import reverse

from candidates import exports, handover
from candidates.models import Employee, Read, User
from tests import world

pytestmark = [pytest.mark.django_db, pytest.mark.once("postgres")]

RECORD = {
    "personnel_number": "10427",
    "first_name": "Özlem",
    "last_name": "Schäfer",
    "email": "oezlem@post.example",
    "phone": "+49 341 5550199",
    "job_title": "Pflegefachkraft",
    "start_date": "2026-10-01",
    "status": "hired",
    "hired_on": "2026-09-17",
    "applied_on": "2026-08-18",
    "applied_as": "Pflegefachkraft",
    "delete_on": "",
}


@pytest.fixture
def personnel() -> User:
    return world.a_user("personnel")


@pytest.fixture
def hr(client: Client, personnel: User) -> Client:
    return world.log_in(client, personnel)


@pytest.fixture
def employee() -> Employee:
    return world.an_employee(personnel_number="10427", email="oezlem@post.example")


def fetch(client: Client, employee: Employee, kind: str) -> str:
    response = client.get(reverse("hr:export_employee", args=[employee.pk, kind]))
    assert response.status_code == 200
    assert response["Content-Disposition"] == f'attachment; filename="10427.{kind}"'
    return response.content.decode()


def test_json_has_the_record_and_its_documents(hr: Client, employee: Employee) -> None:
    document = world.an_attachment(employee, "Lebenslauf.pdf", b"%PDF-")
    record = json.loads(fetch(hr, employee, "json"))
    (listed,) = record.pop("documents")
    assert record == {
        "format": "halbjahr-employee",
        "version": 1,
        "id": str(employee.pk),
        **RECORD,
    }
    url = listed.pop("url")
    assert listed == {"name": "Lebenslauf.pdf", "content_type": "application/pdf", "bytes": 5}
    assert url.endswith(reverse("hr:attachment", args=[document.pk]))


def test_csv_has_a_line_of_names_and_one_of_values(hr: Client, employee: Employee) -> None:
    text = fetch(hr, employee, "csv")
    assert text.startswith("\ufeff")
    names, values = csv.reader(StringIO(text.removeprefix("\ufeff")))
    # A phone number begins as a formula does.
    assert dict(zip(names, values, strict=True)) == RECORD | {"phone": "'+49 341 5550199"}


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "+1",
        "-1",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "＝1",
        "\u00a0=1",
        '=HYPERLINK("http://x")',
        "  =1",
    ],
)
def test_no_cell_is_a_formula(text: str) -> None:
    assert exports.plain(text) == f"'{text}"
    employee = world.an_employee(last_name=text, job_title=text)
    _names, values = csv.reader(StringIO(handover.as_csv(employee).removeprefix("\ufeff")))
    assert [value for value in values if value.endswith(text)] == [f"'{text}"] * 2


@pytest.mark.parametrize("text", ["Müller-Lüdenscheid", "a=b", "10427", "", "O’Neill"])
def test_other_texts_stay_as_they_are(text: str) -> None:
    assert exports.plain(text) == text


@pytest.mark.parametrize("kind", ["json", "csv"])
def test_whoever_takes_a_record_away_stands_in_the_read_log(
    hr: Client, employee: Employee, personnel: User, kind: str
) -> None:
    hr.head(reverse("hr:export_employee", args=[employee.pk, kind]))
    assert not Read.objects.exists()
    fetch(hr, employee, kind)
    read = Read.objects.get()
    assert (read.employee, read.by, read.document) == (employee, personnel, f"10427.{kind}")


def test_another_format_is_no_address(hr: Client, employee: Employee) -> None:
    path = reverse("hr:export_employee", args=[employee.pk, "xml"])
    assert hr.get(path).status_code == 404
    assert not Read.objects.exists()


def test_a_personnel_number_with_a_slash_is_no_folder(hr: Client) -> None:
    employee = world.an_employee(personnel_number="2026/14")
    response = hr.get(reverse("hr:export_employee", args=[employee.pk, "json"]))
    assert response["Content-Disposition"] == 'attachment; filename="2026-14.json"'


def test_who_never_started_says_so_and_when_the_record_goes(hr: Client) -> None:
    employee = world.an_employee()
    employee.start_clock(on=world.TODAY)
    assert handover.fields(employee)["status"] == "not-started"
    assert handover.fields(employee)["delete_on"] == "2027-03-17"
