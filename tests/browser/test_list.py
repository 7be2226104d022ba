"""The list in a browser: found by a word of a CV, filtered, chosen, entered by hand."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from candidates.models import Application, Job, SavedView, User
from storage.models import Words
from tests.browser.test_whole_life import log_in_as
from tests.world import a_job, a_pdf, a_user, an_application, an_attachment

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page
    from pytest_django.live_server_helper import LiveServer

pytestmark = pytest.mark.django_db(transaction=True)


class Counting:
    """A person at a page: each click, filled field and key chord counts."""

    def __init__(self, page: "Page") -> None:
        self.page = page
        self.done = 0

    def fill(self, field: str, text: str) -> None:
        self.done += 1
        self.page.locator(field).fill(text)

    def press(self, keys: str) -> None:
        self.done += 1
        self.page.keyboard.press(keys)


@pytest.fixture
def recruiter() -> User:
    return a_user("recruiter")


@pytest.fixture
def job() -> Job:
    return a_job(title="Pflege Nacht")


@pytest.fixture
def page(chromium: "Browser", live_server: "LiveServer", recruiter: User) -> "Iterator[Page]":
    """Today, in the recruiter's browser."""
    context = chromium.new_context(locale="en-GB")
    page = context.new_page()
    page.set_default_timeout(15_000)
    log_in_as(page, live_server.url, recruiter)
    page.goto(f"{live_server.url}/hr/")
    yield page
    context.close()


def test_somebody_is_found_by_a_word_of_their_cv_in_two_interactions(
    page: "Page", job: Job
) -> None:
    wanted = an_application(job, first_name="Rainer", last_name="Obermüller")
    for application, text in ((wanted, "Übergangspflege"), (an_application(job), "Chirurgie")):
        Words.objects.create(attachment=an_attachment(application), text=text)
    person = Counting(page)
    person.fill(".rail [name=q]", "uebergangspfl")
    person.press("Enter")
    page.get_by_role("link", name="Rainer Obermüller").wait_for()
    assert person.done <= 2
    assert page.locator(".listed > li").count() == 1
    page.get_by_text("in Lebenslauf.pdf").wait_for()


def test_filters_leave_a_short_address_and_go_chip_by_chip(page: "Page", job: Job) -> None:
    an_application(job, last_name="Krüger")
    an_application(job, last_name="Berg", status="rejected")
    page.goto(page.url.split("/hr/")[0] + "/hr/applications/")
    page.get_by_label("Status").select_option("rejected")
    page.get_by_role("button", name="Show").click()
    page.wait_for_url("**/hr/applications/?status=rejected")
    assert page.locator(".listed > li").count() == 1
    page.get_by_role("link", name="Status: Rejected").click()
    page.wait_for_url("**/hr/applications/")
    assert page.locator(".listed > li").count() == 2


def test_filters_are_saved_under_a_name_and_the_words_are_not(
    page: "Page", job: Job, recruiter: User
) -> None:
    an_application(job, last_name="Krüger")
    page.goto(page.url.split("/hr/")[0] + "/hr/applications/?status=open&q=kr%C3%BCger")
    page.get_by_text("Save as a view").click()
    page.get_by_label("Name of the view").fill("Open ones")
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_role("link", name="Open ones").wait_for()
    assert SavedView.objects.get(user=recruiter).query == "status=open"


def test_all_that_are_shown_are_chosen_and_moved_at_once(page: "Page", job: Job) -> None:
    for name in ("Ahrens", "Berg", "Cramer"):
        an_application(job, last_name=name)
    page.goto(page.url.split("/hr/")[0] + f"/hr/applications/?job={job.slug}")
    page.get_by_label("Choose all that are shown").check()
    page.get_by_label("Move to").select_option(label=str(job.stages.get(position=2)))
    page.get_by_role("button", name="Move").click()
    page.get_by_text("3 applications moved").wait_for()
    assert page.url.endswith(f"?job={job.slug}")
    assert set(Application.objects.values_list("stage__position", flat=True)) == {2}


def test_an_application_is_entered_with_a_file_that_goes_up_by_itself(
    page: "Page", job: Job, attachment_store: object
) -> None:
    page.goto(page.url.split("/hr/")[0] + "/hr/applications/add/")
    page.get_by_label("Agency").check()
    page.get_by_label("From whom").fill("Muster Personal")
    page.get_by_label("Job (optional)").select_option(job.slug)
    page.get_by_label("First name").fill("Amira")
    page.get_by_label("Last name").fill("Haddad")
    page.get_by_label("E-mail").fill("amira@post.example")
    page.locator("#attachments").set_input_files(
        {"name": "Profil.pdf", "mimeType": "application/pdf", "buffer": a_pdf()}
    )

    page.get_by_text("Accepted", exact=True).wait_for()
    page.get_by_role("button", name="Enter and send the notice").last.click()
    page.get_by_text("The application is entered.").wait_for()
    made = Application.objects.get()
    assert [document.name for document in made.attachments.all()] == ["Profil.pdf"]
