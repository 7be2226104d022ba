"""What the virus scanner finds in a file that was taken in: who is told, and when it goes.

The file is out of reach as soon as it is found (`storage.scanning`). What follows is read from
its row, so that a run stopped at any line is finished by the next.
"""

import logging
import smtplib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse

from candidates import documents, mail
from candidates.access import Role
from candidates.models import Application, Event, LedgerLine, Mail
from storage import scanning
from storage.models import Attachment, Attachments

log = logging.getLogger("ats.quarantine")

#: How long an infected file is kept, so that somebody can find out what it was and came from.
KEPT = timedelta(days=7)


@dataclass(frozen=True)
class Outcome:
    """What a run did, in numbers of files; `told` counts applicants."""

    scanned: int
    failed: int
    told: int
    erased: int

    def __str__(self) -> str:
        return (
            f"scanned {self.scanned}, failed {self.failed}, told {self.told}, erased {self.erased}"
        )


def run(now: datetime) -> Outcome:
    """Scan what waits, tell of what was found, erase what was found a week ago.

    Safe to run twice, late, or beside itself.
    """
    scans = scanning.scan_waiting(now=now)
    told = tell_applicants(now)
    tell_officers(now)
    return Outcome(scans.scanned, scans.failed, told, erase(now))


# The applicant ------------------------------------------------------------------------------


def tell_applicants(now: datetime) -> int:
    """Queue a mail to each applicant with a newly found file; return how many."""
    untold = Attachment.objects.untold().filter(application__isnull=False)
    owners = untold.order_by().values_list("application", flat=True).distinct()
    return sum(_tell_applicant(pk, now) for pk in list(owners) if pk)


@transaction.atomic
def _tell_applicant(pk: UUID, now: datetime) -> bool:
    # The application first, as everywhere: the purge and the verbs lock it before its files.
    application = Application.objects.select_for_update().filter(pk=pk).first()
    if application is None:
        return False
    files = application.attachments.untold()
    names = [file.name for file in files.select_for_update()]
    if not names:
        return False
    for name in names:
        application.events.create(kind=Event.Kind.QUARANTINED, at=now, detail=name)
    mail.queue(application, Mail.Purpose.INFECTED, now=now, send_at=now)
    files.update(applicant_told_at=now)
    return True


# The privacy officer ------------------------------------------------------------------------


def tell_officers(now: datetime) -> None:
    """Send the privacy officers links to the records with newly found files, and nothing else.

    Personnel hears of those in employees' records, which officers cannot open. If the mail server
    takes nothing, the next run tries again.
    """
    untold = Attachment.objects.quarantined().filter(
        staged_until__isnull=True, officer_told_at__isnull=True
    )
    applications = untold.filter(application__isnull=False)
    _tell((Role.PRIVACY_OFFICER,), applications, "hr:application", now)
    employees = untold.filter(employee__isnull=False)
    _tell((Role.PRIVACY_OFFICER, Role.PERSONNEL), employees, "hr:employee", now)


def _tell(roles: Iterable[Role], files: Attachments, page: str, now: datetime) -> None:
    found = list(files)
    if not found:
        return
    owners = sorted({str(file.application_id or file.employee_id) for file in found})
    links = [settings.ATS_SITE_URL + reverse(page, args=[owner]) for owner in owners]
    context = {"links": links, "days": KEPT.days}
    try:
        mail.to_staff("mail/alarm.txt", context, roles=roles).send()
    except (smtplib.SMTPException, OSError) as error:
        log.warning("the privacy officer could not be told: %s", mail.code(error))
        return
    Attachment.objects.filter(pk__in=[file.pk for file in found]).update(officer_told_at=now)


# Its end ------------------------------------------------------------------------------------


def erase(now: datetime) -> int:
    """Turn files that have been in quarantine for `KEPT` into tombstones; return how many.

    A hold keeps the whole application, so these too; they go with it at the latest. Each leaves a
    line in the ledger, which a purge proves and a replay erases again.
    """
    return sum(_erase_one(pk, owner, now) for pk, owner in list(_old(now)))


def _old(now: datetime) -> "QuerySet[Attachment, tuple[UUID, UUID | None]]":
    """Return the files that nothing keeps any more, with their applications."""
    held = Application.objects.held(now).values("pk")
    old = Attachment.objects.quarantined().filter(quarantined_at__lte=now - KEPT)
    gone = old.exclude(application__isnull=False, application__in=held).order_by("pk")
    return gone.values_list("pk", "application")


@transaction.atomic
def _erase_one(pk: UUID, owner: UUID | None, now: datetime) -> int:
    """Bury a file, unless it has gone, or a hold has come, before its application was locked."""
    if owner:
        Application.objects.select_for_update().filter(pk=owner).first()
    if not _old(now).filter(pk=pk, application=owner).exists():
        return 0
    return documents.erase(pk, rule=LedgerLine.Rule.QUARANTINE, now=now)
