"""Mails to the privacy officers: numbers and links, nothing of a person, once a day."""

import logging
import smtplib
from datetime import datetime, time
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.utils import translation

from candidates import mail, retention
from candidates.access import Role
from candidates.models import Heartbeat, User

log = logging.getLogger("ats.purge")

#: Where it is confirmed; the address is fixed.
PAGE = "/hr/retention/"


def once_a_day(what: str, template: str, context: dict[str, Any], now: datetime) -> bool:
    """Send a mail unless one of this kind went today; return whether one went.

    If the mail server takes nothing, the next call tries again.
    """
    midnight = datetime.combine(retention.local_date(now), time.min, tzinfo=retention.zone())
    pulse = what[:40]
    if Heartbeat.objects.filter(name=pulse, at__gte=midnight).exists():
        return False
    try:
        _compose(template, context).send()
    except (smtplib.SMTPException, OSError) as error:
        log.warning("the privacy officer could not be told: %s", mail.code(error))
        return False
    Heartbeat.objects.beat(pulse, now)
    return True


def _compose(template: str, context: dict[str, Any]) -> EmailMessage:
    people = User.objects.filter(is_active=True, groups__name=Role.PRIVACY_OFFICER)
    # Somebody has to know, also where nobody has the role.
    to = sorted(people.values_list("email", flat=True)) or [settings.ATS_OPERATOR["email"]]
    with translation.override(settings.LANGUAGE_CODE):
        text = render_to_string(template, context | {"link": settings.ATS_SITE_URL + PAGE})
    subject, body = mail.parts(text)
    return EmailMessage(subject=subject, body=body, to=to)
