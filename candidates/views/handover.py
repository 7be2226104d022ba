"""Handing an employee's record over to another system: a file, and a line in the read log."""

from collections.abc import Callable
from typing import NamedTuple
from uuid import UUID

from django.db import IntegrityError, transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from candidates import access, handover
from candidates.models import Employee, Read


class Format(NamedTuple):
    write: Callable[[Employee], str]
    content_type: str


FORMATS = {
    "json": Format(handover.as_json, "application/json"),
    "csv": Format(handover.as_csv, "text/csv; charset=utf-8; header=present"),
}


@require_safe
def export(request: HttpRequest, pk: UUID, format: str) -> HttpResponse:  # noqa: A002
    """Hand the record over; the file is named after the personnel number."""
    employee = access.get_employee(request, pk)
    if format not in FORMATS:
        raise Http404
    name = f"{_plain(employee.personnel_number)}.{format}"
    if request.method == "GET":
        _log(request, employee, name)
    write, content_type = FORMATS[format]
    disposition = f'attachment; filename="{name}"'
    return HttpResponse(
        write(employee), content_type=content_type, headers={"Content-Disposition": disposition}
    )


def _plain(number: str) -> str:
    """Return a personnel number as part of a file's name: 2026/14 is no folder."""
    return "".join(sign if sign.isascii() and sign.isalnum() else "-" for sign in number)


def _log(request: HttpRequest, employee: Employee, name: str) -> None:
    """Write who took the record away. Raises Http404 if it has just been erased."""
    try:
        with transaction.atomic():
            Read.objects.create(
                employee=employee, document=name, by=access.person(request), at=timezone.now()
            )
    except IntegrityError:
        raise Http404 from None
