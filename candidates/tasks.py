"""Entry points of the job cluster: ids in, one line out, no logic.

Every one of them is safe to run twice, late, beside itself, or to be killed at any line.

The queue keeps results and, of a failure, the whole traceback with the exception's message, in
which a database quotes the row. So each is `nameless`.
"""

import logging
from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from typing import ParamSpec

from django.contrib.sessions.models import Session
from django.db import connection
from django.utils import timezone

from ats.logs import where
from candidates import (
    certificates,
    holds,
    intake,
    ledger,
    limits,
    mail,
    notes,
    purge,
    quarantine,
    requests,
    room,
    runs,
    tokens,
    watch,
)
from candidates.models import Heartbeat
from storage import bounded, erasure, preview, uploads
from storage.backends import StorageError

log = logging.getLogger("ats.tasks")

#: What a task is given: ids, if anything.
Ids = ParamSpec("Ids")


class TaskFailed(Exception):
    """A task failed; says where and with which kind of exception, nothing of anybody."""


def mend_connection() -> None:
    """Connect anew where a connection that broke at a commit has left Django no way out.

    It would take itself to be in a transaction for ever, and so fail every task to come.
    """
    if connection.in_atomic_block and connection.closed_in_transaction:
        with suppress(Exception):  # whatever is left of it must not keep a lock
            connection.connection.close()
        connection.connect()


def nameless(task: Callable[Ids, str]) -> Callable[Ids, str]:
    """Have a task's failure say nothing of a person: neither in the queue nor in the log."""

    @wraps(task)
    def run(*ids: Ids.args, **more: Ids.kwargs) -> str:
        try:
            return task(*ids, **more)
        except Exception as error:
            log.exception("the task %s failed", task.__name__)
            mend_connection()
            raise TaskFailed(where(error).strip()) from None

    return run


def waits_for_replay(task: Callable[Ids, str]) -> Callable[Ids, str]:
    """Have a task wait while the database is behind its ledger, or nobody can say whether it is.

    After a restore the dead are back until the ledger has been replayed: nobody may write to them,
    or act on what their rows say. The next minute asks again.
    """

    @wraps(task)
    def run(*ids: Ids.args, **more: Ids.kwargs) -> str:
        try:
            ledger.raise_if_behind()
        except ledger.LedgerBehind:
            return "waits for a replay of the ledger"
        except StorageError as error:
            log.warning("%s waits: storage does not answer: %s", task.__name__, error.code)
            return "waits for the storage"
        return task(*ids, **more)

    return run


@nameless
def purge_due() -> str:
    """Hourly. See `purge.run`."""
    return str(purge.run())


@nameless
def work_tombstones() -> str:
    """Minutely. See `erasure.work`."""
    return str(erasure.work(now=timezone.now()))


@nameless
@waits_for_replay
def send_mails() -> str:
    """Minutely, and at once when a mail is due. See `mail.send_due`."""
    return f"sent {mail.send_due(timezone.now())}"


@nameless
@waits_for_replay
def tell_returned(pk: int) -> str:
    """At once when a mail has come back. See `mail.tell_returned`."""
    return f"told {int(mail.tell_returned(pk))}"


@nameless
@waits_for_replay
def send_mention(pk: int) -> str:
    """At once when a note mentions somebody. See `notes.tell`."""
    return f"sent {int(notes.tell(pk))}"


@nameless
@waits_for_replay
def answer_lost_links() -> str:
    """Minutely, and at once when somebody asks. See `room.answer_lost`."""
    return f"mailed {room.answer_lost(timezone.now())}"


@nameless
@waits_for_replay
def poll_mail() -> str:
    """Minutely. See `intake.poll`."""
    try:
        return intake.poll(timezone.now())
    except intake.MailboxDown as error:
        log.warning("the mailbox cannot be used: %s", error)
        return "the mailbox cannot be used"


@nameless
@waits_for_replay
def scan_pending() -> str:
    """Minutely. See `quarantine.run`."""
    return str(quarantine.run(timezone.now()))


@nameless
def clean() -> str:
    """Hourly: what is over: files never sent, sessions, tries, tokens, drawn pages, stray mails."""
    now = timezone.now()
    Session.objects.filter(expire_date__lt=now).delete()
    purge.forget_expired_cache(now)
    runs.forget_old(now)
    limits.forget(now)
    tokens.forget_expired(now)
    preview.forget_pages(now)
    bounded.clean()
    intake.forget_strays(now)
    staged, left = uploads.clean_expired(now), uploads.clear_temporary(now)
    return f"staged uploads gone: {staged}, temporary files: {left}"


@nameless
def keep_ledger() -> str:
    """Minutely. See `ledger.keep`."""
    return ledger.keep(now=timezone.now())


@nameless
def verify_ledger() -> str:
    """Daily. See `ledger.check`."""
    faults = ledger.check(now=timezone.now())
    return f"faults: {len(faults)}"


@nameless
def prepare_attachments() -> str:
    """Minutely, and at once when an application has come. See `preview.prepare`.

    The first one that finds LibreOffice here has it make pages of what came before it did.
    """
    now = timezone.now()
    if preview.has_office() and not Heartbeat.objects.filter(name="office").exists():
        preview.prepare_again()
        Heartbeat.objects.beat("office", now)
    return str(preview.prepare(now=now))


def greet() -> str:
    """At once when an application has come: its receipt goes, then its files are prepared."""
    return f"{send_mails()}; {prepare_attachments()}"


@nameless
@waits_for_replay
def confirm_waited() -> str:
    """Hourly. See `requests.confirm_waited` and `requests.close_unfetched`."""
    now = timezone.now()
    return f"confirmed {requests.confirm_waited(now)}, closed {requests.close_unfetched(now)}"


@nameless
@waits_for_replay
def tell_seconds(application: str) -> str:
    """When an erasure has been granted. See `requests.tell_seconds`."""
    return f"told {requests.tell_seconds(application)}"


@nameless
@waits_for_replay
def send_certificates() -> str:
    """Minutely. See `certificates.send_due`."""
    return f"sent {certificates.send_due(timezone.now())}"


@nameless
def watch_over() -> str:
    """Hourly: what is wrong, what ends soon, what comes. See `watch.alarm` and the others."""
    now = timezone.now()
    told = {
        "alarm": watch.alarm(now),
        "holds": holds.remind(now),
        "large days": purge.brake.announce(now),
    }
    return ", ".join(f"{what} {int(sent)}" for what, sent in told.items())


@nameless
def compare_storage() -> str:
    """Daily. See `storage.sweep`."""
    return str(watch.compare(now=timezone.now(), fix=True))


@nameless
def beat() -> str:
    """Minutely: the sign that the cluster is alive, for `/health/`."""
    Heartbeat.objects.beat("cluster", timezone.now())
    return "alive"
