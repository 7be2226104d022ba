"""What reviewers see of a file instead of the file: copies, pages and words of our own making.

`prepare` makes them, once, after the verdict, by a job. A picture is replaced by a copy without
metadata, and is not served before; documents become PDF where LibreOffice is there; the words of
each are kept for searching. Pages are drawn when they are looked at.

A copy is a further key of its attachment. Its object begins with a tombstone that nobody works
while it is being written; then it is written; then the transaction that names it deletes that
tombstone and writes one for what it replaces. Stopped at any line, what nobody named goes.
"""

import logging
import shutil
import time
from contextlib import closing
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO

from django.db import IntegrityError, transaction
from django.db.models import F

from storage import bounded, erasure
from storage.backends import ObjectMissing, StorageDown, StorageError, attachment_store
from storage.bounded import MB, Limits, StepFailed
from storage.models import JPEG, PDF, PNG, Attachment, Page, Tombstone, Words, new_key

log = logging.getLogger("ats.preview")

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
DOC, RTF, TXT = "application/msword", "application/rtf", "text/plain"
ODT = "application/vnd.oasis.opendocument.text"
WEBP = "image/webp"

STEPS = "storage.steps."
#: Which step reads the words, and with which ending LibreOffice knows the file.
READERS = {PDF: "pdf.read", DOCX: "words.docx", ODT: "words.odt", RTF: "words.rtf"}
READERS |= {TXT: "words.txt", DOC: "doc.words"}
OFFICE = {DOCX: ".docx", DOC: ".doc", ODT: ".odt", RTF: ".rtf"}

#: What a picture's copy may be.
COPIES = {JPEG: ".jpg", PNG: ".png"}
#: Somebody else's step runs, and ours waited in vain.
BUSY = "busy"

COPYING = Limits(seconds=10, patience=30, memory=500 * MB, alone="pictures")
READING = Limits(seconds=10, patience=30, memory=500 * MB)
DRAWING = Limits(seconds=5, patience=10, memory=500 * MB)
CONVERTING = Limits(seconds=60, patience=90, memory=2_000 * MB, alone="office", offline=True)

#: How long somebody may prepare one file, or write one object, before being taken for dead.
LEASE = timedelta(minutes=30)
#: How long an object that was replaced may take to go.
GRACE = timedelta(hours=24)
#: After so many tries that ended with the process or by the clock, it is the file's fault.
MOST_ATTEMPTS = 3
PAUSE = timedelta(minutes=2)
#: How long a drawn page is kept, and how long one that could not be drawn is not tried again.
PAGES_KEPT = timedelta(days=7)
FAILURES_KEPT = timedelta(hours=1)


class NoPage(Exception):
    """There is no such page, or it cannot be drawn."""


@dataclass
class Prepared:
    """What a run did, in numbers of files."""

    ready: int = 0
    failed: int = 0
    put_off: int = 0

    def __str__(self) -> str:
        return ", ".join(f"{name} {value}" for name, value in asdict(self).items())


@dataclass
class Copy:
    """An object that is written and not yet named by its attachment."""

    key: str
    type: str
    size: int


@dataclass
class Made:
    """What became of one file. `instead` takes the place of the original."""

    instead: Copy | None = None
    view: Copy | None = None
    extension: str = ""
    pages: int = 0
    words: str = ""
    state: Attachment.Preparation = Attachment.Preparation.READY
    keys: list[str] = field(init=False)

    def __post_init__(self) -> None:
        self.keys = [copy.key for copy in (self.instead, self.view) if copy]


# Preparing ---------------------------------------------------------------------------------------


def prepare(*, now: datetime, seconds: float = 40) -> Prepared:
    """Prepare what waits, oldest first; begin no other file when so many seconds have gone.

    Its last file may take some minutes more, within a task's time limit. Safe to run twice, late,
    beside itself, or to be killed at any line.
    """
    done, end = Prepared(), time.monotonic() + seconds
    while time.monotonic() < end and (attachment := _claimed(now)):
        _prepare_one(attachment, now, done)
    return done


def prepare_again() -> int:
    """Have LibreOffice at documents that have words alone, once it is there; return how many.

    Also at those that it could not convert before: it may be another one.
    """
    texts = Attachment.objects.filter(content_type__in=OFFICE, view_key__isnull=True)
    return texts.filter(preparation=Attachment.Preparation.READY).update(
        preparation=Attachment.Preparation.WAITING, prepare_after=None, prepare_attempts=0
    )


def _claimed(now: datetime) -> Attachment | None:
    """Return a file that nobody else prepares until the lease is over."""
    waiting = Attachment.objects.unprepared(now)
    while found := waiting.order_by("created_at", "pk").first():
        lease = {"prepare_after": now + LEASE, "prepare_attempts": F("prepare_attempts") + 1}
        if waiting.filter(pk=found.pk).update(**lease):
            found.prepare_attempts += 1
            return found
    return None


def _prepare_one(attachment: Attachment, now: datetime, done: Prepared) -> None:
    is_last = attachment.prepare_attempts >= MOST_ATTEMPTS
    try:
        if attachment.prepare_attempts > MOST_ATTEMPTS:
            raise StepFailed("ended with its process")
        with bounded.workplace() as place:
            _fetch(attachment.key, place)
            made = _made(attachment, place, now=now, is_last=is_last)
    except (StepFailed, ObjectMissing) as error:
        if error.code == BUSY or (error.code == "timeout" and not is_last):
            _put_off(attachment, now, done, counts=error.code != BUSY)
            return
        log.warning("a file cannot be prepared: %s", error.code)
        made = Made(state=Attachment.Preparation.FAILED)
    except (StorageError, OSError) as error:
        # The storage does not answer, or this machine has no room, memory or process left.
        log.warning("files cannot be prepared now: %s", type(error).__name__)
        _put_off(attachment, now, done, counts=False)
        return
    _finish(attachment, made, now=now)
    if made.state == Attachment.Preparation.READY:
        done.ready += 1
    else:
        done.failed += 1


def _put_off(attachment: Attachment, now: datetime, done: Prepared, *, counts: bool) -> None:
    """Try again later. What is the machine's fault does not count against the file."""
    attempts = attachment.prepare_attempts if counts else attachment.prepare_attempts - 1
    Attachment.objects.filter(pk=attachment.pk).update(
        prepare_after=now + PAUSE, prepare_attempts=attempts
    )
    done.put_off += 1


def _made(attachment: Attachment, place: Path, *, now: datetime, is_last: bool) -> Made:
    if attachment.is_picture:
        return _made_of_picture(place, now)
    return _made_of_document(attachment.content_type, Trying(place, is_last=is_last), now)


def _made_of_picture(place: Path, now: datetime) -> Made:
    # The step has read a stranger's bytes, so its word is taken for one of these and no other.
    kind = bounded.run(STEPS + "images.reencode", place, COPYING).get("type")
    if kind not in COPIES:
        raise StepFailed("crashed")
    instead = _stored(place, "copy", kind, now)
    view = _stored(place, "view", JPEG, now)
    return Made(instead, view, extension=COPIES[kind], pages=1)


def _made_of_document(kind: str, trying: "Trying", now: datetime) -> Made:
    """Make what can be made: a document that nothing here can read can still be downloaded."""
    place = trying.place
    answer = trying.run(STEPS + READERS[kind], READING) if kind in READERS else None
    words = "" if answer is None else _words(place)
    view = _as_pdf(kind, trying, now)
    if view:
        (place / "view").replace(place / "in")
        answer = trying.run(STEPS + "pdf.read", READING)
        words = words or ("" if answer is None else _words(place))
    return Made(view=view, pages=int((answer or {}).get("pages", 0)), words=words)


def _as_pdf(kind: str, trying: "Trying", now: datetime) -> Copy | None:
    """Have LibreOffice make a PDF of a word processor's document, if it is there."""
    if kind not in OFFICE or not has_office():
        return None
    if trying.run(STEPS + "office.to_pdf", CONVERTING, extension=OFFICE[kind]) is None:
        return None
    return _stored(trying.place, "view", PDF, now)


@dataclass
class Trying:
    """Runs steps that may fail without the others failing too."""

    place: Path
    is_last: bool

    def run(self, step: str, limits: Limits, **arguments: Any) -> dict[str, Any] | None:
        """Return what a step answers, or None. Raises if it ran out of time and may try again."""
        try:
            return bounded.run(step, self.place, limits, **arguments)
        except StepFailed as error:
            if error.code == BUSY or (error.code == "timeout" and not self.is_last):
                raise
            log.warning("%s: %s", step, error.code)
            return None


def has_office() -> bool:
    """Whether this machine has LibreOffice."""
    return bool(shutil.which("soffice") or shutil.which("libreoffice"))


def _words(place: Path) -> str:
    with bounded.take(place, "words", limit=4 * MB) as file:
        return file.read().decode("utf-8", "replace").replace("\0", "")


def _fetch(key: str, place: Path) -> None:
    with (
        closing(attachment_store().open_object(key)) as source,
        (place / "in").open("wb") as target,
    ):
        try:
            shutil.copyfileobj(source, target)
        except Exception as error:  # a bucket's stream has many ways to break off
            raise StorageDown(f"file-{type(error).__name__}") from error


# Naming what was made ----------------------------------------------------------------------------


def _stored(place: Path, name: str, content_type: str, now: datetime) -> Copy:
    """Store a file that a step has made. Unless it is named within the lease, it goes."""
    key = new_key()
    with bounded.take(place, name) as file:
        size = file.seek(0, 2)
        file.seek(0)
        # Durable: within another transaction the row would come after the object, or never.
        with transaction.atomic(durable=True):
            erasure.lay_out([key], now=now, breach_at=now + GRACE, not_before=now + LEASE)
        attachment_store().write(key, file, content_type=content_type)
    return Copy(key, content_type, size)


def _finish(attachment: Attachment, made: Made, *, now: datetime) -> None:
    """Name the copies, in one transaction with the tombstones of what they replace."""
    with transaction.atomic():
        rows = Attachment.objects.select_for_update().filter(pk=attachment.pk, key=attachment.key)
        rows = rows.exclude(verdict=Attachment.Verdict.QUARANTINED)
        row = rows.filter(preparation=Attachment.Preparation.WAITING).first()
        reserved = Tombstone.objects.select_for_update().filter(key__in=made.keys)
        if row is None or len(reserved) != len(made.keys):
            # Deleted or found infected meanwhile, or done by somebody else: it is nobody's.
            reserved.update(not_before=None, next_try_at=now)
            gone = made.keys
        else:
            Tombstone.objects.filter(key__in=made.keys).delete()
            gone = [row.key] if made.instead else []
            erasure.lay_out(gone, now=now, breach_at=now + GRACE)
            _name(row, made)
    erasure.work(now=now, keys=gone)


def _name(row: Attachment, made: Made) -> None:
    row.preparation, row.pages = made.state, made.pages
    row.view_key = made.view.key if made.view else None
    if made.instead:
        if row.content_type != made.instead.type:
            row.name = (row.name.rpartition(".")[0] or row.name) + made.extension
        row.key = made.instead.key
        row.content_type, row.size = made.instead.type, made.instead.size
    row.save(
        update_fields=["preparation", "pages", "view_key", "name", "key", "content_type", "size"]
    )
    Words.objects.update_or_create(attachment=row, defaults={"text": made.words})


# Looking -----------------------------------------------------------------------------------------


def open_page(
    attachment: Attachment, number: int, *, now: datetime
) -> tuple[BinaryIO | bytes, str]:
    """Return a page as a picture of our own making, open or in memory, and its media type.

    Raises `NoPage`, or `StorageError`.
    """
    if not 1 <= number <= attachment.pages_to_see:
        raise NoPage
    if attachment.is_picture:
        if attachment.view_key is None:
            raise NoPage
        return attachment_store().open_object(attachment.view_key), JPEG
    image = _kept(attachment, number)
    if image is None:
        image = _draw(attachment, number, now=now)
    if not image:
        raise NoPage
    return image, WEBP


def forget_pages(now: datetime) -> int:
    """Delete drawn pages that are old; they are drawn again when somebody looks."""
    deleted, _ = Page.objects.filter(drawn_at__lte=now - PAGES_KEPT).delete()
    return deleted


def _kept(attachment: Attachment, number: int) -> bytes | None:
    page = Page.objects.filter(attachment=attachment, number=number).first()
    return None if page is None else bytes(page.image)


def _draw(attachment: Attachment, number: int, *, now: datetime) -> bytes:
    """Draw a page and keep it, or that it could not be drawn."""
    try:
        image, drawn_at = _drawn(attachment, number), now
    except StepFailed as error:
        log.warning("a page cannot be drawn: %s", error.code)
        image, drawn_at = b"", now - PAGES_KEPT + FAILURES_KEPT
    except OSError as error:
        raise StorageDown(f"no-place-{type(error).__name__}") from error
    try:
        with transaction.atomic():
            Page.objects.update_or_create(
                attachment=attachment,
                number=number,
                defaults={"image": image, "drawn_at": drawn_at},
            )
    except IntegrityError as error:  # its attachment has gone meanwhile
        raise NoPage from error
    return image


def _drawn(attachment: Attachment, number: int) -> bytes:
    with bounded.workplace() as place:
        _fetch(attachment.view_key or attachment.key, place)
        bounded.run(STEPS + "pdf.page", place, DRAWING, number=number)
        with bounded.take(place, "page", limit=20 * MB) as file:
            return file.read()
