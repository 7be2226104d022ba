"""The virus scan: clamd, ClamAV's daemon, is sent the bytes and says what it finds in them.

Only a whole "OK" to the whole file means clean. Whatever else happens, the file is not scanned: it
waits as pending, a job tries again, and nobody is served it before.
"""

import logging
import socket
import struct
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from storage.backends import StorageError, attachment_store
from storage.models import Attachment

log = logging.getLogger("ats.scanning")

#: The code of the refusal, and what it says to a person.
INFECTED = "infected"
SENTENCE = _(
    "The virus scanner found something harmful in this file. Check your device, make the file "
    "again and choose the new one."
)

Verdict = Attachment.Verdict

#: How long clamd may take to say that it is there, and for a file that somebody waits for. With
#: ten files in one form that is a minute at the very worst.
ANSWER_SECONDS = 1.0
SECONDS = 5.0
#: How long it may take for a file that waits for the job, and when a run, of which there is one
#: a minute, begins no other file.
PATIENT_SECONDS = 60.0
LONGEST_RUN = timedelta(seconds=45)
#: After so many files in a row that could not be scanned, a run leaves the rest for the next.
ENOUGH = 3
#: The pause after a file's first failure; it doubles with each up to the longest.
FIRST_PAUSE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(hours=1)
#: How long a scan is good for: signatures grow by the day.
GOOD_FOR = timedelta(days=7)

CHUNK = 64 * 1024
LONGEST_ANSWER = 4096
#: What clamd with `AlertExceedsMax` calls a file that it did not look through to its end.
UNFINISHED = "Heuristics.Limits.Exceeded"


class NotScanned(Exception):
    """clamd has not said whether a file is clean. `code` says why, without personal data."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def is_on() -> bool:
    """Whether a scanner is set. Without one, files are taken as they are."""
    return bool(settings.CLAMD_URL)


def ping() -> None:
    """Raise `NotScanned` unless clamd answers within `ANSWER_SECONDS`."""
    with _line(ANSWER_SECONDS) as line:
        line.send(b"zPING\0")
        if line.answer() != "PONG":
            raise NotScanned("error")


def scan(file: BinaryIO, *, size: int, seconds: float) -> str:
    """Return what clamd calls that which it finds in a file of this size, "" if it is clean.

    Raises `NotScanned` for anything else, at the latest after `seconds` and one read of the file.
    """
    with _line(seconds) as line:
        try:
            line.send(b"zINSTREAM\0")
            for chunk in _chunks(file, size):
                line.send(struct.pack("!L", len(chunk)) + chunk)
            line.send(struct.pack("!L", 0))
        except (BrokenPipeError, ConnectionResetError):
            # clamd hangs up on what is too large for it, and may have said so: never "OK".
            _finding(line.answer())
            raise
        return _finding(line.answer())


def _chunks(file: BinaryIO, size: int) -> Iterator[bytes]:
    """Yield the file in pieces; raises `NotScanned` unless they add up to its size."""
    seen = 0
    try:
        while chunk := file.read(CHUNK):
            seen += len(chunk)
            yield chunk
    except Exception as error:  # a bucket's stream has many ways to break off
        raise NotScanned(f"file-{type(error).__name__}") from error
    if seen != size:
        raise NotScanned("file-cut-off")


def _finding(answer: str) -> str:
    if answer == "stream: OK":
        return ""
    if answer.startswith("stream: ") and answer.endswith(" FOUND"):
        name = answer.removeprefix("stream: ").removesuffix(" FOUND")
        if name.startswith(UNFINISHED):
            raise NotScanned("over-limits")
        return "".join(sign for sign in name if sign.isprintable())[:100] or "unnamed"
    raise NotScanned("too-large" if "size limit" in answer else "error")


class _Line:
    """A connection to clamd until a deadline, whatever clamd does: then `NotScanned` is raised."""

    def __init__(self, seconds: float) -> None:
        self.deadline = time.monotonic() + seconds
        self.socket = self._connected()

    def _connected(self) -> socket.socket:
        where = urlsplit(settings.CLAMD_URL)
        if where.scheme == "tcp":
            return socket.create_connection((where.hostname, where.port), self._left())
        local = socket.socket(socket.AF_UNIX)
        try:
            local.settimeout(self._left())
            local.connect(unquote(where.path))
        except OSError:
            local.close()
            raise
        return local

    def send(self, data: bytes) -> None:
        self.socket.settimeout(self._left())
        self.socket.sendall(data)

    def answer(self) -> str:
        """Return what clamd says, if it says it to the end."""
        answer = b""
        while not answer.endswith(b"\0"):
            self.socket.settimeout(self._left())
            more = self.socket.recv(LONGEST_ANSWER)
            if not more or len(answer) > LONGEST_ANSWER:
                raise NotScanned("cut-off")
            answer += more
        return answer[:-1].decode("utf-8", "replace").strip()

    def close(self) -> None:
        self.socket.close()

    def _left(self) -> float:
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise NotScanned("slow")
        return left


@contextmanager
def _line(seconds: float) -> Iterator[_Line]:
    """Give a connection to clamd; what goes wrong with it becomes `NotScanned`."""
    code = "down"
    try:
        with closing(_Line(seconds)) as line:
            code = "cut-off"
            yield line
    except TimeoutError as error:
        raise NotScanned("slow") from error
    except OSError as error:
        raise NotScanned(code) from error


# What a scan makes of an attachment -----------------------------------------------------------


@dataclass(frozen=True)
class Look:
    """What a first scan says: whether it was found infected, or what its row is to hold."""

    finding: str = ""
    fields: Mapping[str, Any] = field(default_factory=dict)


def first_look(path: Path, *, now: datetime) -> Look:
    """Scan a file on disk that is about to be stored. Never raises for what clamd does."""
    if not is_on():
        return Look(fields={"verdict": Verdict.CLEAN})
    try:
        ping()
        with path.open("rb") as file:
            finding = scan(file, size=path.stat().st_size, seconds=SECONDS)
    except NotScanned as error:
        log.warning("a new file waits for its scan: %s", error.code)
        return Look(fields={"verdict": Verdict.PENDING, "next_scan_at": now})
    if finding:
        log.warning("a new file is infected and not taken: %s", finding)
        return Look(finding)
    return Look(fields={"verdict": Verdict.CLEAN, "scanned_at": now})


def recheck(attachment: Attachment, *, now: datetime) -> Attachment.Verdict:
    """Return the verdict on a clean attachment that is to be handed out: only clean ones may be.

    One that was scanned a week ago, or never, is scanned again first. Raises `StorageError`, and
    `Attachment.DoesNotExist` if it has been erased meanwhile.
    """
    fresh = attachment.scanned_at is not None and attachment.scanned_at > now - GOOD_FOR
    if fresh or not is_on():
        return Verdict(attachment.verdict)
    try:
        ping()
        _scan_stored(attachment, now=now, seconds=SECONDS)
    except NotScanned as error:
        log.warning("a stored file waits for its scan: %s", error.code)
        clean = Attachment.objects.servable().filter(pk=attachment.pk)
        clean.update(verdict=Verdict.PENDING, next_scan_at=now)
    attachment.refresh_from_db(fields=["verdict"])
    return Verdict(attachment.verdict)


def _scan_stored(attachment: Attachment, *, now: datetime, seconds: float) -> None:
    """Scan an attachment's object and write down what came out."""
    with closing(attachment_store().open_object(attachment.key)) as stream:
        finding = scan(stream, size=attachment.size, seconds=seconds)
    row = Attachment.objects.filter(pk=attachment.pk)
    if finding:
        log.warning("attachment %s is infected and in quarantine: %s", attachment.pk, finding)
        # Whatever another scan says at this moment: what was found once is shut away.
        row.exclude(verdict=Verdict.QUARANTINED).update(
            verdict=Verdict.QUARANTINED, quarantined_at=now, finding=finding, next_scan_at=None
        )
        return
    row.filter(verdict=attachment.verdict).update(
        verdict=Verdict.CLEAN, scanned_at=now, scan_attempts=0, next_scan_at=None
    )


# The job ----------------------------------------------------------------------------------------


@dataclass
class Scans:
    """What a run did: files scanned, and files that could not be."""

    scanned: int = 0
    failed: int = 0


def scan_waiting(*, now: datetime) -> Scans:
    """Scan what waits and whose pause is over. Safe to run twice, late, or beside itself.

    While clamd does not answer no file is touched, so that all are scanned as soon as it is back.
    """
    done = Scans()
    if not is_on() or not Attachment.objects.waiting(now).exists():
        return done
    try:
        ping()
    except NotScanned as error:
        log.warning("clamd does not answer, and files wait: %s", error.code)
        return done
    stop = time.monotonic() + LONGEST_RUN.total_seconds()
    in_a_row = 0
    while in_a_row < ENOUGH and time.monotonic() < stop and (attachment := _claimed(now)):
        in_a_row = 0 if _scan_one(attachment, now=now, done=done) else in_a_row + 1
    return done


def _claimed(now: datetime) -> Attachment | None:
    """Return the next file that waits, put off before it is scanned: a crash costs a pause."""
    waiting = Attachment.objects.waiting(now)
    while attachment := waiting.order_by(F("next_scan_at").asc(nulls_first=True), "pk").first():
        pause = min(FIRST_PAUSE * 2 ** min(attachment.scan_attempts, 10), LONGEST_PAUSE)
        mine = waiting.filter(pk=attachment.pk, scan_attempts=attachment.scan_attempts).update(
            scan_attempts=attachment.scan_attempts + 1, next_scan_at=now + pause
        )
        if mine:
            return attachment
    return None


def _scan_one(attachment: Attachment, *, now: datetime, done: Scans) -> bool:
    try:
        _scan_stored(attachment, now=now, seconds=PATIENT_SECONDS)
    except (NotScanned, StorageError) as error:
        log.warning("attachment %s could not be scanned: %s", attachment.pk, error.code)
        done.failed += 1
        return False
    done.scanned += 1
    return True
