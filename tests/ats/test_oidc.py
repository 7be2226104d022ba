"""Log-in at the operator's own provider: for users that are here, and on signed words only."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from allauth.socialaccount.models import SocialAccount, SocialToken
from django.core.cache import cache
from django.test import Client

from ats.settings import identity_provider
from candidates.models import User
from tests.ats.test_accounts import try_to_log_in
from tests.identity import CLIENT_ID, SECRET, Provider, a_key
from tests.world import a_user

if TYPE_CHECKING:
    from pytest_django.fixtures import Settings

pytestmark = [pytest.mark.django_db, pytest.mark.once("sqlite"), pytest.mark.usefixtures("english")]

LOG_IN = "/accounts/oidc/login/"


@pytest.fixture
def provider(settings: "Settings") -> Iterator[Provider]:
    cache.clear()
    running = Provider()
    settings.ATS_OIDC_NAME = "Firm ID"
    settings.SOCIALACCOUNT_PROVIDERS = identity_provider(
        url=running.url, client_id=CLIENT_ID, secret=SECRET, name="Firm ID"
    )
    yield running
    running.stop()


def come_back(client: Client, following: str = "") -> Any:
    """Go to the provider and back as a browser does; returns the last answer of ours."""
    response = client.get(f"{LOG_IN}?next={following}" if following else LOG_IN)
    assert response.status_code == 302, response.text
    there = requests.get(response["Location"], allow_redirects=False, timeout=5)
    back = urlsplit(there.headers["Location"])
    assert back.path == "/accounts/oidc/login/callback/"
    return client.get(f"{back.path}?{back.query}")


def is_in(client: Client) -> bool:
    return client.get("/hr/applications/").status_code == 200


def test_a_user_of_the_same_address_is_logged_in_and_nothing_is_kept_of_it(
    client: Client, provider: Provider
) -> None:
    user = a_user("recruiter", email="mira@musterwerk.example")
    provider.claims = {"email": "Mira@Musterwerk.example", "email_verified": True}
    page = client.get("/accounts/login/?next=/hr/jobs/").text
    assert 'href="/accounts/oidc/login/?next=/hr/jobs/"' in page
    assert "Log in with Firm ID" in page
    assert come_back(client, "/hr/jobs/")["Location"] == "/hr/jobs/"
    assert is_in(client)
    assert client.get("/hr/applications/").wsgi_request.user == user
    assert not SocialAccount.objects.exists()
    assert not SocialToken.objects.exists()
    assert try_to_log_in(Client(), user.email)["Location"] == "/hr/"  # the password still works


def test_userinfo_is_asked_where_the_token_names_no_address(
    client: Client, provider: Provider
) -> None:
    user = a_user("recruiter")
    provider.about = {"email": user.email}
    come_back(client)
    assert is_in(client)
    assert "/userinfo" in provider.seen


@pytest.mark.parametrize(
    "claims",
    [
        {"email": "stranger@musterwerk.example"},
        {"email": "mira@musterwerk.example", "email_verified": False},
        {"email": "mira@musterwerk.example", "email_verified": "false"},
        {"email": ["mira@musterwerk.example"]},
    ],
)
def test_who_has_no_account_or_no_confirmed_address_gets_none(
    client: Client, provider: Provider, claims: dict[str, Any]
) -> None:
    a_user("recruiter", email="mira@musterwerk.example")
    provider.claims = claims
    response = come_back(client)
    assert response.status_code == 403
    assert "there is no account here" in response.text
    assert not is_in(client)
    assert User.objects.count() == 1


def test_who_is_switched_off_stays_outside(client: Client, provider: Provider) -> None:
    user = a_user("recruiter", is_active=False)
    provider.claims = {"email": user.email}
    assert come_back(client)["Location"] == "/accounts/inactive/"
    assert not is_in(client)


@pytest.mark.parametrize(
    "claims",
    [{"aud": "another client"}, {"iss": "https://elsewhere.example"}, {"exp": 1_000_000_000}],
    ids=["audience", "issuer", "expiry"],
)
def test_a_token_for_others_or_of_others_is_refused(
    client: Client, provider: Provider, claims: dict[str, Any]
) -> None:
    provider.claims = {"email": a_user("recruiter").email} | claims
    response = come_back(client)
    assert response.status_code == 502
    assert "did not come through" in response.text
    assert not is_in(client)


def test_a_token_with_another_signature_is_refused(client: Client, provider: Provider) -> None:
    provider.claims = {"email": a_user("recruiter").email}
    provider.key = a_key()
    assert come_back(client).status_code == 502
    assert not is_in(client)


def test_userinfo_about_somebody_else_is_refused(client: Client, provider: Provider) -> None:
    provider.about = {"sub": "person-2", "email": a_user("recruiter").email}
    assert come_back(client).status_code == 502
    assert not is_in(client)


def test_a_code_of_another_browser_or_a_used_one_is_refused(
    client: Client, provider: Provider
) -> None:
    """Nobody is logged in as somebody else by a link that others made."""
    provider.claims = {"email": a_user("recruiter").email}
    response = client.get(LOG_IN)
    there = requests.get(response["Location"], allow_redirects=False, timeout=5)
    back = urlsplit(there.headers["Location"])
    victim = Client()
    assert victim.get(f"{back.path}?{back.query}").status_code == 502
    assert not is_in(victim)
    assert client.get(f"{back.path}?{back.query}").status_code == 302
    assert client.get(f"{back.path}?{back.query}").status_code == 502


@pytest.mark.parametrize("query", ["", "?state=x", "?code=x", "?error=server_error", "?process=1"])
def test_a_call_back_without_a_log_in_says_so(
    client: Client, provider: Provider, query: str
) -> None:
    response = client.get(f"/accounts/oidc/login/callback/{query}")
    assert response.status_code == 502


def test_who_changes_their_mind_there_comes_back_to_log_in(
    client: Client, provider: Provider
) -> None:
    address = client.get(LOG_IN)["Location"]
    state = parse_qs(urlsplit(address).query)["state"][0]
    response = client.get(f"/accounts/oidc/login/callback/?error=access_denied&state={state}")
    assert response["Location"] == "/accounts/login/"


def test_a_provider_that_is_down_leaves_the_password(client: Client, provider: Provider) -> None:
    user = a_user("recruiter")
    provider.is_down = True
    response = client.get(LOG_IN)
    assert response.status_code == 502
    assert "log in with that" in response.text
    assert try_to_log_in(client, user.email).status_code == 302


def test_a_session_cannot_be_linked_to_somebody_else_there(
    client: Client, provider: Provider
) -> None:
    try_to_log_in(client, a_user("recruiter").email)
    provider.claims = {"email": a_user("administrator").email}
    address = client.get(f"{LOG_IN}?process=connect")["Location"]
    there = requests.get(address, allow_redirects=False, timeout=5)
    back = urlsplit(there.headers["Location"])
    assert client.get(f"{back.path}?{back.query}").status_code == 400
    assert not SocialAccount.objects.exists()


# The second factor ------------------------------------------------------------------------


def test_ours_is_needed_unless_the_provider_asks_for_one(
    client: Client, provider: Provider, settings: "Settings"
) -> None:
    settings.ATS_SECOND_FACTOR = True
    provider.claims = {"email": a_user("recruiter").email}
    come_back(client)
    assert client.get("/hr/applications/")["Location"] == "/accounts/2fa/"
    settings.ATS_OIDC_SECOND_FACTOR = True
    trusting = Client()
    come_back(trusting)
    assert is_in(trusting)


@pytest.mark.parametrize(
    ("methods", "enough"), [(["pwd", "mfa"], True), (["pwd"], False), ("mfa", False)]
)
def test_what_the_provider_asked_this_time_counts(
    client: Client, provider: Provider, settings: "Settings", methods: Any, enough: bool
) -> None:
    settings.ATS_SECOND_FACTOR = True
    provider.claims = {"email": a_user("recruiter").email, "amr": methods}
    come_back(client)
    assert is_in(client) == enough


def test_userinfo_says_nothing_of_second_factors(
    client: Client, provider: Provider, settings: "Settings"
) -> None:
    settings.ATS_SECOND_FACTOR = True
    provider.about = {"email": a_user("recruiter").email, "amr": ["mfa"]}
    come_back(client)
    assert not is_in(client)


# Not set ----------------------------------------------------------------------------------


def test_without_the_setting_there_is_no_such_log_in(client: Client) -> None:
    assert client.get(LOG_IN).status_code == 404
    assert "oidc" not in client.get("/accounts/login/").text
