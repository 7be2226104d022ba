"""Who writes: a person, a machine, a mailing list, or a mail server that could not deliver.

RFC 3834 says how automatic answers are marked, RFC 3464 what a delivery report looks like. No
automatic mail is ever answered.
"""

import re
from email.message import Message

from django.conf import settings

from candidates import addresses, tokens
from candidates.intake import headers, parts
from candidates.intake.letters import FOR, Letter

ANSWERS = ("X-Autoreply", "X-Autorespond", "X-Autoresponse", "X-Autoresponder", "X-Auto-Reply")
PRECEDENCE = {"auto_reply", "auto-reply", "autoreply", "bulk", "junk"}
SERVERS = re.compile(r"(mailer-daemon|postmaster|mail-daemon)@", re.IGNORECASE)
WAITS = re.compile(r"delay|warning|verz(ö|oe)ger|still being|noch nicht", re.IGNORECASE)
REPORT = "multipart/report"


def is_loop(letter: Letter) -> bool:
    """Whether it is a mail of our own that has come back to us."""
    sender = headers.sender(letter.message)
    if sender and addresses.tag(sender.address) is not None:
        return True
    ours = {settings.SITE_HOST, settings.ATS_MAIL_ADDRESS.rpartition("@")[2]}
    host = headers.first(letter.message, "Message-ID").strip("<> ").rpartition("@")[2]
    return _submitted(letter.message) != "no" and host.lower() in ours


def is_from_list(letter: Letter) -> bool:
    """Whether it came over a mailing list; the group that our own address may be is none."""
    mark = headers.first(letter.message, "List-Id").lower()
    if settings.ATS_MAIL_ADDRESS.lower().replace("@", ".") in mark:
        return False
    return bool(mark) or _precedence(letter.message) in {"list", "bulk"}


def is_automatic(letter: Letter) -> bool:
    """Whether a machine wrote it, as it says of itself. A subject alone says nothing."""
    message = letter.message
    return (
        _submitted(message) != "no"
        or any(headers.first(message, name) for name in ANSWERS)
        or _precedence(message) in PRECEDENCE
        or headers.first(message, "Return-Path") == "<>"
        or message.get_content_type() == REPORT
    )


def is_report(letter: Letter) -> bool:
    """Whether a mail server tells what became of a mail of ours."""
    message = letter.message
    if message.get_content_type() == REPORT:
        return parts.parameter(message, "report-type").lower() == "delivery-status"
    sender = headers.sender(message)
    is_server = bool(sender and SERVERS.match(sender.address))
    return is_server and _submitted(message) in {"no", "auto-generated", "auto-replied"}


def has_failed(letter: Letter) -> bool:
    """Whether a report says that the mail did not arrive, and not only that it is on its way."""
    actions = [headers.first(part, "Action").lower() for part in _status(letter.message)]
    if any(actions):
        return "failed" in actions
    return not WAITS.search(letter.subject)


def reported_tokens(letter: Letter) -> list[str]:
    """Return the tokens of ours that a report is addressed to, or that it quotes."""
    found = list(letter.tokens)
    for part in letter.message.walk():
        if part.get_content_type() in {"text/rfc822-headers", "message/rfc822"}:
            quoted = _quoted(part)
            asked = headers.addresses(quoted, "Reply-To", "Return-Path", *FOR)
            found += [tag for tag in map(addresses.tag, asked) if tag and len(tag) == tokens.LENGTH]
    return list(dict.fromkeys(found))


def _quoted(part: "Message[str, str]") -> "Message[str, str]":
    payload = part.get_payload()
    if isinstance(payload, list) and payload and isinstance(payload[0], Message):
        return payload[0]
    return parts.parsed(parts.content(part))


def _status(message: "Message[str, str]") -> "list[Message[str, str]]":
    """Return the blocks of a delivery report: one of the mail, one for each recipient."""
    reports = {"message/delivery-status", "message/global-delivery-status"}
    found = [part.get_payload() for part in message.walk() if part.get_content_type() in reports]
    return [each for block in found if isinstance(block, list) for each in block]  # type: ignore[misc]


def _submitted(message: "Message[str, str]") -> str:
    value = headers.first(message, "Auto-Submitted").partition(";")[0]
    return value.partition("(")[0].strip().lower() or "no"


def _precedence(message: "Message[str, str]") -> str:
    return headers.first(message, "Precedence").strip().lower()
