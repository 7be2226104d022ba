"""An employee's record for the payroll or personnel system: JSON, and CSV for spreadsheets too.

The names of the fields are fixed; docs/employee-export.md has them.
"""

import csv
import json
from io import StringIO
from typing import Any

from django.conf import settings
from django.urls import reverse

from candidates import exports, retention
from candidates.models import Employee
from storage.models import Attachment

#: Raised when a field goes or changes its meaning; new fields leave it as it is.
VERSION = 1


def fields(employee: Employee) -> dict[str, str]:
    """Return what is handed over of a person: text, days as 2026-10-01."""
    return {
        "personnel_number": employee.personnel_number,
        "first_name": employee.first_name,
        "last_name": employee.last_name,
        "email": employee.email,
        "phone": employee.phone,
        "job_title": employee.job_title,
        "start_date": employee.start_date.isoformat(),
        "status": "not-started" if employee.has_not_started else "hired",
        "hired_on": retention.local_date(employee.hired_at).isoformat(),
        "applied_on": employee.applied_on.isoformat(),
        "applied_as": employee.applied_as,
        "delete_on": employee.delete_on.isoformat() if employee.delete_on else "",
    }


def as_json(employee: Employee) -> str:
    """Return the record and what documents it has, as an object in UTF-8."""
    record: dict[str, Any] = {"format": "halbjahr-employee", "version": VERSION}
    record["id"] = str(employee.pk)
    record |= fields(employee)
    record["documents"] = [_document(each) for each in employee.attachments.all()]
    return json.dumps(record, ensure_ascii=False, indent=2) + "\n"


def _document(document: Attachment) -> dict[str, Any]:
    """Return what a document is, and where somebody of personnel who is logged in fetches it."""
    return {
        "name": document.name,
        "content_type": document.content_type,
        "bytes": document.size,
        "url": settings.ATS_SITE_URL + reverse("hr:attachment", args=[document.pk]),
    }


def as_csv(employee: Employee) -> str:
    """Return the record as a line of names and one of values (RFC 4180), without documents.

    It begins with a byte order mark, by which spreadsheets know that it is UTF-8.
    """
    record, out = fields(employee), StringIO()
    out.write("\ufeff")
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(record)
    writer.writerow(exports.plain(value) for value in record.values())
    return out.getvalue()
