"""Certificates of deletion: who gets one."""

from collections.abc import Iterable
from datetime import datetime

from candidates import retention
from candidates.models import Application, CertificateMail, LedgerLine


def order(lines: Iterable[tuple[Application, LedgerLine]], *, now: datetime) -> None:
    """Keep the addresses that a certificate is to reach, in the deleting transaction."""
    CertificateMail.objects.bulk_create(
        CertificateMail(
            line=line,
            to=application.email,
            language=application.language,
            keep_until=retention.end_of(retention.local_date(now)),
            next_try_at=now,
        )
        for application, line in lines
    )
