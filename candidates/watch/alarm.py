"""The alarm: one mail a day to the privacy officers, as long as anything is wrong."""

import logging
from datetime import datetime, timedelta

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.utils import translation

from candidates import mail
from candidates.access import Role
from candidates.models import Heartbeat, User

from .conditions import Condition, conditions

log = logging.getLogger("ats.watch")

#: The pulse of the last alarm.
NAME = "alarm"
DAY = timedelta(hours=24)
#: How long a mail may take before its sender is taken for dead: shorter than the hour to the
#: next try, and far above `EMAIL_TIMEOUT`.
CLAIM = timedelta(minutes=50)
#: Where the officer looks; the addresses are fixed.
PAGES = {"request-late": "/hr/requests/", "undecided": "/hr/applications/"}
PAGE = "/hr/retention/"


def alarm(now: datetime) -> bool:
    """Mail what is wrong, if anything is and no mail went within 24 hours; return whether one went.

    Safe to run twice, late, or beside itself. If the mail server takes nothing, or the process
    dies, the next hour tries again.
    """
    found = conditions(now)
    if not found or not _claim(now):
        return False
    try:
        _compose(found).send()
    except Exception as error:  # noqa: BLE001  whatever it is, the next hour tries again
        log.warning("the privacy officer could not be told: %s", mail.code(error))
        return False
    Heartbeat.objects.beat(NAME, now)
    return True


def _claim(now: datetime) -> bool:
    """Take the day's mail for ourselves, before it goes, for nobody else to send it too."""
    claimed = now - DAY + CLAIM
    if Heartbeat.objects.filter(name=NAME, at__lte=now - DAY).update(at=claimed):
        return True
    _, is_first = Heartbeat.objects.get_or_create(name=NAME, defaults={"at": claimed})
    return is_first


def _compose(found: list[Condition]) -> EmailMessage:
    people = User.objects.filter(is_active=True, groups__name=Role.PRIVACY_OFFICER)
    # Somebody has to know, also where nobody has the role.
    to = sorted(people.values_list("email", flat=True)) or [settings.ATS_OPERATOR["email"]]
    pages = dict.fromkeys(PAGES.get(condition.code, PAGE) for condition in found)
    with translation.override(settings.LANGUAGE_CODE):
        sentences = [condition.sentence for condition in found]
        links = [settings.ATS_SITE_URL + page for page in pages]
        text = render_to_string("mail/watch.txt", {"sentences": sentences, "links": links})
    subject, body = mail.parts(text)
    return EmailMessage(subject=subject, body=body, to=to)
