"""The list as a file: what is shown, safe in every spreadsheet, and never a part of it."""

import csv
from io import BytesIO, StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree
from zipfile import ZipFile

import pytest
from django.test import Client
from django.urls import reverse

from candidates import exports
from candidates.models import User
from tests import world

if TYPE_CHECKING:
    from pytest_django.fixtures import Settings

pytestmark = [pytest.mark.django_db, pytest.mark.once("postgres")]

CELL = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


@pytest.fixture
def recruiter() -> User:
    return world.a_user("recruiter")


@pytest.fixture
def hr(client: Client, recruiter: User, english: None) -> Client:
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    return world.log_in(client, recruiter)


def fetched(hr: Client, ending: str, **query: str) -> bytes:
    response = hr.get(reverse("hr:export", args=[ending]), query)
    assert response.status_code == 200
    assert response["Content-Disposition"].startswith('attachment; filename="applications-')
    return b"".join(response)


def table(content: bytes, delimiter: str = ",") -> list[list[str]]:
    assert content.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(StringIO(content.decode("utf-8-sig")), delimiter=delimiter))


def cells(content: bytes) -> list[dict[str, Any]]:
    """Return the cells of a workbook's sheet: where, of which type, and what stands in them."""
    with ZipFile(BytesIO(content)) as book:
        sheet = ElementTree.fromstring(book.read("xl/worksheets/sheet1.xml"))
    return [
        {
            "at": cell.get("r"),
            "type": cell.get("t"),
            "text": "".join(cell.itertext()),
            "formula": cell.find(f"{CELL}f"),
        }
        for cell in sheet.iter(f"{CELL}c")
    ]


def test_a_csv_file_has_what_the_filters_let_through_in_the_order_of_the_list(hr: Client) -> None:
    job = world.a_job(title="Pflege, Nacht")
    for name in ("Zander", "Ahrens", "Krüger"):
        world.an_application(job, last_name=name, phone="")
    world.an_application(last_name="Elsewhere")
    rows = table(fetched(hr, "csv", job=job.slug, order="name"))
    assert rows[0][:4] == ["First name", "Last name", "E-mail", "Phone"]
    assert [row[1] for row in rows[1:]] == ["Ahrens", "Krüger", "Zander"]
    assert rows[1][4:10] == ["Pflege, Nacht", "Eingegangen", "Open", "Form", "", "2026-09-14"]


def test_a_german_spreadsheet_gets_its_semicolons(hr: Client, settings: "Settings") -> None:
    world.an_application()
    hr.cookies[settings.LANGUAGE_COOKIE_NAME] = "de"
    rows = table(fetched(hr, "csv"), delimiter=";")
    assert [len(row) for row in rows] == [len(exports.COLUMNS)] * 2


EVIL = [
    '=HYPERLINK("http://evil.example";"x")',
    "+49 221 4710815",
    "-2+3+cmd|' /C calc'!A0",
    "@SUM(1+1)",
    "\t=1+1",
    " =1+1",
    "＝1+1",
]


@pytest.mark.parametrize("evil", EVIL)
def test_no_cell_of_a_csv_file_is_a_formula(hr: Client, evil: str) -> None:
    world.an_application(last_name=evil)
    cell = table(fetched(hr, "csv"))[1][1]
    assert cell == f"'{evil}"


def test_no_cell_of_a_workbook_is_a_formula_or_a_link(hr: Client) -> None:
    for evil in [*EVIL, "https://evil.example", "mailto:x@evil.example", "12345", "\x07\x1b"]:
        world.an_application(last_name=evil)
    content = fetched(hr, "xlsx")
    found = cells(content)
    names = {cell["text"] for cell in found if cell["at"].startswith("B")}
    assert {evil.strip() for evil in EVIL} <= {name.strip() for name in names}
    assert {"https://evil.example", "12345"} <= names
    assert not [cell for cell in found if cell["formula"] is not None]
    assert {cell["type"] for cell in found if cell["at"].startswith("B")} == {"inlineStr"}
    with ZipFile(BytesIO(content)) as book:
        assert not [name for name in book.namelist() if "rels" in name and "sheet" in name]


def test_days_in_a_workbook_are_days(hr: Client) -> None:
    world.an_application(status="rejected")
    typed = {cell["at"]: cell["text"] for cell in cells(fetched(hr, "xlsx")) if not cell["type"]}
    # Counted from 30 December 1899.
    assert typed["J2"] == "46279"
    assert set(typed) == {"J2", "K2", "L2", "M2"}


def test_a_workbook_leaves_nothing_where_it_was_made(
    hr: Client, settings: "Settings", tmp_path: Path
) -> None:
    world.an_application()
    settings.FILE_UPLOAD_TEMP_DIR = str(tmp_path)
    response = hr.get(reverse("hr:export", args=["xlsx"]))
    next(iter(response))  # somebody breaks it off
    response.close()
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_nobody_exports_what_they_may_not_see(hr: Client, recruiter: User) -> None:
    world.an_application(last_name="Offen")
    world.an_application(world.a_job(is_confidential=True), last_name="Geheim")
    world.an_application(restricted_at=world.NOW, last_name="Gesperrt")
    world.an_application(email=recruiter.email, last_name="Eigen")
    assert [row[1] for row in table(fetched(hr, "csv"))[1:]] == ["Offen"]


def test_too_many_rows_give_no_file_but_a_sentence(
    hr: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exports, "MOST", 2)
    for _ in range(3):
        world.an_application(last_name="Müller")
    query = {"q": "müller", "status": "open"}
    response = hr.get(reverse("hr:export", args=["csv"]), query, follow=True)
    assert response.redirect_chain[0][0].endswith("?q=m%C3%BCller&status=open")
    assert "A file takes 2 applications at most" in response.content.decode()


def test_a_filter_that_is_unknown_gives_no_file_with_more_in_it(hr: Client) -> None:
    world.an_application()
    response = hr.get(reverse("hr:export", args=["csv"]), {"status": "gone"}, follow=True)
    assert "were left out: Status." in response.content.decode()


def test_there_are_two_kinds_of_files(hr: Client) -> None:
    assert hr.get(reverse("hr:export", args=["pdf"])).status_code == 404


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_a_file_of_many_rows_costs_as_many_queries_as_one_of_few(
    hr: Client, ending: str, django_assert_max_num_queries: Any
) -> None:
    for _ in range(30):
        world.an_application()
    with django_assert_max_num_queries(6):
        fetched(hr, ending)
