"""Fixtures: the real parts that a test may ask for. tests/machine.py starts them."""

import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default as modern
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest import TestCase

import pytest
from django.utils import translation

from tests import machine
from tests.scanner import Clamd

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page
    from pytest_django.fixtures import Settings

    from storage.backends import Bucket, Folder

# Object storage ---------------------------------------------------------------------------


@pytest.fixture(scope="session")
def s3_endpoint() -> str:
    """The URL of moto's S3 server, in both sessions."""
    return machine.s3_endpoint()


_bucket_numbers = count(1)


@pytest.fixture
def bucket(s3_endpoint: str) -> Callable[..., str]:
    """Create a bucket and return its name: `bucket(versioning=None)`, `"Enabled"`, `"Suspended"`.

    Without a name it gets one of its own.
    """

    def create(name: str | None = None, versioning: str | None = None) -> str:
        name = name or f"bucket-{next(_bucket_numbers)}"
        return machine.create_bucket(s3_endpoint, name, versioning)

    return create


@pytest.fixture(scope="session")
def _store_exists() -> Callable[[], None]:
    """Make sure that the configured store is there; returns what empties it."""
    from storage.backends import Folder, attachment_store

    store = attachment_store()
    if isinstance(store, Folder):
        return lambda: _empty_folder(store)
    endpoint = machine.s3_endpoint()
    machine.create_bucket(endpoint, machine.BUCKET, "Enabled")
    return lambda: _empty_bucket(machine.s3(endpoint))


def _empty_folder(store: "Folder") -> None:
    for child in Path(store.location).iterdir():
        shutil.rmtree(child) if child.is_dir() else child.unlink()
    store.mark()


def _empty_bucket(client: Any) -> None:
    for page in client.get_paginator("list_object_versions").paginate(Bucket=machine.BUCKET):
        for row in page.get("Versions", []) + page.get("DeleteMarkers", []):
            client.delete_object(Bucket=machine.BUCKET, Key=row["Key"], VersionId=row["VersionId"])
    for row in client.list_multipart_uploads(Bucket=machine.BUCKET).get("Uploads", []):
        client.abort_multipart_upload(
            Bucket=machine.BUCKET, Key=row["Key"], UploadId=row["UploadId"]
        )


@pytest.fixture(autouse=True)
def _empty_store(request: pytest.FixtureRequest) -> None:
    """Start each test that has a database with an empty store, as its tables are.

    What one purge's ledger leaves there would tell the next test that its database is an old one.
    """
    if isinstance(request.instance, TestCase):  # its world is built once for all of its tests
        return
    uses = {"db", "transactional_db", "live_server"} & set(request.fixturenames)
    if uses or request.node.get_closest_marker("django_db"):
        request.getfixturevalue("_store_exists")()


@pytest.fixture
def attachment_store(_store_exists: Callable[[], None]) -> "Folder | Bucket":
    """The configured attachment store, empty."""
    from storage.backends import attachment_store

    _store_exists()
    return attachment_store()


# Language ---------------------------------------------------------------------------------


@pytest.fixture
def english(settings: "Settings") -> Iterator[None]:
    """Speak English wherever nobody says otherwise, for tests that look at words."""
    settings.LANGUAGE_CODE = "en"
    with translation.override("en"):
        yield


# Mail -------------------------------------------------------------------------------------


class MailSink:
    """A real SMTP server on loopback that keeps what it is given."""

    def __init__(self) -> None:
        self.port = machine.free_port()
        self.messages: list[EmailMessage] = []
        #: The sender that each came from by its envelope, which is where it would bounce to.
        self.senders: list[str] = []
        #: Addresses that it takes no mail for.
        self.unknown: set[str] = set()
        #: Set to an SMTP answer such as "451 Try again later" to have mails refused with it.
        self.refusal: str | None = None

    @property
    def url(self) -> str:
        """The EMAIL_URL for a process of the test's own."""
        return f"smtp://127.0.0.1:{self.port}"

    async def handle_RCPT(
        self, server: object, session: object, envelope: Any, address: str, options: object
    ) -> str:
        if address in self.unknown:
            return f"550 {address} is unknown here"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: object, session: object, envelope: Any) -> str:
        if self.refusal:
            return self.refusal
        message = BytesParser(policy=modern).parsebytes(envelope.content)
        assert isinstance(message, EmailMessage)
        self.messages.append(message)
        self.senders.append(envelope.mail_from)
        return "250 OK"


@pytest.fixture
def mail_sink(settings: "Settings") -> Iterator[MailSink]:
    """A mail server that this process's mails go to; others are given its `url`."""
    from aiosmtpd.controller import Controller

    sink = MailSink()
    controller = Controller(sink, hostname="127.0.0.1", port=sink.port)
    controller.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", sink.port
    yield sink
    controller.stop()


# The virus scanner ------------------------------------------------------------------------


@pytest.fixture
def clamd(settings: "Settings") -> Iterator[Clamd]:
    """A real clamd that knows the test file EICAR, running and set; stop or pause it at will."""
    try:
        scanner = Clamd()
    except machine.Missing as error:
        machine.do_without(error)
    scanner.start()
    settings.CLAMD_URL = scanner.url
    yield scanner
    scanner.stop()


# The browser ------------------------------------------------------------------------------

CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def chromium() -> "Iterator[Browser]":
    """The system's Chromium, without a window."""
    from playwright.sync_api import sync_playwright

    try:
        path = machine.program("chromium", package="chromium")
    except machine.Missing as error:
        machine.do_without(error)
    # Playwright's loop runs in this thread from here to the end, and Django would refuse to
    # touch the database beside it; the live server answers from a thread of its own.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=CHROMIUM_FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def page(chromium: "Browser") -> "Iterator[Page]":
    """A page in a fresh context: no cookies, 1280 by 900, German."""
    context = chromium.new_context(
        viewport={"width": 1280, "height": 900}, locale="de-DE", timezone_id="Europe/Berlin"
    )
    yield context.new_page()
    context.close()


# The gate ---------------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def _known_to_be_open() -> None:
    """Begin each test as in a process whose last look found the site open, a moment ago."""
    from ats.gate import knowledge

    knowledge.learn(None)


# The database -----------------------------------------------------------------------------


def await_requests(seconds: float = 20) -> None:
    """Wait until the live server has answered what a closed browser no longer waits for.

    It would go on with a database that is being emptied, and take the whole session down.
    """
    deadline = time.monotonic() + seconds
    for thread in threading.enumerate():
        if "process_request_thread" in thread.name:
            thread.join(max(0, deadline - time.monotonic()))


@pytest.fixture(autouse=True)
def _after_a_flush(request: pytest.FixtureRequest) -> Iterator[None]:
    """Restore what a flush takes (roles, templates, reasons), drop what it leaves (cache)."""
    marker = request.node.get_closest_marker("django_db")
    names = {"transactional_db", "live_server", "django_db_reset_sequences"}
    if not (names & set(request.fixturenames) or (marker and marker.kwargs.get("transaction"))):
        yield
        return
    request.getfixturevalue("transactional_db")
    from django.conf import settings
    from django.contrib.auth.models import Group
    from django.core.cache import cache

    from candidates.access import Role
    from candidates.mail import shipped
    from candidates.models import MailTemplate, Reason

    cache.clear()
    for role in Role:
        Group.objects.get_or_create(name=role.value)
    shipped.lay(MailTemplate.objects, Reason.objects, language=settings.LANGUAGE_CODE)
    yield
    await_requests()
    cache.clear()
