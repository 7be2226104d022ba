"""Forms that open as a dialog where there is a script, and are pages of their own without."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from candidates.models import Application
from tests.browser.test_whole_life import log_in_as
from tests.world import a_job, a_user, an_application

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page
    from pytest_django.live_server_helper import LiveServer

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def application() -> Application:
    return an_application(a_job(title="Pflege"))


@pytest.fixture
def page(
    chromium: "Browser", live_server: "LiveServer", application: Application
) -> "Iterator[Page]":
    """The application's page in the recruiter's browser."""
    context = chromium.new_context(locale="en-GB")
    page = context.new_page()
    page.set_default_timeout(10_000)
    log_in_as(page, live_server.url, a_user("recruiter"))
    page.goto(f"{live_server.url}{application.get_absolute_url()}")
    yield page
    context.close()


def test_a_form_opens_over_the_page_and_escape_leads_back_to_where_one_was(
    page: "Page", application: Application
) -> None:
    page.get_by_role("link", name="Reject …").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Reason").wait_for()
    assert page.url.endswith(application.get_absolute_url())
    page.keyboard.press("Escape")
    dialog.wait_for(state="hidden")
    assert page.evaluate("document.activeElement.textContent").startswith("Reject …")
    page.get_by_role("link", name="Reject …").click()
    dialog.get_by_role("link", name="Cancel").click()
    dialog.wait_for(state="hidden")
    assert page.url.endswith(application.get_absolute_url())


def test_what_is_wrong_is_said_in_the_dialog_and_what_is_right_leads_back_to_the_page(
    page: "Page", application: Application
) -> None:
    page.get_by_role("link", name="Hire …").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Job title").fill("Fachkraft")
    dialog.get_by_role("button", name="Hire").click()
    dialog.get_by_text("Choose the first day of work.").wait_for()
    assert dialog.get_by_label("Job title").input_value() == "Fachkraft"
    dialog.get_by_label("Start date").fill("2027-01-04")
    dialog.get_by_role("button", name="Hire").click()
    page.get_by_text("The applicant is hired.").wait_for()
    application.refresh_from_db()
    assert application.status == "hired"


def test_what_was_entered_stays_when_the_server_cannot_be_reached(
    page: "Page", application: Application
) -> None:
    page.get_by_role("link", name="Hire …").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Job title").fill("Fachkraft")
    page.context.set_offline(True)
    dialog.get_by_role("button", name="Hire").click()
    dialog.get_by_text("could not be reached").wait_for()
    assert dialog.get_by_label("Job title").input_value() == "Fachkraft"


def test_a_person_who_was_logged_out_meanwhile_comes_to_the_log_in_page(
    page: "Page", application: Application
) -> None:
    page.context.clear_cookies()
    page.get_by_role("link", name="Reject …").click()
    page.get_by_role("button", name="Log in", exact=True).wait_for()
