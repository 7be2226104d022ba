"""Links from mails: what they open and confirm, for how long, and what opens nothing."""

import logging
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from unittest.mock import patch

import pytest
from django.core import signing
from django.test import Client
from django.utils import timezone

from candidates import mail, pipeline, room, tasks, tokens
from candidates.models import Application, Event, Mail, Request, Token
from candidates.room import LASTS
from candidates.status import Status
from candidates.views.roomkey import COOKIE, name
from tests.conftest import MailSink
from tests.world import a_user, an_application, open_room

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.usefixtures("attachment_store", "english"),
    pytest.mark.once("postgres"),
]

Purpose = Token.Purpose


@pytest.fixture
def application() -> Application:
    return an_application(language="en")


def a_link(application: Application, purpose: Token.Purpose = Purpose.ROOM, **about: Any) -> str:
    return f"/my/{tokens.mint(application, purpose, now=timezone.now(), **about)}/"


def body(response: Any) -> str:
    """Return a page without what differs in each: the safety token, and its own address."""
    return re.sub(r'value="[^"]*"', "", response.content.decode())


def mailed(sink: MailSink) -> str:
    """Send what waits; return the path of the link in the last mail."""
    mail.send_due(timezone.now())
    part = sink.messages[-1].get_body(("plain",))
    assert part
    found = re.search(r"/my/[a-z2-7]+/", part.get_content())
    assert found
    return found[0]


def fresh(application: Application) -> Application:
    return Application.objects.get(pk=application.pk)


# Tokens -------------------------------------------------------------------------------------


def test_a_token_has_256_random_bits_and_only_its_hash_is_kept(application: Application) -> None:
    made = {tokens.mint(application, Purpose.ROOM, now=timezone.now()) for _ in range(200)}
    assert len(made) == 200
    # 52 letters of base 32 hold the 256 bits; the last of them one bit alone.
    assert all(re.fullmatch("[a-z2-7]{51}[aq]", token) for token in made)
    columns = Token.objects.values_list()
    kept = " ".join(str(value) for row in columns for value in row)
    assert not any(token in kept for token in made)
    for position in range(51):
        assert len({token[position] for token in made}) > 20


#: Headers that differ by the second, and by the length of what was asked for.
DIFFERS = {"Expires", "Content-Length"}


def broken_links(application: Application) -> Iterator[tuple[str, str]]:
    now = timezone.now()
    good = tokens.mint(application, Purpose.ROOM, now=now)
    yield "altered", good[:-2] + ("aa" if good[-2:] != "aa" else "bq")
    yield "cut", good[:-1]
    yield "longer", good + "a"
    yield "upper case", good.upper()
    yield "garbage", "x"
    yield "a name", "Käthe Großmann"
    yield "for replies", tokens.mint(application, Purpose.REPLY, now=now)
    yield "over", tokens.mint(application, Purpose.ERASURE, now=now - timedelta(days=8))
    replaced = tokens.mint(application, Purpose.ROOM, now=now)
    Token.objects.filter(digest=tokens.digest(replaced)).delete()
    yield "replaced", replaced
    gone = an_application()
    purged = tokens.mint(gone, Purpose.ROOM, now=now)
    gone.delete()
    yield "purged", purged


def test_whatever_does_not_open_gives_the_same_answer(
    client: Client, application: Application
) -> None:
    answers = set()
    for _why, token in broken_links(application):
        for method in (client.get, client.post):
            response = method(f"/my/{token}/")
            headers = sorted((k, v) for k, v in response.items() if k not in DIFFERS)
            answers.add((response.status_code, body(response), str(headers)))
    ((status, page, _headers),) = answers
    assert status == 404
    assert "This link does not work any more" in page
    assert COOKIE not in client.cookies
    assert fresh(application).is_open


@pytest.mark.parametrize("purpose", [Purpose.ROOM, Purpose.ERASURE, Purpose.ADDRESS])
def test_looking_ten_times_leaves_a_link_as_it_was(
    client: Client, application: Application, purpose: Token.Purpose
) -> None:
    link = a_link(application, purpose, address="new@post.example")
    before = [list(model.objects.values()) for model in (Application, Token, Mail, Event)]
    for _ in range(10):
        assert client.get(link).status_code == 200
        assert client.head(link).status_code == 200
    after = [list(model.objects.values()) for model in (Application, Token, Mail, Event)]
    assert after == before
    assert COOKIE not in client.cookies
    page = client.get(link).content.decode()
    assert application.last_name not in page
    assert application.email not in page


def test_a_token_serves_no_other_purpose(client: Client, application: Application) -> None:
    client.post(a_link(application, Purpose.ERASURE))
    assert fresh(application).early
    assert COOKIE not in client.cookies, "it confirms an erasure and opens no room"
    assert client.get("/my/").status_code == 403
    client.post(a_link(application, Purpose.ROOM))
    assert Token.objects.filter(purpose=Purpose.ROOM).count() == 1, "that one works again and again"


def test_a_new_address_is_confirmed_by_its_link_once(
    client: Client, application: Application
) -> None:
    link = a_link(application, Purpose.ADDRESS, address="new@post.example")
    assert client.post(link).status_code == 200
    assert fresh(application).email == "new@post.example"
    assert client.post(link).status_code == 404


def test_what_is_over_is_cleared_away_within_the_hour(application: Application) -> None:
    now = timezone.now()
    tokens.mint(application, Purpose.ERASURE, now=now - timedelta(days=8))
    tokens.mint(application, Purpose.ERASURE, now=now)
    tokens.mint(application, Purpose.ROOM, now=now - timedelta(days=400))
    tasks.clean()
    left = Token.objects.order_by("purpose").values_list("purpose", flat=True)
    assert list(left) == ["erasure", "room"]


# The session --------------------------------------------------------------------------------


def test_the_key_is_a_cookie_for_the_room_alone(client: Client, application: Application) -> None:
    morsel = open_room(client, application).cookies[COOKIE]
    assert (morsel["path"], morsel["httponly"], morsel["samesite"]) == ("/my/", True, "Strict")
    assert (morsel["max-age"], morsel["expires"]) == ("", ""), "it ends with the browser"
    token = Token.objects.get()
    assert token.digest not in morsel.value


@pytest.mark.parametrize(("site", "secure"), [(True, True), (False, "")])
def test_the_key_is_sent_over_https_only_where_the_site_is(
    client: Client, application: Application, settings: Any, site: bool, secure: object
) -> None:
    settings.HTTPS = site
    client.post(a_link(application))
    assert client.cookies[COOKIE]["secure"] == secure


def a_key(application: Application, *, age: timedelta) -> Client:
    """Return a browser whose room was opened so long ago."""
    token = Token.objects.filter(application=application, purpose=Purpose.ROOM).first()
    assert token
    then = timezone.now() - age
    with patch("django.core.signing.time.time", return_value=then.timestamp()):
        signed = signing.get_cookie_signer(salt=COOKIE + COOKIE).sign(name(token))
    client = Client()
    client.cookies[COOKIE] = signed
    return client


def test_a_key_opens_no_room_whose_token_has_the_number_of_its_own(
    client: Client, application: Application
) -> None:
    """After a restore numbers that were given since the backup are given again."""
    open_room(client, application)
    token = Token.objects.get(application=application, purpose=Purpose.ROOM)
    number, _ = token.pk, application.tokens.all().delete()
    tokens.mint(an_application(), Purpose.ROOM, now=timezone.now())
    Token.objects.filter(purpose=Purpose.ROOM).update(id=number)
    assert client.get("/my/").status_code == 403


def test_a_room_shuts_half_an_hour_after_its_last_page(application: Application) -> None:
    a_link(application)
    minute = timedelta(minutes=1)
    assert a_key(application, age=LASTS - minute).get("/my/").status_code == 200
    late = a_key(application, age=LASTS + minute)
    for response in (late.get("/my/"), late.post("/my/withdraw/")):
        assert response.status_code == 403
        assert "Your application is not open here" in response.content.decode()
    assert fresh(application).is_open


def test_each_page_keeps_the_room_open_for_another_half_hour(application: Application) -> None:
    a_link(application)
    client = a_key(application, age=LASTS - timedelta(minutes=1))
    old = client.cookies[COOKIE].value
    client.get("/my/")
    assert client.cookies[COOKIE].value != old


@pytest.mark.parametrize("forged", ["1", "1:x:y", "", "1:1wPq5M:" + "A" * 43])
def test_a_key_that_we_did_not_sign_opens_nothing(
    client: Client, application: Application, forged: str
) -> None:
    a_link(application)
    client.cookies[COOKIE] = forged
    assert client.get("/my/").status_code == 403


def test_no_cache_keeps_a_page_and_no_other_site_learns_its_address(
    client: Client, application: Application
) -> None:
    link = a_link(application)
    for response in (client.get(link), client.get("/my/x/"), open_room(client, application)):
        answer = response.get("/my/") if isinstance(response, Client) else response
        assert answer["Cache-Control"] == "private, no-store"
        assert answer["Referrer-Policy"] == "same-origin"
        assert answer["X-Robots-Tag"] == "noindex"


def test_no_token_stands_in_a_log(
    client: Client, application: Application, caplog: pytest.LogCaptureFixture
) -> None:
    from ats.logs import Masked

    link = a_link(application)
    broken = "/my/" + "b" * 51 + "q/"
    with caplog.at_level(logging.DEBUG):
        for path in (link, broken):
            client.get(path)
            client.post(path)
    lines = [Masked("%(message)s").format(record) for record in caplog.records]
    assert any("/my/***" in line for line in lines)
    assert not [line for line in lines if link[4:-1] in line or broken[4:-1] in line]


# Replacing ----------------------------------------------------------------------------------


def test_a_replaced_link_opens_nothing_and_the_new_one_comes_by_mail(
    client: Client, application: Application, mail_sink: MailSink
) -> None:
    old, elsewhere = a_link(application), open_room(Client(), application)
    reply = tokens.mint(application, Purpose.REPLY, now=timezone.now())
    open_room(client, application)
    assert client.post("/my/replace/")["Location"] == "/my/"
    assert client.get(old).status_code == 404
    assert elsewhere.get("/my/").status_code == 403, "open in another browser"
    assert client.get("/my/").status_code == 200, "open in this one"
    assert tokens.find(reply, Purpose.REPLY, now=timezone.now()) is None
    new = mailed(mail_sink)
    assert new != old
    assert Client().post(new)["Location"] == "/my/"


# Erasing at once ----------------------------------------------------------------------------


def test_an_open_application_is_erased_by_the_link_that_was_mailed_for_it(
    client: Client, application: Application, mail_sink: MailSink
) -> None:
    open_room(client, application).post("/my/erase/")
    client.post("/my/erase/")
    assert Mail.objects.get().purpose == Mail.Purpose.ERASURE, "asked twice is mailed once"
    assert fresh(application).is_open, "nothing before the link"
    link = mailed(mail_sink)
    question = client.get(link).content.decode()
    assert "Erase everything now?" in question
    assert "such as a copy that you have asked for" in question, "24 hours are not always true"
    response = Client().post(link)
    assert "Everything is being erased" in response.content.decode()
    gone = fresh(application)
    assert (gone.status, gone.early) == (Status.WITHDRAWN, "request")
    assert gone.delete_on == timezone.localdate()
    assert not gone.mails.filter(purpose=Mail.Purpose.WITHDRAWN).exists()
    assert Client().post(link).status_code == 404, "it works once"


def test_an_erasure_outruns_a_rejection_that_has_not_gone(
    client: Client, application: Application
) -> None:
    now = timezone.now()
    pipeline.reject(
        application,
        by=a_user("recruiter"),
        reason="No.",
        now=now,
        mail_at=now + timedelta(minutes=10),
    )
    client.post(a_link(application, Purpose.ERASURE))
    gone = fresh(application)
    assert (gone.status, gone.early) == (Status.WITHDRAWN, "request")
    assert not gone.mails.exists()


def test_one_that_was_closed_meanwhile_gets_a_request_and_is_told(
    client: Client, application: Application
) -> None:
    link = a_link(application, Purpose.ERASURE)
    now = timezone.now()
    pipeline.reject(application, by=a_user("recruiter"), reason="No.", now=now, mail_at=None)
    assert "Your application was closed before" in client.post(link).content.decode()
    asked = application.requests.get()
    assert (asked.kind, asked.registered_by) == (Request.Kind.ERASURE, None)
    assert not fresh(application).early
    assert client.post(link).status_code == 404


def test_an_erasure_that_is_confirmed_twice_at_once_happens_once(
    application: Application,
) -> None:
    text = tokens.mint(application, Purpose.ERASURE, now=timezone.now())
    first = tokens.find(text, Purpose.ERASURE, now=timezone.now())
    second = tokens.find(text, Purpose.ERASURE, now=timezone.now())
    assert first
    assert second
    outcomes = [room.erase(token, now=timezone.now()) for token in (first, second)]
    assert outcomes == [room.Outcome.ERASED, room.Outcome.USED]
