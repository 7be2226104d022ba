"""Files that go up one by one while the form is filled in, and the same without JavaScript."""

import re
from base64 import b64encode
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from django.conf import settings
from playwright.sync_api import expect

from candidates.models import Application
from storage.models import Attachment
from tests import world
from tests.uploading import Line, a_large_pdf, a_locked_pdf, payload, row

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, FilePayload, Page
    from pytest_django.live_server_helper import LiveServer

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.once("postgres")]

Files = dict[str, bytes]

#: Keeps all that a screen reader would be told.
LISTENING = """
    window.heard = [];
    new MutationObserver((changes) => {
      for (const change of changes) {
        if (change.target.id === "file-news") window.heard.push(change.target.textContent);
      }
    }).observe(document, { childList: true, subtree: true });
"""


FIVE: Files = {
    "CV.pdf": world.a_pdf(),
    "Virus.pdf": b"MZ\x90\x00 a program",
    "Letter.docx": world.a_docx(),
    "Locked.pdf": a_locked_pdf(),
    "Portfolio.pdf": a_large_pdf(),
}


def payloads(files: Files) -> "list[FilePayload]":
    return [payload(name, content) for name, content in files.items()]


@pytest.fixture
def open_form(
    chromium: "Browser", live_server: "LiveServer"
) -> "Iterator[Callable[..., tuple[BrowserContext, Page]]]":
    """Open the form of a welder's job, filled in but for a slip in the address."""
    contexts, errors = [], list[Exception]()

    def create(*, script: bool = True) -> "tuple[BrowserContext, Page]":
        context = chromium.new_context(
            viewport={"width": 1280, "height": 1000}, locale="en-GB", java_script_enabled=script
        )
        contexts.append(context)
        context.add_init_script(LISTENING)
        world.a_job(title="Welder", slug="welder", language="en")
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(error))  # noqa: PLW0108  no builtins
        page.goto(f"{live_server.url}/jobs/welder/apply/")
        world.let_time_pass(page)
        page.get_by_label("First name").fill("Mira")
        page.get_by_label("Last name").fill("Okonkwo")
        page.get_by_label("E-mail").fill("mira.okonkwo@posteo")
        page.get_by_label("Phone").fill("0341 55 27 80")
        return context, page

    yield create
    for context in contexts:
        context.close()
    assert errors == []


def drop(page: "Page", files: Files) -> None:
    """Drag files over the page and let them go there."""
    given = [[name, b64encode(content).decode()] for name, content in files.items()]
    data = page.evaluate_handle(
        """(files) => {
          const data = new DataTransfer();
          for (const [name, text] of files) {
            const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
            data.items.add(new File([bytes], name));
          }
          return data;
        }""",
        given,
    )
    zone = page.locator(".drop")
    zone.dispatch_event("dragover", {"dataTransfer": data})
    expect(zone).to_have_class(re.compile("over"))
    zone.dispatch_event("drop", {"dataTransfer": data})
    expect(zone).not_to_have_class(re.compile("over"))


def heard(page: "Page") -> str:
    return "\n".join(page.evaluate("window.heard"))


def await_words(page: "Page", pattern: str) -> None:
    """Wait until a screen reader would have been told this."""
    for _ in range(100):
        if re.search(pattern, heard(page)):
            return
        page.wait_for_timeout(100)
    raise AssertionError(f"{pattern!r} was not told, but: {heard(page)}")


def send(page: "Page") -> None:
    page.get_by_role("button", name="Send application").last.click()


def names_that_arrived() -> list[str]:
    return sorted(file.name for file in Application.objects.get().attachments.all())


# The whole of it --------------------------------------------------------------------------


def test_five_files_two_bad_one_cut_off_arrive_as_they_should(
    open_form: "Callable[..., tuple[BrowserContext, Page]]",
) -> None:
    _context, page = open_form()
    line = Line(page, speed=300_000)
    drop(page, FIVE)
    for name in ("CV.pdf", "Letter.docx"):
        expect(row(page, name)).to_have_class(re.compile("good"))
    for name in ("Virus.pdf", "Locked.pdf"):
        expect(row(page, name)).to_have_class(re.compile("refused"))
    expect(row(page, "Portfolio.pdf").locator(".said")).to_have_text(re.compile(r"[3-9]\d %"))
    line.set(cut=True)
    expect(row(page, "Portfolio.pdf")).to_have_class(re.compile("lost"))
    expect(row(page, "Portfolio.pdf").locator(".said")).to_have_text(
        re.compile(r"The connection was lost at \d\d %\. Nothing else is affected\.")
    )
    line.set()

    send(page)  # not before each is mended
    assert page.locator(".notice h2").inner_text() == "3 things to mend before you send"
    assert page.locator(".notice").evaluate("notice => notice === document.activeElement")
    assert not Application.objects.exists()

    row(page, "Portfolio.pdf").get_by_role("button", name="Try Portfolio.pdf again").click()
    expect(row(page, "Portfolio.pdf")).to_have_class(re.compile("good"))
    row(page, "Virus.pdf").get_by_role("button", name="Remove").click()
    assert page.locator(".notice h2").inner_text() == "One thing to mend before you send"
    with page.expect_file_chooser() as chooser:
        row(page, "Locked.pdf").get_by_role("button", name="Replace").click()
    chooser.value.set_files(payloads({"Unlocked.pdf": world.a_pdf()}))
    expect(row(page, "Unlocked.pdf")).to_have_class(re.compile("good"))
    assert page.locator(".notice").count() == 0
    assert page.locator("#files li.file").count() == 4

    send(page)  # the server finds the slip in the address, and all else is still there
    expect(page.locator(".notice h2")).to_have_text("One thing to mend before you send")
    assert page.title().startswith("Error:")
    assert page.locator("#files li.file.good").count() == 4
    assert page.get_by_label("First name").input_value() == "Mira"
    assert page.get_by_label("Phone").input_value() == "0341 55 27 80"
    page.get_by_label("E-mail").fill("mira.okonkwo@posteo.example")
    send(page)
    page.wait_for_url("**/thanks/")
    assert names_that_arrived() == ["CV.pdf", "Letter.docx", "Portfolio.pdf", "Unlocked.pdf"]


def test_the_same_without_javascript(
    open_form: "Callable[..., tuple[BrowserContext, Page]]", tmp_path: Path
) -> None:
    context, page = open_form(script=False)
    assert page.get_by_text("Add files").is_hidden()
    for name, content in FIVE.items():
        (tmp_path / name).write_bytes(content)
    page.get_by_label("Choose files").set_input_files([tmp_path / name for name in FIVE])
    context.set_offline(True)
    page.get_by_label("Phone").press("Enter")
    page.wait_for_url("chrome-error://**")
    assert not Attachment.objects.exists()
    context.set_offline(False)
    page.reload()  # as the browser proposes: it sends the form once more

    assert page.title().startswith("Error:")
    assert page.locator("#files li.file.good").count() == 3
    assert page.locator("#files li.file.refused").count() == 2
    assert page.get_by_label("First name").input_value() == "Mira"
    page.get_by_label("Choose files").set_input_files(payloads({"Unlocked.pdf": world.a_pdf()}))
    page.get_by_label("E-mail").fill("mira.okonkwo@posteo.example")
    send(page)
    page.wait_for_url("**/thanks/")
    assert names_that_arrived() == ["CV.pdf", "Letter.docx", "Portfolio.pdf", "Unlocked.pdf"]


# Parts of it ------------------------------------------------------------------------------


def test_progress_is_seen_and_heard_and_the_form_waits_for_the_last_file(
    open_form: "Callable[..., tuple[BrowserContext, Page]]",
) -> None:
    _context, page = open_form()
    page.get_by_label("E-mail").fill("mira.okonkwo@posteo.example")
    Line(page, speed=250_000)
    page.get_by_label("Add files").set_input_files(payloads({"Portfolio.pdf": a_large_pdf()}))
    bar = row(page, "Portfolio.pdf").get_by_role("progressbar", name="Uploading Portfolio.pdf")
    expect(bar).to_be_visible()
    expect(page.locator("#send-hint")).to_have_text(
        "One file is still uploading. You can send now, we wait for it."
    )
    send(page)
    expect(page.locator("#send-hint")).to_have_text(
        "Your application goes out as soon as the last file is up."
    )
    await_words(page, r"Portfolio\.pdf: \d\d % uploaded")
    assert 0 < int(bar.get_attribute("value") or bar.evaluate("bar => bar.value")) < 100
    assert "One file is still uploading." in heard(page)
    page.wait_for_url("**/thanks/")
    assert names_that_arrived() == ["Portfolio.pdf"]


def test_a_file_that_goes_up_can_be_called_back(
    open_form: "Callable[..., tuple[BrowserContext, Page]]",
) -> None:
    _context, page = open_form()
    Line(page, speed=50_000)
    page.get_by_label("Add files").set_input_files(payloads({"Portfolio.pdf": a_large_pdf()}))
    row(page, "Portfolio.pdf").get_by_role("button", name="Cancel").click()
    expect(page.locator("#files li.file")).to_have_count(0)
    expect(page.locator("#send-hint")).to_be_hidden()
    await_words(page, r"Portfolio\.pdf is removed")
    assert not Attachment.objects.exists()


def test_only_a_file_that_is_chosen_for_it_takes_the_place_of_another(
    open_form: "Callable[..., tuple[BrowserContext, Page]]",
) -> None:
    _context, page = open_form()
    drop(page, {"Virus.pdf": b"MZ\x90\x00"})
    with page.expect_file_chooser():  # and left without a choice
        row(page, "Virus.pdf").get_by_role("button", name="Replace").click()
    drop(page, {"CV.pdf": world.a_pdf()})
    expect(page.locator("#files li.file.good")).to_have_count(1)
    expect(row(page, "Virus.pdf")).to_be_visible()
    with page.expect_file_chooser() as chooser:
        row(page, "Virus.pdf").get_by_role("button", name="Replace").click()
    chooser.value.set_files(payloads({"Letter.docx": world.a_docx()}))
    expect(page.locator("#files li.file.good")).to_have_count(2)
    expect(row(page, "Virus.pdf")).to_have_count(0)


@pytest.mark.parametrize(
    ("status", "becomes", "said"),
    [
        (413, "refused", "larger than 10 MB"),
        (403, "refused", "did not arrive"),
        (429, "lost", "did not arrive"),
        (500, "lost", "did not arrive"),
        (502, "lost", "did not arrive"),
        (503, "lost", "did not arrive"),
        (200, "lost", "did not arrive"),
    ],
)
def test_what_a_proxy_answers_stands_beside_the_file_which_can_go_up_again(
    open_form: "Callable[..., tuple[BrowserContext, Page]]", status: int, becomes: str, said: str
) -> None:
    _context, page = open_form()
    page.route("**/uploads/", lambda route: route.fulfill(status=status, body="<h1>Proxy</h1>"))
    drop(page, {"CV.pdf": world.a_pdf()})
    expect(row(page, "CV.pdf")).to_have_class(re.compile(becomes))
    expect(row(page, "CV.pdf").locator(".said")).to_contain_text(said)
    await_words(page, f"CV.pdf: .*{said}")
    page.unroute("**/uploads/")
    if becomes == "lost":
        row(page, "CV.pdf").get_by_role("button", name="Try").click()
    else:
        drop(page, {"Other.pdf": world.a_pdf()})
    expect(page.locator("#files li.file.good")).to_have_count(1)


def test_files_of_a_page_are_taken_away_at_once(
    open_form: "Callable[..., tuple[BrowserContext, Page]]",
) -> None:
    _context, page = open_form()
    drop(page, {"A.pdf": world.a_pdf(), "B.pdf": world.a_pdf(), "C.pdf": world.a_pdf()})
    expect(page.locator("#files li.file.good")).to_have_count(3)
    with page.expect_response("**/remove/") as answer:
        page.get_by_role("button", name="Remove B.pdf").click()
    assert answer.value.status == 204
    assert sorted(Attachment.objects.values_list("name", flat=True)) == ["A.pdf", "C.pdf"]
    assert page.locator("#files [name=staged]").count() == 2


def test_what_the_server_need_not_see_is_refused_by_the_page(
    open_form: "Callable[..., tuple[BrowserContext, Page]]",
) -> None:
    _context, page = open_form()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.get_by_label("Add files").set_input_files(
        payloads({"Film.pdf": b"%PDF-1.7" + bytes(11 * 1024 * 1024)})
    )
    expect(row(page, "Film.pdf").locator(".said")).to_have_text(re.compile("larger than"))
    assert asked == []


def test_the_keyboard_is_enough_and_is_never_lost(
    open_form: "Callable[..., tuple[BrowserContext, Page]]",
) -> None:
    _context, page = open_form()
    files = payloads({"CV.pdf": world.a_pdf(), "Virus.pdf": b"MZ\x90\x00"})
    # Listened to early: a key is quicker than Playwright's order to catch the dialog.
    page.on("filechooser", lambda chooser: chooser.set_files(files))
    page.get_by_label("Phone").press("Tab")
    expect(page.get_by_label("Add files")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#files li.file.good")).to_have_count(1)
    expect(page.locator("#files li.file.refused")).to_have_count(1)
    expect(page.get_by_label("Add files")).to_be_focused()
    page.keyboard.press("Shift+Tab")
    expect(page.get_by_role("button", name="Remove Virus.pdf")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Remove CV.pdf")).to_be_focused()
    page.keyboard.press("Space")
    expect(page.get_by_label("Add files")).to_be_focused()
    await_words(page, r"CV\.pdf is removed")
    said = heard(page)
    assert "CV.pdf: Accepted" in said
    assert "Virus.pdf: " in said


def test_the_script_is_small_and_draws_nothing_of_its_own() -> None:
    script = (settings.BASE_DIR / "ats" / "static" / "upload.js").read_text()
    assert len(script.encode()) < 12_300
    assert "innerHTML" not in script
