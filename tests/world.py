"""Plain functions that build the world of a test: users, jobs, applications, files.

Everything has a default; a test names what it is about and nothing else.
"""

import os
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from io import BytesIO
from itertools import count
from typing import TYPE_CHECKING, Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from candidates import ledger, legal, paging, tokens
from candidates.forms import stamps
from candidates.models import Application, Employee, Job, LedgerLine, Mail, Stage, Token, User
from candidates.models.jobs import DEFAULT_STAGES
from candidates.status import Status
from storage.models import Attachment

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from storage.backends import Bucket, Folder

#: A Thursday morning, the present of most tests.
NOW = datetime(2026, 9, 17, 10, 0, tzinfo=ZoneInfo("Europe/Berlin"))
TODAY = NOW.date()
PASSWORD = "correct horse battery staple"

PDF = "application/pdf"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"

_numbers = count(1)


def rounds(sample: int, full: int) -> int:
    """Return how often to repeat: a sample in `make test`, the full count in `make soak`."""
    return full if os.environ.get("ATS_SOAK") else sample


def pages_of(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have lists cut into pages of so many rows."""
    monkeypatch.setitem(paging.cut.__kwdefaults__ or {}, "size", size)


# People -----------------------------------------------------------------------------------


def a_user(
    role: str | None = None,
    *,
    email: str | None = None,
    first_name: str = "Jürgen",
    last_name: str = "Weiß",
    **fields: Any,
) -> User:
    """Create a user, in the group of a role (see `access.Role`) if one is named."""
    email = email or f"{role or 'user'}-{next(_numbers)}@musterwerk.example"
    user = User.objects.create_user(
        email, PASSWORD, first_name=first_name, last_name=last_name, **fields
    )
    if role is not None:
        user.groups.add(Group.objects.get_or_create(name=role)[0])
    return user


def log_in(client: Client, user: User) -> Client:
    """Log a user in without the form; returns the client."""
    client.force_login(user)
    return client


def open_room(client: Client, application: Application) -> Client:
    """Open the applicant's room by a link, as a mail brings one, in English."""
    token = tokens.mint(application, Token.Purpose.ROOM, now=timezone.now())
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    response = client.post(reverse("room:link", args=[token]))
    assert response["Location"] == reverse("room:home")
    return client


# The application form ---------------------------------------------------------------------


def a_stamp(*, age: timedelta = timedelta(minutes=2)) -> str:
    """Return the stamp (field `made`) of an application form that was opened so long ago."""
    return stamps.made(timezone.now() - age)


def let_time_pass(page: "Page", *, age: timedelta = timedelta(minutes=2)) -> None:
    """Have the application form that a browser shows be one that was opened so long ago."""
    stamp = a_stamp(age=age)
    page.locator("[name=made]").evaluate("(field, stamp) => (field.value = stamp)", stamp)


# Jobs and applications --------------------------------------------------------------------


def a_job(*, hiring_team: Iterable[User] = (), **fields: Any) -> Job:
    """Create a published job with the usual four stages."""
    number = next(_numbers)
    defaults = {
        "slug": f"pflegefachkraft-{number}",
        "title": f"Pflegefachkraft Köln {number}",
        "language": "de",
        "team": "Station Süd",
        "place": "Köln",
        "kind": Job.Kind.FULL_TIME,
        "description": "Wir suchen **Verstärkung** für unsere Station.",
        "street": "Gleueler Straße 70",
        "postal_code": "50931",
        "locality": "Köln",
        "pay_from": 41_000,
        "pay_to": 48_500,
        "is_published": True,
        "published_on": TODAY - timedelta(days=21),
    }
    job = Job.objects.create(**defaults | fields)
    with translation.override(job.language):
        Stage.objects.bulk_create(
            Stage(job=job, name=str(name), position=position)
            for position, name in enumerate(DEFAULT_STAGES, start=1)
        )
    job.hiring_team.set(hiring_team)
    return job


class _New:
    """Stands for "make one": None is a speculative application's job."""


def an_application(
    job: Job | type[_New] | None = _New,
    *,
    status: str = "open",
    decided_on: date | None = None,
    **fields: Any,
) -> Application:
    """Create an application, in its job's first stage, closed by its own clock if not open.

    `decided_on` is today by default. `job=None` makes a speculative application.
    """
    owner = a_job() if isinstance(job, type) else job
    received_at = fields.get("received_at", NOW - timedelta(days=3))
    defaults = {
        "stage": owner.first_stage() if owner else None,
        "first_name": "Käthe",
        "last_name": "Großmann",
        "email": f"kaethe.grossmann-{next(_numbers)}@post.example",
        "phone": "+49 221 4710815",
        "language": "de",
        "legal_basis": legal.basis(),
        "policy_version": "2026-11",
        "received_at": received_at,
        "stage_since": received_at,
    }
    application = Application(job=owner, **defaults | fields)
    if status != Status.OPEN:
        application.close(Status(status), on=decided_on or TODAY)
    application.save()
    return application


def a_mail(application: Application, **fields: Any) -> Mail:
    """Create a rejection's mail, which has been sent unless its `state` says otherwise."""
    defaults: dict[str, Any] = {
        "purpose": Mail.Purpose.REJECTION,
        "language": application.language,
        "to": application.email,
        "subject": "Ihre Bewerbung",
        "body": "Leider nicht.",
        "created_at": NOW,
        "send_at": NOW,
        "sent_at": NOW,
        "state": Mail.State.SENT,
    }
    return application.mails.create(**defaults | fields)


def an_employee(**fields: Any) -> Employee:
    """Create an employee's record that no application is left of."""
    number = next(_numbers)
    defaults = {
        "personnel_number": f"T-{number:05}",
        "first_name": "Özlem",
        "last_name": "Schäfer",
        "email": f"oezlem.schaefer-{number}@post.example",
        "phone": "+49 341 5550199",
        "job_title": "Pflegefachkraft",
        "start_date": TODAY + timedelta(days=14),
        "applied_on": TODAY - timedelta(days=30),
        "applied_as": "Pflegefachkraft",
        "hired_at": NOW,
    }
    return Employee.objects.create(**defaults | fields)


# The ledger -------------------------------------------------------------------------------


def a_ledger_line(**fields: Any) -> LedgerLine:
    """Write a line as a purge, the sealer and a proof leave it; its hash is none of the chain's."""
    number = LedgerLine.objects.count() + 1
    defaults: dict[str, Any] = {
        "day": TODAY,
        "kind": LedgerLine.Kind.APPLICATION,
        "record": ledger.keyed_hash(uuid4()),
        "rows": 14,
        "objects_count": 3,
        "rule": LedgerLine.Rule.RETENTION,
        "policy_version": "2026-11",
        "sequence": number,
        "previous": "0" * 64,
        "hash": f"{number:064x}",
        "is_proven": True,
        "proven_on": TODAY,
    }
    return LedgerLine.objects.create(**defaults | fields)


# Files ------------------------------------------------------------------------------------


def a_pdf(text: str = "Lebenslauf von Käthe Großmann") -> bytes:
    """Return a real PDF of one page with this text; Latin-1 characters only."""
    from fpdf import FPDF

    document = FPDF()
    document.add_page()
    document.set_font("Helvetica", size=12)
    document.multi_cell(0, 8, text)
    return bytes(document.output())


def a_docx(text: str = "Anschreiben von Käthe Großmann") -> bytes:
    """Return a real Word document of one paragraph with this text."""
    from docx import Document

    document, file = Document(), BytesIO()
    document.add_paragraph(text)
    document.save(file)
    return file.getvalue()


def store() -> "Folder | Bucket":
    """Return the attachment store that the settings name."""
    from storage.backends import attachment_store

    return attachment_store()


def an_attachment(
    owner: Application | Employee | None,
    name: str = "Lebenslauf.pdf",
    content: bytes | None = None,
    **fields: Any,
) -> Attachment:
    """Create a clean attachment that no scanner has seen, row first, then its object in the store.

    Without an owner it is staged, and needs `staged_by`; it then goes after 24 hours.
    """
    is_docx = name.endswith(".docx")
    if content is None:
        content = a_docx() if is_docx else a_pdf()
    defaults: dict[str, Any] = {
        "name": name,
        "content_type": DOCX if is_docx else PDF,
        "size": len(content),
        "verdict": Attachment.Verdict.CLEAN,
        "created_at": NOW - timedelta(days=3),
    }
    if fields.get("verdict") == Attachment.Verdict.QUARANTINED:
        defaults |= {"quarantined_at": NOW}
    if owner is None:
        defaults |= {"staged_until": NOW + timedelta(hours=24)}
    else:
        defaults |= {"employee" if isinstance(owner, Employee) else "application": owner}
    attachment = Attachment.objects.create(**defaults | fields)
    store().write(attachment.key, BytesIO(content), content_type=attachment.content_type)
    return attachment


def a_photo(
    kind: str = "JPEG", size: tuple[int, int] = (640, 480), *, orientation: int = 6, **options: Any
) -> bytes:
    """Return a picture as a phone takes it: on its side, with place, time and camera.

    Its upper left quarter is red as it lies in the file; `kind` is JPEG, PNG, WEBP or HEIF.
    """
    from PIL import Image

    if kind == "HEIF":
        import pillow_heif

        pillow_heif.register_heif_opener()
    picture = Image.new("RGB", size, "#dfe7ee")
    picture.paste("#c01818", (0, 0, size[0] // 2, size[1] // 2))
    exif = Image.Exif()
    exif[0x0112], exif[0x010F], exif[0x0110] = orientation, "Quastenflosser", "Kamera 7"
    exif.get_ifd(0x8825)[2] = (50.0, 56.0, 16.0)
    file = BytesIO()
    xmp = b"<x:xmpmeta>Quastenflosser</x:xmpmeta>"
    picture.save(file, kind, **{"exif": exif, "xmp": xmp} | options)
    return file.getvalue()
