"""A small provider of OpenID Connect on loopback: real HTTP, real signatures, one person.

It checks what a good provider checks (client, secret, address to return to, PKCE, code used once),
so that a log-in which passes here has sent all of it.
"""

import hashlib
import json
import secrets
import threading
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import parse_qsl, urlencode
from wsgiref.simple_server import WSGIRequestHandler, make_server

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

CLIENT_ID = "halbjahr"
SECRET = "the secret that both know"

Answer = tuple[str, dict[str, str], bytes]


class Quiet(WSGIRequestHandler):
    def log_message(self, *args: Any) -> None:
        pass


def as_json(content: Any, status: str = "200 OK") -> Answer:
    return status, {"Content-Type": "application/json"}, json.dumps(content).encode()


def a_key() -> RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


class Provider:
    """What it says of the person is in `claims` (id_token) and `about` (userinfo)."""

    def __init__(self) -> None:
        self.server = make_server("127.0.0.1", 0, self.answer, handler_class=Quiet)
        self.url = f"http://127.0.0.1:{self.server.server_port}/realms/firm"
        self.key = self.published = a_key()
        self.claims: dict[str, Any] = {}
        self.about: dict[str, Any] = {}
        self.is_down = False
        self.codes: dict[str, dict[str, str]] = {}
        self.seen: list[str] = []
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    def answer(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        path = environ["PATH_INFO"].removeprefix("/realms/firm")
        size = int(environ.get("CONTENT_LENGTH") or 0)
        form = dict(parse_qsl(environ["wsgi.input"].read(size).decode()))
        query = dict(parse_qsl(environ.get("QUERY_STRING", "")))
        self.seen.append(path)
        status, headers, body = self.page(path, query | form, environ)
        start(status, list(headers.items()))
        return [body]

    def page(self, path: str, given: dict[str, str], environ: dict[str, Any]) -> Answer:
        if self.is_down:
            return "503 Service Unavailable", {"Content-Type": "text/html"}, b"<h1>Later</h1>"
        if path == "/.well-known/openid-configuration":
            return as_json(self.discovery())
        if path == "/authorize":
            return self.authorize(given)
        if path == "/token":
            return self.token(given)
        if path == "/jwks":
            public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self.published.public_key()))
            return as_json({"keys": [public | {"kid": "one", "alg": "RS256", "use": "sig"}]})
        if path == "/userinfo" and environ.get("HTTP_AUTHORIZATION") == "Bearer let me look":
            return as_json({"sub": "person-1"} | self.about)
        return as_json({"error": "not_found"}, "404 Not Found")

    def discovery(self) -> dict[str, Any]:
        return {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "userinfo_endpoint": f"{self.url}/userinfo",
            "jwks_uri": f"{self.url}/jwks",
            "token_endpoint_auth_methods_supported": ["client_secret_post"],
        }

    def authorize(self, given: dict[str, str]) -> Answer:
        """Take the person for logged in, and send the browser back with a code."""
        asked = (given.get("client_id"), given.get("response_type"))
        if asked != (CLIENT_ID, "code") or given.get("code_challenge_method") != "S256":
            return as_json({"error": "invalid_request"}, "400 Bad Request")
        code = secrets.token_urlsafe(16)
        self.codes[code] = given
        back = urlencode({"code": code, "state": given["state"]})
        return "302 Found", {"Location": f"{given['redirect_uri']}?{back}"}, b""

    def token(self, given: dict[str, str]) -> Answer:
        asked = self.codes.pop(given.get("code", ""), None)
        digest = hashlib.sha256(given.get("code_verifier", "").encode()).digest()
        challenge = urlsafe_b64encode(digest).decode().rstrip("=")
        if (
            asked is None
            or (given.get("client_id"), given.get("client_secret")) != (CLIENT_ID, SECRET)
            or given.get("redirect_uri") != asked["redirect_uri"]
            or challenge != asked["code_challenge"]
        ):
            return as_json({"error": "invalid_grant"}, "400 Bad Request")
        return as_json(
            {"access_token": "let me look", "token_type": "Bearer", "id_token": self.id_token()}
        )

    def id_token(self) -> str:
        now = int(time.time())
        usual = {"iss": self.url, "aud": CLIENT_ID, "sub": "person-1", "iat": now, "exp": now + 60}
        return jwt.encode(usual | self.claims, self.key, "RS256", headers={"kid": "one"})
