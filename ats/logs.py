"""Logs without personal data: they are kept elsewhere and longer than the records are.

Tokens, queries, IP and e-mail addresses are masked. An exception is written as its type and where
it came from, without its message: database drivers quote the row in it.
"""

import logging
import re
import traceback
from types import TracebackType

from django.conf import settings

#: What follows these in a path opens somebody's page.
TOKEN = re.compile(r"(/my/|/accounts/password/reset/key/)(?!done\b)[^/?\s]+")
#: A token of a room or of an address for replies wherever else it stands; as candidates/tokens.py
#: makes them, which cannot be asked before Django is set up.
BARE_TOKEN = re.compile(r"(?<![A-Za-z0-9])[A-Za-z2-7]{52}(?![A-Za-z0-9])")
QUERY = re.compile(r"(/[^\s?\"']*)\?[^\s\"']*")
EMAIL = re.compile(r"[^\s<>()\[\]\"',:;=@/]+@[^\s<>()\[\]\"',:;=@/]+")
#: gunicorn names the visitor's address so; IPv4 is also found elsewhere.
IP = re.compile(r"\bip=[0-9A-Fa-f:.]+|\b(?:[0-9]{1,3}\.){3}[0-9]{1,3}\b")
#: Controls, line separators and marks that turn the direction of writing.
UNPRINTABLE = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff]"
)
#: Where a traceback in a text begins, and its frames. django-q writes one into its messages.
TRACEBACK = "Traceback (most recent call last):"
FRAME = re.compile(r'^ *File "([^"\n]+)", line (\d+), in (\S+)$', re.MULTILINE)

ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


def masked(text: str) -> str:
    """Return a text, or a path, without tokens, queries, IP and e-mail addresses."""
    text = TOKEN.sub(r"\1***", text)
    text = BARE_TOKEN.sub("***", text)
    text = QUERY.sub(r"\1", text)
    text = IP.sub("***", text)
    return EMAIL.sub("***@***", text)


def printable(text: str) -> str:
    """Return a text on one line: whoever wrote it cannot make it look like two."""
    return UNPRINTABLE.sub(" ", text)


def without_traceback(text: str) -> str:
    """Return a text whose traceback is cut to its frames.

    What django-q puts before the traceback is the exception's message, so that goes too.
    """
    start = text.find(TRACEBACK)
    if start < 0:
        return text
    head = text[:start].partition(" - ")[0]
    frames = [f"{path}:{line} {name}" for path, line, name in FRAME.findall(text[start:])]
    return f"{head} - {' < '.join(reversed(frames))}"


def where(error: BaseException) -> str:
    """Return an exception's type and frames, innermost first."""
    frames = traceback.extract_tb(error.__traceback__)
    places = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in reversed(frames)]
    kind = f"{type(error).__module__}.{type(error).__qualname__}"
    return f"  {kind} at {' < '.join(places) or 'unknown'}"


def chain(error: BaseException) -> list[BaseException]:
    """Return an exception and those that it came from, as Python would print them."""
    found: list[BaseException] = []
    following: BaseException | None = error
    while following is not None and following not in found:
        found.append(following)
        hidden = following.__suppress_context__
        following = following.__cause__ or (None if hidden else following.__context__)
    return found


class Masked(logging.Formatter):
    """Formats a record without personal data. Under DEBUG exceptions keep their messages."""

    def format(self, record: logging.LogRecord) -> str:
        if settings.DEBUG:
            return super().format(record)
        # The text of an exception that another formatter has left in the record is not masked.
        text, record.exc_text = record.exc_text, None
        try:
            return super().format(record)
        finally:
            record.exc_text = text

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  logging's name
        if settings.DEBUG:
            return super().formatMessage(record)
        record.message = printable(masked(without_traceback(record.message)))
        return super().formatMessage(record)

    def formatException(self, ei: ExcInfo) -> str:  # noqa: N802  logging's name
        if settings.DEBUG or ei[1] is None:
            return super().formatException(ei)
        return "\n".join(where(error) for error in chain(ei[1]))
