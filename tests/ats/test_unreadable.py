"""Requests that no page can read: each a 4xx page that says what to do, never a 500."""

import io
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

import pytest
from django.http import HttpRequest
from django.http.request import UnreadablePostError
from django.test import Client, RequestFactory
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from ats.middleware import largest_body
from ats.wsgi import application
from tests.world import rounds

# The end of a request looks after the database's connections.
pytestmark = [pytest.mark.django_db, pytest.mark.once("sqlite")]

LOGIN = "/accounts/login/"
FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=b"


@dataclass
class Answer:
    status: int
    text: str


def call(**environ: Any) -> Answer:
    """Call the application as gunicorn does."""
    told: list[str] = []

    def start_response(status: str, *args: Any) -> Any:
        told.append(status)

    defaults = {"HTTP_HOST": "localhost", "HTTP_ACCEPT_LANGUAGE": "en", "REMOTE_ADDR": "192.0.2.1"}
    # The environment of the test client: there is no public way to it.
    base = RequestFactory()._base_environ(**defaults | environ)  # type: ignore[attr-defined]
    response = application(base, start_response)
    try:
        return Answer(int(told[0][:3]), b"".join(response).decode())
    finally:
        response.close()


def post(body: bytes, content_type: str, **environ: Any) -> Answer:
    return call(
        **{
            "REQUEST_METHOD": "POST",
            "PATH_INFO": LOGIN,
            "CONTENT_TYPE": content_type,
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.input": io.BytesIO(body),
        }
        | environ
    )


def part(name: str, value: bytes, more: str = "", disposition: str = "") -> bytes:
    head = f'--b\r\nContent-Disposition: form-data; name="{name}"{disposition}\r\n{more}\r\n'
    return head.encode() + value + b"\r\n"


@pytest.mark.parametrize(
    ("body", "content_type", "says"),
    [
        (b"&".join(b"f%d=1" % n for n in range(5000)), FORM, "more fields than ours"),
        (b"".join(part(f"f{n}", b"1") for n in range(5000)) + b"--b--", MULTIPART, "more fields"),
        (b"login=" + b"a" * 10_000_000, FORM, "longer than we can take"),
        (part("login", b"a" * 10_000_000) + b"--b--", MULTIPART, "longer than we can take"),
        (
            b"".join(part("f", b"x", disposition='; filename="a.pdf"') for _ in range(50))
            + b"--b--",
            MULTIPART,
            "too many files",
        ),
        (b"x", "multipart/form-data", "did not arrive whole"),
        (b"x", "multipart/form-data; boundary=\xe9", "did not arrive whole"),
        (
            part("f", b"!", "Content-Transfer-Encoding: base64\r\n", '; filename="a"') + b"--b--",
            MULTIPART,
            "did not arrive whole",
        ),
        (b"login=a", f"{FORM}; charset=utf-16", "UTF-8"),
        (b"login=a", f"{FORM}; charset=hex", "UTF-8"),
        (b"login=a", f"{FORM}; charset=klingon", "UTF-8"),
        (part("login", b"a") + b"--b--", f"{MULTIPART}; charset=latin-1", "UTF-8"),
        (b"login=M%FCller", FORM, "UTF-8"),
        (b"login=M\xfcller", FORM, "UTF-8"),
        (b"login=%ED%A0%80", FORM, "UTF-8"),  # a lone surrogate
        (b"login=a%00b", FORM, "NUL"),
        (part("lo\0gin", b"a") + b"--b--", MULTIPART, "NUL"),
        (part("login", b"a\0b") + b"--b--", MULTIPART, "NUL"),
        (part("login", b"M\xfcller") + b"--b--", MULTIPART, "cannot be read"),
        (part("login", b"\xed\xa0\x80") + b"--b--", MULTIPART, "cannot be read"),
        (part("login", "\ufffd".encode()) + b"--b--", MULTIPART, "cannot be read"),
    ],
)
def test_a_form_that_cannot_be_read_is_told_why(body: bytes, content_type: str, says: str) -> None:
    response = post(body, content_type)
    assert response.status == 400
    assert says in response.text
    assert "Nothing was stored." in response.text


def test_a_form_larger_than_all_its_files_may_be_is_not_read() -> None:
    response = post(b"x", MULTIPART, CONTENT_LENGTH=str(largest_body() + 1))
    assert response.status == 413
    assert "at most 10 files of 10 MB" in response.text


@pytest.mark.parametrize("length", ["-1", "1e9", "", "x", "٣"])
def test_a_length_that_is_none_is_no_error_of_ours(length: str) -> None:
    assert post(b"x", MULTIPART, CONTENT_LENGTH=length).status in {400, 403}


@pytest.mark.parametrize("content_type", ["application/json", "text/plain", "", "; ;", "a"])
def test_other_types_pass_as_an_empty_form(content_type: str) -> None:
    # Without a form there is no token in it.
    assert post(b'{"login": 1}', content_type).status == 403


def test_a_broken_connection_is_no_error_of_ours() -> None:
    with patch.object(HttpRequest, "read", side_effect=UnreadablePostError("gone")):
        response = post(part("login", b"a"), MULTIPART)
    assert response.status == 400


@pytest.mark.parametrize("path", ["/a%00b/", "/jobs/%ff/", "/jobs/%ED%A0%80/", "/%c0%80/"])
def test_an_address_with_nul_or_broken_bytes_is_refused(client: Client, path: str) -> None:
    response = client.get(path)
    assert response.status_code == 400


@pytest.mark.parametrize(
    "query", ["q=%00", "q=%ff", "%fe=1", "q=%ED%A0%80", "&".join("a=1" for _ in range(300))]
)
def test_a_query_with_nul_or_broken_bytes_or_too_many_fields_is_refused(
    client: Client, query: str
) -> None:
    assert client.get(f"/jobs/?{query}").status_code == 400


def test_a_cookie_with_control_characters_is_refused(client: Client) -> None:
    response = client.get("/hr/", headers={"cookie": 'sessionid="aaaaaaaaaa\\000b"'})
    assert response.status_code == 400


@pytest.mark.parametrize("charset", ["hex", "utf-7", "klingon"])
def test_a_query_with_a_content_type_of_another_encoding_is_refused(charset: str) -> None:
    response = call(QUERY_STRING="q=a", CONTENT_TYPE=f"text/html; charset={charset}")
    assert response.status == 400


def test_an_unknown_host_is_told_the_right_one(client: Client) -> None:
    response = client.get("/jobs/", headers={"host": "evil.example", "accept-language": "en"})
    assert response.status_code == 400
    assert "http://localhost:8000" in response.content.decode()


@pytest.mark.parametrize("host", ["a b", "[", "localhost:99999", "", "x" * 300, "localhost\x00"])
def test_a_broken_host_is_no_error_of_ours(client: Client, host: str) -> None:
    assert client.get("/robots.txt", headers={"host": host}).status_code in {200, 400}


def test_a_method_that_a_page_does_not_offer_gets_a_page_too(client: Client) -> None:
    response = client.delete("/robots.txt", headers={"accept-language": "en"})
    assert response.status_code == 405
    assert response["Allow"] == "GET, HEAD"
    assert "use the buttons of the page" in response.content.decode()


@pytest.mark.parametrize(
    "content_type",
    ["a/b; boundary*=bogus''x", "a/b; charset*=utf-8''%00x", "x/y; charset=a\0b", "a;charset*1=a"],
)
def test_a_content_type_that_django_stumbles_over_gets_its_page(content_type: str) -> None:
    assert post(b"", content_type).status in {400, 403}


def test_too_many_fields_in_a_query_with_an_encoding_get_their_page() -> None:
    query = "&".join("a=1" for _ in range(300))
    assert call(QUERY_STRING=query, CONTENT_TYPE="text/html; charset=utf-8").status == 400


ascii_text = st.text(st.characters(min_codepoint=1, max_codepoint=255), max_size=60)


@pytest.mark.soak
@hypothesis_settings(
    max_examples=rounds(150, 5000),
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    path=ascii_text,
    query=ascii_text,
    body=st.binary(max_size=300)
    | st.tuples(ascii_text, st.binary(max_size=50), ascii_text, ascii_text).map(
        lambda f: part(f[0], f[1], f"{f[2]}\r\n", f"; {f[3]}") + b"--b--"
    ),
    content_type=st.sampled_from([FORM, MULTIPART])
    | ascii_text
    | ascii_text.map(lambda more: f"{MULTIPART}; {more}"),
    cookie=ascii_text,
    host=st.just("localhost") | ascii_text,
)
def test_whatever_comes_is_no_error_of_ours(
    path: str, query: str, body: bytes, content_type: str, cookie: str, host: str
) -> None:
    for target in (LOGIN, f"/{path}"):
        answer = post(
            body,
            content_type,
            PATH_INFO=target,
            QUERY_STRING=query,
            HTTP_COOKIE=cookie,
            HTTP_HOST=host,
        )
        assert 300 <= answer.status < 500
