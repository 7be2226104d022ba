"""What can be done in the workspace: each form, with each of its buttons.

An action is called by its address and what its button sends, as `hr:stages do=up`; one that asks
for a page, as a filter does, by its address and a question mark.
"""

import re
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urljoin, urlsplit

from django.urls import resolve

if TYPE_CHECKING:
    from playwright.sync_api import Request

#: What a button sends before the number of a row: "up" of "up-12".
WORD = re.compile(r"[a-z]+(?=-\d|\Z)")
#: A field of a form with files.
PART = re.compile(r'name="([^"]+)"\r\n\r\n([^\r]*)')


def called(method: str, url: str, name: str = "", value: str = "") -> str:
    """Return what an action is called."""
    address = resolve(urlsplit(url).path).view_name
    if method.lower() == "get":
        return f"{address}?"
    word = WORD.match(value)
    said = f"{name}={word[0]}" if word else name
    return f"{address} {said}".strip()


def sent(request: "Request") -> set[str]:
    """Return all that the action may be called that a browser has sent."""
    if request.method == "GET":
        asks = request.is_navigation_request() and urlsplit(request.url).query
        return {called("get", request.url)} if asks else set()
    data = (request.post_data_buffer or b"").decode(errors="replace")
    fields = (
        PART.findall(data) if "form-data; " in data else parse_qsl(data, keep_blank_values=True)
    )
    return {called("post", request.url)} | {called("post", request.url, *each) for each in fields}


def sends(button: dict[str, str | None]) -> bool:
    """Return whether a button sends its form, and can be pressed at all."""
    is_there = "disabled" not in button and button.get("tabindex") != "-1"
    return is_there and button.get("type", "submit") == "submit"


class Forms(HTMLParser):
    """The actions that the forms of a page offer to somebody who has scripts."""

    def __init__(self, path: str, html: str) -> None:
        super().__init__()
        self.path, self.found = path, set[str]()
        self.form: dict[str, Any] | None = None
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "form":
            self.form = given if given.get("method", "get") != "dialog" else None
            if self.form and given.get("role") == "search":  # some have no button, only Enter
                self._note({})
        elif tag == "button" and self.form and sends(given):
            self._note(given)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.form = None

    def _note(self, button: dict[str, Any]) -> None:
        form = self.form or {}
        url = button.get("formaction") or form.get("action") or self.path
        method = button.get("formmethod") or form.get("method") or "get"
        name, value = button.get("name") or "", button.get("value") or ""
        self.found.add(called(method, urljoin(self.path, url), name, value))


def walks(*actions: str) -> Callable[[Any], Any]:
    """Say of a test which actions it walks; the fixture `at` looks that it does."""

    def say(test: Any) -> Any:
        test.walks = frozenset(actions)
        return test

    return say


def walked(module: dict[str, Any]) -> Iterator[str]:
    """Yield the actions that the tests of a module walk."""
    for each in module.values():
        yield from getattr(each, "walks", ())
