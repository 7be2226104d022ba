"""The list as a file for a spreadsheet: what is shown, row by row, and nothing that computes.

Rows are read as they are written, so memory holds none of them twice. A spreadsheet's own
half-made files lie in a folder that goes with whoever writes them, however that ends.
"""

import csv
from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import xlsxwriter
from django.conf import settings
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from candidates import retention
from candidates.models import Application
from storage import bounded

#: How many rows a file may have: what a spreadsheet shows and a person still looks through.
MOST = 20_000
#: How many rows are read at once, and how many bytes are sent at once.
CHUNK = 1_000
PIECE = 64 * 1024
#: With what a spreadsheet takes a text for a formula, or runs it (OWASP, CSV injection).
COMPUTES = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")

Cell = str | date | datetime | None


class Column(NamedTuple):
    """A column: its head, what stands in it, and how wide it is, in characters."""

    head: Promise
    cell: Callable[[Application], Cell]
    width: int = 18


def _day(moment: datetime) -> date:
    return retention.local_date(moment)


COLUMNS = (
    Column(_("First name"), lambda row: row.first_name),
    Column(_("Last name"), lambda row: row.last_name),
    Column(_("E-mail"), lambda row: row.email, 30),
    Column(_("Phone"), lambda row: row.phone),
    Column(_("Job"), lambda row: row.title, 34),
    Column(_("Stage"), lambda row: row.stage.name if row.stage else None),
    Column(_("Status"), lambda row: str(row.get_status_display()), 12),
    Column(_("Source"), lambda row: str(row.get_source_display()), 12),
    Column(_("From whom"), lambda row: row.introduced_by or None),
    Column(_("Received"), lambda row: _day(row.received_at), 12),
    Column(_("In this stage since"), lambda row: _day(row.stage_since), 12),
    Column(_("Decided on"), lambda row: row.decided_on, 12),
    Column(_("Erased on"), lambda row: row.delete_on, 12),
    Column(_("Page"), lambda row: f"{settings.ATS_SITE_URL}{row.get_absolute_url()}", 50),
)


class _Line:
    """A file that gives back what is written to it: `csv` wants one."""

    def write(self, text: str) -> str:
        return text


def as_csv(rows: Iterable[Application], *, language: str) -> Iterator[bytes]:
    """Yield the lines of a CSV file in UTF-8, as spreadsheets of that language open it."""
    writer = csv.writer(_Line(), delimiter=";" if language == "de" else ",")
    yield b"\xef\xbb\xbf"  # or Excel takes it for Latin-1
    yield writer.writerow([str(column.head) for column in COLUMNS]).encode()
    for row in rows:
        cells = [plain(column.cell(row)) for column in COLUMNS]
        yield writer.writerow(cells).encode()


def plain(cell: Cell) -> str:
    """Return a cell as text that no spreadsheet computes."""
    if cell is None:
        return ""
    if isinstance(cell, date):
        return cell.isoformat()
    return (
        f"'{cell}" if cell.lstrip(" \u00a0").startswith(COMPUTES) or cell[:1] in COMPUTES else cell
    )


def as_xlsx(rows: Iterable[Application]) -> Iterator[bytes]:
    """Yield an XLSX file, once all of it has been written."""
    with bounded.workplace() as place:
        path = place / "list.xlsx"
        _write(path, rows)
        with path.open("rb") as file:
            yield from _pieces(file)


def _write(path: Path, rows: Iterable[Application]) -> None:
    # Texts stay texts: nothing is taken for a formula, a link or a number.
    options = {
        "constant_memory": True,
        "tmpdir": str(path.parent),
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "default_date_format": "yyyy-mm-dd",
    }
    with xlsxwriter.Workbook(path, options) as book:
        sheet = book.add_worksheet()
        bold = book.add_format({"bold": True})
        sheet.freeze_panes(1, 0)
        for number, column in enumerate(COLUMNS):
            sheet.set_column(number, number, column.width)
            sheet.write_string(0, number, str(column.head), bold)
        for line, row in enumerate(rows, start=1):
            for number, column in enumerate(COLUMNS):
                _put(sheet, line, number, column.cell(row))


def _put(sheet: Any, line: int, number: int, cell: Cell) -> None:
    if isinstance(cell, date):
        sheet.write_datetime(line, number, cell)
    elif cell:
        sheet.write_string(line, number, cell)


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    while piece := file.read(PIECE):
        yield piece


def name(ending: str, now: datetime) -> str:
    """Return what the file is called: of no person, and telling one export from the next."""
    return f"applications-{timezone.localtime(now):%Y-%m-%d-%H%M}.{ending}"
