"""The applicant's room in a real browser: by a link in, round and out, with and without scripts."""

import re
from typing import TYPE_CHECKING

import pytest
from django.utils import timezone

from candidates import mail, room, tokens
from candidates.models import Application, Event, Token
from candidates.status import Status
from tests import world
from tests.conftest import MailSink

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page
    from pytest_django.live_server_helper import LiveServer

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(params=[True, False], ids=["with JavaScript", "without JavaScript"])
def phone(chromium: "Browser", request: pytest.FixtureRequest) -> "Iterator[Page]":
    context = chromium.new_context(
        viewport={"width": 390, "height": 844}, locale="en-GB", java_script_enabled=request.param
    )
    yield context.new_page()
    context.close()


def an_open_application() -> Application:
    application = world.an_application(language="en", received_at=timezone.now())
    application.events.create(kind=Event.Kind.RECEIVED, at=timezone.now(), detail="0")
    return application


def link_in(sink: MailSink) -> str:
    """Send what waits; return the path of the link in the last mail."""
    mail.send_due(timezone.now())
    part = sink.messages[-1].get_body(("plain",))
    assert part
    found = re.search(r"/my/[a-z2-7]+/", part.get_content())
    assert found
    return found[0]


def heading(page: "Page") -> str:
    return page.get_by_role("heading", level=1).inner_text()


def test_a_lost_link_is_found_again_and_leads_through_the_room_and_out(
    live_server: "LiveServer", phone: "Page", mail_sink: MailSink
) -> None:
    application, page = an_open_application(), phone
    page.goto(f"{live_server.url}/my/")
    assert heading(page) == "Your application is not open here"
    page.get_by_role("link", name="Send me a new link").click()
    page.get_by_label("E-mail").fill(application.email)
    page.get_by_role("button", name="Send me the link").click()
    assert heading(page) == "Look into your mailbox"

    room.answer_lost(timezone.now())
    page.goto(live_server.url + link_in(mail_sink))
    page.get_by_role("button", name="Open my application").click()
    assert page.url == f"{live_server.url}/my/", "no token in the address of the room"
    assert heading(page) == f"Your application, {application.name}"
    assert page.evaluate("document.documentElement.scrollWidth") == 390

    page.get_by_role("link", name="Object …").click()
    page.get_by_label("Your reasons").fill("I would rather not.")
    page.get_by_role("button", name="Object").click()
    assert page.get_by_role("status").inner_text() == "We have your request. A mail confirms it."
    assert page.get_by_text("You wrote: I would rather not.").is_visible()

    page.get_by_role("button", name="Ask for it").click()
    assert Application.objects.get().wants_certificate
    page.get_by_role("button", name="Replace").click()
    assert heading(page) == f"Your application, {application.name}"

    page.get_by_role("link", name="Withdraw …").click()
    page.get_by_role("button", name="Withdraw").click()
    assert Application.objects.get().status == Status.WITHDRAWN
    page.get_by_text("Why this date?").click()
    assert page.locator("svg.span").is_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == 390

    page.get_by_role("button", name="Close my application here").click()
    page.goto(f"{live_server.url}/my/")
    assert heading(page) == "Your application is not open here"


def test_everything_is_erased_by_two_buttons_and_a_link(
    live_server: "LiveServer", phone: "Page", mail_sink: MailSink
) -> None:
    application, page = an_open_application(), phone
    token = tokens.mint(application, Token.Purpose.ROOM, now=timezone.now())
    page.goto(f"{live_server.url}/my/{token}/")
    page.get_by_role("button", name="Open my application").click()
    page.get_by_role("link", name="Erase everything …").click()
    page.get_by_role("button", name="Send me the link").click()
    link = link_in(mail_sink)
    page.goto(live_server.url + link)
    assert heading(page) == "Erase everything now?"
    page.get_by_role("button", name="Withdraw and erase everything").click()
    assert heading(page) == "Everything is being erased"
    assert Application.objects.get().early
    page.goto(live_server.url + link)
    assert heading(page) == "This link does not work any more"
