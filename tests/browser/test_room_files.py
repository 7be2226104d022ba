"""Documents in the room by the keyboard alone, with JavaScript and without."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from candidates import tokens
from candidates.models import Application, Token
from tests import world
from tests.uploading import a_locked_pdf, payload, row

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page
    from pytest_django.live_server_helper import LiveServer

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.once("postgres")]


@pytest.fixture
def application() -> Application:
    application = world.an_application(language="en")
    world.an_attachment(application, "Old.pdf")
    return application


@pytest.fixture
def open_files(
    chromium: "Browser", live_server: "LiveServer", application: Application
) -> "Iterator[Callable[..., Page]]":
    """Open the page of documents in the room, as the link from a mail leads there."""
    contexts: list[BrowserContext] = []
    errors: list[Exception] = []

    def create(*, script: bool) -> "Page":
        context = chromium.new_context(
            viewport={"width": 390, "height": 844}, locale="en-GB", java_script_enabled=script
        )
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(error))  # noqa: PLW0108  no builtins
        token = tokens.mint(application, Token.Purpose.ROOM, now=timezone.now())
        page.goto(live_server.url + reverse("room:link", args=[token]))
        page.locator("main button").focus()
        page.keyboard.press("Enter")
        page.get_by_role("link", name="Add or remove documents").focus()
        page.keyboard.press("Enter")
        page.wait_for_url("**/my/files/")
        return page

    yield create
    for context in contexts:
        context.close()
    assert errors == []


def names(application: Application) -> list[str]:
    return sorted(application.attachments.values_list("name", flat=True))


def remove(page: "Page", name: str) -> None:
    """Remove a document by the keyboard, past the question whether it is meant."""
    page.get_by_role("link", name=f"Remove {name}").focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Remove it for good").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").first).to_have_text("The document is erased.")


def press_send(page: "Page") -> None:
    page.get_by_role("button", name="Send documents").last.focus()
    page.keyboard.press("Enter")


def test_documents_come_and_go_with_javascript(
    open_files: "Callable[..., Page]", application: Application
) -> None:
    page = open_files(script=True)
    files = [payload("CV.pdf", world.a_pdf()), payload("Locked.pdf", a_locked_pdf())]
    page.on("filechooser", lambda chooser: chooser.set_files(files))
    page.get_by_label("Add files").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#files li.file.good")).to_have_count(1)
    expect(page.locator("#files li.file.refused")).to_have_count(1)
    press_send(page)
    expect(page.locator(".notice h2")).to_have_text("One thing to mend before you send")
    expect(page.locator(".notice")).to_be_focused()
    row(page, "Locked.pdf").get_by_role("button", name="Remove").focus()
    page.keyboard.press("Enter")
    press_send(page)
    expect(page.get_by_role("status").first).to_have_text("Your document is here.")
    assert names(application) == ["CV.pdf", "Old.pdf"]
    remove(page, "Old.pdf")
    assert names(application) == ["CV.pdf"]


def test_documents_come_and_go_without_javascript(
    open_files: "Callable[..., Page]", application: Application
) -> None:
    page = open_files(script=False)
    page.get_by_label("Choose files").set_input_files(
        [payload("CV.pdf", world.a_pdf()), payload("Locked.pdf", a_locked_pdf())]
    )
    press_send(page)
    expect(page.locator("#files li.file.good")).to_have_count(1)
    expect(page.locator("#files li.file.refused")).to_have_count(1)
    assert names(application) == ["Old.pdf"]
    press_send(page)
    expect(page.get_by_role("status").first).to_have_text("Your document is here.")
    assert names(application) == ["CV.pdf", "Old.pdf"]
    remove(page, "Old.pdf")
    assert names(application) == ["CV.pdf"]
