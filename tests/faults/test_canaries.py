"""Canaries: one application with a word of its own in every place, which lives through everything.

Then it is purged, and every place that keeps anything is searched for every one of the words.
The mail server's own copies, and what a browser has downloaded, are not ours.
"""

import base64
import logging
import os
import pickle
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from email.message import EmailMessage
from io import BytesIO, StringIO
from pathlib import Path
from tempfile import gettempdir
from typing import Any
from uuid import UUID

import pytest
from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore
from django.core import signing
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.utils import timezone
from django_q.models import OrmQ, Task
from django_q.signing import SignedPackage

from ats.logs import Masked
from candidates import (
    copies,
    intake,
    mail,
    pipeline,
    purge,
    quarantine,
    requests,
    room,
    scores,
    tasks,
)
from candidates.models import Application, Hold, Mention, Request, User
from storage import bounded, preview
from storage.backends import Bucket
from storage.models import Attachment, Words
from tests.conftest import MailSink
from tests.world import a_job, a_stamp, a_user, log_in, store

pytestmark = pytest.mark.django_db(transaction=True)

#: Where each word is put, and the word: nothing else says it, and a page of text would show it.
WORDS = {
    place: f"Zq{number}x{place.replace('-', '')}wv"
    for number, place in enumerate(
        (
            "first-name",
            "last-name",
            "email",
            "file-name",
            "file-text",
            "text-name",
            "text-text",
            "reject-reason",
            "hold-reason",
            "request-text",
            "request-answer",
            "finding",
            "failed-task",
            "session",
            "reply-text",
            "reply-name",
            "message-id",
            "new-email",
            "note",
            "private-note",
            "score-text",
            "criterion",
        ),
        start=11,
    )
}
PHONE = "+49 7719 4471 8839"
HALF_A_YEAR = timedelta(days=200)


#: What is said in two ways, such as an id with its dashes and without.
Canary = tuple[bytes, ...]


def canaries(application: Application) -> dict[str, Canary]:
    """Return each word, number, id and key that must be nowhere, by what it is."""
    files = list(application.attachments.all())
    ids = {"id": application.pk, "submission": application.submission}
    ids |= {f"file {number}": file.pk for number, file in enumerate(files)}
    keys = [key for file in files for key in file.keys]
    texts = WORDS | {"phone": PHONE} | {f"key {number}": key for number, key in enumerate(keys)}
    words = {name: (text.encode(),) for name, text in texts.items()}
    return words | {name: (str(pk).encode(), pk.hex.encode()) for name, pk in ids.items()}


# Its life -----------------------------------------------------------------------------------


def a_plain_pdf(text: str) -> bytes:
    """Return a PDF whose text stands in it as it is, uncompressed."""
    from fpdf import FPDF

    document = FPDF()
    document.set_compression(False)
    document.add_page()
    document.set_font("Helvetica", size=12)
    document.multi_cell(0, 8, text)
    return bytes(document.output())


def apply(client: Client, slug: str) -> Application:
    """Apply through the form: a file staged by its script, and another sent with the form."""
    pdf = SimpleUploadedFile(f"{WORDS['file-name']}.pdf", a_plain_pdf(WORDS["file-text"]))
    staged = client.post("/uploads/", {"attachments": pdf})
    assert staged.status_code == 201, staged.content
    text = f"I write about {WORDS['text-text']}.\n".encode()
    form = {
        "first_name": WORDS["first-name"],
        "last_name": WORDS["last-name"],
        "email": f"{WORDS['email']}@post.example",
        "phone": PHONE,
        "made": a_stamp(),
        "staged": staged.json()["token"],
        "attachments": SimpleUploadedFile(f"{WORDS['text-name']}.txt", text),
    }
    page = client.post(f"/jobs/{slug}/apply/?{WORDS['session']}", form)
    assert page.status_code == 303
    return Application.objects.get()


def be_read(client: Client, application: Application) -> None:
    """Have HR look at it everywhere, download and leaf."""
    paths = ["/hr/", "/hr/applications/", f"/hr/applications/?q={WORDS['last-name']}"]
    paths.append(application.get_absolute_url())
    for file in application.attachments.servable():
        paths.append(f"/hr/attachments/{file.pk}/")
        paths += [f"/hr/attachments/{file.pk}/pages/1/"] if file.pages else []
    for path in paths:
        answer = client.get(path, follow=True)
        assert answer.status_code == 200, path
        if answer.streaming:
            b"".join(answer)
        answer.close()


def be_judged(application: Application, recruiter: User, officer: User, now: datetime) -> None:
    """Have it noted on, for somebody and for oneself, and judged; the mail has a link alone."""
    application.job.criteria.create(name="SQL", position=1)  # type: ignore[union-attr]
    client = log_in(Client(), recruiter)
    path = application.get_absolute_url()
    mailbox = officer.email.partition("@")[0]
    client.post(f"{path}notes/", {"text": f"@{mailbox} {WORDS['note']}"})
    client.post(f"{path}notes/", {"text": WORDS["private-note"], "is_private": "on"})
    tasks.send_mention(Mention.objects.get(user=officer).pk)
    scores.give(
        application,
        grades={WORDS["criterion"]: 3},
        text=WORDS["score-text"],
        by=recruiter,
        now=now,
    )
    assert application.notes.count() == 2


def be_held_and_asked_for(application: Application, officer: User, now: datetime) -> None:
    request = Request.objects.create(
        application=application,
        kind=Request.Kind.ACCESS,
        state=Request.State.ANSWERED,
        text=WORDS["request-text"],
        answer=WORDS["request-answer"],
        received_at=now,
        due_on=now.date(),
        decided_at=now,
    )
    Hold.objects.create(
        application=application,
        kind=Hold.Kind.ACCESS_REQUEST,
        reason=WORDS["hold-reason"],
        set_by=officer,
        set_at=now,
        until=now + timedelta(days=9),
        request=request,
    )


def fail_by_it(application: Application) -> None:
    """Have a task fail as a database has it fail: with the row in its message."""

    @tasks.nameless
    def unlucky() -> str:
        raise RuntimeError(f"Failing row contains ({WORDS['failed-task']}, {application.email})")

    times: dict[str, Any] = {"started": timezone.now(), "stopped": timezone.now()}
    with pytest.raises(tasks.TaskFailed) as failure:
        unlucky()
    result = f"{failure.value} : {failure.getrepr(style='native')}"
    Task.objects.create(id="failed", name="n", func="f", result=result, success=False, **times)
    Task.objects.create(id="done", name="n", func="f", args=(application.pk,), **times)
    OrmQ.objects.create(key="q", payload=SignedPackage.dumps({"args": (application.pk,)}))
    seen = SessionStore()
    seen["seen"] = [str(application.pk)]
    seen.save()


def live(sink: MailSink) -> Application:
    job, other = a_job(), a_job()
    recruiter, officer = a_user("recruiter"), a_user("privacy_officer")
    application = apply(Client(), job.slug)
    now = timezone.now()
    mail.send_due(now)
    write_back(sink.messages[-1], now)
    live_in_the_room(sink.messages[-1], now)
    while preview.prepare(now=now).ready:
        pass
    assert Words.objects.count() == 3
    second = job.stages.all()[1]
    pipeline.move(application, to=second, seen=application.stage, by=recruiter, now=now)
    be_read(log_in(Client(), recruiter), application)
    be_judged(application, recruiter, officer, now)
    be_read(log_in(Client(), recruiter), application)
    pipeline.assign(application, job=other, by=recruiter, now=now)
    be_held_and_asked_for(application, officer, now)
    reason = WORDS["reject-reason"]
    pipeline.reject(application, by=recruiter, reason=reason, now=now, mail_at=now)
    be_infected(application, now)
    mail.send_due(now)
    get_a_copy(Application.objects.get(), officer, now)
    mail.send_due(now)
    be_read(log_in(Client(), officer), Application.objects.get())
    fail_by_it(application)
    assert len([each for each in sink.messages if WORDS["email"] in str(each["To"])]) == 8
    return Application.objects.get()


def write_back(receipt: EmailMessage, now: datetime) -> None:
    """Answer the receipt by mail, with a document."""
    reply = EmailMessage()
    reply["From"] = f"{WORDS['first-name']} <{WORDS['email']}@post.example>"
    reply["To"] = receipt["Reply-To"]
    reply["Subject"] = f"Re: {WORDS['reply-text']}"
    reply["Message-ID"] = f"<{WORDS['message-id']}@post.example>"
    reply.set_content(f"One more thing: {WORDS['reply-text']}.")
    text = f"I also write about {WORDS['reply-text']}.\n"
    reply.add_attachment(text, filename=f"{WORDS['reply-name']}.txt")
    intake.take_in(bytes(reply), now=now)


def live_in_the_room(receipt: EmailMessage, now: datetime) -> None:
    """Open the room by the receipt's link, look at everything, and ask for what there is."""
    text = receipt.get_body(("plain",))
    assert text is not None
    link = re.search(r"/my/\w{52}/", text.get_content())
    assert link
    client = Client()
    assert client.post(link.group()).status_code == 303
    new = f"{WORDS['new-email']}@post.example"
    assert client.post("/my/address/", {"email": new}).status_code in {302, 303}
    for path in ("/my/", "/my/details/", "/my/files/", "/my/download/"):
        answer = client.get(path)
        assert answer.status_code == 200, path
        if answer.streaming:
            b"".join(answer)
        answer.close()
    client.post("/my/lost/", {"email": f"{WORDS['email']}@post.example"})
    room.answer_lost(now)


def get_a_copy(application: Application, officer: User, now: datetime) -> None:
    """Have the full copy released, and fetched."""
    request = requests.register(application, Request.Kind.ACCESS, by=None, now=now)
    seen = copies.digest(copies.compile(application, now))
    requests.release(request, strikes=copies.Strikes(), seen=seen, by=officer, now=now)
    requests.fetched(request, now=now)


def be_infected(application: Application, now: datetime) -> None:
    """Have the scanner find something in the second document."""
    Attachment.objects.filter(name__contains=WORDS["text-name"]).update(
        verdict=Attachment.Verdict.QUARANTINED, quarantined_at=now, finding=WORDS["finding"]
    )
    quarantine.tell_applicants(now)
    quarantine.tell_officers(now)


# The places ---------------------------------------------------------------------------------


def opened(value: str) -> bytes:
    """Return what a text holds once its owner has opened it: sessions, queue, pickles."""
    for open_ in (session, SignedPackage.loads, pickled):
        try:
            return repr(open_(value)).encode()
        except Exception:  # noqa: BLE001  it is none of these
            continue
    return b""


def session(value: str) -> object:
    return signing.loads(value, salt=SessionStore().key_salt, serializer=SessionStore().serializer)


def pickled(value: str) -> object:
    return pickle.loads(base64.b64decode(value, validate=True))


def rows() -> Iterator[tuple[str, bytes]]:
    """Yield each table with all its rows, as they are and opened."""
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')
            parts = [value for row in cursor.fetchall() for value in row]
            yield f"table {table}", b"\n".join(as_bytes(part) for part in parts)


def as_bytes(value: object) -> bytes:
    if isinstance(value, bytes | memoryview):
        return bytes(value)
    text = str(value).encode()
    return text + b"\n" + opened(value) if isinstance(value, str) else text


def dump() -> Iterator[tuple[str, bytes]]:
    """Yield each table as PostgreSQL itself writes it out, for a dump or a replica."""
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            with cursor.cursor.copy(f'COPY "{table}" TO STDOUT') as copy:
                yield f"copy of {table}", b"".join(bytes(part) for part in copy)


def database_files() -> Iterator[tuple[str, bytes]]:
    """Yield SQLite's file, its log and its index."""
    if connection.vendor == "sqlite":
        file = Path(connection.settings_dict["NAME"])
        for path in sorted(file.parent.glob(f"{file.name}*")):
            yield f"file {path.name}", path.read_bytes()


def objects() -> Iterator[tuple[str, bytes]]:
    """Yield all names in the storage, and every version of every object."""
    place = store()
    if isinstance(place, Bucket):
        listed = place.client.list_object_versions(Bucket=place.bucket_name)
        yield "names in the bucket", str(listed).encode()
        for each in listed.get("Versions", []):
            one = {"Bucket": place.bucket_name, "Key": each["Key"], "VersionId": each["VersionId"]}
            yield f"object {each['Key']}", place.client.get_object(**one)["Body"].read()
        return
    files = [path for path in Path(place.location).rglob("*") if path.is_file()]
    yield "names in the folder", "\n".join(map(str, files)).encode()
    for path in files:
        yield f"object {path.name}", path.read_bytes()


def folders() -> Iterator[tuple[str, bytes]]:
    """Yield what lies in the folders of uploads, of steps, and of mails of a development server."""
    steps = Path(gettempdir()).glob(f"{bounded.PREFIX}*")
    for folder in (Path(settings.FILE_UPLOAD_TEMP_DIR), settings.DEV_MAIL_DIR, *steps):
        # Steps of tests beside this one come and go.
        inside = [Path(at, name) for at, below, names in os.walk(folder) for name in below + names]
        yield f"names in {folder}", "\n".join(map(str, inside)).encode()
        for path in inside:
            with suppress(FileNotFoundError):
                if path.is_file():
                    yield f"file {path}", path.read_bytes()


def everywhere(logs: StringIO) -> dict[str, bytes]:
    """Return all that we keep, by its place."""
    places: list[Callable[[], Iterator[tuple[str, bytes]]]]
    places = [rows, dump, database_files, objects, folders]
    found = dict(pair for place in places for pair in place())
    return found | {"logs": logs.getvalue().encode()}


def hits(wanted: dict[str, Canary], places: dict[str, bytes]) -> set[tuple[str, str]]:
    """Return what was found where. Ids in the log of paths are no find: they name nobody."""
    lowered = {place: content.lower() for place, content in places.items()}
    return {
        (name, place)
        for place, content in lowered.items()
        for name, spellings in wanted.items()
        if place != "logs" or name in {*WORDS, "phone"}
        if any(spelling.lower() in content for spelling in spellings)
    }


@pytest.fixture
def logs() -> Iterator[StringIO]:
    """All that our loggers write, as their handlers write it; the access log too."""
    stream = StringIO()
    handler, access = logging.StreamHandler(stream), logging.StreamHandler(stream)
    handler.setFormatter(Masked("%(levelname)s %(name)s %(message)s"))
    loggers = [logging.getLogger(name) for name in ("", "ats", "django", "django-q")]
    ends = [(logger, handler) for logger in loggers]
    ends.append((logging.getLogger("ats.access"), access))
    for logger, end in ends:
        logger.addHandler(end)
    yield stream
    for logger, end in ends:
        logger.removeHandler(end)


@pytest.mark.usefixtures("attachment_store")
def test_an_application_that_lived_through_everything_leaves_no_trace(
    mail_sink: MailSink, logs: StringIO
) -> None:
    application = live(mail_sink)
    wanted = canaries(application)
    before = hits(wanted, everywhere(logs))
    never_seen = wanted.keys() - {name for name, _ in before}
    never = {"failed-task", "session", "message-id"}
    assert never_seen == never, "the search finds what is there"
    assert "/apply/" in logs.getvalue()

    now = timezone.now() + HALF_A_YEAR
    outcome = purge.run(now=now)
    assert (outcome.purged, outcome.failed, outcome.stopped) == (1, 0, [])
    tasks.clean()

    places = everywhere(logs)
    found = hits(wanted, places)
    print(f"{len(found)} hits of {len(wanted)} canaries in {len(places)} places")
    assert found == set()
    assert len(places) > 30


def test_what_is_wrapped_is_opened_by_the_search() -> None:
    record = UUID(int=7)
    seen = SessionStore()
    seen["seen"] = str(record)
    seen.save()
    wrapped = SessionStore.get_model_class().objects.get().session_data
    queued = SignedPackage.dumps({"args": (record,)})
    result = base64.b64encode(pickle.dumps((record, BytesIO))).decode()
    for text in (wrapped, queued, result):
        assert str(record) not in text
        assert str(record).encode() in opened(text)
