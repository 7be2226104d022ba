"""Applying and the room by keyboard alone."""

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.utils import timezone

from candidates import tokens
from candidates.models import Application, Token
from candidates.status import Status
from tests import world
from tests.browser import keyboard

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page
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


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("english")
def test_somebody_walks_their_room_by_keyboard_alone(
    live_server: "LiveServer", chromium: "Browser"
) -> None:
    now = timezone.now()
    application = world.an_application(first_name="Miar", received_at=now - timedelta(days=2))
    world.an_attachment(application, "CV.pdf")
    link = tokens.mint(application, Token.Purpose.ROOM, now=now)
    context = chromium.new_context(locale="en-GB")
    page = context.new_page()
    page.goto(f"{live_server.url}/my/{link}/")
    keyboard.follow(page, "Open my application")

    keyboard.follow(page, "Correct your details")
    keyboard.fill(page, "First name", "Mira")
    keyboard.follow(page, "Send correction")
    application.refresh_from_db()
    assert application.first_name == "Mira"

    page.goto(f"{live_server.url}/my/")
    keyboard.follow(page, "Object …")
    keyboard.fill(page, "Your reasons", "I do not want this any more.")
    keyboard.follow(page, "Object")
    assert application.requests.filter(kind="objection").exists()

    page.goto(f"{live_server.url}/my/")
    keyboard.follow(page, "Withdraw …")
    keyboard.follow(page, "Withdraw")
    application.refresh_from_db()
    assert application.status == Status.WITHDRAWN
    context.close()
