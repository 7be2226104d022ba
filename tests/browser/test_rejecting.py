"""Rejecting and writing in a browser: how few interactions it takes, and where each mail stands."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
from django.utils import timezone

from candidates import intake, mail
from candidates.models import Application, Job, Mail, User
from tests.browser.test_whole_life import log_in_as
from tests.candidates.test_writing import a_reply
from tests.conftest import MailSink
from tests.world import a_job, a_user, an_application, an_attachment

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page
    from pytest_django.live_server_helper import LiveServer

pytestmark = pytest.mark.django_db(transaction=True)


@dataclass
class Hand:
    """A person's hand: each click, key and filled field counts."""

    page: "Page"
    done: list[str] = field(default_factory=list)

    def click(self, what: "Locator") -> None:
        self.done.append("click")
        what.click()

    def choose(self, what: "Locator", index: int) -> None:
        self.done.append("choose")
        what.select_option(index=index)

    def press(self, key: str) -> None:
        self.done.append(key)
        self.page.keyboard.press(key)


@pytest.fixture
def recruiter() -> User:
    return a_user("recruiter", first_name="Katrin", last_name="Voss")


@pytest.fixture
def job(recruiter: User) -> Job:
    return a_job(title="Pflege", slug="pflege", hiring_team=[recruiter])


@pytest.fixture
def page(chromium: "Browser", live_server: "LiveServer", recruiter: User) -> "Iterator[Page]":
    context = chromium.new_context(locale="en-GB")
    page = context.new_page()
    page.set_default_timeout(15_000)
    log_in_as(page, live_server.url, recruiter)
    yield page
    context.close()


def the_dialog(page: "Page") -> "Locator":
    return page.locator("#dialog[open]")


def reject(hand: Hand, name: str) -> None:
    """Reject somebody from a page that names them, with the mail and the time that are proposed."""
    hand.click(hand.page.get_by_role("link", name=name).first)
    hand.page.locator(".doc").wait_for()  # the CV, without a further page
    hand.press("r")
    hand.choose(the_dialog(hand.page).get_by_label("Reason", exact=True), 1)
    hand.click(the_dialog(hand.page).get_by_role("button", name="Reject"))
    hand.page.get_by_text("The application is rejected.").wait_for()


def all_histories(page: "Page", site: str) -> str:
    """Return what the histories of all applications say, with every mail's text."""
    said = []
    for application in Application.objects.all():
        page.goto(f"{site}{application.get_absolute_url()}?history=mails")
        page.locator(".history details").evaluate_all("all => all.forEach(it => (it.open = true))")
        said.append(page.locator(".history").inner_text())
    return " ".join(" ".join(said).split())


def assert_told(sink: MailSink, histories: str) -> None:
    """Check that every mail that went stands in a history, in its language, nothing unresolved."""
    assert sink.messages
    for message in sink.messages:
        application = Application.objects.get(email=message["To"])
        text = message.get_body(("plain",))
        assert text
        words = text.get_content()
        greeting = "Guten Tag" if application.language == "de" else "Hello"
        assert words.startswith(f"{greeting} {application.name},")
        assert [odd for odd in ("{", "}", "None", "…") if odd in words + message["Subject"]] == []
        for line in words.splitlines():
            is_link = line.startswith("http")  # with a token, of which nothing is kept
            assert is_link or " ".join(line.split()) in histories


def test_a_new_cv_is_read_and_rejected_with_a_mail_in_four_interactions(
    page: "Page", live_server: "LiveServer", job: Job, mail_sink: MailSink
) -> None:
    application = an_application(job, received_at=timezone.now())
    an_attachment(application)
    page.goto(f"{live_server.url}/hr/")
    hand = Hand(page)
    reject(hand, application.name)
    assert len(hand.done) <= 4, hand.done
    application.refresh_from_db()
    assert application.status == "rejected"
    letter = application.mails.get()
    assert letter.send_at > timezone.now()

    # One click undoes it, and nothing has gone.
    page.get_by_role("button", name="Undo the rejection").click()
    page.get_by_text("The rejection is undone.").wait_for()
    mail.send_due(letter.send_at)
    assert mail_sink.messages == []


def test_the_preview_follows_the_template_and_what_is_written(
    page: "Page", live_server: "LiveServer", job: Job
) -> None:
    application = an_application(job)
    page.goto(f"{live_server.url}{application.get_absolute_url()}")
    page.get_by_role("link", name="Reject").click()
    dialog = the_dialog(page)
    dialog.get_by_label("Mail to").select_option(label="Absage nach dem Gespräch")
    dialog.get_by_text("vielen Dank für das Gespräch").first.wait_for()
    dialog.get_by_text("Change the text").click()
    text = dialog.get_by_label("Text", exact=True)
    text.fill("Guten Tag {first_name},\n\nnein, Frau {nobody}.")
    dialog.locator("mark", has_text="{nobody}").wait_for()
    assert page.evaluate("document.activeElement.name") == "de-text", "one goes on writing"
    assert f"Guten Tag {application.first_name}," in dialog.locator(".preview").inner_text()
    dialog.get_by_label("Reason", exact=True).select_option(index=1)
    dialog.get_by_role("button", name="Reject").click()
    dialog.get_by_text("“{nobody}” is not a placeholder").wait_for()
    assert "nein, Frau {nobody}." in dialog.get_by_label("Text", exact=True).input_value()


def test_every_mail_that_went_is_in_a_history_in_its_language_with_nothing_unresolved(
    page: "Page", live_server: "LiveServer", job: Job, mail_sink: MailSink
) -> None:
    names = {"Ada": "de", "Bo": "en", "Cy": "de", "Di": "en"}
    people = [
        an_application(job, first_name=name, last_name="Krüger", language=language)
        for name, language in names.items()
    ]
    site = live_server.url

    # One is written to, from a template; answers; and is answered.
    page.goto(f"{site}{people[0].get_absolute_url()}")
    page.get_by_role("link", name="Mail …").click()
    the_dialog(page).get_by_label("Mail to").select_option(label="Einladung zum Gespräch")
    the_dialog(page).get_by_text("möchten Sie gern kennenlernen").first.wait_for()
    the_dialog(page).get_by_role("button", name="Send").click()
    page.get_by_text("The mail is on its way.").wait_for()
    mail.send_due(timezone.now())
    intake.take_in(a_reply(mail_sink), now=timezone.now())
    page.reload()
    page.get_by_role("link", name="Answer …").click()
    the_dialog(page).get_by_text("Dienstag passt mir.").wait_for()
    the_dialog(page).get_by_label("Text", exact=True).fill("Guten Tag {name},\n\nbis Dienstag!")
    the_dialog(page).get_by_role("button", name="Send").click()
    page.get_by_text("The mail is on its way.").wait_for()

    # One is rejected alone, two together.
    page.goto(f"{site}/hr/jobs/pflege/")
    reject(Hand(page), "Bo Krüger")
    page.goto(f"{site}/hr/jobs/pflege/")
    for name in ("Cy Krüger", "Di Krüger"):
        page.locator(f"input[name=chosen][aria-label*='{name}']").check()
    page.locator("button[name=ask][value=reject]").click()
    the_dialog(page).get_by_label("Reason", exact=True).select_option(index=2)
    the_dialog(page).get_by_label("At once").check()
    the_dialog(page).get_by_role("button", name="Reject 2 applications").click()
    page.get_by_text("2 applications are rejected.").wait_for()

    mail.send_due(Mail.objects.latest("send_at").send_at)
    assert len(mail_sink.messages) == 5
    assert_told(mail_sink, all_histories(page, site))


def test_rejecting_and_writing_work_without_a_script(
    chromium: "Browser", live_server: "LiveServer", recruiter: User, job: Job
) -> None:
    application = an_application(job)
    context = chromium.new_context(locale="en-GB", java_script_enabled=False)
    page = context.new_page()
    page.set_default_timeout(15_000)
    log_in_as(page, live_server.url, recruiter)
    page.goto(f"{live_server.url}{application.get_absolute_url()}")
    page.get_by_role("link", name="Mail …").click()
    page.get_by_label("Mail to").select_option(label="Zwischenbescheid")
    page.get_by_role("button", name="Show", exact=True).click()
    page.get_by_text("ist nicht vergessen").first.wait_for()
    page.get_by_role("button", name="Send").click()
    page.get_by_text("The mail is on its way.").wait_for()
    page.get_by_role("link", name="Reject").click()
    page.get_by_label("Reason", exact=True).select_option(index=1)
    page.get_by_role("button", name="Reject").click()
    page.get_by_text("The application is rejected.").wait_for()
    page.get_by_role("button", name="Undo the rejection").click()
    page.get_by_text("The rejection is undone.").wait_for()
    application.refresh_from_db()
    assert application.is_open
    context.close()
