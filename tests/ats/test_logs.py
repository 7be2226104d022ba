import logging
import sys
from base64 import b32encode
from typing import TYPE_CHECKING

import pytest

from ats.logs import Masked, masked

if TYPE_CHECKING:
    from pytest_django.fixtures import Settings

TOKEN = b32encode(bytes(range(32))).decode().rstrip("=").lower()
DETAIL = "duplicate key\nDETAIL:  Key (email)=(kaethe@post.example) already exists, Großmann"


class UniqueViolationError(Exception):
    """Stands for what a driver raises: its message quotes the row."""


def insert_row() -> None:
    raise UniqueViolationError(DETAIL)


def a_record(message: str, *args: object, name: str = "django.request", exc: bool = False) -> str:
    info = None
    if exc:
        try:
            try:
                insert_row()
            except UniqueViolationError as error:
                raise ValueError("row of kaethe@post.example") from error
        except ValueError:
            info = sys.exc_info()
    record = logging.LogRecord(name, logging.ERROR, __file__, 1, message, args, info)
    if exc:
        # Another handler's formatter has been here before.
        logging.Formatter().format(record)
        assert "kaethe" in (record.exc_text or "")
    return Masked("%(levelname)s %(name)s %(message)s").format(record)


def test_an_exception_is_its_type_and_frames_without_what_it_says() -> None:
    text = a_record("%s: %s", "Internal Server Error", "/jobs/x/apply/?email=k", exc=True)
    assert "ERROR django.request Internal Server Error: /jobs/x/apply/\n" in text
    assert f"UniqueViolationError at {__file__}:" in text
    assert "insert_row" in text
    assert "builtins.ValueError" in text
    for secret in ("kaethe", "Großmann", "DETAIL", "email"):
        assert secret not in text


def test_under_debug_an_exception_keeps_its_message(settings: "Settings") -> None:
    settings.DEBUG = True
    assert "DETAIL" in a_record("Internal Server Error", exc=True)


def test_a_failed_job_is_logged_without_its_traceback_message() -> None:
    try:
        insert_row()
    except UniqueViolationError as error:
        import traceback

        result = f"{error} : {traceback.format_exc()}"
    text = a_record(f"Failed 'candidates.tasks.clean' (four-green-owls) - {result}")
    assert "Failed 'candidates.tasks.clean' (four-green-owls) - " in text
    assert "insert_row" in text
    assert "kaethe" not in text
    assert "DETAIL" not in text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Not Found: /my/abc123def/files/", "Not Found: /my/***/files/"),
        (
            "Not Found: /accounts/password/reset/key/2-cabc-123/",
            "Not Found: /accounts/password/reset/key/***/",
        ),
        ("Error handling request /jobs/?name=Mira&x=1 now", "Error handling request /jobs/ now"),
        ("mail to <kaethe.g@post.example> failed", "mail to <***@***> failed"),
        ("Why? Because", "Why? Because"),
        (f"Not Found: /my/{TOKEN}/", "Not Found: /my/***/"),
        (f"Not Found: /old/{TOKEN}/?x=1", "Not Found: /old/***/"),
        (f"550 <jobs+{TOKEN}@musterwerk.example> unknown", "550 <***@***> unknown"),
        (f"550 jobs+{TOKEN.upper()} unknown", "550 jobs+*** unknown"),
        (f"object attachments/{64 * 'a'}", f"object attachments/{64 * 'a'}"),
        ("Invalid request from ip=203.0.113.7: no", "Invalid request from *** no"),
        ("Invalid request from ip=2001:db8::7: no", "Invalid request from *** no"),
        ("connection to 203.0.113.7 refused", "connection to *** refused"),
    ],
)
def test_tokens_queries_and_addresses_are_masked(text: str, expected: str) -> None:
    assert masked(text) == expected


def test_a_message_stays_on_one_line() -> None:
    text = a_record("Not Found: %s", "/a\nERROR forged\x1b[2K\u2028b")
    assert len(text.splitlines()) == 1
    assert text.isprintable()
