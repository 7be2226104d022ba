"""The pages of log-in and second factor: for everybody, and without a mouse."""

from typing import TYPE_CHECKING

import pytest
from django.core.cache import cache

from tests.ats.test_second_factor import KEY, code
from tests.browser import keyboard
from tests.browser.test_accessibility import LOOKS, Place, findings, looking, send, walk
from tests.browser.test_passkeys import Device
from tests.world import PASSWORD, a_user

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page
    from pytest_django.fixtures import Settings
    from pytest_django.live_server_helper import LiveServer

    from candidates.models import User

pytestmark = pytest.mark.django_db(transaction=True)

HELD = [
    Place("/accounts/2fa/"),
    Place("/accounts/2fa/totp/activate/"),
    Place("/accounts/2fa/totp/activate/", lambda page: send_code(page, "000000")),
    Place("/accounts/2fa/passkeys/add/"),
]
PROVEN = [
    Place("/accounts/2fa/recovery-codes/"),
    Place("/accounts/2fa/"),
    Place("/accounts/2fa/recovery-codes/generate/"),
    Place("/accounts/2fa/totp/deactivate/"),
    Place("/accounts/2fa/totp/activate/"),
    Place("/accounts/2fa/reauthenticate/"),
    Place("/accounts/2fa/passkeys/reauthenticate/"),
    Place("/accounts/reauthenticate/"),
    Place("/accounts/password/change/"),
    Place("/accounts/logout/"),
]


@pytest.fixture
def user(settings: "Settings") -> "User":
    settings.ATS_SECOND_FACTOR = True
    cache.clear()
    return a_user("recruiter")


def send_code(page: "Page", digits: str) -> None:
    page.locator("[name=code]").fill(digits)
    send(page)


def log_in(page: "Page", site: str, user: "User") -> None:
    page.goto(f"{site}/accounts/login/")
    page.locator("[name=login]").fill(user.email)
    page.locator("[name=password]").fill(PASSWORD)
    with page.expect_navigation():
        page.locator("[name=password]").press("Enter")


@pytest.mark.parametrize("look", LOOKS, ids="-".join)
def test_axe_finds_nothing_on_the_pages_of_log_in(
    live_server: "LiveServer", chromium: "Browser", look: tuple[str, str], user: "User"
) -> None:
    site = live_server.url
    with looking(chromium, look) as page:
        Device(page)
        log_in(page, site, user)
        found = walk(page, live_server, HELD)
        page.goto(f"{site}/accounts/2fa/passkeys/add/")
        page.locator("form[data-passkey] button").click()
        page.wait_for_url("**/recovery-codes/")
        found += findings(page)
        page.goto(f"{site}/accounts/2fa/")
        page.locator("a[href$='/remove/']").click()
        found += findings(page)
        found += walk(page, live_server, PROVEN)
        send(page)  # out
        log_in(page, site, user)
        assert page.url.endswith("/accounts/2fa/authenticate/")
        found += findings(page)
    assert found == []


def test_the_second_factor_is_set_up_and_shown_by_keyboard_alone(
    live_server: "LiveServer", chromium: "Browser", user: "User"
) -> None:
    context = chromium.new_context(locale="en-GB")
    page = context.new_page()
    page.set_default_timeout(15_000)
    log_in(page, live_server.url, user)
    keyboard.follow(page, "Set up an app")
    found = KEY.search(page.content())
    assert found
    secret = found[1].replace(" ", "")
    keyboard.fill(page, "Code that the app shows", code(secret))
    keyboard.follow(page, "Check the code")
    keyboard.follow(page, "I have them; on to your work")
    keyboard.follow(page, "Log out")
    log_in(page, live_server.url, user)
    keyboard.fill(page, "Code of the app", code(secret, steps=1))
    keyboard.follow(page, "Log in")
    assert "/hr/" in page.url
    context.close()
