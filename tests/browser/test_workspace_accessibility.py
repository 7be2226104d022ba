"""Every page of the workspace against axe's rules for WCAG 2.2 AA.

The pages are those of the permission matrix, so none can be left out. `make test` looks at each
in one of the four looks, in turn; `make soak` at each in all four.
"""

from typing import TYPE_CHECKING

import pytest
from django.conf import settings
from django.test import Client

from tests.browser.test_accessibility import LOOKS, findings, looking
from tests.candidates.test_permissions import ROWS, WHO, Row, World
from tests.world import rounds

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page
    from pytest_django.live_server_helper import LiveServer

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.soak]

#: What is no page: files, and what answers machines.
NO_PAGES = {
    *("hr:attachment", "hr:export", "hr:page", "hr:ledger_file", "hr:processing"),
    *("hr:certificate", "hr:certificate_json", "hr:export_employee"),
}
#: Pages for everybody, with which tests/browser/test_accessibility.py deals.
PUBLIC = ("careers:", "room:")


def pages() -> list[tuple[Row, str]]:
    """Return each page of the workspace with the first role that may open it."""
    rows = (row for row in ROWS if row.method == "GET" and not row.url.startswith(PUBLIC))
    opened = (
        (row, who) for row in rows for who in WHO[1:] if row.expected[WHO.index(who)] == "200"
    )
    first: dict[tuple[str, str], tuple[Row, str]] = {}
    for row, who in opened:
        first.setdefault((row.url, row.thing), (row, who))
    return [
        (row, who)
        for row, who in first.values()
        if row.url not in NO_PAGES and row.expected[0] != "200" and ":" in row.url
    ]


def shown_in(look: tuple[str, str]) -> list[tuple[Row, str]]:
    """Return the pages to look at in this look: all, or those whose turn it is."""
    every = rounds(len(LOOKS), 1)
    return pages()[LOOKS.index(look) % every :: every]


def log_in(page: "Page", site: str, world: World) -> None:
    """Give the browser the session of somebody who has logged in."""
    client = Client()
    assert world.user
    client.force_login(world.user)
    value = client.cookies[settings.SESSION_COOKIE_NAME].value
    page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": value, "url": site}])


@pytest.mark.parametrize("look", LOOKS, ids="-".join)
def test_axe_finds_nothing_in_the_workspace(
    live_server: "LiveServer", chromium: "Browser", look: tuple[str, str]
) -> None:
    found: list[str] = []
    worlds: dict[str, World] = {}
    with looking(chromium, look) as page:
        for row, who in shown_in(look):
            world = worlds[who] = worlds.get(who) or World(who)
            log_in(page, live_server.url, world)
            answer = page.goto(live_server.url + world.path(row))
            assert answer, row
            assert answer.status == 200, row
            found += findings(page)
    assert not found, "\n".join(found)
