"""Writing to applicants."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from candidates import mail, pipeline
from candidates.mail import Text
from candidates.models import Application, Mail, User
from candidates.pipeline import ChangeNotAllowed

#: Within this time the same mail by the same person is one that was sent twice by a slip.
TWICE = timedelta(minutes=10)


def may_write(application: Application, now: datetime) -> bool:
    """Whether an application takes mails from those who decide."""
    return not application.restricted_at and not application.is_being_erased(now)


@transaction.atomic
def write(
    application: Application,
    *,
    text: Text,
    by: User,
    now: datetime,
    answers: Mail | None = None,
) -> Mail:
    """Send an applicant a mail; `text` may have placeholders, `answers` is one of theirs.

    A form that is sent twice sends one mail.
    """
    application = pipeline.lock(application.pk)
    if application.restricted_at:
        raise ChangeNotAllowed(str(pipeline.RESTRICTED))
    if not may_write(application, now):
        raise ChangeNotAllowed(_("The time of this application is over. It is being erased."))
    purpose = Mail.Purpose.MESSAGE
    filled = pipeline.filled_in(text, application, purpose=purpose, by=by)
    return _same(application, filled, by, now) or _queue(application, filled, by, now, answers)


def _same(application: Application, text: Text, by: User, now: datetime) -> Mail | None:
    since = application.mails.filter(purpose=Mail.Purpose.MESSAGE, created_at__gt=now - TWICE)
    return since.filter(by=by, subject=text.subject, body=text.body).first()


def _queue(
    application: Application, text: Text, by: User, now: datetime, answers: Mail | None
) -> Mail:
    purpose = Mail.Purpose.MESSAGE
    queued = mail.queue(application, purpose, now=now, send_at=now, by=by, text=text)
    # It may have been erased since the page was opened.
    queued.answers = application.mails.filter(pk=answers.pk).first() if answers else None
    queued.save(update_fields=["answers"])
    return queued
