"""Writing a line, in the transaction that deletes. It is numbered and chained later, by `seal`."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.conf import settings

from candidates.models import LedgerLine

from .keys import keyed_hash


@dataclass(frozen=True)
class Deletion:
    """One record that a transaction deletes, with the number of its rows and objects."""

    id: UUID
    kind: LedgerLine.Kind
    rule: LedgerLine.Rule
    rows: int
    objects: int


def append(deletions: Iterable[Deletion], *, day: date) -> list[LedgerLine]:
    """Write a line for each deletion; return them, in their order.

    Call it in the transaction that deletes: then the line is there if and only if the record
    is not. The lines are unsealed, so no other deletion waits for this one.
    """
    return LedgerLine.objects.bulk_create(
        LedgerLine(
            day=day,
            kind=deletion.kind,
            record=keyed_hash(deletion.id),
            rows=deletion.rows,
            objects_count=deletion.objects,
            rule=deletion.rule,
            policy_version=settings.ATS_POLICY_VERSION,
        )
        for deletion in deletions
    )
