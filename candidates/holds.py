"""Holds: what keeps an application from the purge, set and lifted by the privacy officer.

A hold stops the purge, not the clock, and wins over everything. It has an end; when that comes,
what is past its day is due at once, and nobody has to remember. The holds of a person's own
request are set and ended by the verbs of `requests`.
"""

import logging
import smtplib
from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Max, Q
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from candidates import mail, retention
from candidates.access import Role
from candidates.models import Application, Event, Hold, User
from candidates.pipeline import ChangeNotAllowed, lock, officers_only

log = logging.getLogger("ats.holds")

#: How far ahead a hold may end, in calendar months; it can be renewed.
LONGEST_MONTHS = 6
#: How long before its end the privacy officer is reminded.
NOTICE = timedelta(days=7)
#: How long after a hold's end the hourly purge has had its chance.
UNNOTICED = timedelta(hours=2)


def latest_end(now: datetime) -> date:
    """Return the latest last day that a hold may have if it is set or renewed now."""
    return retention.delete_on(retention.local_date(now), months=LONGEST_MONTHS)


@transaction.atomic
def set_hold(
    application: Application, *, kind: Hold.Kind, reason: str, until: date, by: User, now: datetime
) -> Hold:
    """Keep an application from the purge; `until` is the last day on which it is kept.

    Open, closed and due ones alike. Raises `ChangeNotAllowed`, also if it has been erased.
    """
    application = lock(application.pk)
    officers_only(by, application)
    if kind in Hold.OF_REQUESTS:
        raise ChangeNotAllowed(
            _("This hold belongs to a request of the applicant. Register the request instead.")
        )
    hold = Hold(application=application, kind=kind, set_by=by, set_at=now)
    hold.reason, hold.until = _given(reason), _end(until, now)
    hold.save()
    _tell(hold, Event.Kind.HELD, by=by, now=now)
    return hold


@transaction.atomic
def renew(hold: Hold, *, until: date, reason: str, by: User, now: datetime) -> Hold:
    """Give a hold that is in force a later last day, again at most six months from now."""
    hold = _locked(hold, by=by, now=now)
    end = _end(until, now)
    if end <= hold.until:
        raise ChangeNotAllowed(
            _("The hold already lasts until %(day)s. Choose a later day, or lift it.")
            % {"day": date_format(hold.last_day)}
        )
    hold.until, hold.reason, hold.reminded_at = end, _given(reason), None
    hold.save(update_fields=["until", "reason", "reminded_at"])
    _tell(hold, Event.Kind.HOLD_RENEWED, by=by, now=now)
    return hold


@transaction.atomic
def lift(hold: Hold, *, reason: str, by: User, now: datetime) -> Hold:
    """End a hold now. If the application's day has passed, the next purge takes it."""
    hold = _locked(hold, by=by, now=now)
    reason = _given(reason)
    hold.until = now
    hold.save(update_fields=["until"])
    hold.application.events.create(
        kind=Event.Kind.HOLD_ENDED, by=by, at=now, detail=hold.kind, reason=reason
    )
    return hold


def _locked(hold: Hold, *, by: User, now: datetime) -> Hold:
    """Return the hold, read again under its application's lock, if an officer may change it."""
    application = lock(hold.application_id)
    officers_only(by, application)
    fresh = application.holds.in_force(now).filter(pk=hold.pk).first()
    if fresh is None:
        raise ChangeNotAllowed(
            _("This hold has ended. Set a new one if the application must still be kept.")
        )
    if fresh.request_id:
        raise ChangeNotAllowed(
            _("This hold ends when the applicant’s request is answered. Answer the request.")
        )
    return fresh


def _end(last_day: date, now: datetime) -> datetime:
    """Return the moment at which a hold with this last day ends."""
    latest = latest_end(now)
    if not retention.local_date(now) < last_day <= latest:
        raise ChangeNotAllowed(
            _("Choose a last day after today and not after %(day)s. A hold can be renewed.")
            % {"day": date_format(latest)}
        )
    return retention.end_of(last_day)


def _given(reason: str) -> str:
    if not reason.strip():
        raise ChangeNotAllowed(_("Say why, so that others can follow it later."))
    return reason.strip()


def _tell(hold: Hold, kind: Event.Kind, *, by: User, now: datetime) -> None:
    """Write the hold into the history, its kind and last day as "claim 2026-12-01"."""
    hold.application.events.create(
        kind=kind, by=by, at=now, detail=f"{hold.kind} {hold.last_day}", reason=hold.reason
    )


# What the jobs do ---------------------------------------------------------------------------


def remind(now: datetime) -> int:
    """Send the officers a link for each hold that ends within `NOTICE`, once; return how many.

    If the mail server takes nothing, the next run tries again.
    """
    ending = list(Hold.objects.ending(now, within=NOTICE).filter(reminded_at=None))
    if not ending:
        return 0
    pages = sorted({reverse("hr:application", args=[hold.application_id]) for hold in ending})
    context = {"links": [settings.ATS_SITE_URL + page for page in pages], "days": NOTICE.days}
    try:
        mail.to_staff("mail/hold_ends.txt", context, roles=[Role.PRIVACY_OFFICER]).send()
    except (smtplib.SMTPException, OSError) as error:
        log.warning("the privacy officer could not be reminded: %s", mail.code(error))
        return 0
    return Hold.objects.filter(pk__in=[hold.pk for hold in ending]).update(reminded_at=now)


def ended_unnoticed(now: datetime) -> int:
    """Count the applications that a hold no longer keeps and that no purge has taken since.

    They have been due for more than `UNNOTICED`, and were held before.
    """
    then = now - UNNOTICED
    due = Application.objects.due(now).past(then)
    due = due.filter(Q(early_at=None) | Q(early_at__lte=then))
    return due.annotate(held_until=Max("holds__until")).filter(held_until__lte=then).count()
