"""The outbox: what puts mails into it, sends them and notes what came of them."""

import time
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import DateTimeField, Value
from django.db.models.functions import Coalesce
from django_q.tasks import async_task

from candidates.models import Application, Mail, Token, User
from candidates.models.mail import Mails
from storage.commits import unhurried

from . import letters
from .failures import code, may_have_gone
from .placeholders import Text
from .templates import compose

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
    to: str | None = None,
    by: User | None = None,
    text: Text | None = None,
    wake: str = "candidates.tasks.send_mails",
    **about: Any,
) -> Mail:
    """Write a mail in the applicant's language into the outbox, in the caller's transaction.

    It goes to the application's address if not to another one. `by` is who wrote it or had it
    sent. `text` is what somebody wrote, with nothing unresolved in it; else it is composed, and
    `about` is what its template says more of; the head of each template names that. One that is
    due has the cluster run the task `wake` at once.
    """
    subject, body = text or compose(application, purpose, by=by, **about)
    mail = Mail.objects.create(
        application=application,
        purpose=purpose,
        language=application.language,
        to=to or application.email,
        subject=subject,
        body=body,
        created_at=now,
        send_at=send_at,
        by=by,
    )
    if send_at <= now:
        transaction.on_commit(lambda: _wake(mail, wake), robust=True)
    return mail


def _wake(mail: Mail, task: str) -> None:
    """Ask the cluster to send now; the minutely schedule would do it otherwise."""
    with unhurried():
        if _row(mail).untried().exists():
            async_task(task)


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
    letter = None
    try:
        letter = letters.write(mail, now=now)
        if letter is None:
            return False
        letter.message.send()
    except Exception as error:  # noqa: BLE001  whatever it is, it must not keep the others
        if letter and not may_have_gone(error):
            letter.forget()
        _put_off(mail, error, now)
        return False
    # Not one that has come back already, which a server may be fast enough to tell.
    _row(mail).unsent().update(state=Mail.State.SENT, sent_at=now, error="")
    return True


def _put_off(mail: Mail, error: Exception, now: datetime) -> None:
    """Have a mail tried again after a pause, unless another sender has taken it over."""
    pause = min(FIRST_PAUSE * 2 ** min(mail.attempts - 1, 10), LONGEST_PAUSE)
    mine = _row(mail).filter(state=Mail.State.SENDING, attempts=mail.attempts)
    mine.update(state=Mail.State.QUEUED, error=code(error), send_at=now + pause)


def bounced(token: Token, *, now: datetime) -> None:
    """Note, and have told, that the mail with this token came back as undeliverable."""
    if token.mail_id is None:  # the mail is gone, its address lives on
        return
    states = [Mail.State.SENDING, Mail.State.SENT]
    taken = Mail.objects.filter(pk=token.mail_id, state__in=states)
    sent_at = Coalesce("sent_at", Value(now), output_field=DateTimeField())
    if taken.update(state=Mail.State.BOUNCED, sent_at=sent_at):
        pk = token.mail_id
        # What is lost here with the queue stands on Today all the same.
        transaction.on_commit(lambda: async_task("candidates.tasks.tell_returned", pk), robust=True)


def note_return(mail: Mail, *, now: datetime) -> bool:
    """Take note of a mail that came back; whether it had come back and nobody had noted it."""
    returned = _row(mail).filter(state=Mail.State.BOUNCED, noted_at__isnull=True)
    return bool(returned.update(noted_at=now))


def _row(mail: Mail) -> Mails:
    """Return the mail's row if it is still there: the purge may have been faster."""
    return Mail.objects.filter(pk=mail.pk)
