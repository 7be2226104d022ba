"""What happens to a request before the pages see it, and after."""

import ipaddress
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime
from functools import partial
from ipaddress import IPv4Address, IPv6Address
from logging import getLogger
from typing import cast
from urllib.parse import quote, unquote_to_bytes, urlsplit

from django.conf import settings
from django.core.exceptions import BadRequest, SuspiciousOperation
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.http.multipartparser import MultiPartParserError
from django.http.request import UnreadablePostError
from django.utils import timezone

from ats import errors, keeping
from ats.logs import masked, printable

GetResponse = Callable[[HttpRequest], HttpResponseBase]

# The access log ---------------------------------------------------------------------------

access = getLogger("ats.access")

#: A host name or an address in brackets, and a port: what an origin is made of.
ORIGIN = re.compile(r"https?://([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?")


def client_ip(request: HttpRequest) -> IPv4Address | IPv6Address | None:
    """Return the visitor's address, or None if there is none that can be trusted.

    X-Forwarded-For counts from the right, by as many proxies as are ours: what stands further
    left was written by the visitor. A request with fewer entries has gone round our proxies.
    """
    text = request.META.get("REMOTE_ADDR", "")
    if settings.ATS_TRUSTED_PROXIES:
        hops = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
        if len(hops) >= settings.ATS_TRUSTED_PROXIES:
            text = hops[-settings.ATS_TRUSTED_PROXIES]
    try:
        address = ipaddress.ip_address(text.strip().partition("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def truncated(address: IPv4Address | IPv6Address | None) -> str:
    """Return the network that an address is in, wide enough to name nobody: /24 or /48."""
    if address is None:
        return "-"
    prefix = 24 if address.version == 4 else 48
    network = ipaddress.ip_network((address, prefix), strict=False)
    return str(network.network_address)


def origin(referrer: str) -> str:
    """Return scheme, host and port of a referrer; its path may name a person."""
    with suppress(ValueError):
        parts = urlsplit(referrer)
        host = parts.netloc.rpartition("@")[2]
        if ORIGIN.fullmatch(found := f"{parts.scheme}://{host}"):
            return found
    return "-"


class AccessLog:
    """Writes one line a request: time, page, IP, referrer, bytes, browser; nothing else.

    These are the fields of the privacy policy's clause 2.1. The IP is truncated before it is
    written, tokens in the path are masked.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        now = timezone.now()
        response = self.get_response(request)
        if isinstance(response, StreamingHttpResponse):
            chunks = cast("Iterator[bytes]", response.streaming_content)
            response.streaming_content = Counted(
                chunks, lambda size: write_line(request, size=size, now=now)
            )
        else:
            size = 0 if request.method == "HEAD" else len(cast("HttpResponse", response).content)
            write_line(request, size=size, now=now)
        return response


class Counted:
    """Passes chunks on and tells how many bytes went out, when the response is closed."""

    def __init__(self, chunks: Iterator[bytes], tell: Callable[[int], None]) -> None:
        self.chunks, self.tell = chunks, tell
        self.size = 0

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        chunk = next(self.chunks)
        self.size += len(chunk)
        return chunk

    def close(self) -> None:
        self.tell(self.size)


def write_line(request: HttpRequest, *, size: int, now: datetime) -> None:
    """Write a request's line to the access log."""
    browser = printable(request.META.get("HTTP_USER_AGENT", "")).replace('"', "'")
    access.info(
        '%s %s %s %s %d "%s"',
        timezone.localtime(now).isoformat(timespec="seconds"),
        quote(masked(request.path), safe="/*:@.-_~")[:300],
        truncated(client_ip(request)),
        origin(request.META.get("HTTP_REFERER", "")),
        size,
        browser.strip()[:200] or "-",
    )


# Pages with names on them -------------------------------------------------------------------


class KeepPrivate:
    """Lets no cache keep what the workspace and the applicant's room answer, whatever it is.

    No other site learns the address of a room from a link in it: that is the referrer policy of
    every page here. A stricter one would have browsers hide where a form comes from, which is
    what tells a forged one apart.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        spaces = request.resolver_match.namespaces if request.resolver_match else []
        if {"hr", "room"} & {*spaces}:
            response["Cache-Control"] = "private, no-store"
        if "room" in spaces:
            response["X-Robots-Tag"] = "noindex"
        return response


# Requests that no page can read -------------------------------------------------------------

#: What is left of a path's bytes that are not UTF-8: Django puts their escapes back.
BROKEN_ESCAPE = re.compile(r"%[89A-Fa-f][0-9A-Fa-f]")
CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def largest_body() -> int:
    """Return how many bytes a form may have: all its files at their largest, and its fields."""
    return int(settings.ATS_MAX_FILES * settings.ATS_MAX_FILE_MB + 2) * 1024 * 1024


class RefuseUnreadable:
    """Answers what no page can read, with a page that says what to do: 400 or 413.

    It reads the form before any page does, so that every page's form fails in the same words.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        try:
            check_address(request)
            check_headers(request)
            check_body(request)
        except errors.Unreadable as error:
            for handler in request.upload_handlers:
                handler.upload_interrupted()  # a file that has half arrived
            drain(request)
            return errors.unreadable(request, error)
        response = self.get_response(request)
        if response.status_code == 405 and not getattr(response, "content", b"-"):
            return errors.wrong_method(request, response)
        return response


def check_address(request: HttpRequest) -> None:
    """Refuse a path or query that holds NUL or bytes that are not UTF-8."""
    if "\0" in request.path_info or BROKEN_ESCAPE.search(request.path_info):
        raise errors.Unreadable(errors.ADDRESS)
    raw = unquote_to_bytes(request.META.get("QUERY_STRING", "").encode("iso-8859-1", "replace"))
    if b"\0" in raw or not is_utf8(raw):
        raise errors.Unreadable(errors.ADDRESS)
    with Telling():
        _ = request.GET


def check_headers(request: HttpRequest) -> None:
    """Refuse cookies with control characters, and forms in another encoding than UTF-8."""
    if any(CONTROL.search(value) for value in request.COOKIES.values()):
        raise errors.Unreadable(errors.COOKIES)
    charset = (request.content_params or {}).get("charset", "utf-8")
    if charset.lower() not in {"utf-8", "utf8"} or getattr(request, "has_no_type", False):
        raise errors.Unreadable(errors.ENCODING)


def check_body(request: HttpRequest) -> None:
    """Refuse a form that is too large, broken, or not text where it should be."""
    length = request.META.get("CONTENT_LENGTH") or "0"
    if not (length.isascii() and length.isdigit()):
        raise errors.Unreadable(errors.BROKEN)
    if int(length) > largest_body():
        raise errors.Unreadable(status=413)
    if request.method != "POST":
        return
    with Telling():
        fields = request.POST
    if request.content_type == "application/x-www-form-urlencoded" and not is_utf8(
        unquote_to_bytes(request.body)
    ):
        raise errors.Unreadable(errors.ENCODING)
    # Django puts � where the parts of a form are not UTF-8; what it stood for is lost.
    texts = (text for name, values in fields.lists() for text in (name, *values))
    if any("\0" in text or "\ufffd" in text for text in texts) and not keeping.form_of(request):
        raise errors.Unreadable(errors.NO_TEXT)


class Telling:
    """Turns what Django raises while it reads a request into the sentence for the page."""

    def __enter__(self) -> None: ...

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        known = (
            BadRequest,
            SuspiciousOperation,
            MultiPartParserError,
            UnreadablePostError,
            # Headers of a part that name an encoding which is none.
            LookupError,
            ValueError,
        )
        if isinstance(error, known):
            raise errors.Unreadable(partial(errors.sentence, error)) from error


def is_utf8(raw: bytes) -> bool:
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return True


def drain(request: HttpRequest) -> None:
    """Read what is left of a body and drop it: a browser that is still sending reads no answer."""
    chunk = 64 * 1024
    with suppress(OSError, ValueError):
        for _ in range(2 * largest_body() // chunk):
            if not request.read(chunk):
                break
