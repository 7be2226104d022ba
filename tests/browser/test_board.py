"""The board in a browser: cards that are dragged, chosen, moved by key, and seen by two people."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from candidates import pipeline
from candidates.models import Application, Job, User
from tests.world import NOW, a_job, a_user, an_application

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page
    from pytest_django.live_server_helper import LiveServer

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("english")]

NAMES = ("Adele", "Bruno", "Carla", "Derya", "Emil", "Fatou")


@pytest.fixture
def recruiter() -> User:
    return a_user("recruiter", first_name="Katrin", last_name="Voss")


@pytest.fixture
def job(recruiter: User) -> Job:
    return a_job(title="Pflege", language="en", hiring_team=[recruiter])


@pytest.fixture
def people(job: Job) -> dict[str, Application]:
    """Six who wait in the first stage, by their first names."""
    return {name: waiting(job, name, number) for number, name in enumerate(NAMES)}


def waiting(job: Job, name: str, number: int) -> Application:
    """Make an application that has its own place in the first column, by this number."""
    since = NOW - timedelta(days=3, minutes=-number)
    return an_application(job, first_name=name, last_name="Weiß", stage_since=since)


def look(chromium: "Browser", site: str, job: Job, user: User, *, script: bool = True) -> "Page":
    """Open the board in a browser of this person's own."""
    context = chromium.new_context(locale="en-GB", java_script_enabled=script)
    page = context.new_page()
    page.set_default_timeout(15_000)
    client = Client()
    client.force_login(user)
    session = client.cookies[settings.SESSION_COOKIE_NAME].value
    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": site}])
    page.goto(f"{site}/hr/jobs/{job.slug}/")
    return page


@pytest.fixture
def page(
    chromium: "Browser",
    live_server: "LiveServer",
    job: Job,
    recruiter: User,
    people: dict[str, Application],
) -> "Iterator[Page]":
    page = look(chromium, live_server.url, job, recruiter)
    yield page
    page.context.close()


def column(page: "Page", name: str) -> "Locator":
    return page.get_by_role("region", name=name, exact=True)


def card(page: "Page", name: str) -> "Locator":
    return page.locator(".card", has=page.get_by_role("link", name=f"{name} Weiß", exact=True))


def names(page: "Page", stage: str) -> list[str]:
    shown = column(page, stage).locator(".who").all_inner_texts()
    return [name.removesuffix(" Weiß") for name in shown]


def counts(page: "Page") -> list[str]:
    return page.locator(".stage h2 .count").all_inner_texts()


def drag(page: "Page", name: str, to: str) -> None:
    card(page, name).drag_to(column(page, to), target_position={"x": 60, "y": 220})


def settled(page: "Page") -> None:
    """Wait until the server has answered all moves."""
    page.locator(".card.moving").first.wait_for(state="detached")


def stage_of(application: Application) -> str:
    application.refresh_from_db()
    return str(application.stage)


def test_a_card_is_dragged_to_another_column_and_the_counts_follow(
    page: "Page", people: dict[str, Application]
) -> None:
    drag(page, "Bruno", "Interview")
    settled(page)
    assert names(page, "Interview") == ["Bruno"]
    assert counts(page) == ["5", "0", "1", "0"]
    assert page.locator("#said").inner_text() == "1 application moved."
    assert stage_of(people["Bruno"]) == "Interview"
    page.reload()
    assert (names(page, "Interview"), counts(page)) == (["Bruno"], ["5", "0", "1", "0"])


def test_the_column_under_a_dragged_card_shows_that_it_would_take_it(page: "Page") -> None:
    card(page, "Bruno").hover()
    page.mouse.down()
    column(page, "Offer").hover(position={"x": 50, "y": 200})
    column(page, "Offer").hover(position={"x": 60, "y": 210})
    assert page.locator(".stage.target").get_attribute("aria-label") == "Offer"
    page.keyboard.press("Escape")
    page.mouse.up()
    page.locator(".stage.target, .card.dragged").first.wait_for(state="detached")
    assert counts(page) == ["6", "0", "0", "0"]


def test_who_drags_one_of_the_chosen_moves_them_all(
    page: "Page", people: dict[str, Application]
) -> None:
    for name in ("Adele", "Carla", "Emil"):
        page.get_by_label(f"Choose {name} Weiß").check()
    drag(page, "Carla", "Screening")
    settled(page)
    assert names(page, "Screening") == ["Adele", "Carla", "Emil"]
    assert counts(page) == ["3", "3", "0", "0"]
    drag(page, "Bruno", "Offer")  # who is not chosen goes alone
    settled(page)
    assert counts(page) == ["2", "3", "0", "1"]
    assert {stage_of(people[name]) for name in ("Adele", "Carla", "Emil")} == {"Screening"}


def test_the_keyboard_does_all_that_the_mouse_does(
    page: "Page", people: dict[str, Application]
) -> None:
    card(page, "Derya").get_by_role("link").focus()
    page.keyboard.press("m")
    page.get_by_role("dialog", name="Move Derya Weiß to").wait_for()
    page.keyboard.press("ArrowDown")  # the first choice is the next stage
    page.keyboard.press("Enter")
    settled(page)
    assert names(page, "Interview") == ["Derya"]
    page.locator(".who:focus", has_text="Derya Weiß").wait_for()

    for name in ("Adele", "Bruno"):
        page.get_by_label(f"Choose {name} Weiß").focus()
        page.keyboard.press("Space")
    page.keyboard.press("m")
    page.get_by_role("dialog", name="Move 2 applications to").wait_for()
    page.keyboard.press("Enter")
    settled(page)
    assert names(page, "Screening") == ["Adele", "Bruno"]
    assert stage_of(people["Adele"]) == "Screening"

    page.get_by_label("Choose Carla Weiß").focus()
    page.keyboard.press("Space")
    page.get_by_text("1 chosen").wait_for()
    page.keyboard.press("Escape")
    page.get_by_text("1 chosen").wait_for(state="hidden")


def test_shift_chooses_what_lies_between_and_the_head_of_a_column_all_of_it(
    page: "Page",
) -> None:
    page.get_by_label("Choose Bruno Weiß").click()
    page.get_by_label("Choose Emil Weiß").click(modifiers=["Shift"])
    page.get_by_text("4 chosen").wait_for()
    every = page.get_by_label("Choose all shown in Received")
    assert every.evaluate("box => box.indeterminate")
    every.click()
    page.get_by_text("6 chosen").wait_for()
    every.click()
    page.get_by_text("6 chosen").wait_for(state="hidden")


def test_ten_applications_are_moved_in_at_most_four_interactions(
    page: "Page", job: Job, people: dict[str, Application]
) -> None:
    for number in range(8):  # four of which stay where they are
        waiting(job, f"Nr{number}", 10 + number)
    page.reload()
    interactions: tuple[Callable[[], object], ...] = (
        lambda: page.get_by_label("Choose Adele Weiß").click(),
        lambda: page.get_by_label("Choose Nr3 Weiß").click(modifiers=["Shift"]),
        lambda: page.get_by_role("button", name="Move m").click(),  # to the stage it proposes
    )
    for act in interactions:
        act()
    settled(page)
    assert job.applications.filter(stage__name="Screening").count() == 10
    assert len(interactions) <= 4


def test_several_are_rejected_together_and_one_is_back_on_the_board(
    page: "Page", people: dict[str, Application]
) -> None:
    for name in ("Adele", "Bruno"):
        page.get_by_label(f"Choose {name} Weiß").check()
    page.get_by_role("button", name="Reject … r").click()
    dialog = page.get_by_role("dialog", name="Reject 2 applications")
    dialog.get_by_label("Reason").first.wait_for()
    page.keyboard.press("Escape")
    dialog.wait_for(state="hidden")
    page.get_by_text("2 chosen").wait_for()  # nothing was lost


# Two browsers ------------------------------------------------------------------------------


@pytest.fixture
def slower(
    page: "Page", chromium: "Browser", live_server: "LiveServer", job: Job
) -> "Iterator[Page]":
    """The board in another person's browser, as it was before the faster one acts."""
    other = a_user("hiring_manager", first_name="Jens", last_name="Holm")
    job.hiring_team.add(other)
    slower = look(chromium, live_server.url, job, other)
    yield slower
    slower.context.close()


def test_the_slower_of_two_sees_where_the_card_is_and_who_moved_it(
    page: "Page", slower: "Page", people: dict[str, Application]
) -> None:
    drag(page, "Bruno", "Offer")
    settled(page)
    slower.get_by_label("Choose Carla Weiß").check()
    drag(slower, "Bruno", "Screening")
    said = card(slower, "Bruno").get_by_text("Moved to “Offer” by Katrin Voss, ")
    said.wait_for()
    assert names(slower, "Offer") == ["Bruno"]
    assert counts(slower) == ["5", "0", "0", "1"]
    assert "Bruno Weiß: Moved to “Offer” by Katrin Voss" in slower.locator("#said").inner_text()
    assert stage_of(people["Bruno"]) == "Offer"
    assert slower.get_by_label("Choose Carla Weiß").is_checked()  # what was chosen stays so
    drag(slower, "Bruno", "Screening")  # and now it can be moved
    settled(slower)
    assert stage_of(people["Bruno"]) == "Screening"


def test_of_several_the_slower_moves_those_that_are_still_there(
    page: "Page", slower: "Page", people: dict[str, Application], recruiter: User
) -> None:
    drag(page, "Bruno", "Offer")
    settled(page)
    pipeline.reject(people["Carla"], by=recruiter, reason="No.", now=timezone.now(), mail_at=None)
    for name in ("Adele", "Bruno", "Carla"):
        slower.get_by_label(f"Choose {name} Weiß").check()
    slower.get_by_role("button", name="Move m").click()
    card(slower, "Carla").get_by_text("Rejected by Katrin Voss, ").wait_for()
    assert (names(slower, "Screening"), names(slower, "Offer")) == (["Adele"], ["Bruno"])
    assert counts(slower) == ["3", "1", "0", "1"]
    assert slower.locator(".drawer .count").inner_text() == "1"
    assert stage_of(people["Adele"]) == "Screening"


def test_what_the_slower_has_typed_stays_when_the_faster_has_decided(
    page: "Page", slower: "Page", people: dict[str, Application]
) -> None:
    card(slower, "Bruno").hover()
    slower.get_by_role("button", name="Reject … Bruno Weiß").click()
    dialog = slower.get_by_role("dialog")
    dialog.locator("summary", has_text="In your own words").click()
    reason = dialog.locator("[name=own]")
    reason.fill("Sehr gute Pflege, aber keine Nachtdienste.")
    drag(page, "Bruno", "Offer")
    settled(page)
    dialog.get_by_role("button", name="Reject 1 application").click()
    dialog.get_by_text("Moved to “Offer” by Katrin Voss, ").wait_for()
    people["Bruno"].refresh_from_db()
    assert people["Bruno"].is_open
    assert reason.input_value() == "Sehr gute Pflege, aber keine Nachtdienste."
    dialog.get_by_role("button", name="Reject 1 application").click()  # all the same
    slower.get_by_text("1 application is rejected.").wait_for()
    assert not names(slower, "Offer")


# When something is in the way --------------------------------------------------------------


def test_without_a_connection_the_cards_go_back_and_stay_chosen(
    page: "Page", people: dict[str, Application]
) -> None:
    for name in ("Bruno", "Derya"):
        page.get_by_label(f"Choose {name} Weiß").check()
    page.context.set_offline(True)
    page.get_by_role("button", name="Move m").click()
    page.get_by_text("Nothing was moved: check the connection").wait_for()
    assert names(page, "Received") == list(NAMES)
    page.context.set_offline(False)
    page.get_by_role("button", name="Move m").click()
    settled(page)
    page.get_by_text("Nothing was moved: check the connection").wait_for(state="hidden")
    assert names(page, "Screening") == ["Bruno", "Derya"]


def test_who_chooses_more_than_twenty_types_how_many(page: "Page", job: Job) -> None:
    for number in range(15):
        waiting(job, f"Nr{number}", 10 + number)
    page.reload()
    page.get_by_label("Choose all shown in Received").check()
    page.get_by_role("button", name="Move m").click()
    page.get_by_text("These are 21 applications. Type this number to go on.").wait_for()
    assert page.evaluate("document.activeElement.name") == "confirm"
    assert counts(page) == ["21", "0", "0", "0"]
    page.keyboard.type("21")
    page.get_by_role("button", name="Move m").click()
    settled(page)
    assert counts(page) == ["0", "21", "0", "0"]
    assert column(page, "Received").get_by_text("Nobody waits here.").is_visible()


def test_a_stage_that_was_removed_meanwhile_is_said_to_be_gone(page: "Page", job: Job) -> None:
    job.stages.get(name="Offer").delete()
    drag(page, "Bruno", "Offer")
    page.get_by_text("This board is not what it was").wait_for()
    assert names(page, "Received") == list(NAMES)
    page.get_by_role("link", name="Load it again").click()
    column(page, "Offer").wait_for(state="detached")


def test_a_person_who_was_logged_out_meanwhile_comes_to_the_log_in_page(page: "Page") -> None:
    page.context.clear_cookies(name=settings.SESSION_COOKIE_NAME)
    drag(page, "Bruno", "Offer")
    page.get_by_role("button", name="Log in", exact=True).wait_for()


def test_a_column_that_shows_not_all_says_how_many_more_after_a_move(
    page: "Page", job: Job
) -> None:
    for number in range(24):
        waiting(job, f"Nr{number}", 10 + number)
    page.reload()
    column(page, "Received").get_by_text("5 more").wait_for()
    drag(page, "Bruno", "Screening")
    settled(page)
    assert column(page, "Received").get_by_text("5 more").is_visible()
    assert counts(page) == ["29", "1", "0", "0"]


def test_without_a_script_checkboxes_and_buttons_do_the_same(
    chromium: "Browser",
    live_server: "LiveServer",
    job: Job,
    recruiter: User,
    people: dict[str, Application],
) -> None:
    page = look(chromium, live_server.url, job, recruiter, script=False)
    pipeline.move(
        people["Carla"],
        to=job.stages.get(name="Offer"),
        seen=people["Carla"].stage,
        by=recruiter,
        now=timezone.now(),
    )
    for name in ("Adele", "Carla"):
        page.get_by_label(f"Choose {name} Weiß").check()
    page.locator("#to").select_option("Interview")
    page.get_by_role("button", name="Move m").click()
    page.get_by_text("Somebody else was faster. These were not moved:").wait_for()
    assert card(page, "Carla").get_by_text("Moved to “Offer” by Katrin Voss, ").is_visible()
    assert (names(page, "Interview"), names(page, "Offer")) == (["Adele"], ["Carla"])
    page.get_by_label("Choose Bruno Weiß").check()
    page.get_by_role("button", name="Move m").click()
    page.get_by_text("1 application moved to “Screening”.").wait_for()
    assert page.url.endswith(f"/hr/jobs/{job.slug}/")
    assert names(page, "Screening") == ["Bruno"]
    page.context.close()


def test_the_stages_are_named_ordered_added_and_removed_by_keyboard(page: "Page", job: Job) -> None:
    page.get_by_role("link", name="Stages", exact=True).focus()
    page.keyboard.press("Enter")
    page.get_by_label("Name of stage 4").fill("Contract")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Move Contract up").focus()
    page.keyboard.press("Enter")
    page.get_by_label("New stage").fill("Trial day")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Remove Screening").focus()
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Board").click()
    page.wait_for_url(f"**/hr/jobs/{job.slug}/")
    shown = page.locator(".stage h2").all_inner_texts()
    assert [text.split("\n")[0] for text in shown] == [
        "Received",
        "Contract",
        "Interview",
        "Trial day",
    ]
