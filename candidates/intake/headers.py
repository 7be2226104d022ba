"""The headers of a mail as people mean them, whatever the bytes are. Nothing here raises.

Python's parser of structured headers (`email.policy.default`) raises for some that are broken and
takes minutes for some that are long; so the header is taken as it came and read here.
"""

import re
from binascii import Error, a2b_base64, a2b_qp
from collections.abc import Iterator
from email.message import Message
from email.parser import BytesHeaderParser
from email.policy import Compat32
from typing import NamedTuple

from candidates.forms.apply import UNSTORABLE, tidy
from candidates.intake import texts

#: How much of a header is read, in characters, and how often one that stands there several times.
MOST = 10_000
OFTEN = 100
#: How much of a mail its headers are looked for in, in bytes.
HEAD = 256 * 1024

#: RFC 2047: =?charset?encoding?text?=, in practice also with spaces in the text.
WORD = re.compile(r"=\?([^?\s]{1,80})\?([bBqQ])\?([^?]*)\?=")
#: Neither looks at a letter more than a few times, however long the header is.
ADDRESS = re.compile(r"(?<![^\s<>\"(),;:@\[\]\\])[^\s<>\"(),;:@\[\]\\]++@[^\s<>\"(),;:@\[\]\\]+")
#: What stands in <> is the address, and everything before it the name, commas and all.
NAMED = re.compile(r"(.*)<(?=[^<>@]*@)([^<>]*)>[^<>]*")
COMMENTED = re.compile(r"([^()]*)\((.*)\)\s*")


class AsItCame(Compat32):
    """A policy that gives headers as strings, bytes beyond ASCII as surrogates."""

    def header_fetch_parse(self, name: str, value: str) -> str:
        return value


AS_IT_CAME = AsItCame()


class Address(NamedTuple):
    name: str
    address: str


def only(raw: bytes) -> "Message[str, str]":
    """Return a mail of which the headers alone have been read."""
    return BytesHeaderParser(policy=AS_IT_CAME).parsebytes(raw[:HEAD])


def every(message: "Message[str, str]", *names: str) -> list[str]:
    """Return all values of headers, each on one line, its words not decoded yet."""
    found = (value for name in names for value in message.get_all(name, [])[:OFTEN])
    return [" ".join(mended(str(value)[:MOST]).split()) for value in found]


def first(message: "Message[str, str]", name: str) -> str:
    """Return the first value of a header, or ""."""
    return next(iter(every(message, name)), "")


def text(message: "Message[str, str]", name: str) -> str:
    """Return a header as people read it: decoded, on one line, without what cannot be shown."""
    return readable(first(message, name))


def readable(value: str) -> str:
    return tidy(UNSTORABLE.sub("", unworded(value)))


def mended(value: str) -> str:
    """Return a value whose raw bytes beyond ASCII have become the letters that they mean."""
    try:
        return texts.decoded(value.encode("ascii", "surrogateescape"))
    except UnicodeEncodeError:
        return value


def unworded(value: str) -> str:
    """Return a value with its encoded words decoded, also where one letter is cut in two."""
    return "".join(text for text in _pieces(value))


def _pieces(value: str) -> Iterator[str]:
    end, charset, held = 0, "", b""
    for match in WORD.finditer(value):
        between = value[end : match.start()]
        content = _content(match)
        is_next = end > 0 and not between.strip()
        if not (is_next and match[1].lower() == charset):
            yield texts.decoded(held, charset.partition("*")[0])
            held = b""
        if not is_next:
            yield between
        held, charset, end = held + content, match[1].lower(), match.end()
    yield texts.decoded(held, charset.partition("*")[0])
    yield value[end:]


def _content(match: re.Match[str]) -> bytes:
    source = match[3].encode("utf-8", "replace")
    if match[2] in "qQ":
        return a2b_qp(source.replace(b" ", b"=20"), header=True)
    try:
        return a2b_base64(source + b"=" * (-len(source) % 4))
    except Error:
        return match[0].encode("utf-8", "replace")


def addresses(message: "Message[str, str]", *names: str) -> list[str]:
    """Return all that looks like an address in headers."""
    return [found for value in every(message, *names) for found in ADDRESS.findall(value)]


def sender(message: "Message[str, str]", name: str = "From") -> Address | None:
    """Return who stands in a header as sender, the name decoded; None without an address."""
    value = first(message, name)
    if named := NAMED.fullmatch(value):
        return Address(_name(named[1]), readable(named[2]).replace(" ", ""))
    if commented := COMMENTED.fullmatch(value):
        found = ADDRESS.search(commented[1])
        return Address(_name(commented[2]), found[0]) if found else None
    found = ADDRESS.search(unworded(value))
    return Address("", found[0]) if found else None


def _name(value: str) -> str:
    value = value.strip()
    if len(value) > 1 and value[0] == value[-1] == '"':
        value = re.sub(r"\\(.)", r"\1", value[1:-1])
    return readable(value).strip("\"'’‘“”„ ")
