"""Every public page against axe's rules for WCAG 2.2 AA, in both languages and both themes."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import resolve
from django.utils import timezone

from candidates import mail, tokens
from candidates.models import Application, Job, Mail, Token
from tests import world
from tests.candidates.test_permissions import ROWS

if TYPE_CHECKING:
    from playwright.sync_api import Browser, FilePayload, Page
    from pytest_django.live_server_helper import LiveServer

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
OPTIONS = {"resultTypes": ["violations"], "runOnly": {"type": "tag", "values": RULES}}
# On SQLite, whose session has the time; the same pages are asked for on PostgreSQL by other tests.
ONCE = [("de-DE", "light"), ("en-GB", "dark")]
LOOKS = [(language, theme) for language in ("de-DE", "en-GB") for theme in ("light", "dark")]
#: Each language and each theme once in `make test`, all four in `make soak`.
IN_TURN = [
    pytest.param(look, id="-".join(look), marks=pytest.mark.soak(only=look not in ONCE))
    for look in LOOKS
]
#: What is no page: files, what answers machines, and addresses that lead elsewhere.
NO_PAGES = {
    *("/", "robots", "health", "metrics", "logo", "accent"),
    *("careers:feed", "careers:sitemap", "room:download", "room:file"),
}
#: The elements whose content is wider than the page, if it has to be scrolled sideways.
WIDE = """() => document.documentElement.scrollWidth <= innerWidth ? [] :
  [...document.querySelectorAll("body, body *")].filter(
    each => Math.max(each.getBoundingClientRect().right, each.scrollWidth) > innerWidth
  ).map(each => each.outerHTML.slice(0, 120))
"""

Prepare = Callable[["Page"], None]


@dataclass(frozen=True)
class Place:
    """A page: where it is, and what a person has done there before it is looked at."""

    path: str
    prepare: Prepare = lambda page: None


def send(page: "Page") -> None:
    with page.expect_navigation():
        page.locator("main form button.primary").last.click()


def send_wrongly(page: "Page") -> None:
    page.locator("#email").fill("mira@posteo")
    send(page)


def pdf(name: str, content: bytes) -> "FilePayload":
    return {"name": name, "mimeType": "application/pdf", "buffer": content}


def add_files(page: "Page") -> None:
    """Add a file that is refused, beside one that is not."""
    page.locator("#attachments").set_input_files(
        [pdf("CV.pdf", world.a_pdf()), pdf("Letter.pdf", b"MZ\x90 a program")]
    )
    page.locator(".file.refused").wait_for()
    page.locator(".file.good").wait_for()


def check_nothing(page: "Page") -> None:
    page.locator("main textarea").fill("no certificate")
    send(page)


@contextmanager
def looking(chromium: "Browser", look: tuple[str, str]) -> "Iterator[Page]":
    language, theme = look
    context = chromium.new_context(
        viewport={"width": 390, "height": 844},
        locale=language,
        color_scheme="dark" if theme == "dark" else "light",
        reduced_motion="reduce",
    )
    yield context.new_page()
    context.close()


def findings(page: "Page") -> list[str]:
    """Return what is wrong with a page, a line each: what axe finds, and what does not fit."""
    path = urlsplit(page.url).path
    found = Axe().run(page, options=OPTIONS).response["violations"]
    return [
        f"{path} {each['id']}: {each['help']} {node['target']} {node['html']}"
        for each in found
        for node in each["nodes"]
    ] + [f"{path} reflow: {each}" for each in too_wide(page)]


def too_wide(page: "Page") -> list[str]:
    """Return what sticks out at 400 % zoom: 1280 pixels are 320 then (WCAG 1.4.10)."""
    size = page.viewport_size
    page.set_viewport_size({"width": 320, "height": 256})
    wide: list[str] = page.evaluate(WIDE)
    if size:
        page.set_viewport_size(size)
    return wide


def walk(page: "Page", live_server: "LiveServer", places: list[Place]) -> list[str]:
    """Look at each place; return what is wrong there."""
    found = []
    for place in places:
        page.goto(live_server.url + place.path)
        place.prepare(page)
        found += findings(page)
    return found


# Before an application ------------------------------------------------------------------------


def careers(job: Job, closed: Job) -> list[Place]:
    apply = f"{job.get_absolute_url()}apply/"
    return [
        Place("/jobs/"),
        Place(job.get_absolute_url()),
        Place(closed.get_absolute_url()),
        Place(apply),
        Place(apply, send_wrongly),
        Place(apply, add_files),
        Place(f"{apply}thanks/"),
        Place("/apply/"),
        Place("/apply/thanks/"),
        Place("/privacy/"),
        Place("/imprint/"),
        Place("/accessibility/"),
        Place("/verify/"),
        Place("/verify/", check_nothing),
        Place("/my/lost/"),
        Place("/jobs/?q=nothing-is-called-so"),
        Place("/accounts/login/"),
        Place("/accounts/password/reset/"),
        Place("/accounts/password/reset/done/"),
        Place("/accounts/password/reset/key/1-unknown/"),
        Place("/accounts/password/reset/key/done/"),
        Place("/accounts/inactive/"),
    ]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("look", IN_TURN)
def test_axe_finds_nothing_on_a_page_before_an_application(
    live_server: "LiveServer", chromium: "Browser", look: tuple[str, str]
) -> None:
    job = world.a_job(slug="welder", title="Schweißtechnik", pay_from=42_000, pay_to=51_000)
    world.a_job(slug="designer", title="Product Designer", language="en")
    closed = world.a_job(slug="closed", is_published=False)
    with looking(chromium, look) as page:
        found = walk(page, live_server, careers(job, closed))
        page.goto(f"{live_server.url}/no-such-page/")
        found += findings(page)
    assert found == []


# After it -------------------------------------------------------------------------------------


def open_room(page: "Page", live_server: "LiveServer", application: Application) -> None:
    now = timezone.now()
    link = tokens.mint(application, Token.Purpose.ROOM, now=now)
    page.goto(f"{live_server.url}/my/{link}/")
    send(page)


def rejected(application: Application) -> Application:
    """Have an application rejected, and its mail gone."""
    now = timezone.now()
    letter = mail.queue(application, Mail.Purpose.REJECTION, now=now, send_at=now)
    Mail.objects.filter(pk=letter.pk).update(state=Mail.State.SENT, sent_at=now, attempts=1)
    return application


ROOM = [
    Place("/my/"),
    Place("/my/details/"),
    Place("/my/address/"),
    Place("/my/files/"),
    Place("/my/withdraw/"),
    Place("/my/erase/"),
    Place("/my/replace/"),
    *(Place(f"/my/requests/{kind}/") for kind in ("access", "restriction", "objection", "erasure")),
]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("look", IN_TURN)
def test_axe_finds_nothing_in_the_room(
    live_server: "LiveServer", chromium: "Browser", look: tuple[str, str]
) -> None:
    now = timezone.now()
    waiting = world.an_application(received_at=now - timedelta(days=3))
    document = world.an_attachment(waiting)
    closed = rejected(
        world.an_application(
            status="rejected",
            decided_on=timezone.localdate() - timedelta(days=60),
            received_at=now - timedelta(days=90),
        )
    )
    with looking(chromium, look) as page:
        page.goto(f"{live_server.url}/my/")
        found = findings(page)  # nobody's
        for application in (closed, waiting):
            open_room(page, live_server, application)
            found += walk(page, live_server, ROOM)
        found += walk(page, live_server, [Place(f"/my/files/{document.pk}/remove/")])
        link = tokens.mint(waiting, Token.Purpose.ERASURE, now=now)
        page.goto(f"{live_server.url}/my/{link}/")
        found += findings(page)
        page.goto(f"{live_server.url}/my/{'a' * tokens.LENGTH}/")
        found += findings(page)
    assert found == []


@pytest.mark.django_db(transaction=True)
def test_no_public_page_is_left_out(live_server: "LiveServer", page: "Page") -> None:
    job, closed = world.a_job(slug="welder"), world.a_job(is_published=False)
    application = world.an_application(job=job)
    seen = {resolve(place.path.partition("?")[0]).view_name for place in careers(job, closed)}
    seen |= {resolve(place.path).view_name for place in ROOM}
    link = tokens.mint(application, Token.Purpose.ROOM, now=timezone.now())
    document = world.an_attachment(application)
    paths = (f"/my/{link}/", f"/my/files/{document.pk}/remove/", "/my/copy/")
    seen |= {resolve(path).view_name for path in paths}
    public = {row.url for row in ROWS if row.method == "GET" and row.expected[0] == "200"}
    public |= {row.url for row in ROWS if row.method == "GET" and row.url.startswith("room:")}
    assert public - seen - NO_PAGES == set()
