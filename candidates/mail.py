"""Mails out: an outbox. A mail is a row, written with the change that it tells of.

A job sends what is due. It claims a mail by a committed "sending", so that no transaction waits
for a mail server; whoever finds "sending" ten minutes later sends it again. So a mail may come
twice after a crash, but is never lost, and a rejection that is on its way counts as told.
"""

import smtplib
import time
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.db.models import DateTimeField, Value
from django.db.models.functions import Coalesce
from django.template.loader import render_to_string
from django.utils import translation
from django_q.tasks import async_task

from candidates.access import Role
from candidates.models import Application, Mail, Token, User
from candidates.models.mail import Mails

#: How long a sender may take before it is taken for dead. Above `EMAIL_TIMEOUT`.
CLAIM = timedelta(minutes=10)
LONGEST_RUN = timedelta(minutes=4)
FIRST_PAUSE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(hours=4)


def queue(
    application: Application,
    purpose: Mail.Purpose,
    *,
    now: datetime,
    send_at: datetime,
    **about: Any,
) -> Mail:
    """Write a mail in the applicant's language into the outbox, in the caller's transaction.

    `about` is what its template says more of.
    """
    subject, body = compose(application, purpose, **about)
    mail = Mail.objects.create(
        application=application,
        purpose=purpose,
        language=application.language,
        to=application.email,
        subject=subject,
        body=body,
        created_at=now,
        send_at=send_at,
    )
    if send_at <= now:
        transaction.on_commit(lambda: _wake(mail), robust=True)
    return mail


def _wake(mail: Mail) -> None:
    """Ask the cluster to send now; the minutely schedule would do it otherwise."""
    if _row(mail).untried().exists():
        async_task("candidates.tasks.send_mails")


def compose(application: Application, purpose: Mail.Purpose, **about: Any) -> tuple[str, str]:
    """Return subject and body of a mail, in the applicant's language. Writes nothing."""
    with translation.override(application.language):
        text = render_to_string(
            f"mail/{purpose}.txt",
            {
                "application": application,
                "operator": settings.ATS_OPERATOR,
                "retention_months": settings.ATS_RETENTION_MONTHS,
                "site_url": settings.ATS_SITE_URL,
                "infected": application.attachments.untold(),
                **about,
            },
        )
    return parts(text)


def parts(text: str) -> tuple[str, str]:
    """Return subject and body of a mail from its rendered template."""
    subject, _, body = text.strip().partition("\n")
    return subject.removeprefix("Subject:").strip(), body.strip() + "\n"


def to_staff(template: str, context: dict[str, Any], *, roles: Iterable[Role]) -> EmailMessage:
    """Return a mail to those who have these roles, in the site's language; links, never names."""
    people = User.objects.filter(is_active=True, groups__name__in=list(roles)).distinct()
    # Somebody has to know, also where nobody has the role.
    to = sorted(people.values_list("email", flat=True)) or [settings.ATS_OPERATOR["email"]]
    with translation.override(settings.LANGUAGE_CODE):
        subject, body = parts(render_to_string(template, context))
    return EmailMessage(subject=subject, body=body, to=to)


def take_back_rejection(application: Application) -> bool:
    """Delete the rejection that has not gone. Return whether the applicant cannot know of it.

    The caller holds the application's lock. A mail that was tried may have arrived, whatever the
    server said; it is not sent again, but the applicant counts as told. So does one without a
    mail, who was told in person.
    """
    pending = application.mails.filter(purpose=Mail.Purpose.REJECTION).unsent()
    untried, _ = pending.untried().delete()
    pending.delete()
    return untried > 0


def is_secret(application: Application) -> bool:
    """Whether a rejection has been decided that its applicant cannot know of yet."""
    return application.mails.filter(purpose=Mail.Purpose.REJECTION).untried().exists()


def bounced(token: Token, *, now: datetime) -> None:
    """Note that the mail which carried this token came back as undeliverable."""
    states = [Mail.State.SENDING, Mail.State.SENT]
    taken = Mail.objects.filter(pk=token.mail_id or 0, state__in=states)
    sent_at = Coalesce("sent_at", Value(now), output_field=DateTimeField())
    taken.update(state=Mail.State.BOUNCED, sent_at=sent_at)


def send_due(now: datetime) -> int:
    """Send the mails whose time has come. Return how many a mail server took."""
    stop = time.monotonic() + LONGEST_RUN.total_seconds()
    sent = 0
    while time.monotonic() < stop and (mail := _claim(now)):
        sent += _send(mail, now)
    return sent


def _claim(now: datetime) -> Mail | None:
    """Mark the next mail as being sent, for nobody else to take, or return None."""
    with transaction.atomic():
        sendable = Mail.objects.select_for_update(skip_locked=True).sendable(now)
        mail = sendable.order_by("send_at", "pk").first()
        if mail:
            mail.state = Mail.State.SENDING
            mail.send_at = now + CLAIM
            mail.attempts += 1
            mail.save(update_fields=["state", "send_at", "attempts"])
        return mail


def _send(mail: Mail, now: datetime) -> bool:
    try:
        EmailMessage(subject=mail.subject, body=mail.body, to=[mail.to]).send()
    except Exception as error:  # noqa: BLE001  whatever it is, it must not keep the others
        pause = min(FIRST_PAUSE * 2 ** min(mail.attempts - 1, 10), LONGEST_PAUSE)
        _row(mail).update(state=Mail.State.QUEUED, error=code(error), send_at=now + pause)
        return False
    _row(mail).update(state=Mail.State.SENT, sent_at=now, error="")
    return True


def _row(mail: Mail) -> Mails:
    """Return the mail's row if it is still there: the purge may have been faster."""
    return Mail.objects.filter(pk=mail.pk)


def code(error: Exception) -> str:
    """Return what went wrong without the address that a server's answer may quote."""
    if isinstance(error, smtplib.SMTPResponseException):
        return f"SMTP {error.smtp_code}"
    return type(error).__name__
