"""The application's page in a browser: reading without leaving it, keys, notes, scorecards."""

from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.utils import timezone

from candidates.models import Application, Mention, User
from storage.models import Attachment
from tests.browser.test_accessibility import LOOKS, findings
from tests.browser.test_whole_life import log_in_as
from tests.world import a_job, a_pdf, a_user, an_application, an_attachment

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page
    from pytest_django.live_server_helper import LiveServer

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("english")]

READY = Attachment.Preparation.READY


@pytest.fixture
def katrin() -> User:
    return a_user("recruiter", first_name="Katrin", last_name="Voss")


@pytest.fixture
def jens() -> User:
    return a_user("recruiter", first_name="Jens", last_name="Holm")


@pytest.fixture
def column() -> list[Application]:
    """Three applications in a column, the first to wait longest, each with a page to read."""
    job, now = a_job(title="Pflege", slug="pflege"), timezone.now()
    for position, name in enumerate(("Fachwissen", "Teamarbeit"), start=1):
        job.criteria.create(name=name, position=position)
    people = [("Ada", 9), ("Bela", 6), ("Cleo", 3)]
    return [
        an_application(job, first_name=name, received_at=now - timedelta(days=days))
        for name, days in people
    ]


@pytest.fixture
def context(chromium: "Browser") -> "Iterator[BrowserContext]":
    context = chromium.new_context(locale="en-GB", viewport={"width": 1440, "height": 900})
    yield context
    context.close()


def open_as(context: "BrowserContext", live_server: "LiveServer", user: User, path: str) -> "Page":
    page = context.new_page()
    page.set_default_timeout(15_000)
    context.clear_cookies()
    log_in_as(page, live_server.url, user)
    page.goto(f"{live_server.url}{path}")
    return page


def url(application: Application) -> str:
    return f"{application.get_absolute_url()}?from=board"


def test_documents_and_history_change_in_place_and_the_way_back_leads_to_the_board(
    context: "BrowserContext",
    live_server: "LiveServer",
    katrin: User,
    column: list[Application],
) -> None:
    application = column[0]
    an_attachment(application, "CV.pdf", a_pdf("First"), preparation=READY, pages=1)
    later = {"created_at": timezone.now(), "preparation": READY, "pages": 1}
    an_attachment(application, "Zeugnis.pdf", a_pdf("Second"), **later)
    page = open_as(context, live_server, katrin, "/hr/jobs/pflege/")
    page.goto(f"{live_server.url}{url(application)}")
    page.evaluate("window.stayed = true")
    page.locator("[name=text]").fill("Not sent yet")
    page.get_by_role("link", name="Zeugnis.pdf", exact=True).click()
    page.get_by_role("img", name="Page 1 of 1: Zeugnis.pdf").wait_for()
    assert page.locator("[name=text]").input_value() == "Not sent yet"
    page.get_by_role("link", name="Reads").click()
    page.locator(".tabs [aria-current]", has_text="Reads").wait_for()
    assert page.evaluate("window.stayed")
    assert "history=reads" in page.url
    assert "from=board" in page.url
    page.reload()
    page.get_by_text("opened the application").wait_for()
    page.go_back()
    page.wait_for_url("**/hr/jobs/pflege/")


def test_the_pages_of_a_long_document_follow_as_one_scrolls(
    context: "BrowserContext",
    live_server: "LiveServer",
    katrin: User,
    column: list[Application],
) -> None:
    an_attachment(column[0], "CV.pdf", a_pdf(), preparation=READY, pages=120)
    page = open_as(context, live_server, katrin, url(column[0]))
    figures = page.locator(".pages figure")
    assert figures.count() == 50
    for number in (100, 120):
        page.locator(".pages").evaluate("it => it.scrollTo(0, it.scrollHeight)")
        figures.nth(number - 1).wait_for(state="attached")
    assert page.locator("img[alt^='Page 120 of 120']").count() == 1


def test_keys_lead_through_a_column_move_on_and_open_what_they_say(
    context: "BrowserContext",
    live_server: "LiveServer",
    katrin: User,
    column: list[Application],
) -> None:
    first, second, third = column
    page = open_as(context, live_server, katrin, url(first))
    for key, application in (("j", second), ("j", third), ("k", second)):
        page.keyboard.press(key)
        page.wait_for_url(f"**{application.get_absolute_url()}*")
    page.keyboard.press("Control+j")
    page.keyboard.press("r")
    page.get_by_role("dialog").get_by_label("Reason").wait_for()
    page.keyboard.press("j")
    assert second.get_absolute_url() in page.url, "a key that is typed does nothing else"
    page.keyboard.press("Escape")
    page.get_by_role("dialog").wait_for(state="hidden")
    page.wait_for_timeout(500)  # a busy browser drops a key that comes at once
    page.keyboard.press("m")
    page.get_by_text("Moved to “").wait_for()
    page.keyboard.press("j")
    page.wait_for_url(f"**{third.get_absolute_url()}*")
    second.refresh_from_db()
    assert second.stage
    assert second.stage.position == 2


def test_keys_step_through_the_cards_of_a_board_and_enter_opens(
    context: "BrowserContext",
    live_server: "LiveServer",
    katrin: User,
    column: list[Application],
) -> None:
    page = open_as(context, live_server, katrin, "/hr/jobs/pflege/")
    for key in ("j", "j", "j", "k"):
        page.keyboard.press(key)
    assert page.evaluate("document.activeElement.textContent") == column[1].name
    page.keyboard.press("o")
    page.wait_for_url(f"**{column[1].get_absolute_url()}*")


def test_the_overlay_says_the_keys_and_turns_them_off(
    context: "BrowserContext",
    live_server: "LiveServer",
    katrin: User,
    column: list[Application],
) -> None:
    page = open_as(context, live_server, katrin, url(column[0]))
    page.keyboard.press("?")
    overlay = page.get_by_role("dialog", name="Shortcuts")
    overlay.get_by_text("write a note").wait_for()
    page.keyboard.press("Escape")
    overlay.wait_for(state="hidden")
    page.get_by_role("button", name="Shortcuts").first.click()
    overlay.get_by_label("Use shortcuts in this browser").uncheck()
    overlay.get_by_role("button", name="Close").click()
    page.reload()
    page.keyboard.press("?")
    page.keyboard.press("j")
    page.wait_for_timeout(500)
    assert not overlay.is_visible()
    assert column[0].get_absolute_url() in page.url


def test_a_note_is_written_by_keyboard_and_whoever_it_mentions_finds_it(
    context: "BrowserContext",
    live_server: "LiveServer",
    katrin: User,
    jens: User,
    column: list[Application],
) -> None:
    page = open_as(context, live_server, katrin, url(column[0]))
    page.evaluate("window.stayed = true")
    page.keyboard.press("n")
    page.keyboard.type("@Jenz, j or k?")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.get_by_text("is nobody who sees this application").wait_for()
    field = page.get_by_label("Note", exact=True)
    assert field.input_value() == "@Jenz, j or k?"
    field.fill("@Jens, j or k?")
    page.get_by_role("button", name="Add note").click()
    page.get_by_text("@Jens, j or k?").wait_for()
    assert field.input_value() == ""
    assert page.evaluate("window.stayed")
    assert Mention.objects.get().user == jens
    other = open_as(context, live_server, jens, url(column[0]))
    other.get_by_text("Katrin Voss noted, for you").wait_for()
    assert other.get_by_role("button", name="Delete this note of yours").count() == 0
    again = open_as(context, live_server, katrin, url(column[0]))
    again.get_by_role("button", name="Delete this note of yours").click()
    again.get_by_text("@Jens, j or k?").wait_for(state="detached")
    assert not Mention.objects.exists()


def judge(page: "Page", *labels: str, text: str) -> None:
    page.get_by_role("link", name="Score now …").click()
    dialog = page.get_by_role("dialog")
    for criterion, label in zip(("Fachwissen", "Teamarbeit"), labels, strict=True):
        group = dialog.get_by_role("group", name=criterion)
        group.get_by_label(label, exact=True).check()
    dialog.get_by_label("In words").fill(text)
    dialog.get_by_role("button", name="Hand in").click()
    page.get_by_text("Your scorecard is in.").wait_for()


def test_two_people_judge_and_neither_sees_the_others_card_before(
    context: "BrowserContext",
    live_server: "LiveServer",
    katrin: User,
    jens: User,
    column: list[Application],
) -> None:
    path = url(column[0])
    page = open_as(context, live_server, katrin, path)
    judge(page, "met", "more than met", text="Quokka")
    page.get_by_text("in 1 scorecard").wait_for()
    other = open_as(context, live_server, jens, path)
    other.get_by_text("Then you see those of Katrin Voss.").wait_for()
    assert "Quokka" not in other.content()
    judge(other, "not met", "partly met", text="Wombat")
    other.get_by_text("Quokka").wait_for()
    other.get_by_text("in 2 scorecards").wait_for()
    assert other.locator(".facts .score").inner_text() == "2.5"
    again = open_as(context, live_server, katrin, path)
    again.get_by_text("Wombat").wait_for()
    assert again.get_by_role("link", name="change yours").count() == 0


def test_notes_and_scorecards_work_without_a_script(
    chromium: "Browser", live_server: "LiveServer", katrin: User, column: list[Application]
) -> None:
    context = chromium.new_context(locale="en-GB", java_script_enabled=False)
    page = open_as(context, live_server, katrin, url(column[1]))
    page.locator("[name=text]").fill("Written plainly")
    page.get_by_role("button", name="Add note").click()
    page.get_by_text("Written plainly").wait_for()
    page.get_by_role("link", name="Score now …").click()
    page.get_by_role("group", name="Fachwissen").get_by_label("met", exact=True).check()
    page.get_by_role("button", name="Hand in").click()
    page.get_by_text("Your scorecard is in.").wait_for()
    page.get_by_role("link", name=f"Next: {column[2].name}").click()
    page.get_by_role("heading", name=column[2].name).wait_for()
    context.close()


@pytest.mark.parametrize("look", LOOKS, ids="-".join)
def test_axe_finds_nothing_on_the_page_and_its_dialogs(
    chromium: "Browser",
    live_server: "LiveServer",
    katrin: User,
    jens: User,
    column: list[Application],
    look: tuple[str, str],
) -> None:
    application, now = column[0], timezone.now()
    an_attachment(application, "CV.pdf", a_pdf(), preparation=READY, pages=1)
    for by in (jens, katrin):
        application.notes.create(by=by, at=now, text="Stark " * 300, is_private=by == katrin)
        card = application.scorecards.create(by=by, at=now, text="Klar")
        card.grades.create(criterion="Fachwissen", value=3)
    language, theme = look
    context = chromium.new_context(
        viewport={"width": 1440, "height": 900},
        locale=language,
        color_scheme="dark" if theme == "dark" else "light",
        reduced_motion="reduce",
    )
    page = open_as(context, live_server, katrin, url(application))
    found = findings(page)
    page.keyboard.press("?")
    found += findings(page)
    page.goto(f"{live_server.url}{application.get_absolute_url()}score/")
    found += findings(page)
    context.close()
    # How the rail fits is for all pages to say.
    assert [each for each in found if " reflow: " not in each] == []


def test_on_a_small_phone_nothing_of_the_page_sticks_out(
    chromium: "Browser", live_server: "LiveServer", katrin: User, column: list[Application]
) -> None:
    application = column[0]
    an_attachment(application, "Lebenslauf_" * 8 + ".pdf", a_pdf(), preparation=READY, pages=1)
    text = "Donaudampfschifffahrtsgesellschaftskapitän" * 3
    application.notes.create(by=katrin, at=timezone.now(), text=text)
    card = application.scorecards.create(by=katrin, at=timezone.now(), text=text)
    card.grades.create(criterion=text[:80], value=4)
    context = chromium.new_context(locale="en-GB", viewport={"width": 320, "height": 640})
    page = open_as(context, live_server, katrin, url(application))
    page.get_by_text("gave a scorecard").scroll_into_view_if_needed()
    wide = "it => [...it.children].filter(each => each.scrollWidth > innerWidth).length"
    assert page.locator("main").evaluate(wide) == 0
    context.close()
