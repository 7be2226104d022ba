"""The files of the application form: kept from one try to the next, refused ones named."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.utils import timezone
from django.utils.formats import time_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from candidates.forms.apply import to_uuid
from storage import filetypes, scanning, uploads
from storage.backends import StorageDown
from storage.models import Attachment

if TYPE_CHECKING:
    Upload = UploadedFile[bytes]


@dataclass(frozen=True)
class Trouble:
    """A file that was not taken in, and the sentence that says why and what to do."""

    name: str
    sentence: str
    size: int | None = None
    #: Not the file's fault: the same file may do in a few minutes.
    lost: bool = False


@dataclass
class Files:
    """What the form shows of its files."""

    kept: list[Attachment] = field(default_factory=list)
    troubles: list[Trouble] = field(default_factory=list)
    #: Whether files were kept in this very request.
    news: bool = False
    #: How many there may be.
    most: int = field(default_factory=lambda: settings.ATS_MAX_FILES)

    @property
    def down(self) -> bool:
        """Whether the storage could not be reached."""
        return any(trouble.lost for trouble in self.troubles)


def earlier(
    tokens: Iterable[str], *, session: str, now: datetime, most: int | None = None
) -> Files:
    """Return the files that this browser session has put up before; `most` may be kept.

    One that is no longer there, or is one too many, is said: nobody sends an application and
    finds later that the CV was not in it.
    """
    most = settings.ATS_MAX_FILES if most is None else most
    ids = list(dict.fromkeys(pk for pk in map(to_uuid, tokens) if pk))
    if not (ids and session):
        return Files(troubles=[missing()] if ids else [], most=most)
    found = uploads.staged(ids, session=session, now=now)
    troubles = [harmful(file) for file in uploads.infected(ids, session=session)]
    if len(found) + len(troubles) < len(ids):
        troubles.append(missing())
    troubles += [Trouble(file.name, too_many(), file.size) for file in found[most:]]
    return Files(kept=found[:most], troubles=troubles, most=most)


def harmful(file: Attachment) -> Trouble:
    return Trouble(file.name, str(scanning.SENTENCE), file.size)


def missing() -> Trouble:
    return Trouble(
        _("A file from before"),
        _("The form was open for too long, so a file is no longer here. Please add it again."),
    )


def receive(files: Files, given: Iterable["Upload"], *, session: str, now: datetime) -> None:
    """Take in each file or note why not; one refused file costs no other.

    A storage that is down is asked once: each time more would take as long as it waits.
    """
    for upload in given:
        if len(files.kept) >= files.most:
            files.troubles.append(Trouble(plain_name(upload), too_many(), upload.size))
            continue
        if files.down:
            files.troubles.append(unreachable(upload))
            continue
        # Attachments stand in the order of their moments: that of the form.
        moment = now + timedelta(microseconds=len(files.kept))
        try:
            files.kept.append(uploads.stage(upload, session=session, now=moment))
            files.news = True
        except uploads.Refused as refused:
            files.troubles.append(Trouble(refused.name, refused.message, upload.size))
        except StorageDown:
            files.troubles.append(unreachable(upload))


def hold(files: Files, upload: "Upload", *, until: datetime) -> None:
    """Note that too many files came from where this one comes from."""
    files.troubles.append(Trouble(plain_name(upload), held_sentence(until), upload.size))


def held_sentence(until: datetime) -> str:
    return _(
        "Too many files came from your connection. Add it again from %(time)s on, or send without"
        " it."
    ) % {"time": time_format(timezone.localtime(until))}


def plain_name(upload: "Upload") -> str:
    return uploads.clean_name(upload.name or "")


def too_many() -> str:
    limit = settings.ATS_MAX_FILES
    sentence = ngettext(
        "An application takes one file. Remove the other one first, or put both into one PDF.",
        "An application takes %(limit)s files at most. Remove another one first, "
        "or put several into one PDF.",
        limit,
    )
    return sentence % {"limit": limit}


def refusals() -> dict[str, str]:
    """Return what the form's script says of a file without asking the server."""
    return {"too_large": filetypes.sentence("too-large"), "too_many": too_many()}


def unreachable(upload: "Upload") -> Trouble:
    sentence = _(
        "Files cannot be stored just now. Add it again in a few minutes, or send without it."
    )
    return Trouble(plain_name(upload), sentence, upload.size, lost=True)
