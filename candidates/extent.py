"""How much goes with a record: its rows in the tables and its objects in storage."""

from dataclasses import dataclass
from typing import Any

from django.db.models import (
    Count,
    Expression,
    IntegerField,
    Model,
    OuterRef,
    QuerySet,
    Subquery,
    Value,
)
from django.db.models.functions import Coalesce
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from candidates import reads
from candidates.models import Employee, Event, Hold, Mail, Request
from candidates.models.applications import Applications
from candidates.status import Status
from storage.models import Attachment, Page, Words

#: What an application has in tables besides its own row and its documents, and the way to it.
PARTS: dict[type[Model], tuple[str, Promise]] = {
    Words: ("attachment__application", _("Texts of documents")),
    Page: ("attachment__application", _("Drawn pages")),
    Event: ("application", _("Entries of the history")),
    Mail: ("application", _("Mails")),
    Hold: ("application", _("Holds")),
    Request: ("application", _("Requests")),
}


@dataclass(frozen=True)
class Share:
    """How much of one kind there is: rows of tables, objects in storage."""

    label: Promise | str
    rows: int
    objects: int = 0


def listed(applications: Applications) -> Applications:
    """Add what a line of a list says: the job, the clock's hold, `row_count` and `object_count`."""
    documents = Attachment.objects.all()
    copies = documents.filter(view_key__isnull=False)
    rows: Any = Value(1) + _number(documents)
    for part, (way, _label) in PARTS.items():
        rows += _number(part._default_manager.all(), way)
    shown = reads.with_hold(applications.select_related("job"))
    return shown.annotate(row_count=rows, object_count=_number(documents) + _number(copies))


def _number(rows: QuerySet[Any], way: str = "application") -> Expression:
    """Return the expression for the number of an application's rows in a table."""
    mine = rows.filter(**{way: OuterRef("pk")}).order_by().values(way)
    number = Subquery(mine.annotate(n=Count("pk")).values("n"), output_field=IntegerField())
    return Coalesce(number, 0)


def shares(applications: Applications, employees: QuerySet[Employee]) -> list[Share]:
    """Say what these records comprise, a share for each kind; always as many queries."""
    plain = applications.order_by()
    statuses = dict(plain.values_list("status").annotate(n=Count("pk")))
    ids = plain.values("pk")
    mine = Attachment.objects.filter(employee__in=employees.values("pk"))
    found = [
        *(Share(status.label, statuses.get(status, 0)) for status in Status),
        _documents(_("Documents"), Attachment.objects.filter(application__in=ids)),
        *(
            Share(label, part._default_manager.filter(**{f"{way}__in": ids}).count())
            for part, (way, label) in PARTS.items()
        ),
        Share(_("Employee records without a start"), employees.count()),
        _documents(_("Their documents"), mine),
    ]
    return [share for share in found if share.rows]


def _documents(label: Promise | str, attachments: QuerySet[Attachment]) -> Share:
    numbers = attachments.aggregate(rows=Count("pk"), copies=Count("view_key"))
    return Share(label, numbers["rows"], numbers["rows"] + numbers["copies"])
