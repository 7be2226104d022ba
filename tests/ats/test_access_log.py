import logging
from collections.abc import Iterator
from datetime import datetime
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any
from unittest.mock import ANY

import pytest
from django.http import FileResponse, HttpRequest, HttpResponse, StreamingHttpResponse
from django.test import Client, RequestFactory

from ats.middleware import AccessLog, client_ip, origin, truncated

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_django.fixtures import Settings

# The end of a request looks after the database's connections.
pytestmark = [pytest.mark.django_db, pytest.mark.once("sqlite")]


@pytest.fixture
def lines() -> Iterator[list[str]]:
    """The lines of the access log, as they come."""
    access = logging.getLogger("ats.access")
    found: list[str] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            found.append(record.getMessage())

    access.handlers, before = [Keep()], access.handlers
    yield found
    access.handlers = before


def answer(request: HttpRequest, response: HttpResponse | StreamingHttpResponse) -> None:
    """Have a response go out through the log, to its end."""
    result = AccessLog(lambda _: response)(request)
    if isinstance(result, StreamingHttpResponse):
        b"".join(result)
    result.close()


def a_request(path: str = "/jobs/", **headers: Any) -> HttpRequest:
    return RequestFactory().get(path, **headers)


def test_a_line_has_the_six_fields_of_the_privacy_policy_and_no_more(lines: list[str]) -> None:
    request = a_request(
        "/jobs/nurse/?utm=mira",
        REMOTE_ADDR="203.0.113.77",
        HTTP_REFERER="https://mira:pw@search.example:8443/find?q=mira",
        HTTP_USER_AGENT="Mozilla/5.0 (X11)",
    )
    answer(request, HttpResponse(b"12345", status=404))
    time, rest = lines[0].split(" ", 1)
    assert datetime.fromisoformat(time).utcoffset() is not None
    assert rest == '/jobs/nurse/ 203.0.113.0 https://search.example:8443 5 "Mozilla/5.0 (X11)"'


def test_what_is_missing_is_a_dash(lines: list[str]) -> None:
    answer(a_request(REMOTE_ADDR=""), HttpResponse())
    assert lines == [f'{lines[0].split()[0]} /jobs/ - - 0 "-"']


@pytest.mark.parametrize(
    ("path", "page"),
    [
        ("/my/s3cret-t0ken/", "/my/***/"),
        ("/my/s3cret-t0ken/withdraw/", "/my/***/withdraw/"),
        ("/my/s3cret%0At0ken/", "/my/***"),
        ("/accounts/password/reset/key/2-d1g3st-abc/", "/accounts/password/reset/key/***/"),
        ("/accounts/password/reset/key/done/", "/accounts/password/reset/key/done/"),
        ("/jobs/mira@post.example/", "/jobs/***@***/"),
    ],
)
def test_tokens_and_addresses_in_the_path_are_masked(
    lines: list[str], path: str, page: str
) -> None:
    answer(a_request(path), HttpResponse())
    assert lines[0].split()[1].startswith(page)
    assert "s3cret" not in lines[0]


def test_a_visitor_cannot_write_a_second_line(lines: list[str]) -> None:
    request = a_request(
        "/a%0D%0A2026-01-01 /hr/%E2%80%A8%E2%80%AEx%22/",
        HTTP_USER_AGENT='x"\r\n\x1b[2K\x85 y\x00',
        HTTP_REFERER="https://a.example\n/x",
    )
    answer(request, HttpResponse())
    assert len(lines[0].splitlines()) == 1
    assert lines[0].isprintable()
    assert lines[0].count('"') == 2
    assert len(lines[0].split('"')[0].split()) == 5


def test_a_browser_name_is_shortened(lines: list[str]) -> None:
    answer(a_request(HTTP_USER_AGENT="a" * 9000), HttpResponse())
    assert lines[0].endswith(f'"{"a" * 200}"')


def test_bytes_of_a_stream_are_counted_when_it_ends(lines: list[str]) -> None:
    response = AccessLog(lambda _: StreamingHttpResponse([b"abc", "dé"]))(a_request())
    assert lines == []
    assert b"".join(response) == "abcdé".encode()
    response.close()
    assert [line.split()[4] for line in lines] == ["6"]


def test_bytes_of_a_broken_off_stream_are_those_that_went_out(lines: list[str]) -> None:
    response = AccessLog(lambda _: StreamingHttpResponse([b"abc", b"def"]))(a_request())
    assert next(iter(response)) == b"abc"
    response.close()
    assert [line.split()[4] for line in lines] == ["3"]


def test_bytes_of_a_file_are_counted_and_the_file_is_closed(
    lines: list[str], tmp_path: "Path"
) -> None:
    (tmp_path / "cv.pdf").write_bytes(b"x" * 100_000)
    file = (tmp_path / "cv.pdf").open("rb")
    answer(a_request(), FileResponse(file))
    assert [line.split()[4] for line in lines] == ["100000"]
    assert file.closed


def test_a_static_file_and_a_redirect_have_their_lines_too(
    lines: list[str], client: Client
) -> None:
    client.get("/")
    assert [line.split()[1] for line in lines] == ["/"]
    assert [len(line.split(" ", 5)) for line in lines] == [6]
    assert lines[0].split() == [ANY, "/", "127.0.0.0", "-", "0", '"-"']


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.77", "203.0.113.0"),
        ("2001:db8:aaaa:bbbb::1", "2001:db8:aaaa::"),
        ("::1", "::"),
    ],
)
def test_an_address_is_truncated_to_its_network(address: str, network: str) -> None:
    assert truncated(ip_address(address)) == network


@pytest.mark.parametrize(
    ("proxies", "forwarded", "expected"),
    [
        (0, "198.51.100.1", "192.0.2.9"),  # anybody can write the header
        (1, "198.51.100.1", "198.51.100.1"),
        (1, "6.6.6.6, 198.51.100.1", "198.51.100.1"),
        (2, "6.6.6.6, 198.51.100.1, 10.0.0.2", "198.51.100.1"),
        (2, "198.51.100.1", "192.0.2.9"),  # came round the outer proxy
        (1, "", "None"),
        (1, "unknown", "None"),
        (1, "999.1.1.1", "None"),
        (1, "1.2.3.4\r\nX: y", "None"),
        (1, "::ffff:198.51.100.1", "198.51.100.1"),
        (1, "fe80::1%eth0", "fe80::1"),
    ],
)
def test_the_client_is_counted_from_the_right_behind_our_proxies(
    settings: "Settings", proxies: int, forwarded: str, expected: str
) -> None:
    settings.ATS_TRUSTED_PROXIES = proxies
    request = a_request(REMOTE_ADDR="192.0.2.9", HTTP_X_FORWARDED_FOR=forwarded)
    assert str(client_ip(request)) == expected


@pytest.mark.parametrize(
    ("referrer", "expected"),
    [
        ("https://search.example/find?q=mira", "https://search.example"),
        ("http://[2001:db8::1]:80/x", "http://[2001:db8::1]:80"),
        ("android-app://com.example/mira", "-"),
        ("https://[broken", "-"),
        ("mira@post.example", "-"),
        ("", "-"),
        ("https://a b/", "-"),
    ],
)
def test_of_a_referrer_its_origin_is_left(referrer: str, expected: str) -> None:
    assert origin(referrer) == expected
