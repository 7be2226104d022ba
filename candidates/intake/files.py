"""The attachments of a mail: judged, scanned and staged like those of the form."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from django.core.files.uploadedfile import TemporaryUploadedFile
from django.utils.translation import gettext as _

from candidates.forms.files import too_many
from candidates.intake.parts import File
from storage import erasure, uploads
from storage.models import Attachment

#: Nobody is at a mail for as long: what is left of it then is what a process that died has left.
ABANDONED = timedelta(minutes=10)


@dataclass
class Staged:
    """What was taken of a mail's files, and what was not: names, each with its sentence."""

    session: str
    taken: list[Attachment] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)

    @property
    def ids(self) -> list[UUID]:
        return [attachment.pk for attachment in self.taken]

    def refuse_all(self, sentence: str) -> None:
        """Take none after all."""
        self.refused = [(each.name, sentence) for each in self.taken] + self.refused
        self.taken = []


def session(digest: str) -> str:
    """Return what stands for the mail where a browser session stands with the form's files."""
    return uploads.owner(f"mail:{digest}")


def stage(files: Iterable[File], staged: Staged, *, most: int, now: datetime) -> None:
    """Stage the files of a mail, at most so many. Raises `StorageDown`.

    The sentences are in the language of the moment, which must be the applicant's.
    """
    for file in files:
        name = uploads.clean_name(file.name)
        if file.is_packed:
            staged.refused.append((name, packed()))
        elif len(staged.taken) >= most:
            staged.refused.append((name, too_many()))
        else:
            _stage(file, name, staged, now)


def _stage(file: File, name: str, staged: Staged, now: datetime) -> None:
    content = file.read()
    # Attachments stand in the order of their moments: that of the mail.
    moment = now + timedelta(microseconds=len(staged.taken))
    with TemporaryUploadedFile(name, file.part.get_content_type(), len(content), None) as upload:
        upload.write(content)
        del content
        try:
            taken = uploads.stage(upload, session=staged.session, now=moment)
            staged.taken.append(taken)
        except uploads.Refused as refused:
            staged.refused.append((refused.name, refused.message))


def packed() -> str:
    return _(
        "Outlook has packed your documents into this file, and only Outlook can open it. Add the"
        " documents themselves."
    )


def sweep(session: str, *, now: datetime, before: datetime | None = None) -> None:
    """Take away what is staged for a mail and was not attached, in the caller's transaction.

    What is being written at this moment stays; it goes like every file that is never sent.
    """
    left = Attachment.objects.staged(session).exclude(verdict=Attachment.Verdict.AWAITED)
    if before:
        left = left.filter(created_at__lt=before)
    if left.exists():
        erasure.bury(left, now=now, breach_at=now + uploads.GRACE)


def give_up(staged: Staged, *, now: datetime) -> None:
    """Take away again what was staged in vain."""
    for pk in staged.ids:
        uploads.discard(pk, session=staged.session, now=now)
