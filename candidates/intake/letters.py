"""One mail, read: who wrote it, to which of our addresses, what it says, what it brings."""

import re
from dataclasses import dataclass
from email.message import Message
from functools import cached_property

from candidates import addresses, tokens
from candidates.intake import headers, parts, texts
from candidates.intake.headers import Address
from candidates.intake.parts import File
from candidates.mail import words

#: Where mail servers and people say whom a mail is for; what servers say comes first.
FOR = (
    *("Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To", "X-Delivered-To"),
    *("To", "Cc", "Resent-To"),
)
NO_REPLY = re.compile(r"(do[-_.]?)?n[o0](t)?[-_.]?reply|do[-_.]?not[-_.]?reply", re.IGNORECASE)
TOKEN = re.compile(tokens.PATTERN)
#: The same within a text.
QUOTED = re.compile(rf"(?<![a-z0-9]){tokens.PATTERN}(?![a-z0-9])", re.IGNORECASE)


@dataclass(frozen=True)
class Letter:
    """A mail in its parts. What costs time is read when it is asked for."""

    message: "Message[str, str]"

    @cached_property
    def body(self) -> parts.Body:
        return parts.Reader().read(self.message)

    @property
    def subject(self) -> str:
        return without_tokens(headers.text(self.message, "Subject"))[:200]

    @property
    def text(self) -> str:
        return without_tokens(texts.clean(self.body.text))

    @property
    def files(self) -> list[File]:
        return self.body.files

    @cached_property
    def sender(self) -> Address | None:
        """Who wrote: From; Reply-To only where From says that nobody reads there."""
        sender = headers.sender(self.message)
        if sender and NO_REPLY.match(sender.address):
            return headers.sender(self.message, "Reply-To")
        return sender

    @cached_property
    def tags(self) -> list[str]:
        """The tags of ours that it is for, "" for our address without one."""
        found = map(addresses.tag, headers.addresses(self.message, *FOR))
        return list(dict.fromkeys(tag for tag in found if tag is not None))

    @property
    def tokens(self) -> list[str]:
        """The tags that are a token's."""
        return [tag for tag in self.tags if TOKEN.fullmatch(tag)]

    @property
    def wishes(self) -> list[str]:
        """The tags that ask for an application: a job's, that for none, or unknown ones."""
        return [tag for tag in self.tags if tag and not TOKEN.fullmatch(tag)]


def without_tokens(text: str) -> str:
    """Return a text in which nothing opens a room: replies quote our mails with their links."""
    return QUOTED.sub(words.PLACE, text)


def read(raw: bytes) -> Letter:
    """Return a mail in its parts. Raises `parts.Unreadable`, and nothing else for bad content."""
    letter = Letter(parts.parsed(raw))
    _ = letter.body  # here, or not at all
    return letter
