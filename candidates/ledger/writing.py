"""Writing a line, in the transaction that deletes. It is numbered and chained later, by `seal`."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.conf import settings

from candidates.models import LedgerLine
from storage.given import insert

from .keys import keyed_hash


@dataclass(frozen=True)
class Deletion:
    """One record that a transaction deletes, with the number of its rows and objects."""

    id: UUID
    kind: LedgerLine.Kind
    rule: LedgerLine.Rule
    rows: int
    objects: int


def append(deletions: Iterable[Deletion], *, day: date) -> list[int]:
    """Write a line for each deletion; return their ids, in the same order.

    Call it in the transaction that deletes: then the line is there if and only if the record
    is not. The lines are unsealed, so no other deletion waits for this one.
    """
    lines: dict[str, list[Any]] = defaultdict(list)
    for deletion in deletions:
        lines["record"].append(keyed_hash(deletion.id))
        lines["kind"].append(str(deletion.kind))
        lines["rule"].append(str(deletion.rule))
        lines["rows"].append(deletion.rows)
        lines["objects_count"].append(deletion.objects)
    if not lines:
        return []
    written = insert(LedgerLine, lines, day=day, policy_version=settings.ATS_POLICY_VERSION)
    ids = {record: pk for record, *_, pk in written}
    return [ids[record] for record in lines["record"]]
