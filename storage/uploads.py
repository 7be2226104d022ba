"""The way in: a file is judged, staged for a browser session, and attached when it is sent."""

import logging
import os
import re
import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.conf import settings
from django.core.files.uploadedfile import TemporaryUploadedFile, UploadedFile
from django.db import transaction
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from storage import erasure, filetypes, scanning
from storage.backends import StorageDown, StorageError, attachment_store
from storage.commits import unhurried
from storage.filetypes import formats, programs
from storage.models import Attachment, Attachments

if TYPE_CHECKING:
    from candidates.models import Application

log = logging.getLogger("ats.attachments")

#: How long a file that is not sent is kept.
STAGED_FOR = timedelta(hours=24)
#: How long its object may then take to go.
GRACE = timedelta(hours=24)
#: No request writes to its temporary file more seldom.
ABANDONED = timedelta(hours=1)
PAGE = 200

MAX_NAME = 150
#: Endings that the true type's replaces; what else follows a dot belongs to the name.
FOREIGN = {"docm", "dotx", "htm", "html", *formats.BY_ENDING, *programs.ENDINGS}
FOREIGN_ENDING = re.compile(rf"\.({'|'.join(sorted(FOREIGN))})$", re.IGNORECASE)
ENDING = re.compile(r"\.[a-z0-9]{1,8}$", re.IGNORECASE)


class Refused(Exception):
    """A file is not taken: `message` says to a person why and what to do, `name` which it is."""

    def __init__(self, name: str, code: str, *, kind: str = "") -> None:
        super().__init__(code)
        self.name = name
        self.code = code
        infected = code == scanning.INFECTED
        sentence = str(scanning.SENTENCE) if infected else ""
        self.message = sentence or filetypes.sentence(code, name=name, kind=kind)


class UploadGone(Exception):
    """A staged file is not there any more, or never was this session's."""


def owner(secret: str) -> str:
    """Return what stands for a browser session in `Attachment.staged_by`: a keyed hash.

    `secret` is a random text that this session alone holds.
    """
    if not secret:
        raise ValueError("A session without a secret would share its files with all others.")
    return salted_hmac("storage.uploads", secret, algorithm="sha256").hexdigest()


def stage(upload: "UploadedFile[Any]", *, session: str, now: datetime) -> Attachment:
    """Judge a file and store it for this session (see `owner`) for 24 hours.

    Raises `Refused`, or `StorageDown`. The file is judged where Django has put it, before there
    is a row or an object, so that a refused file never reaches the storage and nothing of it
    has to be erased again; so is what the virus scanner finds something in. Then the row is
    committed, then the object is written, then the row says clean, or pending if the scanner was
    not to be had; the commit that sends it puts that on disk. If the storage fails, or the process
    ends, a row is left that can never be sent; it stays its 24 hours, since what was written may
    yet arrive, and goes with its object.
    """
    with _on_disk(upload) as path:
        name = upload.name or ""
        verdict = _judged(path, name)
        if not verdict.accepted:
            raise Refused(clean_name(name), verdict.code, kind=verdict.type)
        look = scanning.first_look(path, now=now)
        if look.finding:
            raise Refused(clean_name(name), scanning.INFECTED)
        attachment = Attachment(
            name=clean_name(name, verdict.extension),
            content_type=verdict.type,
            size=path.stat().st_size,
            created_at=now,
            staged_by=session,
            staged_until=now + STAGED_FOR,
        )
        # Durable: within another transaction the row would come after the object, or never.
        with transaction.atomic(durable=True):
            attachment.save(force_insert=True)
        _write(attachment, path)
    for field, value in look.fields.items():
        setattr(attachment, field, value)
    with unhurried():
        attachment.save(update_fields=look.fields)
    return attachment


def staged(ids: Iterable[str | UUID], *, session: str, now: datetime) -> list[Attachment]:
    """Return those of the files that this session can still send, in the order given.

    Ids that are unknown, another session's, or no ids at all are left out.
    """
    wanted = list(dict.fromkeys(filter(None, map(_uuid, ids))))
    found = _sendable(session, now).in_bulk(wanted)
    return [found[pk] for pk in wanted if pk in found]


def infected(ids: Iterable[str | UUID], *, session: str) -> list[Attachment]:
    """Return those of the session's files in which the scanner found something after all."""
    wanted = filter(None, map(_uuid, ids))
    return list(Attachment.objects.staged(session).quarantined().filter(pk__in=wanted))


def make_room(session: str, *, most: int, now: datetime) -> None:
    """Take away the session's oldest files until it has fewer than `most` that are not sent.

    Most likely they belong to a page that was left or loaded anew, where nobody can remove them.
    """
    mine = Attachment.objects.staged(session).exclude(verdict=Attachment.Verdict.AWAITED)
    surplus = list(mine.order_by("-created_at", "-pk").values_list("pk", flat=True)[most - 1 :])
    if surplus:
        erasure.bury(mine.filter(pk__in=surplus), now=now, breach_at=now + GRACE)


def attach(ids: Iterable[UUID], *, application: "Application", session: str, now: datetime) -> int:
    """Give staged files to an application, in the caller's transaction; return how many.

    Raises `UploadGone` if one of them is not there: the caller's transaction must then fail.
    """
    wanted = set(ids)
    rows = _sendable(session, now).filter(pk__in=wanted)
    if len(wanted) > 1:  # in the order in which all others lock several
        list(rows.order_by("pk").select_for_update().values_list("pk", flat=True))
    # What is changed here nobody can take away before the commit, not even the cleaner.
    count = rows.update(application=application, staged_by="", staged_until=None) if wanted else 0
    if count != len(wanted):
        raise UploadGone
    return count


@transaction.atomic
def discard(attachment_id: str | UUID, *, session: str, now: datetime) -> None:
    """Take a staged file away again, if it is this session's."""
    if pk := _uuid(attachment_id):
        mine = Attachment.objects.staged(session).filter(pk=pk)
        erasure.bury(mine, now=now, breach_at=now + GRACE)


def clean_expired(now: datetime) -> int:
    """Turn staged files that were never sent into tombstones; return how many."""
    count = 0
    expired = Attachment.objects.expired(now)
    while page := list(expired.order_by("pk").values_list("pk", flat=True)[:PAGE]):
        # Looked at again under the lock: a file that is sent at this moment stays.
        buried = erasure.bury(expired.filter(pk__in=page), now=now, breach_at=now + GRACE)
        count += len(buried)
    return count


def clear_temporary(now: datetime) -> int:
    """Remove what requests that were killed have left in the folder of uploads; return how many.

    The folder counts as used from now on, for what clears the system's temporary files.
    """
    folder, count = Path(settings.FILE_UPLOAD_TEMP_DIR), 0
    folder.mkdir(mode=0o700, exist_ok=True)
    os.utime(folder)
    for path in folder.glob("*.upload*"):
        with suppress(FileNotFoundError):  # its request has ended meanwhile
            if path.lstat().st_mtime < (now - ABANDONED).timestamp():
                path.unlink()
                count += 1
    return count


def _sendable(session: str, now: datetime) -> Attachments:
    return Attachment.objects.staged(session).sendable().filter(staged_until__gt=now)


def _uuid(text: str | UUID) -> UUID | None:
    try:
        return UUID(str(text))
    except ValueError:
        return None


def _judged(path: Path, name: str) -> filetypes.Verdict:
    try:
        return filetypes.inspect(path, name)
    except filetypes.NotRunning as error:
        log.error("no file can be taken: %s", error)
        # As with the storage: not the applicant's fault, and trying again later may help.
        raise StorageDown("no-parser") from error


def _write(attachment: Attachment, path: Path) -> None:
    try:
        with path.open("rb") as file:
            attachment_store().write(attachment.key, file, content_type=attachment.content_type)
    except StorageDown:
        raise
    except StorageError as error:
        # Whatever it is, it is not the applicant's fault, and trying again later may help.
        raise StorageDown(error.code) from error


@contextmanager
def _on_disk(upload: "UploadedFile[Any]") -> Iterator[Path]:
    """Give the file a path: libmagic and the parsers read files."""
    if isinstance(upload, TemporaryUploadedFile):
        upload.flush()
        yield Path(upload.temporary_file_path())
        return
    with NamedTemporaryFile(suffix=".upload", dir=settings.FILE_UPLOAD_TEMP_DIR) as file:
        for chunk in upload.chunks():
            file.write(chunk)
        file.flush()
        yield Path(file.name)


# Names ----------------------------------------------------------------------------------------


def clean_name(name: str, extension: str = "") -> str:
    """Return a name that is safe to show, to store and to offer for saving; never empty.

    Without path, control and bidi characters, surrogates, and what Windows forbids; NFC; at
    most 150 characters. Ends with `extension` (".pdf") if one is given.
    """
    stem = _plain(re.split(r"[/\\]", name)[-1])
    if not extension and (match := ENDING.search(stem)):
        extension = match.group()
    if not stem.lower().endswith(extension.lower()):
        stem = _plain(FOREIGN_ENDING.sub("", stem))
    if stem.lower().endswith(extension.lower()):
        stem = stem[: len(stem) - len(extension)]
    elif f".{stem.lower()}" == extension.lower():
        stem = ""
    stem = _plain(_plain(stem)[: MAX_NAME - len(extension)])
    return (stem or _("document")) + extension


def _plain(text: str) -> str:
    text = "".join(_shown(character) for character in unicodedata.normalize("NFC", text))
    return unicodedata.normalize("NFC", " ".join(text.split())).strip(" .")


def _shown(character: str) -> str:
    if character in '<>:"|?*':
        return "_"
    if character.isspace():
        return " "
    # Cc, Cf, Cs, Co, Cn: control, formatting (bidi marks), surrogates, private, unassigned.
    return "" if unicodedata.category(character).startswith("C") else character
