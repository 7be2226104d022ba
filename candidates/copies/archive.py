"""The file that is taken away: a ZIP with a page to read, the same for machines, and the files.

It is written to a temporary file without a name, which is gone with whoever reads it, and no file
is ever in memory as a whole.
"""

import json
import shutil
import tempfile
import zipfile
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePath
from typing import IO, Any

from django.conf import settings
from django.utils.functional import Promise
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _

from candidates.models import Application
from storage import scanning
from storage.backends import ObjectMissing, attachment_store
from storage.models import Attachment

FOLDER = "files"

WAITS = _("It is not included: it waits for the virus scan. Download everything again later.")
INFECTED = _("It is not included: a virus was found in it, so nobody gets it any more.")
PREPARED = _("It is not included: it is being prepared. Download everything again later.")
MISSING = _("It is not included: it cannot be read. Please tell us, so that we can look for it.")

#: Why a file is not included, by what the virus scan said of it.
VERDICTS = {
    Attachment.Verdict.PENDING: WAITS,
    Attachment.Verdict.AWAITED: WAITS,
    Attachment.Verdict.QUARANTINED: INFECTED,
}


@dataclass(frozen=True)
class Given:
    """A file that the person gave, and its place in the ZIP, or why it has none."""

    attachment: Attachment
    path: str = ""
    why_not: Promise | str = ""


#: Draws what else is in the ZIP, by name, once it is known which files are in it.
Draw = Callable[[list[Given]], Mapping[str, str]]


def pack(application: Application, draw: Draw, *, now: datetime) -> IO[bytes]:
    """Return the ZIP, ready to be read from its beginning; the caller closes it.

    Raises `StorageDown` if the files cannot be had now.
    """
    place = settings.FILE_UPLOAD_TEMP_DIR
    target = tempfile.TemporaryFile(dir=place)  # noqa: SIM115  whoever reads it closes it
    try:
        with zipfile.ZipFile(target, "w") as archive:
            given = _add_all(archive, application, now)
            for name, text in draw(given).items():
                _write(archive, name, text, now)
    except BaseException:
        target.close()
        raise
    target.seek(0)
    return target


def _write(archive: zipfile.ZipFile, name: str, text: str, now: datetime) -> None:
    info = zipfile.ZipInfo(name, localtime(now).timetuple()[:6])
    archive.writestr(info, text, zipfile.ZIP_DEFLATED)


def _add_all(archive: zipfile.ZipFile, application: Application, now: datetime) -> list[Given]:
    given: list[Given] = []
    for attachment in application.attachments.all():
        taken = {each.path.casefold() for each in given}
        given.append(_add(archive, attachment, taken=taken, now=now))
    return given


def _add(
    archive: zipfile.ZipFile, attachment: Attachment, *, taken: set[str], now: datetime
) -> Given:
    """Write a file into the ZIP, as it is: what people send is compressed already."""
    why_not = _why_not(attachment, now)
    if why_not:
        return Given(attachment, why_not=why_not)
    path = _path(attachment.name, taken)
    info = zipfile.ZipInfo(path, localtime(attachment.created_at).timetuple()[:6])
    try:
        source = attachment_store().open_object(attachment.key)
    except ObjectMissing:
        return Given(attachment, why_not=MISSING)
    with closing(source), archive.open(info, "w") as target:
        shutil.copyfileobj(source, target)
    return Given(attachment, path=path)


def _why_not(attachment: Attachment, now: datetime) -> Promise | str:
    """Return why a file cannot be handed out, or ""."""
    try:
        verdict = attachment.verdict
        if attachment.is_servable:
            verdict = scanning.recheck(attachment, now=now)
    except (Attachment.DoesNotExist, ObjectMissing):
        return MISSING
    if verdict in VERDICTS:
        return VERDICTS[Attachment.Verdict(verdict)]
    return "" if attachment.is_servable else PREPARED


def _path(name: str, taken: set[str]) -> str:
    """Return a path in the ZIP that no other file has, also where case does not count."""
    whole = PurePath(name)
    path, number = f"{FOLDER}/{name}", 1
    while path.casefold() in taken:
        number += 1
        path = f"{FOLDER}/{whole.stem} ({number}){whole.suffix}"
    return path


# What is said of the files ------------------------------------------------------------------


def described(given: Given) -> dict[str, Any]:
    """Return what stands of a file on the page and in `data.json`."""
    attachment = given.attachment
    return {
        "name": attachment.name,
        "path": given.path or None,
        "content_type": attachment.content_type,
        "bytes": attachment.size,
        "received_at": localtime(attachment.created_at).isoformat(),
        "why_not_included": str(given.why_not) or None,
    }


def as_json(content: Any) -> str:
    return json.dumps(content, ensure_ascii=False, indent=2) + "\n"
