"""Applying and the room by keyboard alone."""

from typing import TYPE_CHECKING

import pytest

from candidates.models import Application
from tests import world
from tests.browser import keyboard

if TYPE_CHECKING:
    from playwright.sync_api import Page
    from pytest_django.live_server_helper import LiveServer


@pytest.mark.django_db(transaction=True)
def test_somebody_applies_by_keyboard_alone(live_server: "LiveServer", page: "Page") -> None:
    world.a_job(title="Schweißtechnik", slug="welder")
    page.goto(f"{live_server.url}/jobs/")
    keyboard.follow(page, "Schweißtechnik")
    keyboard.follow(page, "Jetzt bewerben")
    keyboard.fill(page, "Vorname", "Mira")
    keyboard.fill(page, "Nachname", "Okonkwo")
    keyboard.fill(page, "E-Mail", "mira.okonkwo@posteo")
    keyboard.choose(
        page,
        "Dateien",
        {"name": "Lebenslauf.pdf", "mimeType": "application/pdf", "buffer": world.a_pdf()},
    )
    page.locator(".file.good").wait_for()
    keyboard.follow(page, "Bewerbung absenden")

    # The summary has the focus; its first link leads to the field.
    assert page.locator(".notice").evaluate("it => it === document.activeElement")
    keyboard.go_to(page, "Die Adresse hört")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "email"
    page.keyboard.press("Control+A")
    page.keyboard.type("mira.okonkwo@posteo.example")
    page.wait_for_timeout(3500)  # as a person takes who reads
    keyboard.follow(page, "Bewerbung absenden")
    assert page.url.endswith("/apply/thanks/")
    application = Application.objects.get()
    assert [each.name for each in application.attachments.all()] == ["Lebenslauf.pdf"]
