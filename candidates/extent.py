"""How much goes with a record: its rows in the tables and its objects in storage."""

from collections import Counter
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
from candidates.models import (
    AccessCopy,
    Employee,
    Event,
    Grade,
    Hold,
    Mail,
    Mention,
    Note,
    Read,
    Request,
    Scorecard,
    SeenMail,
    Token,
)
from candidates.models.applications import Applications
from candidates.purge.census import counted
from candidates.purge.comprises import APPLICATION, EMPLOYEE
from candidates.status import Status
from storage.models import Attachment, Page, Words

#: What the tables of `purge.comprises` hold, for a person.
LABELS: dict[type[Model], Promise] = {
    Attachment: _("Documents"),
    Words: _("Texts of documents"),
    Page: _("Drawn pages"),
    Event: _("Entries of the history"),
    Mail: _("Mails"),
    Note: _("Notes"),
    Mention: _("Mentions in notes"),
    Scorecard: _("Scorecards"),
    Grade: _("Grades"),
    Hold: _("Holds"),
    Request: _("Requests"),
    AccessCopy: _("Copies of all data"),
    SeenMail: _("Marks of mails taken in"),
    Token: _("Links and reply addresses"),
    Read: _("Lines of the read log"),
}


@dataclass(frozen=True)
class Share:
    """How much of one kind there is: rows of tables, objects in storage."""

    label: Promise | str
    rows: int
    objects: int = 0


def listed(applications: Applications) -> Applications:
    """Add what a line of a list says: the job, the hold, `row_count` and `object_count`."""
    documents = Attachment.objects.all()
    copies = documents.filter(view_key__isnull=False)
    rows: Any = Value(1)
    for part, way in APPLICATION.items():
        rows += _number(part._default_manager.all(), way)
    shown = reads.with_hold(applications.select_related("job"))
    return shown.annotate(row_count=rows, object_count=_number(documents) + _number(copies))


def _number(rows: QuerySet[Any], way: str = "application") -> Expression:
    """Return the expression for the number of an application's rows in a table."""
    mine = rows.filter(**{way: OuterRef("pk")}).order_by().values(way)
    number = Subquery(mine.annotate(n=Count("pk")).values("n"), output_field=IntegerField())
    return Coalesce(number, 0)


def shares(applications: Applications, employees: QuerySet[Employee]) -> list[Share]:
    """Say what these records comprise, a share for each kind, in two queries."""
    plain = applications.order_by()
    statuses = dict(plain.values_list("status").annotate(n=Count("pk")))
    parts = _parts(plain, employees)
    copies = {
        f"copies-{name}": rows.filter(view_key__isnull=False)
        for name, (model, rows) in parts.items()
        if model is Attachment
    }
    numbers = counted(
        employees=employees, **copies, **{name: rows for name, (_model, rows) in parts.items()}
    )
    found: Counter[type[Model]] = Counter()
    for name, (model, _rows) in parts.items():
        found[model] += numbers[name]
    objects: dict[type[Model], int] = {
        Attachment: found[Attachment] + sum(numbers[name] for name in copies)
    }
    said = [
        *(Share(status.label, statuses.get(status, 0)) for status in Status),
        Share(_("Employee records without a start"), numbers["employees"]),
        *(Share(label, found[model], objects.get(model, 0)) for model, label in LABELS.items()),
    ]
    return [share for share in said if share.rows]


def _parts(
    applications: Applications, employees: QuerySet[Employee]
) -> dict[str, tuple[type[Model], QuerySet[Any]]]:
    """Return each table's rows that go with these records, by a name of their own."""
    owners = {"application": (APPLICATION, applications), "employee": (EMPLOYEE, employees)}
    return {
        f"{owner}-{model.__name__}": (
            model,
            model._default_manager.filter(**{f"{way}__in": records.values("pk")}),
        )
        for owner, (parts, records) in owners.items()
        for model, way in parts.items()
    }
