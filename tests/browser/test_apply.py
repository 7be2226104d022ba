"""Applying in a real browser, with JavaScript and without."""

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from candidates import limits
from candidates.models import Application, Mail
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

    world.let_time_pass(page)
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


# Sending -----------------------------------------------------------------------------------------

#: A form that was made in the future is too young, however slow the machine.
TOO_YOUNG = timedelta(minutes=-9)


@pytest.fixture
def form(page: "Page", live_server: "LiveServer") -> "Page":
    """The form of a welder's job, filled in by somebody who took their time."""
    world.a_job(title="Welder", slug="welder", language="de")
    return fill_in(page, f"{live_server.url}/jobs/welder/apply/")


def fill_in(page: "Page", url: str) -> "Page":
    page.goto(url)
    world.let_time_pass(page)
    for name, value in (("first_name", "Mira"), ("last_name", "Okonkwo")):
        page.locator(f"[name={name}]").fill(value)
    page.locator("[name=email]").fill("mira@posteo.example")
    return page


def send(page: "Page") -> None:
    page.locator(".send button").click()


@pytest.mark.django_db(transaction=True)
def test_a_form_that_is_sent_too_fast_asks_once_and_one_press_sends_it(form: "Page") -> None:
    world.let_time_pass(form, age=TOO_YOUNG)
    form.locator("[name=attachments]").set_input_files([file("CV.pdf", world.a_pdf())])
    expect(form.locator(".file.good")).to_have_count(1)
    send(form)
    expect(form.locator(".notice")).to_be_focused()
    assert not Application.objects.exists()
    assert form.locator("[name=last_name]").input_value() == "Okonkwo"
    assert form.locator(".file.good .name b").inner_text() == "CV.pdf"
    form.locator(".notice button").click()
    form.wait_for_url("**/thanks/")
    assert Application.objects.get().attachments.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_double_click_makes_one_application(form: "Page") -> None:
    form.locator(".send button").dblclick()
    form.wait_for_url("**/thanks/")
    assert (Application.objects.count(), Mail.objects.count()) == (1, 1)


@pytest.mark.django_db(transaction=True)
def test_going_back_and_sending_again_or_reloading_makes_one_application(form: "Page") -> None:
    send(form)
    form.wait_for_url("**/thanks/")
    form.reload()
    form.go_back()
    expect(form.locator("[name=last_name]")).to_have_value("Okonkwo")
    send(form)
    form.wait_for_url("**/thanks/")
    assert (Application.objects.count(), Mail.objects.count()) == (1, 1)


@pytest.mark.django_db(transaction=True)
def test_a_form_that_came_back_can_be_reloaded_and_makes_one_application(form: "Page") -> None:
    form.locator("[name=email]").fill("mira@posteo")
    send(form)
    expect(form.locator("#email-error")).to_be_visible()
    form.reload()
    form.locator("[name=email]").fill("mira@posteo.example")
    send(form)
    form.wait_for_url("**/thanks/")
    assert (Application.objects.count(), Mail.objects.count()) == (1, 1)


@pytest.mark.django_db(transaction=True)
def test_lost_cookies_cost_one_more_press_and_nothing_else(form: "Page") -> None:
    form.context.clear_cookies()
    send(form)
    expect(form.locator(".notice")).to_be_focused()
    assert form.locator("[name=last_name]").input_value() == "Okonkwo"
    send(form)
    form.wait_for_url("**/thanks/")
    assert Application.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_too_many_files_from_a_connection_are_told_at_the_row_of_the_file(form: "Page") -> None:
    for _ in range(limits.UPLOADS[0].most):
        limits.count(limits.UPLOADS[0], "127.0.0.1/32", now=timezone.now())
    form.locator("[name=attachments]").set_input_files([file("CV.pdf", world.a_pdf())])
    said = form.locator(".file.lost .said")
    expect(said).to_contain_text("connection" if "en" in lang(form) else "Verbindung")
    assert form.locator(".file.lost [data-act=retry]").count() == 1


def lang(page: "Page") -> str:
    return page.locator("html").get_attribute("lang") or ""


@pytest.mark.django_db(transaction=True)
def test_what_the_page_itself_finds_stands_in_its_title_until_it_is_mended(form: "Page") -> None:
    before = form.title()
    form.locator("[name=attachments]").set_input_files([file("CV.pdf", b"MZ a program")])
    expect(form.locator(".file.refused")).to_have_count(1)
    send(form)
    expect(form.locator(".notice")).to_be_focused()
    assert form.title() in {f"Error: {before}", f"Fehler: {before}"}
    form.locator(".file.refused [data-act=remove]").click()
    assert form.title() == before


@pytest.mark.django_db(transaction=True)
def test_the_whole_notice_opens_at_the_form_without_another_request(form: "Page") -> None:
    asked: list[str] = []
    form.on("request", lambda request: asked.append(request.url))
    notice = form.locator(".privacy details")
    assert not notice.locator("h3").first.is_visible()
    notice.locator("summary").press("Enter")
    assert notice.locator("h3").first.is_visible()
    assert "Art. 77" in notice.inner_text()
    assert asked == []


@pytest.mark.django_db(transaction=True)
def test_nobody_can_see_reach_or_hear_the_field_for_programs(form: "Page") -> None:
    bait = form.locator("[name=comments]")
    box = bait.bounding_box()
    assert box is not None
    assert bait.evaluate("field => field.closest('[aria-hidden=true]') !== null")
    assert bait.evaluate("field => getComputedStyle(field.closest('.unseen')).clipPath") != "none"
    names = form.locator("form input:not([type=hidden])")
    form.locator("[name=first_name]").focus()
    reached = set()
    for _ in range(30):
        form.keyboard.press("Tab")
        reached.add(form.evaluate("document.activeElement.name"))
    assert names.count() > 4
    assert {"last_name", "email", "phone"} <= reached
    assert "comments" not in reached
    assert form.locator("main").aria_snapshot().count("comments") == 0
    assert form.get_by_role("textbox").count() == 4
