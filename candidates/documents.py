"""Documents that go by themselves, before their application does: each with its ledger line."""

from datetime import datetime
from uuid import UUID

from candidates import ledger, retention
from candidates.models import LedgerLine
from storage import erasure
from storage.models import Attachment, Page, Words


def erase(pk: UUID, *, rule: LedgerLine.Rule, now: datetime) -> int:
    """Bury a document in the caller's transaction; return how many went: 1, or 0 if it is gone.

    The caller holds its owner's lock. The line in the ledger is what a purge proves, and from
    which a replay erases the document again that a backup has brought back.
    """
    parts = (model._default_manager.filter(attachment=pk) for model in (Words, Page))
    rows = 1 + sum(part.count() for part in parts)
    keys = erasure.bury(Attachment.objects.filter(pk=pk), now=now, breach_at=now + retention.GRACE)
    if not keys:
        return 0
    kind = LedgerLine.Kind.ATTACHMENT
    deletion = ledger.Deletion(pk, kind, rule, rows=rows, objects=len(keys))
    ledger.append([deletion], day=retention.local_date(now))
    return 1
