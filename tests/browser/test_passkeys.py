"""Passkeys in a real browser, with an authenticator that only the hardware is missing of."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from allauth.mfa.models import Authenticator
from django.core.cache import cache

from candidates.models import User
from tests.world import PASSWORD, a_user

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page
    from pytest_django.fixtures import Settings
    from pytest_django.live_server_helper import LiveServer

pytestmark = pytest.mark.django_db(transaction=True)

#: As a phone or laptop has: it keeps its keys, and asks for a finger.
PLATFORM = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


class Device:
    """Chromium's virtual authenticator, plugged into one page."""

    def __init__(self, page: "Page", **options: Any) -> None:
        self.session = page.context.new_cdp_session(page)
        self.session.send("WebAuthn.enable")
        asked = {"options": PLATFORM | options}
        self.id = self.session.send("WebAuthn.addVirtualAuthenticator", asked)["authenticatorId"]

    def verifies(self, verified: bool) -> None:
        """Set whether the next finger is the right one."""
        asked = {"authenticatorId": self.id, "isUserVerified": verified}
        self.session.send("WebAuthn.setUserVerified", asked)

    @property
    def keys(self) -> list[dict[str, Any]]:
        found = self.session.send("WebAuthn.getCredentials", {"authenticatorId": self.id})
        return list(found["credentials"])


@pytest.fixture
def site(live_server: "LiveServer", settings: "Settings") -> str:
    """The site by its name: WebAuthn refuses addresses that are numbers."""
    settings.ATS_SECOND_FACTOR = True
    cache.clear()
    assert "://localhost:" in live_server.url
    return live_server.url


@pytest.fixture
def page(chromium: "Browser") -> "Iterator[Page]":
    context = chromium.new_context(locale="en-GB")
    page = context.new_page()
    page.set_default_timeout(15_000)
    yield page
    context.close()


@pytest.fixture
def user() -> User:
    return a_user("recruiter")


def log_in(page: "Page", site: str, user: User) -> None:
    page.goto(f"{site}/accounts/login/")
    page.get_by_label("E-mail").fill(user.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in", exact=True).click()


def log_out(page: "Page") -> None:
    page.get_by_role("button", name="Log out").click()
    page.wait_for_url("**/accounts/login/")


def add_passkey(page: "Page") -> None:
    """Add a passkey on the page of one's log-in, up to the recovery codes if there were none."""
    page.get_by_role("link", name="Add a passkey").click()
    page.get_by_role("button", name="Add the passkey").click()


def test_a_passkey_is_set_up_at_the_first_log_in_and_then_logs_in_alone(
    page: "Page", site: str, user: User
) -> None:
    device = Device(page)
    log_in(page, site, user)
    page.get_by_role("heading", name="Set up a second factor").wait_for()
    page.goto(f"{site}/hr/applications/")
    page.get_by_role("heading", name="Set up a second factor").wait_for()
    add_passkey(page)
    page.get_by_role("heading", name="Recovery codes").wait_for()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download as text").click()
    assert download.value.suggested_filename == "recovery-codes.txt"
    shown = page.locator(".codes code").all_inner_texts()
    assert [line for line in download.value.path().read_text().splitlines()[4:] if line] == shown
    page.get_by_role("link", name="on to your work").click()
    page.wait_for_url(f"{site}/hr/**")
    (key,) = device.keys
    assert key["isResidentCredential"]
    log_out(page)
    page.get_by_role("button", name="Log in with a passkey").click()
    page.wait_for_url(f"{site}/hr/**")
    assert page.goto(f"{site}/hr/applications/").status == 200  # type: ignore[union-attr]


def test_a_passkey_is_the_second_factor_after_the_password_and_the_wrong_finger_none(
    page: "Page", site: str, user: User
) -> None:
    device = Device(page)
    log_in(page, site, user)
    add_passkey(page)
    page.get_by_role("link", name="on to your work").click()
    log_out(page)
    log_in(page, site, user)
    page.get_by_role("heading", name="Is it really you?").wait_for()
    device.verifies(False)
    page.get_by_role("button", name="Use the passkey").click()
    page.get_by_text("The browser has given no passkey").wait_for()
    page.goto(f"{site}/hr/")
    page.get_by_role("heading", name="Is it really you?").wait_for()
    device.verifies(True)
    page.get_by_role("button", name="Use the passkey").click()
    page.wait_for_url(f"{site}/hr/**")


def test_an_old_session_is_held_until_the_passkey_is_shown(
    chromium: "Browser", page: "Page", site: str, user: User, settings: "Settings"
) -> None:
    settings.ATS_SECOND_FACTOR = False
    Device(page)
    log_in(page, site, user)
    page.wait_for_url(f"{site}/hr/**")
    cookies = page.context.cookies()
    page.goto(f"{site}/accounts/2fa/")
    add_passkey(page)
    page.get_by_role("heading", name="Recovery codes").wait_for()
    settings.ATS_SECOND_FACTOR = True
    forget_second_factor(cookies)
    page.goto(f"{site}/hr/applications/")
    page.get_by_role("button", name="Use the passkey").click()
    page.wait_for_url(f"{site}/hr/applications/")


def forget_second_factor(cookies: list[Any]) -> None:
    """Make a session what it was before its user showed a second factor in it."""
    from django.contrib.sessions.backends.db import SessionStore

    (key,) = (cookie["value"] for cookie in cookies if cookie["name"] == "sessionid")
    session = SessionStore(key)
    records = session["account_authentication_methods"]
    session["account_authentication_methods"] = [r for r in records if r["method"] != "mfa"]
    session.save()


def test_a_second_passkey_is_named_and_the_first_removed(
    page: "Page", site: str, user: User
) -> None:
    phone = Device(page)
    log_in(page, site, user)
    add_passkey(page)
    page.get_by_role("link", name="on to your work").click()
    page.goto(f"{site}/accounts/2fa/")
    page.get_by_role("link", name="Remove Passkey").click()
    page.get_by_text("This is your only second factor.").wait_for()
    phone.session.send("WebAuthn.removeVirtualAuthenticator", {"authenticatorId": phone.id})
    Device(page, transport="usb")
    page.goto(f"{site}/accounts/2fa/")
    page.get_by_role("link", name="Add a passkey").click()
    page.get_by_label("Name").fill("Key ring")
    page.get_by_role("button", name="Add the passkey").click()
    page.get_by_text("Key ring").wait_for()
    page.get_by_role("link", name="Remove Passkey").click()
    page.get_by_role("button", name="Remove").click()
    page.get_by_text("Key ring").wait_for()
    (left,) = Authenticator.objects.filter(type="webauthn")
    assert left.wrap().name == "Key ring"


def test_where_passkeys_cannot_be_the_page_says_so_and_nothing_breaks(
    page: "Page", site: str, user: User
) -> None:
    """At an address that is a number browsers know passkeys, and refuse them."""
    Device(page)
    log_in(page, site.replace("localhost", "127.0.0.1"), user)
    add_passkey(page)
    page.get_by_text("The browser has given no passkey").wait_for()
    assert not Authenticator.objects.exists()
