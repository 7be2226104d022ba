"""A person's whole way on a phone: from the list of jobs to the receipt in the mail, and back."""

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from django.utils import timezone

from candidates import mail
from tests import world

if TYPE_CHECKING:
    from playwright.sync_api import Browser
    from pytest_django.fixtures import Settings
    from pytest_django.live_server_helper import LiveServer

    from tests.conftest import MailSink


@pytest.mark.django_db(transaction=True)
def test_from_the_list_to_the_receipt_in_the_mail_it_takes_seven_interactions(
    live_server: "LiveServer", chromium: "Browser", mail_sink: "MailSink", settings: "Settings"
) -> None:
    world.a_job(title="Schweißtechnik", slug="welder")
    settings.ATS_SITE_URL = live_server.url
    context = chromium.new_context(viewport={"width": 390, "height": 844}, locale="de-DE")
    page = context.new_page()
    page.goto(f"{live_server.url}/jobs/")
    interactions: tuple[Callable[[], object], ...] = (
        lambda: page.get_by_role("link", name="Schweißtechnik").click(),
        lambda: page.get_by_role("link", name="Jetzt bewerben", exact=True).click(),
        lambda: page.get_by_label("Vorname").fill("Mira"),
        lambda: page.get_by_label("Nachname").fill("Okonkwo"),
        lambda: page.get_by_label("E-Mail").fill("mira.okonkwo@posteo.example"),
        lambda: page.locator("#attachments").set_input_files(
            {"name": "CV.pdf", "mimeType": "application/pdf", "buffer": world.a_pdf()}
        ),
        lambda: page.get_by_role("button", name="Bewerbung absenden").click(),
    )
    assert len(interactions) <= 8
    for act in interactions:
        act()
        page.wait_for_timeout(1000)  # nobody types seven things in a second
    page.wait_for_url("**/thanks/")
    assert page.evaluate("document.documentElement.scrollWidth") == 390

    assert mail.send_due(timezone.now()) == 1  # as the job does
    receipt = mail_sink.messages[-1]
    assert receipt["To"] == "mira.okonkwo@posteo.example"
    text = receipt.get_body(("plain",))
    assert text is not None
    link = re.search(rf"{live_server.url}/my/\w{{52}}/", text.get_content())
    assert link, "the receipt has no link to the room"
    page.goto(link.group())
    page.locator("main form button.primary").click()
    page.wait_for_url("**/my/")
    assert "CV.pdf" in page.locator("main").inner_text()
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    context.close()
