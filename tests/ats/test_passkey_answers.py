"""What is sent in place of a passkey's answer: refused with a sentence, whatever it is."""

import json
import random
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import AnonymousUser
from django.core.cache import cache
from django.test import Client
from fido2 import cbor

from tests.ats.test_accounts import try_to_log_in
from tests.world import a_user, rounds

if TYPE_CHECKING:
    from pytest_django.fixtures import Settings

pytestmark = [pytest.mark.django_db, pytest.mark.once("sqlite"), pytest.mark.usefixtures("english")]

#: What stands where bytes are expected, or a number, or nothing.
ODD: tuple[Any, ...] = (None, 1, 2**80, "", "AA", "ß", "=", "A" * 5000, [], {}, [1], {"a": 1}, True)


def text(content: bytes) -> str:
    return urlsafe_b64encode(content).decode().rstrip("=")


def some_bytes(chance: random.Random) -> Any:
    """Return base64url of junk, of CBOR with junk in it, of a challenge that is ours or not."""
    junk = chance.randbytes(chance.choice((0, 1, 37, 55, 200)))
    attested: dict[str, Any] = {
        "fmt": chance.choice(("none", "packed", 1)),
        "attStmt": {},
        "authData": junk,
    }
    client: dict[str, Any] = {
        "type": chance.choice(("webauthn.create", "webauthn.get", 1)),
        "challenge": "AA",
    }
    client |= {"origin": chance.choice(("http://testserver", "x", None))}
    told = (junk, cbor.encode(attested), json.dumps(client).encode(), b"1", b"9" * 60)
    return chance.choice((*map(text, told), *ODD))


def answers() -> Iterator[str]:
    yield from ("", "{", "[]", "1", "null", '"x"', "{}", "[" * 2000)
    chance = random.Random(20260917)
    names = ("clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle")
    for _ in range(rounds(150, 5000)):
        response: Any = {name: some_bytes(chance) for name in names if chance.random() < 0.8}
        answer = {
            "id": chance.choice(("AA", some_bytes(chance))),
            "rawId": chance.choice(("AA", some_bytes(chance))),
            "type": chance.choice(("public-key", "public-key", *ODD)),
            "response": chance.choice((response, response, response, *ODD)),
            "clientExtensionResults": chance.choice(({}, {}, *ODD)),
        }
        kept = {key: value for key, value in answer.items() if chance.random() < 0.95}
        yield json.dumps(kept)


@pytest.mark.soak
def test_what_is_no_passkey_s_answer_is_refused_at_each_door(settings: "Settings") -> None:
    settings.ATS_SECOND_FACTOR = True
    settings.MFA_RATE_LIMITS = False
    settings.ACCOUNT_RATE_LIMITS = False
    add, alone = "/accounts/2fa/passkeys/add/", "/accounts/2fa/passkeys/login/"
    stranger, inside = Client(), Client()
    try_to_log_in(inside, a_user("recruiter").email)
    for answer in answers():
        stranger.get(alone, headers={"accept": "application/json"})
        response = stranger.post(alone, {"credential": answer})
        assert response.status_code == 422, answer
        inside.get(add)
        response = inside.post(add, {"credential": answer, "name": "x"})
        assert response.status_code == 422, answer
        assert "was not accepted" in response.text or 'class="error"' in response.text
    assert not Authenticator.objects.exists()
    assert isinstance(stranger.get("/jobs/").wsgi_request.user, AnonymousUser)


def test_log_in_by_passkey_is_limited(client: Client) -> None:
    cache.clear()
    path = "/accounts/2fa/passkeys/login/"
    answers = [client.post(path, {"credential": "{}"}).status_code for _ in range(11)]
    assert answers == [422] * 10 + [429]
