"""Applying in a real browser that runs no JavaScript."""

from typing import TYPE_CHECKING

import pytest

from candidates.models import Application
from tests import world

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, FilePayload, Page
    from pytest_django.live_server_helper import LiveServer


@pytest.fixture
def plain_page(chromium: "Browser") -> "Iterator[Page]":
    context = chromium.new_context(
        viewport={"width": 390, "height": 844}, locale="en-GB", java_script_enabled=False
    )
    yield context.new_page()
    context.close()


def file(name: str, content: bytes) -> "FilePayload":
    return {"name": name, "mimeType": "application/pdf", "buffer": content}


@pytest.mark.django_db(transaction=True)
def test_an_applicant_mends_a_slip_and_a_bad_file_without_javascript(
    live_server: "LiveServer", plain_page: "Page"
) -> None:
    page = plain_page
    world.a_job(title="Welder", slug="welder", language="en")
    page.goto(f"{live_server.url}/jobs/")
    page.get_by_role("link", name="Welder").click()
    page.get_by_role("link", name="Apply", exact=True).click()

    page.get_by_label("First name").fill("Mira")
    page.get_by_label("Last name").fill("Okonkwo")
    page.get_by_label("E-mail").fill("mira.okonkwo@posteo")
    page.get_by_label("Choose files").set_input_files(
        [file("CV.pdf", world.a_pdf()), file("Reference.pdf", b"MZ\x90 a program")]
    )
    page.get_by_label("E-mail").press("Enter")

    assert page.title().startswith("Error: Apply as Welder")
    assert page.locator(".notice").evaluate("notice => notice === document.activeElement")
    assert page.locator(".file.good").inner_text().startswith("CV.pdf")
    assert page.locator(".file.refused").inner_text().startswith("Reference.pdf")
    assert page.evaluate("document.documentElement.scrollWidth") == 390

    page.get_by_role("link", name="The address ends after").click()
    page.get_by_label("E-mail").fill("mira.okonkwo@posteo.example")
    page.get_by_label("Choose files").set_input_files([file("Letter.pdf", world.a_pdf())])
    page.get_by_role("button", name="Add, then choose more").click()
    page.get_by_role("button", name="Remove CV.pdf").click()
    assert page.locator(".file .name b").all_inner_texts() == ["Letter.pdf"]
    assert not Application.objects.exists()

    page.get_by_role("button", name="Send application").last.click()
    assert page.get_by_role("heading", level=1).inner_text().startswith("Thank you")
    assert page.url == f"{live_server.url}/jobs/welder/apply/thanks/"
    application = Application.objects.get()
    assert (application.name, application.email, application.language) == (
        "Mira Okonkwo",
        "mira.okonkwo@posteo.example",
        "en",
    )
    assert [attachment.name for attachment in application.attachments.all()] == ["Letter.pdf"]


@pytest.mark.django_db(transaction=True)
def test_the_language_switch_works_without_javascript(
    live_server: "LiveServer", plain_page: "Page"
) -> None:
    plain_page.goto(f"{live_server.url}/privacy/")
    plain_page.get_by_role("button", name="Deutsch").click()
    assert plain_page.url == f"{live_server.url}/privacy/"
    assert plain_page.locator("html").get_attribute("lang") == "de"
