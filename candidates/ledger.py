"""The record of deletions: what went when and by which rule, without a word about whom."""

import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.conf import settings

from candidates.models import LedgerLine


@dataclass(frozen=True)
class Deletion:
    """One record that a transaction deletes, with the number of its rows and objects."""

    id: UUID
    kind: LedgerLine.Kind
    rule: LedgerLine.Rule
    rows: int
    objects: int


def keyed_hash(record: UUID) -> str:
    """Return the HMAC-SHA-256 of a record's id in hex: 64 characters, the same on each call."""
    key = settings.ATS_LEDGER_KEY.encode()
    return hmac.new(key, record.bytes, "sha256").hexdigest()


def append(deletions: Iterable[Deletion], *, day: date) -> None:
    """Write a line for each deletion. Call it in the transaction that deletes."""
    LedgerLine.objects.bulk_create(
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
