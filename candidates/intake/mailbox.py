"""The mailbox that mails are fetched from, by IMAP (RFC 3501, UIDPLUS: RFC 4315).

A mail is fetched without being marked as read, taken in, and only after that commit deleted, it
alone, by its UID. Whoever dies between the two leaves a mail that the next one finds taken in.
"""

import logging
import re
import ssl
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from imaplib import IMAP4, Internaldate2tuple
from typing import Any, NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit

from django.conf import settings
from django.db import connection
from imap_tools import BaseMailBox, MailBox, MailBoxStartTls, MailBoxUnencrypted
from imap_tools.errors import ImapToolsError

from candidates.intake import taking
from candidates.intake.strays import KEPT

log = logging.getLogger("ats.intake")

#: Seconds that the server may be silent.
TIMEOUT = 30
#: Stops in time for the queue's own limit of five minutes.
LONGEST_RUN = timedelta(minutes=3)
#: Mails whose sizes are asked for at once.
BATCH = 50
#: After so many mails that could not be taken in, the rest waits for the next run.
ENOUGH = 3

UID = re.compile(rb"\bUID (\d+)")
SIZE = re.compile(rb"\bRFC822\.SIZE (\d+)")


class MailboxDown(Exception):
    """The mailbox cannot be used. Its text says why, without anybody's name."""


class Entry(NamedTuple):
    """A mail as the mailbox lists it: `came_at` in seconds since 1970."""

    uid: str
    size: int
    is_flagged: bool
    came_at: float


def poll(now: datetime) -> str:
    """Take in what is in the mailbox, oldest first; say in one line what it was.

    Raises `MailboxDown`. What cannot be taken in now stays for the next run.
    """
    if not settings.IMAP_URL:
        return "no mailbox is set"
    stop = time.monotonic() + LONGEST_RUN.total_seconds()
    done: Counter[str] = Counter()
    with _opened() as box:
        for entry in _entries(box):
            done[_take(box, entry, now)] += 1
            if time.monotonic() > stop or done["waits"] >= ENOUGH:
                break
    return ", ".join(f"{what}: {number}" for what, number in sorted(done.items())) or "no mail"


@contextmanager
def _opened() -> Iterator[BaseMailBox]:
    """Log in, open the folder, and say in our own words what goes wrong: theirs may name people."""
    try:
        box = _connected()
        try:
            yield box
        finally:
            with suppress(Exception):  # it is only a farewell
                box.logout()
    except (IMAP4.error, ImapToolsError, OSError) as error:
        raise MailboxDown(type(error).__name__) from error


def _connected() -> BaseMailBox:
    parts = urlsplit(settings.IMAP_URL)
    host, trust = parts.hostname or "", ssl.create_default_context()
    box: BaseMailBox
    if parts.scheme == "imaps":
        box = MailBox(host, parts.port or 993, timeout=TIMEOUT, ssl_context=trust)
    elif "starttls" in parse_qs(parts.query):
        box = MailBoxStartTls(host, parts.port or 143, timeout=TIMEOUT, ssl_context=trust)
    else:
        box = MailBoxUnencrypted(host, parts.port or 143, timeout=TIMEOUT)
    try:
        user, password = unquote(parts.username or ""), unquote(parts.password or "")
        (box.login if f"{user}{password}".isascii() else box.login_utf8)(user, password, None)
        _require_uidplus(box)
        box.folder.set(unquote(parts.path.strip("/")) or "INBOX")
    except BaseException:
        with suppress(Exception):
            box.client.shutdown()
        raise
    return box


def _require_uidplus(box: BaseMailBox) -> None:
    """Refuse a server that can only delete all mails marked as deleted, others' among them."""
    _answer, (capabilities, *_rest) = box.client.capability()
    if b"UIDPLUS" not in capabilities.upper().split():
        raise MailboxDown("the server lacks UIDPLUS, without which no single mail can be deleted")


def _entries(box: BaseMailBox) -> Iterator[Entry]:
    """Yield the mails of the folder, oldest first; what comes meanwhile is the next run's."""
    uids = box.uids("ALL", charset=None)
    for start in range(0, len(uids), BATCH):
        wanted = ",".join(uids[start : start + BATCH])
        answer = box.client.uid("FETCH", wanted, "(UID RFC822.SIZE FLAGS INTERNALDATE)")
        yield from filter(None, map(_entry, _lines(answer)))


def _lines(answer: Any) -> list[Any]:
    status, lines = answer
    return [line for line in lines if line] if status == "OK" else []


def _entry(line: Any) -> Entry | None:
    if not isinstance(line, bytes) or not (uid := UID.search(line)):
        return None
    size, came = SIZE.search(line), Internaldate2tuple(line)
    return Entry(
        uid[1].decode(),
        int(size[1]) if size else 0,
        rb"\Flagged" in line,
        time.mktime(came) if came else time.time(),
    )


def _take(box: BaseMailBox, entry: Entry, now: datetime) -> str:
    if entry.size > taking.MOST:
        return _leave(box, entry, now)
    raw = _fetched(box, entry.uid, "BODY.PEEK[]")
    if raw is None:
        return "gone"
    try:
        outcome = taking.take_in(raw, now=now)
    except taking.TryAgain as error:
        return _wait(error)
    del raw
    _delete(box, entry.uid)
    return outcome


def _wait(error: taking.TryAgain) -> str:
    log.warning("a mail stays in the mailbox for the next try: %s", error)
    if not connection.in_atomic_block:
        connection.close_if_unusable_or_obsolete()
    return "waits"


def _leave(box: BaseMailBox, entry: Entry, now: datetime) -> str:
    """Show a person the beginning of a mail that is too large; the rest stays in the mailbox.

    It stays flagged, as long as what could not be read is kept here, and then goes.
    """
    if entry.is_flagged:
        if entry.came_at < (now - KEPT).timestamp():
            _delete(box, entry.uid)
        return "too large"
    raw = _fetched(box, entry.uid, f"BODY.PEEK[]<0.{taking.BEGINNING}>")
    if raw is None:
        return "gone"
    try:
        outcome = taking.keep_beginning(raw, now=now)
    except taking.TryAgain as error:
        return _wait(error)
    box.client.uid("STORE", entry.uid, "+FLAGS.SILENT", r"(\Flagged)")
    return outcome


def _fetched(box: BaseMailBox, uid: str, what: str) -> bytes | None:
    """Return a mail's bytes without marking it as read; None if somebody has taken it away."""
    for line in _lines(box.client.uid("FETCH", uid, f"({what})")):
        if isinstance(line, tuple):
            return bytes(line[1])
    return None


def _delete(box: BaseMailBox, uid: str) -> None:
    """Delete this mail and no other, whatever others have marked as deleted."""
    for command in (("STORE", uid, "+FLAGS.SILENT", r"(\Deleted)"), ("EXPUNGE", uid)):
        status, _lines = box.client.uid(*command)
        if status != "OK":
            raise MailboxDown("a mail that was taken in could not be deleted")
