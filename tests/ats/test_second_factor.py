"""The second factor: nobody works without one, whichever way they come."""

import re
import time
from datetime import date
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote
from uuid import uuid4

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import hotp_value
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import NoReverseMatch, get_resolver, reverse
from django_q.models import OrmQ

from ats import accounts
from ats.factors import proof
from ats.factors.middleware import OURS
from candidates import tokens
from candidates.models import User
from tests.ats.test_accounts import NEW, address, link_for, try_to_log_in
from tests.candidates.test_permissions import _names as addresses
from tests.world import PASSWORD, a_job, a_user, an_application, log_in

if TYPE_CHECKING:
    from pytest_django.fixtures import Settings

pytestmark = [pytest.mark.django_db, pytest.mark.once("sqlite"), pytest.mark.usefixtures("english")]

SET_UP = "/accounts/2fa/"
AGAIN = "/accounts/2fa/reauthenticate/"
KEY = re.compile(r'<code class="secret">([A-Z2-7 ]+)</code>')


@pytest.fixture(autouse=True)
def _required(settings: "Settings") -> None:
    settings.ATS_SECOND_FACTOR = True
    cache.clear()


def code(secret: str, *, steps: int = 0) -> str:
    """Return what an app shows, now or so many half minutes later."""
    return f"{hotp_value(secret, int(time.time()) // 30 + steps):06d}"


def set_up(client: Client) -> str:
    """Set up an app for whoever has just logged in; returns the app's secret."""
    page = client.get("/accounts/2fa/totp/activate/")
    found = KEY.search(page.text)
    assert found
    secret = found[1].replace(" ", "")
    response = client.post("/accounts/2fa/totp/activate/", {"code": code(secret)})
    assert response["Location"] == "/accounts/2fa/recovery-codes/"
    return secret


def with_app(role: str = "recruiter", **fields: Any) -> tuple[User, str]:
    """Create a user who has set up an app; returns the user and the app's secret."""
    user, client = a_user(role, **fields), Client()
    try_to_log_in(client, user.email)
    secret = set_up(client)
    client.post("/accounts/logout/")
    OrmQ.objects.all().delete()
    return user, secret


def logged_in(user: User, secret: str) -> Client:
    """Log in with password and code; returns the client."""
    client = Client()
    assert try_to_log_in(client, user.email)["Location"] == "/accounts/2fa/authenticate/"
    response = client.post("/accounts/2fa/authenticate/", {"code": code(secret)})
    assert response.status_code == 302, response.text
    return client


def forget_used_codes() -> None:
    cache.clear()


# Setting it up ----------------------------------------------------------------------------


def test_the_first_log_in_leads_to_the_set_up_and_from_there_to_work(client: Client) -> None:
    user = a_user("recruiter")
    page = client.post("/accounts/login/", {"login": user.email, "password": PASSWORD}, follow=True)
    assert page.redirect_chain[-1][0] == SET_UP
    assert "Set up a second factor" in page.text
    set_up(client)
    assert client.get("/hr/applications/").status_code == 200


def test_a_wrong_code_sets_nothing_up(client: Client) -> None:
    try_to_log_in(client, a_user("recruiter").email)
    page = client.get("/accounts/2fa/totp/activate/")
    assert 'src="data:image/svg+xml;base64,' in page.text
    assert page["Cache-Control"] == "private, no-store"
    wrong = client.post("/accounts/2fa/totp/activate/", {"code": "000000"})
    assert "This code is not right." in wrong.text
    assert not Authenticator.objects.exists()
    assert client.get("/hr/")["Location"] == SET_UP


def test_recovery_codes_are_shown_once_and_are_a_text_to_download(client: Client) -> None:
    user = a_user("recruiter")
    try_to_log_in(client, user.email)
    set_up(client)
    shown = client.get("/accounts/2fa/recovery-codes/")
    codes = re.findall(r"<code>(\d{4} \d{4})</code>", shown.text)
    assert len(codes) == len(set(codes)) == 10
    assert shown["Cache-Control"] == "private, no-store"
    file = re.search(r'href="data:text/plain;charset=utf-8,([^"]+)" download=', shown.text)
    assert file
    text = unquote(file[1])
    assert re.findall(r"^\d{4} \d{4}$", text, re.MULTILINE) == codes
    assert user.email in text
    again = client.get("/accounts/2fa/recovery-codes/").text
    assert not re.findall(r"\d{4} \d{4}", again)
    assert "data:text" not in again
    assert "not shown again" in again


def test_a_recovery_code_works_once_and_new_ones_make_the_old_void() -> None:
    user, secret = with_app()
    client = logged_in(user, secret)
    codes = re.findall(r"\d{4} \d{4}", client.get("/accounts/2fa/recovery-codes/").text)
    for number, expected in ((0, 302), (0, 200), (1, 302)):
        other = Client()
        try_to_log_in(other, user.email)
        response = other.post("/accounts/2fa/authenticate/", {"code": codes[number]})
        assert response.status_code == expected
    assert "8 codes are left" in client.get(SET_UP).text
    made = client.post("/accounts/2fa/recovery-codes/generate/", follow=True)
    assert len(re.findall(r"<code>\d{4} \d{4}</code>", made.text)) == 10
    other = Client()
    try_to_log_in(other, user.email)
    response = other.post("/accounts/2fa/authenticate/", {"code": codes[2]})
    assert response.status_code == 200


def test_secrets_are_unreadable_in_the_database_and_a_new_key_lets_no_code_in(
    settings: "Settings",
) -> None:
    user, secret = with_app()
    kept = str(list(Authenticator.objects.values_list("data", flat=True)))
    assert secret not in kept
    settings.SECRET_KEY = "another key, as after one was lost, of more than enough letters"
    client = Client()
    try_to_log_in(client, user.email)
    for tried in (code(secret), code("A" * 32), "000000"):
        assert client.post("/accounts/2fa/authenticate/", {"code": tried}).status_code == 200


# Without it -------------------------------------------------------------------------------


#: What may stand in an address, as our patterns know it.
PARTS: tuple[tuple[Any, ...], ...] = (
    *((), (1,), ("access",), ("candidates",), ("xlsx",), (uuid4(),), (date(2026, 9, 14),)),
    *((uuid4(), 1), (uuid4(), "json"), (1, 1), ("x", 1), ("a" * tokens.LENGTH,)),
)


def example(name: str) -> str:
    """Return an address of that name."""
    found = next(filter(None, (_reversed(name, parts) for parts in PARTS)), "")
    assert found, f"PARTS lacks what stands in {name}"
    return found


def _reversed(name: str, parts: tuple[Any, ...]) -> str:
    try:
        return reverse(name, args=parts)
    except (NoReverseMatch, AttributeError):
        return ""


def test_a_session_without_a_second_factor_is_nobodys_at_every_address(client: Client) -> None:
    """Whoever has the password alone gets the set-up, or what a stranger gets."""
    stranger, held = Client(), set()
    try_to_log_in(client, a_user("recruiter", is_superuser=True).email)
    names = {name for name in addresses(get_resolver()) if not name.startswith(OURS)}
    for path in (example(name) for name in names if "/" not in name):
        cache.clear()
        answer, expected = client.get(path), stranger.get(path)
        if "/login/?next=" in expected.get("Location", ""):
            held.add(path)
            for answered in (answer, client.post(path)):
                assert answered.get("Location") in {SET_UP, expected["Location"]}, path
        else:
            assert answer.status_code == expected.status_code, path
    assert len(held) > 60
    assert {"/hr/", "/admin/", "/admin/candidates/user/add/"} <= held


def test_only_set_up_and_log_out_are_open_without_a_second_factor(client: Client) -> None:
    try_to_log_in(client, a_user("administrator", is_superuser=True).email)
    is_open = {
        pattern.name
        for pattern in accounts.urlpatterns
        if client.get(address(pattern.name)).status_code == 200
    }
    public = {name for name in is_open if "reset_password" in name} | {"account_inactive"}
    assert is_open - public == {
        *("mfa_index", "mfa_activate_totp", "mfa_add_webauthn"),
        *("account_reauthenticate", "account_logout"),
    }
    for path in ("/admin/", "/admin/candidates/user/add/", "/admin/login/", "/admin/nothing/"):
        assert client.get(path, follow=True).redirect_chain[-1][0] == SET_UP
    assert client.post("/accounts/logout/")["Location"] == "/accounts/login/"


def test_a_password_reset_is_no_way_round_it(client: Client) -> None:
    user, secret = with_app()
    user.refresh_from_db()
    form = client.get(link_for(user), follow=True)
    data = {"password1": NEW, "password2": NEW}
    client.post(form.redirect_chain[-1][0], data)
    assert client.get("/hr/")["Location"].startswith("/accounts/login/")
    assert try_to_log_in(client, user.email, NEW)["Location"] == "/accounts/2fa/authenticate/"
    assert client.get("/hr/")["Location"].startswith("/accounts/login/")
    forget_used_codes()
    client.post("/accounts/2fa/authenticate/", {"code": code(secret)})
    assert client.get("/hr/applications/").status_code == 200


def test_an_old_session_must_show_it_and_cannot_add_another(client: Client) -> None:
    """The session was opened by password, before its user set up a second factor elsewhere."""
    user = a_user("recruiter")
    try_to_log_in(client, user.email)
    elsewhere = Client()
    try_to_log_in(elsewhere, user.email)
    secret = set_up(elsewhere)
    for path in ("/hr/applications/", "/accounts/2fa/totp/activate/", "/accounts/2fa/"):
        assert unquote(client.get(path)["Location"]) == f"{AGAIN}?next={path}"
    for path in ("/accounts/2fa/passkeys/add/", "/accounts/password/change/"):
        assert client.post(path, {"code": "1"})["Location"] == AGAIN
    page = client.get(AGAIN).text
    assert "/accounts/logout/" in page
    assert "/accounts/reauthenticate/" not in page  # the password has been given already
    forget_used_codes()
    again = f"{AGAIN}?next=/hr/applications/"
    assert client.post(again, {"code": "000000"}).status_code == 200
    assert client.post(again, {"code": code(secret)})["Location"] == "/hr/applications/"
    assert client.get("/hr/applications/").status_code == 200


def test_a_session_from_before_the_setting_was_turned_on_must_show_it(
    client: Client, settings: "Settings"
) -> None:
    settings.ATS_SECOND_FACTOR = False
    log_in(client, a_user("recruiter"))
    assert client.get("/hr/applications/").status_code == 200
    settings.ATS_SECOND_FACTOR = True
    assert client.get("/hr/applications/")["Location"] == SET_UP


def test_it_costs_a_page_no_query(django_assert_num_queries: Any, settings: "Settings") -> None:
    client = logged_in(*with_app())
    path = "/hr/applications/"
    client.get(path)
    settings.ATS_SECOND_FACTOR = False
    with CaptureQueriesContext(connection) as without:
        client.get(path)
    settings.ATS_SECOND_FACTOR = True
    with django_assert_num_queries(len(without)):
        client.get(path)


# Codes ------------------------------------------------------------------------------------


def test_a_code_works_once_within_all_the_time_that_it_is_good_for() -> None:
    user, secret = with_app()
    forget_used_codes()
    logged_in(user, secret)
    other = Client()
    try_to_log_in(other, user.email)
    assert other.post("/accounts/2fa/authenticate/", {"code": code(secret)}).status_code == 200
    later = code(secret, steps=1)
    assert other.post("/accounts/2fa/authenticate/", {"code": later}).status_code == 302


def test_wrong_codes_lock_the_account_s_second_factor_whatever_the_address() -> None:
    user, secret = with_app()
    for number in range(5):
        client = Client(REMOTE_ADDR=f"198.51.100.{number}")
        try_to_log_in(client, user.email)
        client.post("/accounts/2fa/authenticate/", {"code": "000000"})
    client = Client(REMOTE_ADDR="203.0.113.9")
    try_to_log_in(client, user.email)
    response = client.post("/accounts/2fa/authenticate/", {"code": code(secret)})
    assert "Too many wrong tries." in response.text
    assert client.get("/hr/")["Location"].startswith("/accounts/login/")
    assert logged_in(*with_app()).get("/hr/applications/").status_code == 200


# Changing and losing it -------------------------------------------------------------------


def test_the_only_second_factor_cannot_be_removed_while_one_is_needed(
    settings: "Settings",
) -> None:
    client = logged_in(*with_app())
    page = client.get("/accounts/2fa/totp/deactivate/")
    assert "This is your only second factor." in page.text
    client.post("/accounts/2fa/totp/deactivate/")
    assert Authenticator.objects.filter(type="totp").exists()
    settings.ATS_SECOND_FACTOR = False
    assert client.post("/accounts/2fa/totp/deactivate/")["Location"] == SET_UP
    assert not Authenticator.objects.exists()


def test_who_logged_in_long_ago_is_asked_once_more_and_nothing_is_kept_of_it() -> None:
    client = logged_in(*with_app())
    session = client.session
    session["account_authentication_methods"] = [
        each | {"at": each["at"] - 3600} for each in session["account_authentication_methods"]
    ]
    session.save()
    path = "/accounts/2fa/recovery-codes/generate/"
    response = client.post(path)
    assert unquote(response["Location"]) == f"/accounts/reauthenticate/?next={path}"
    assert "REMOTE_ADDR" not in str(client.session.items())
    response = client.post(response["Location"], {"password": PASSWORD})
    assert response["Location"] == path
    assert client.post(path)["Location"] == "/accounts/2fa/recovery-codes/"


def test_a_user_is_told_by_mail_of_each_change(
    django_capture_on_commit_callbacks: Any, mailoutbox: Any
) -> None:
    user, client = a_user("recruiter"), Client()
    try_to_log_in(client, user.email)
    with django_capture_on_commit_callbacks(execute=True):
        set_up(client)
    (waiting,) = OrmQ.objects.all()
    assert waiting.task["args"] == (user.pk, "en")
    assert waiting.func() == "ats.accounts.send_notice"
    assert accounts.send_notice(user.pk, "en") == "sent"
    (sent,) = mailoutbox
    assert sent.subject == "Musterwerk: your log-in was changed"
    assert "http://localhost:8000/accounts/2fa/" in sent.body


def test_an_administrator_lets_somebody_begin_again_and_every_session_ends() -> None:
    user, secret = with_app()
    theirs = logged_in(user, secret)
    administrator = logged_in(*with_app("administrator"))
    listed = administrator.get("/admin/candidates/user/").text
    assert listed.count("icon-yes") > listed.count("icon-no")
    data = {"action": "begin_again", "_selected_action": [user.pk]}
    page = administrator.post("/admin/candidates/user/", data, follow=True)
    assert "1 link is on its way." in page.text
    assert theirs.get("/hr/")["Location"].startswith("/accounts/login/")
    assert not Authenticator.objects.filter(user=user).exists()
    assert try_to_log_in(Client(), user.email).status_code == 200  # the password is gone too
    history = administrator.get(f"/admin/candidates/user/{user.pk}/history/").text
    assert "Password and second factor taken away" in history


def test_the_shell_helps_the_last_administrator() -> None:
    user, _secret = with_app("administrator")
    call_command("reset_login", user.email.upper(), verbosity=0)
    assert not proof.has_factor(user)
    assert [waiting.task["args"][0] for waiting in OrmQ.objects.all()] == [user.pk]
    with pytest.raises(CommandError):
        call_command("reset_login", "nobody@musterwerk.example")


def test_sessions_of_others_go_on_when_a_factor_is_removed(settings: "Settings") -> None:
    settings.ATS_SECOND_FACTOR = False
    user, secret = with_app()
    client, other = logged_in(user, secret), Client()
    log_in(other, user)
    colleague = log_in(Client(), a_user("recruiter"))
    client.post("/accounts/2fa/totp/deactivate/")
    assert client.get("/hr/applications/").status_code == 200
    assert colleague.get("/hr/applications/").status_code == 200
    assert "login" in other.get("/hr/applications/")["Location"]
    assert Session.objects.count() == 2


# Who is let in no more --------------------------------------------------------------------


def test_who_is_switched_off_is_out_with_the_next_request() -> None:
    user, secret = with_app()
    client = logged_in(user, secret)
    assert client.get("/hr/applications/").status_code == 200
    User.objects.filter(pk=user.pk).update(is_active=False)
    assert client.get("/hr/applications/")["Location"].startswith("/accounts/login/")
    assert client.post("/hr/applications/")["Location"].startswith("/accounts/login/")


def test_who_is_switched_off_between_password_and_code_stays_out() -> None:
    user, secret = with_app()
    client = Client()
    try_to_log_in(client, user.email)
    User.objects.filter(pk=user.pk).update(is_active=False)
    forget_used_codes()
    client.post("/accounts/2fa/authenticate/", {"code": code(secret)})
    assert client.get("/hr/applications/")["Location"].startswith("/accounts/login/")


@pytest.mark.parametrize("role", ["hiring_manager", "recruiter"])
def test_who_leaves_a_hiring_team_loses_the_job_with_an_open_session(role: str) -> None:
    user, secret = with_app(role)
    job = a_job(hiring_team=[user], is_confidential=True)
    application = an_application(job)
    client = logged_in(user, secret)
    paths = [application.get_absolute_url(), f"/hr/jobs/{job.slug}/"]
    assert [client.get(path).status_code for path in paths] == [200, 200]
    job.hiring_team.remove(user)
    assert [client.get(path).status_code for path in paths] == [404, 404]
    assert client.post(f"{paths[0]}move/", {"stage": 1}).status_code == 404


def test_who_loses_a_role_loses_its_pages_with_an_open_session() -> None:
    user, secret = with_app("personnel")
    client = logged_in(user, secret)
    assert client.get("/hr/employees/").status_code == 200
    user.groups.clear()
    assert client.get("/hr/employees/").status_code == 403
