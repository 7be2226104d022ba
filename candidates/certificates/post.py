"""Certificates on their way by mail, to those who asked for one before they were erased.

The address is the last that is kept of a person: one row, until the mail server has taken the
certificate, and never past the end of the day of deletion.
"""

import time
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation

from candidates import mail, retention
from candidates.models import Application, CertificateMail

from .drawing import pdf
from .statement import compose

#: How long a sender may take before it is taken for dead.
CLAIM = timedelta(minutes=10)
LONGEST_RUN = timedelta(minutes=4)
FIRST_PAUSE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(hours=1)


def order(lines: Iterable[tuple[Application, int, datetime]], *, now: datetime) -> None:
    """Keep the addresses that a certificate is to reach, in the deleting transaction.

    Each comes with the id of its line, and with the moment from which anything of its person
    breaks a promise: an application that goes too late leaves no address behind.
    """
    day_ends = retention.end_of(retention.local_date(now))
    CertificateMail.objects.bulk_create(
        CertificateMail(
            line_id=line,
            to=application.email,
            language=application.language,
            keep_until=min(day_ends, breach_at),
            next_try_at=now,
        )
        for application, line, breach_at in lines
        if breach_at > now
    )


def send_due(now: datetime) -> int:
    """Send what is proven and due; forget each address that is served or has waited too long.

    Returns how many the mail server took. Safe to run twice, late, or beside itself; after a
    crash a certificate may come twice.
    """
    CertificateMail.objects.filter(keep_until__lte=now).delete()
    stop = time.monotonic() + LONGEST_RUN.total_seconds()
    sent = 0
    while time.monotonic() < stop and (row := _claim(now)):
        sent += _send(row, now)
    return sent


def _claim(now: datetime) -> CertificateMail | None:
    """Take the next one, for nobody else to take, or return None."""
    with transaction.atomic():
        due = CertificateMail.objects.select_for_update(skip_locked=True, of=("self",)).filter(
            next_try_at__lte=now, line__is_proven=True, line__sequence__isnull=False
        )
        row = due.select_related("line").order_by("next_try_at", "pk").first()
        if row:
            row.next_try_at = now + CLAIM
            row.attempts += 1
            row.save(update_fields=["next_try_at", "attempts"])
        return row


def _send(row: CertificateMail, now: datetime) -> bool:
    try:
        message(row).send()
    except Exception as error:  # noqa: BLE001  whatever it is, it must not keep the others
        pause = min(FIRST_PAUSE * 2 ** min(row.attempts - 1, 10), LONGEST_PAUSE)
        rows = CertificateMail.objects.filter(pk=row.pk)
        rows.update(error=mail.code(error), next_try_at=now + pause)
        return False
    row.delete()
    return True


def message(row: CertificateMail) -> EmailMessage:
    """Return the mail with the certificate as a PDF and as signed JSON."""
    certificate = compose(row.line)
    with translation.override(row.language):
        context = {
            "certificate": certificate,
            "operator": settings.ATS_OPERATOR,
            "verify_url": settings.ATS_SITE_URL + reverse("verify"),
        }
        subject, body = mail.parts(render_to_string("mail/certificate.txt", context))
    result = EmailMessage(subject=subject, body=body, to=[row.to])
    result.attach("halbjahr.pdf", pdf(certificate, row.language), "application/pdf")
    result.attach("halbjahr.json", certificate.json(), "application/json")
    return result
