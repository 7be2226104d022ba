"""A person at the keyboard alone, who has to see at every stop where they are."""

from contextlib import suppress
from datetime import date
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import FileChooser, FilePayload, Page

#: More stops than any page of ours has.
MOST = 80
#: What has the focus, by the words that our pages give it, and whether a person can see that.
FOCUS = """() => {
  const it = document.activeElement, look = getComputedStyle(it), box = it.getBoundingClientRect();
  const labels = [...(it.labels || [])].map(label => label.innerText).join(" ");
  const words = it.getAttribute("aria-label") || labels || it.innerText || it.value || "";
  return {
    words: words.replace(/\\s+/g, " ").trim(),
    chosen: it.selectedOptions ? it.selectedOptions[0].text.trim() : "",
    nowhere: it === document.body || it.id === "main",
    ringed: look.outlineStyle !== "none" && parseFloat(look.outlineWidth) > 0,
    inside: box.width > 0 && box.right > 0 && box.left < innerWidth,
  };
}"""


def focus(page: "Page") -> dict[str, Any]:
    """Return what has the focus, after a look at whether that can be seen."""
    found: dict[str, Any] = page.evaluate(FOCUS)
    if not found["nowhere"]:
        assert found["ringed"], f"nobody sees that “{found['words']}” has the focus"
        assert found["inside"], f"“{found['words']}” has the focus and is not on the page"
    return found


def is_at(page: "Page", words: str, *, exact: bool = False) -> bool:
    found = focus(page)
    is_it = found["words"] == words if exact else found["words"].startswith(words)
    return bool(is_it) and not found["nowhere"]


def go_to(page: "Page", words: str, *, exact: bool = False) -> None:
    """Press Tab until what has, or begins with, these words has the focus, seen at every stop."""
    for _ in range(MOST):
        page.keyboard.press("Tab")
        if is_at(page, words, exact=exact):
            return
    raise AssertionError(f"Tab does not lead to “{words}” on {page.url}")


def go_on_to(page: "Page", words: str, *, exact: bool = False) -> None:
    """Go to what has these words, unless the focus is there already, as in a new dialog."""
    if not is_at(page, words, exact=exact):
        go_to(page, words, exact=exact)


def skip(page: "Page") -> None:
    """Pass over the menu of a new page by its first link, unless the page sets the focus itself."""
    page.keyboard.press("Tab")
    if page.evaluate("document.activeElement.matches('.skip')"):
        page.keyboard.press("Enter")


def follow(page: "Page", words: str, key: str = "Enter") -> None:
    """Go to a link or button and press it; wait for the page that it leads to."""
    go_to(page, words)
    with page.expect_navigation():
        page.keyboard.press(key)


def press(page: "Page", words: str, key: str = "Enter", *, exact: bool = False) -> None:
    """Go to a link, button or box and press it."""
    go_on_to(page, words, exact=exact)
    page.keyboard.press(key)


def fill(page: "Page", words: str, text: str) -> None:
    go_on_to(page, words)
    page.keyboard.press("Control+A")
    page.keyboard.type(text)


def fill_day(page: "Page", words: str, day: date) -> None:
    """Type a day into a field that asks for one, in the order of a browser from nowhere."""
    go_on_to(page, words)
    page.keyboard.type(f"{day:%m%d%Y}")
    assert page.evaluate("document.activeElement.value") == day.isoformat()


def select(page: "Page", words: str, option: str) -> None:
    """Choose from a list what begins with these words, by the arrows."""
    go_on_to(page, words)
    page.keyboard.press("Home")
    for _ in range(MOST):
        if str(focus(page)["chosen"]).startswith(option):
            return
        page.keyboard.press("ArrowDown")
    raise AssertionError(f"“{words}” has no “{option}” on {page.url}")


def pick(page: "Page", first: str, option: str, *, exact: bool = False) -> None:
    """Choose one of several, by the arrows from the one that Tab leads to."""
    go_on_to(page, first)
    if first == option:
        page.keyboard.press("Space")
    for _ in range(MOST):
        if is_at(page, option, exact=exact):
            return
        page.keyboard.press("ArrowDown")
    raise AssertionError(f"the arrows do not lead from “{first}” to “{option}” on {page.url}")


def choose(page: "Page", words: str, *files: "FilePayload") -> None:
    """Go to a file field and choose files in the dialogue that Space opens."""
    go_to(page, words)
    page.wait_for_timeout(1000)  # a busy browser drops a key that comes at once
    _opened(page).set_files(files)


def _opened(page: "Page") -> "FileChooser":
    """Press Space until the dialogue opens: a busy browser drops a key now and then."""
    from playwright.sync_api import TimeoutError as TooLate

    for _ in range(3):
        with suppress(TooLate):
            with page.expect_file_chooser(timeout=6_000) as chooser:
                page.keyboard.press("Space")
            return chooser.value
    raise AssertionError(f"no dialogue opens on {page.url}")
