"""A person at the keyboard alone, who has to see at every stop where they are."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import FilePayload, Page

#: More stops than any page of ours has.
MOST = 80
#: What has the focus, by the words that our pages give it, and whether a person can see that.
FOCUS = """() => {
  const it = document.activeElement, look = getComputedStyle(it), box = it.getBoundingClientRect();
  const labels = [...(it.labels || [])].map(label => label.innerText).join(" ");
  const words = it.getAttribute("aria-label") || labels || it.innerText || it.value || "";
  return {
    words: words.replace(/\\s+/g, " ").trim(),
    ringed: look.outlineStyle !== "none" && parseFloat(look.outlineWidth) > 0,
    inside: box.width > 0 && box.right > 0 && box.left < innerWidth,
  };
}"""


def go_to(page: "Page", words: str) -> None:
    """Press Tab until what begins with these words has the focus, seen at every stop."""
    for _ in range(MOST):
        page.keyboard.press("Tab")
        focus = page.evaluate(FOCUS)
        if page.evaluate("document.activeElement === document.body"):
            continue  # once round
        assert focus["ringed"], f"nobody sees that “{focus['words']}” has the focus"
        assert focus["inside"], f"“{focus['words']}” has the focus and is not on the page"
        if focus["words"].startswith(words):
            return
    raise AssertionError(f"Tab does not lead to “{words}” on {page.url}")


def follow(page: "Page", words: str, key: str = "Enter") -> None:
    """Go to a link or button and press it; wait for the page that it leads to."""
    go_to(page, words)
    with page.expect_navigation():
        page.keyboard.press(key)


def fill(page: "Page", words: str, text: str) -> None:
    go_to(page, words)
    page.keyboard.press("Control+A")
    page.keyboard.type(text)


def choose(page: "Page", words: str, *files: "FilePayload") -> None:
    """Go to a file field and choose files in the dialogue that Space opens."""
    go_to(page, words)
    page.wait_for_timeout(1000)  # a busy browser drops a key that comes at once
    with page.expect_file_chooser() as chooser:
        page.keyboard.press("Space")
    chooser.value.set_files(files)
