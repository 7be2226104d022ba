"""What an application and an employee's record comprise, table by table."""

from collections import Counter
from collections.abc import Collection
from uuid import UUID

from django.db.models import Model

from candidates.models import (
    AccessCopy,
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
from storage.given import delete
from storage.models import Attachment, Page, Words

#: Each table, with the way from its rows to the record that they go with.
Parts = dict[type[Model], str]

APPLICATION: Parts = {
    Event: "application",
    Mail: "application",
    Note: "application",
    Mention: "note__application",
    Scorecard: "application",
    Grade: "scorecard__application",
    Hold: "application",
    Request: "application",
    AccessCopy: "request__application",
    SeenMail: "application",
    Token: "application",
    Read: "application",
    Attachment: "application",
    Words: "attachment__application",
    Page: "attachment__application",
}
#: What goes by `storage.erasure`.
DOCUMENTS = {Attachment, Words, Page}
EMPLOYEE: Parts = {
    Read: "employee",
    Attachment: "employee",
    Words: "attachment__employee",
    Page: "attachment__employee",
}


def delete_rows(parts: Parts, records: Collection[UUID]) -> Counter[UUID]:
    """Delete what goes with the records; return how many rows of each that were.

    One statement a table, and what points at others first. Not their documents, which need
    tombstones: if any are left, the database refuses the commit, as it does for a table that is
    missing in `parts`.
    """
    return Counter(
        record
        for model, way in reversed(parts.items())
        if model not in DOCUMENTS
        for record in delete(model, way, records)
    )
