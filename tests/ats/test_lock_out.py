"""A thousand wrong tries: they lock the account that they are about, and nobody else's."""

from typing import TYPE_CHECKING

import pytest
from django.core.cache import cache
from django.test import Client

from tests.ats.test_accounts import NEW, link_for, try_to_log_in
from tests.world import a_user, rounds

if TYPE_CHECKING:
    from pytest_django.fixtures import Settings

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english")]

LOCKED = "Too many wrong tries."


@pytest.fixture(autouse=True)
def _no_limits_used() -> None:
    cache.clear()


def forged(number: int) -> str:
    return f"203.0.{number // 250}.{number % 250}"


@pytest.mark.soak
def test_a_thousand_wrong_tries_with_forged_addresses_lock_one_account_and_not_others(
    settings: "Settings",
) -> None:
    """One machine sends them through our proxy, and writes another address into each."""
    settings.ATS_TRUSTED_PROXIES = 1
    victim, colleague = a_user("recruiter"), a_user("recruiter")
    let_through = 0
    for number in range(rounds(60, 1000)):
        chain = f"{forged(number)}, 198.51.100.66"
        response = try_to_log_in(Client(), victim.email, "wrong", HTTP_X_FORWARDED_FOR=chain)
        let_through += "The e-mail address or the password is not right." in response.text
    assert let_through == 5
    home = {"HTTP_X_FORWARDED_FOR": "198.51.100.7"}
    assert LOCKED in try_to_log_in(Client(), victim.email, **home).text
    assert try_to_log_in(Client(), colleague.email, **home).status_code == 302


@pytest.mark.soak
def test_a_thousand_machines_lock_one_account_and_not_others() -> None:
    victim, colleague = a_user("recruiter"), a_user("recruiter")
    let_through = 0
    for number in range(rounds(60, 1000)):
        response = try_to_log_in(Client(), victim.email, "wrong", REMOTE_ADDR=forged(number))
        let_through += "The e-mail address or the password is not right." in response.text
    assert let_through == 5
    assert LOCKED in try_to_log_in(Client(), victim.email).text
    for address in ("198.51.100.7", forged(3)):
        response = try_to_log_in(Client(), colleague.email, REMOTE_ADDR=address)
        assert response.status_code == 302


def test_a_new_password_opens_the_account_at_once() -> None:
    victim = a_user("recruiter")
    for number in range(6):
        response = try_to_log_in(Client(), victim.email, "wrong", REMOTE_ADDR=forged(number))
    assert LOCKED in response.text
    client = Client()
    form = client.get(link_for(victim), follow=True)
    client.post(form.redirect_chain[-1][0], {"password1": NEW, "password2": NEW})
    assert try_to_log_in(client, victim.email, NEW).status_code == 302
