"""Log-in, log-out, passwords: what a person who works here meets, and what a stranger does."""

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from allauth.account.models import EmailAddress
from django.contrib.sessions.models import Session
from django.core import mail
from django.core.cache import cache
from django.test import Client
from django.urls import NoReverseMatch, get_resolver, reverse
from django_q.models import OrmQ

from ats import accounts
from candidates.models import User
from tests.world import PASSWORD, a_user, log_in

if TYPE_CHECKING:
    from pytest_django.fixtures import Settings

pytestmark = [pytest.mark.django_db, pytest.mark.once("sqlite")]

EN = {"accept-language": "en"}
NEW = "a new and much longer passphrase"


@pytest.fixture(autouse=True)
def _no_limits_used() -> None:
    cache.clear()


def try_to_log_in(client: Client, email: str, password: str = PASSWORD, **extra: Any) -> Any:
    data = {"login": email, "password": password}
    return client.post("/accounts/login/", data, headers=EN, **extra)


def link_for(user: User) -> str:
    """Return the path of the link that a user's mail holds."""
    _, body = accounts.link_mail(user)
    found = re.search(r"https?://\S+", body)
    assert found
    return urlsplit(found[0]).path


# Log-in -----------------------------------------------------------------------------------


def test_after_log_in_comes_the_workspace(client: Client) -> None:
    response = try_to_log_in(client, a_user("recruiter").email)
    assert (response.status_code, response["Location"]) == (302, "/hr/")


def test_administrators_who_are_nothing_else_start_in_the_admin(client: Client) -> None:
    assert try_to_log_in(client, a_user("administrator").email)["Location"] == "/admin/"


def test_capital_letters_in_the_address_do_not_matter(client: Client) -> None:
    user = a_user("recruiter", email="Mira.Falk@Musterwerk.example")
    assert user.email == "mira.falk@musterwerk.example"
    assert try_to_log_in(client, "MIRA.falk@musterwerk.EXAMPLE").status_code == 302


def test_log_in_goes_on_to_where_it_was_asked_for(client: Client) -> None:
    user = a_user("recruiter")
    response = client.get("/hr/employees/", follow=True)
    assert 'name="next" value="/hr/employees/"' in response.text
    data = {"login": user.email, "password": PASSWORD, "next": "/hr/employees/"}
    assert client.post("/accounts/login/", data)["Location"] == "/hr/employees/"


@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example", "javascript:1"])
def test_log_in_never_leads_elsewhere(client: Client, elsewhere: str) -> None:
    data = {"login": a_user("recruiter").email, "password": PASSWORD, "next": elsewhere}
    assert client.post("/accounts/login/", data)["Location"] == "/hr/"


def test_a_wrong_password_and_an_unknown_address_get_the_same_answer(client: Client) -> None:
    user = a_user("recruiter")
    wrong = try_to_log_in(client, user.email, "wrong")
    unknown = try_to_log_in(client, "nobody@musterwerk.example", "wrong")
    assert "The e-mail address or the password is not right." in wrong.text
    hide = re.compile(r'value="[^"]*"')
    assert hide.sub("", wrong.text) == hide.sub("", unknown.text)


def test_five_wrong_passwords_lock_the_account_for_everybody(client: Client) -> None:
    user = a_user("recruiter")
    for _ in range(5):
        try_to_log_in(client, user.email, "wrong")
    response = try_to_log_in(client, user.email)
    assert "Too many wrong tries." in response.text
    elsewhere = try_to_log_in(Client(), user.email, REMOTE_ADDR="198.51.100.9")
    assert "Too many wrong tries." in elsewhere.text
    assert try_to_log_in(client, a_user("recruiter").email).status_code == 302


def test_an_address_that_tries_many_accounts_is_locked_out() -> None:
    for number in range(10):
        try_to_log_in(Client(), f"user-{number}@musterwerk.example", "wrong")
    user = a_user("recruiter")
    assert "Too many wrong tries." in try_to_log_in(Client(), user.email).text
    elsewhere = try_to_log_in(Client(), user.email, REMOTE_ADDR="198.51.100.9")
    assert elsewhere.status_code == 302


def test_flooding_gets_a_page_that_says_to_wait(settings: "Settings") -> None:
    settings.ACCOUNT_RATE_LIMITS = {"login": "2/m/ip"}
    for _ in range(2):
        try_to_log_in(Client(), "nobody@musterwerk.example")
    response = try_to_log_in(Client(), "nobody@musterwerk.example")
    assert response.status_code == 429
    assert "Too many tries" in response.text


def test_limits_count_the_visitor_behind_our_proxies_and_keep_no_address(
    settings: "Settings",
) -> None:
    settings.ATS_TRUSTED_PROXIES = 1
    adapter = accounts.Adapter()
    names = set()
    for forwarded in ("198.51.100.1", "198.51.100.2", "2001:db8::1", "2001:db8::2", "junk"):
        request = (
            Client()
            .get("/robots.txt", headers={"x-forwarded-for": f"6.6.6.6, {forwarded}"})
            .wsgi_request
        )
        names.add(adapter.get_client_ip(request))
    assert len(names) == 4  # the two of IPv6 are in one network
    assert not any("198" in name and "." in name for name in names)


def test_answers_in_json_are_not_offered(client: Client) -> None:
    user = a_user("recruiter")
    response = try_to_log_in(client, user.email, "wrong", HTTP_X_REQUESTED_WITH="XMLHttpRequest")
    assert response["Content-Type"].startswith("text/html")


def test_a_switched_off_user_is_out_with_the_next_request(client: Client) -> None:
    user = a_user("recruiter")
    try_to_log_in(client, user.email)
    assert "login" not in client.get("/hr/").get("Location", "")
    User.objects.filter(pk=user.pk).update(is_active=False)
    assert client.get("/hr/")["Location"] == "/accounts/login/?next=/hr/"
    response = try_to_log_in(client, user.email)
    assert response["Location"] == "/accounts/inactive/"
    assert "switched off" in client.get("/accounts/inactive/", headers=EN).text
    assert "login" in client.get("/hr/")["Location"]


def test_log_out_is_a_button_and_never_a_link(client: Client) -> None:
    log_in(client, a_user("recruiter"))
    assert client.get("/accounts/logout/").status_code == 200
    assert "login" not in client.get("/hr/").get("Location", "")
    assert client.post("/accounts/logout/")["Location"] == "/accounts/login/"
    assert "login" in client.get("/hr/")["Location"]
    assert not Session.objects.exists()


# Passwords --------------------------------------------------------------------------------


def test_asking_for_a_link_tells_nobody_who_has_an_account(client: Client) -> None:
    user = a_user("recruiter")
    off = a_user("recruiter", is_active=False)
    answers = [
        client.post("/accounts/password/reset/", {"email": email}, follow=True, headers=EN)
        for email in (user.email, off.email, "nobody@musterwerk.example")
    ]
    assert {answer.redirect_chain[-1] for answer in answers} == {
        ("/accounts/password/reset/done/", 302)
    }
    assert len({re.sub(r'value="[^"]*"', "", answer.text) for answer in answers}) == 1
    # One mail waits in the queue, by the user's number and without address or token.
    (waiting,) = OrmQ.objects.all()
    assert waiting.task["args"] == (user.pk, "en")
    assert mail.outbox == []


def test_the_link_in_the_mail_sets_a_password_once(client: Client) -> None:
    user = a_user("recruiter")
    assert accounts.send_link(user.pk, "en") == "sent"
    (sent,) = mail.outbox
    assert sent.to == [user.email]
    assert sent.subject == "Musterwerk: set your password"
    assert "It works once and for 72 hours." in sent.body
    found = re.search(r"http://localhost:8000(\S+)", str(sent.body))
    assert found
    link = found[1]
    form = client.get(link, follow=True)
    action = form.redirect_chain[-1][0]
    assert action.endswith("-set-password/")  # the token leaves the address bar
    assert f'action="{action}"' in form.text
    data = {"password1": NEW, "password2": NEW}
    assert client.post(action, data)["Location"] == "/accounts/password/reset/key/done/"
    assert client.get("/accounts/password/reset/key/done/").status_code == 200
    assert try_to_log_in(Client(), user.email).status_code == 200
    assert try_to_log_in(Client(), user.email, NEW).status_code == 302
    again = Client().get(link, headers=EN, follow=True)
    assert "This link no longer works" in again.text


def test_the_mail_is_in_the_language_of_who_asked() -> None:
    user = a_user("recruiter")
    for language in ("de", "en"):
        accounts.send_link(user.pk, language)
    german, english = (sent.body for sent in mail.outbox)
    assert "Hello Jürgen Weiß," in english
    assert german != english


def test_a_link_dies_with_a_change_of_the_address(client: Client) -> None:
    user = a_user("recruiter")
    link = link_for(user)
    User.objects.filter(pk=user.pk).update(email="new@musterwerk.example")
    assert "This link no longer works" in client.get(link, headers=EN, follow=True).text


@pytest.mark.parametrize(
    "path",
    ["1-x-y", "zzzzzzzzzzzzzz-x-y", "0-set-password", "1-set-password", "1-%E2%80%A8-y", "x--"],
)
def test_a_link_that_is_none_says_so(client: Client, path: str) -> None:
    response = client.get(f"/accounts/password/reset/key/{path}/", headers=EN)
    assert response.status_code in {200, 404}
    assert "Send a new link" in response.text or response.status_code == 404


def test_no_link_for_whoever_is_switched_off_or_gone_meanwhile() -> None:
    user = a_user("recruiter", is_active=False)
    assert accounts.send_link(user.pk, "de") == "gone"
    assert accounts.send_link(-1, "de") == "gone"
    assert mail.outbox == []


def test_a_mail_server_that_refuses_is_told_without_the_address(mail_sink: Any) -> None:
    user = a_user("recruiter", email="kaethe@musterwerk.example")
    mail_sink.refusal = "550 <kaethe@musterwerk.example> unknown"
    with pytest.raises(RuntimeError) as caught:
        accounts.send_link(user.pk, "de")
    assert "kaethe" not in str(caught.value)
    assert caught.value.__suppress_context__


def test_a_password_is_changed_with_the_present_one_and_others_are_logged_out(
    client: Client,
) -> None:
    user = a_user("recruiter")
    other = Client()
    for each in (client, other):
        try_to_log_in(each, user.email)
    data = {"oldpassword": "wrong", "password1": NEW, "password2": NEW}
    refused = client.post("/accounts/password/change/", data, headers=EN)
    assert "This is not your present password." in refused.text
    data["oldpassword"] = PASSWORD
    assert client.post("/accounts/password/change/", data)["Location"] == "/hr/"
    assert "login" not in client.get("/hr/").get("Location", "")
    assert "login" in other.get("/hr/")["Location"]


@pytest.mark.parametrize("password", ["short", "password1234", "recruiter.weiss@musterwerk"])
def test_weak_passwords_are_refused_with_the_reason(client: Client, password: str) -> None:
    user = a_user("recruiter", email="recruiter.weiss@musterwerk.example")
    log_in(client, user)
    data = {"oldpassword": PASSWORD, "password1": password, "password2": password}
    response = client.post("/accounts/password/change/", data)
    assert response.status_code == 200
    assert 'aria-invalid="true"' in response.text
    user.refresh_from_db()
    assert user.check_password(PASSWORD)


def test_reauthentication_asks_for_the_password(client: Client) -> None:
    user = a_user("recruiter")
    log_in(client, user)
    wrong = client.post("/accounts/reauthenticate/", {"password": "wrong"}, headers=EN)
    assert "This is not your password." in wrong.text
    right = client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    assert right["Location"] == "/hr/"


def test_whoever_has_no_password_is_led_to_the_link(client: Client) -> None:
    user = a_user("recruiter")
    user.set_unusable_password()
    user.save()
    log_in(client, user)
    response = client.get("/accounts/password/change/", follow=True)
    assert response.redirect_chain[-1][0] == "/accounts/password/reset/"
    assert client.get("/accounts/reauthenticate/").status_code == 403


# What is there and what is not ----------------------------------------------------------------


def test_nobody_can_sign_up_or_manage_addresses() -> None:
    for name in ("account_signup", "account_email", "account_confirm_email"):
        with pytest.raises(NoReverseMatch):
            reverse(name)
    for address in ("signup/", "email/", "confirm-email/", ""):
        assert Client().get(f"/accounts/{address}").status_code in {302, 404}
        assert User.objects.count() == 0


def test_allauth_keeps_no_second_list_of_addresses(client: Client) -> None:
    user = a_user("recruiter")
    try_to_log_in(client, user.email)
    client.post("/accounts/password/reset/", {"email": user.email})
    accounts.send_link(user.pk, "de")
    client.get(link_for(user), follow=True)
    assert not EmailAddress.objects.exists()


#: What stands in the addresses that have something in them.
PARTS: dict[str, dict[str, Any]] = {
    "account_reset_password_from_key": {"uidb36": "1", "key": "a-b"},
    "mfa_remove_webauthn": {"pk": 1},
}


def address(name: str) -> str:
    return reverse(name, kwargs=PARTS.get(name))


def test_every_page_opens_in_both_languages_without_inline_styles_and_scripts(
    client: Client,
) -> None:
    names = [pattern.name for pattern in accounts.urlpatterns]
    for user in (None, a_user("recruiter")):
        if user:
            log_in(client, user)
        for name in names:
            for language in ("de", "en"):
                response = client.get(address(name), headers={"accept-language": language})
                assert response.status_code in {200, 302, 404}, name
                assert "style=" not in response.text
                scripts = re.findall("<script[^>]*>", response.text)
                assert all(re.search(' src="/static/| type="application/json"', s) for s in scripts)


def test_public_pages_are_public_and_the_others_are_not() -> None:
    public = {
        "account_login",
        "account_inactive",
        "account_reset_password",
        "account_reset_password_done",
        "account_reset_password_from_key",
        "account_reset_password_from_key_done",
    }
    for pattern in accounts.urlpatterns:
        response = Client().get(address(pattern.name))
        assert (response.status_code == 200) == (pattern.name in public), pattern.name


def test_no_cookie_lives_past_twenty_days() -> None:
    client = Client()
    user = a_user("recruiter")
    responses = [
        client.get("/jobs/"),
        client.get("/accounts/login/"),
        client.post("/language/", {"language": "en", "next": "/jobs/"}),
        try_to_log_in(client, user.email),
        client.get("/hr/", follow=True),
        client.get("/accounts/password/change/"),
        client.post(
            "/accounts/password/change/",
            {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW},
        ),
        client.post("/accounts/logout/"),
    ]
    seen = {}
    for response in responses:
        for name, cookie in response.cookies.items():
            seen[name] = cookie
            assert int(cookie["max-age"] or 0) <= 20 * 24 * 60 * 60
            assert not cookie["expires"] or "1970" in cookie["expires"]
            assert cookie["samesite"] == "Lax"
            assert cookie["httponly"] or not cookie.value  # or it is being deleted
    assert {"sessionid", "csrftoken", "django_language"} <= set(seen)


def test_no_view_of_allauth_is_wired_beyond_ours() -> None:
    names = {name for name in get_resolver().reverse_dict if isinstance(name, str)}
    theirs = ("account_", "mfa_", "openid_connect_", "socialaccount_")
    wired = {name for name in names if name.startswith(theirs)}
    assert wired == {pattern.name for pattern in accounts.urlpatterns}
