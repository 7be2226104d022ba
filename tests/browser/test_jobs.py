"""Jobs in a browser: made and published without a script, and a hire, its steps counted."""

from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.utils import timezone

from candidates.models import Application, Employee, Job
from tests import world
from tests.browser.test_whole_life import log_in_as

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page
    from pytest_django.live_server_helper import LiveServer

pytestmark = pytest.mark.django_db(transaction=True)


class Hand:
    """What a person does at a page, counted: a click, a tap, a key chord or a filled field."""

    def __init__(self, page: "Page") -> None:
        self.page, self.done = page, 0

    def click(self, what: "Locator") -> None:
        self.done += 1
        what.click()

    def fill(self, what: "Locator", text: str) -> None:
        self.done += 1
        what.fill(text)


@pytest.fixture
def page(chromium: "Browser") -> "Iterator[Page]":
    context = chromium.new_context(locale="en-GB", viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.set_default_timeout(15_000)
    yield page
    context.close()


def open_from_today(hand: Hand, application: Application) -> None:
    """Open an application from the first page: there by its name, or on the board of its job."""
    page = hand.page
    by_name = page.locator("main").get_by_role("link", name=application.name)
    if not by_name.count():
        assert application.job is not None
        hand.click(page.locator("main").get_by_role("link", name=application.job.title, exact=True))
    hand.click(by_name.first)
    page.wait_for_url(f"**{application.get_absolute_url()}*")


def test_hiring_with_one_document_takes_five_steps_at_most(
    page: "Page", live_server: "LiveServer"
) -> None:
    recruiter = world.a_user("recruiter")
    application = world.an_application(
        world.a_job(hiring_team=[recruiter]),
        received_at=timezone.now() - timedelta(days=3),
    )
    document = world.an_attachment(application)
    log_in_as(page, live_server.url, recruiter)
    page.goto(f"{live_server.url}/hr/")

    hand = Hand(page)
    open_from_today(hand, application)
    hand.click(page.get_by_role("link", name="Hire …"))
    dialog = page.get_by_role("dialog")
    start = timezone.localdate() + timedelta(days=30)
    hand.fill(dialog.get_by_label("Start date"), start.isoformat())
    hand.click(dialog.get_by_role("button", name="Hire"))
    page.get_by_text("The applicant is hired.").wait_for()

    assert hand.done <= 5
    employee = Employee.objects.get()
    assert (employee.start_date, list(employee.attachments.all())) == (start, [document])


def test_a_job_is_made_previewed_published_and_closed_without_a_script(
    chromium: "Browser", live_server: "LiveServer"
) -> None:
    recruiter = world.a_user("recruiter")
    context = chromium.new_context(locale="en-GB", java_script_enabled=False)
    page = context.new_page()
    page.set_default_timeout(15_000)
    log_in_as(page, live_server.url, recruiter)
    page.goto(f"{live_server.url}/hr/jobs/")
    page.get_by_role("link", name="New job").click()
    page.get_by_label("Title").fill("Schweißtechnik")
    page.get_by_label("Team", exact=True).fill("Werkstatt")
    page.get_by_label("Place", exact=True).fill("Görlitz")
    page.get_by_label("Description").fill("Wir **schweißen**.")
    with context.expect_page() as opened:
        page.get_by_role("button", name="Preview, in a new tab").click()
    preview = opened.value
    preview.get_by_text("Nothing is saved yet").wait_for()
    assert preview.locator("article strong").inner_text() == "schweißen"
    preview.close()
    # What was entered still stands in the first tab.
    page.get_by_role("button", name="Save as draft").click()
    page.get_by_role("link", name="Preview and publish").click()
    page.get_by_role("button", name="Publish").click()
    page.get_by_text("The job is published.").wait_for()
    job = Job.objects.get()
    assert (job.slug, job.is_published) == ("schweisstechnik", True)

    world.an_application(job)
    page.get_by_role("link", name="Advert", exact=True).first.click()
    page.get_by_role("link", name="Close …").click()
    page.get_by_text("1 person has no answer yet").wait_for()
    page.get_by_label("Reason").select_option(index=1)
    page.get_by_role("button", name="Reject 1 and close").click()
    page.get_by_text("The job is closed.").wait_for()
    job.refresh_from_db()
    assert job.is_closed
    assert Application.objects.get().status == "rejected"
    context.close()


def test_an_address_is_copied_by_one_press(page: "Page", live_server: "LiveServer") -> None:
    job = world.a_job(slug="pflege")
    log_in_as(page, live_server.url, world.a_user("recruiter"))
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(f"{live_server.url}/hr/jobs/{job.slug}/edit/")
    address = page.get_by_label("For applications by mail")
    page.locator("[data-copy=mail]").click()
    page.get_by_role("button", name="Copied").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == address.input_value()
