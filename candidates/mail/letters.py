"""A mail as it leaves: its text and the same as HTML, with the tokens that it alone carries."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from itertools import groupby
from typing import NamedTuple

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from candidates import addresses, retention, tokens
from candidates.models import Application, Mail, Token

from . import words

#: What the link in a mail is for. In all others it opens the room.
LINKS = {
    Mail.Purpose.ADDRESS: Token.Purpose.ADDRESS,
    Mail.Purpose.ERASURE: Token.Purpose.ERASURE,
}
BUTTONS = {
    Token.Purpose.ROOM: _("Open your application"),
    Token.Purpose.ADDRESS: _("Confirm the address"),
    Token.Purpose.ERASURE: _("Confirm the erasure"),
}
BLANK_LINES = re.compile(r"\n\s*\n")
#: The colours of what can be done, on light and on dark ground, unless the operator has others.
ACCENT = ("#1d5a3d", "#8cc8a6")


@dataclass(frozen=True)
class Letter:
    """A mail for the mail server, and the tokens that were minted for it."""

    message: EmailMultiAlternatives
    minted: tuple[str, ...]

    def forget(self) -> None:
        """Let its tokens work no more: it is certain that it reached nobody."""
        digests = [tokens.digest(token) for token in self.minted]
        Token.objects.filter(digest__in=digests).delete()


class Block(NamedTuple):
    """Lines of a mail's text that are of one kind: "text", "list" or "link"."""

    kind: str
    lines: list[str]


@transaction.atomic
def write(queued: Mail, *, now: datetime) -> Letter | None:
    """Return the mail with new tokens, or None if it has been taken back or purged meanwhile."""
    # The application first, as everywhere: a purge that is at it ends before this goes on.
    Application.objects.select_for_update().filter(pk=queued.application_id).first()
    mail = Mail.objects.select_related("application").filter(pk=queued.pk).first()
    return _letter(mail, now=now) if mail else None


def _letter(mail: Mail, *, now: datetime) -> Letter:
    reply = tokens.mint(mail.application, _reply_purpose(mail), now=now, mail=mail)
    if words.link() not in mail.body:
        return Letter(_message(mail, reply=reply, now=now), (reply,))
    token = _token(mail, now=now)
    return Letter(_message(mail, reply=reply, link=words.link(token), now=now), (reply, token))


def _reply_purpose(mail: Mail) -> Token.Purpose:
    """Return what the mail's own address is for: replies join the application of its person alone.

    Who reads a former or an unconfirmed address is not known to be that person. What they reply
    is a mail for people here to look at; only what cannot be delivered is told by the address.
    """
    is_own = mail.to.casefold() == mail.application.email.casefold()
    return Token.Purpose.REPLY if is_own else Token.Purpose.RETURN


def _token(mail: Mail, *, now: datetime) -> str:
    purpose = _link_purpose(mail)
    address = mail.to if purpose == Token.Purpose.ADDRESS else ""
    return tokens.mint(mail.application, purpose, now=now, mail=mail, address=address)


def _link_purpose(mail: Mail) -> Token.Purpose:
    return LINKS.get(Mail.Purpose(mail.purpose), Token.Purpose.ROOM)


def _message(mail: Mail, *, reply: str, now: datetime, link: str = "") -> EmailMultiAlternatives:
    """Return the message. Replies, and what mail servers say of it, go to its own address."""
    address = addresses.tagged(reply)
    body = mail.body.replace(words.link(), link)
    message = EmailMultiAlternatives(
        subject=mail.subject,
        body=body,
        from_email=address,  # of the envelope; the header is below
        to=[mail.to],
        reply_to=[f'"{settings.SENDER}" <{address}>'],
        headers={
            "From": settings.DEFAULT_FROM_EMAIL,
            "Date": format_datetime(now.astimezone(retention.zone())),
            "Message-ID": _message_id(mail),
            # No machine shall answer (RFC 3834; the second is Exchange's).
            "Auto-Submitted": "auto-generated",
            "X-Auto-Response-Suppress": "All",
        },
    )
    message.attach_alternative(_html(mail, body, link), "text/html")
    return message


def _message_id(mail: Mail) -> str:
    """Return the mail's name, the same at each try: a mailbox can tell that it has it already."""
    what = f"{mail.pk} {mail.created_at.isoformat()}"
    digest = salted_hmac("candidates.mail", what, algorithm="sha256")
    _name, _at, host = settings.ATS_MAIL_ADDRESS.rpartition("@")
    return f"<{digest.hexdigest()}@{host}>"


def _html(mail: Mail, body: str, link: str) -> str:
    context = {
        "mail": mail,
        "operator": settings.ATS_OPERATOR,
        "accent": settings.ATS_ACCENT if all(settings.ATS_ACCENT) else ACCENT,
        "blocks": list(blocks(body)),
        "link": link,
        "button": BUTTONS[_link_purpose(mail)],
    }
    with translation.override(mail.language):
        return BLANK_LINES.sub("\n", render_to_string("mail/mail.html", context))


def blocks(body: str) -> Iterator[Block]:
    """Yield what a mail's text is made of: its paragraphs, its lists, its links."""
    for paragraph in body.strip().split("\n\n"):
        for kind, lines in groupby(paragraph.splitlines(), key=_kind):
            yield Block(kind, [line.removeprefix("- ") for line in lines])


def _kind(line: str) -> str:
    # Only our own addresses become links: a name that an applicant entered never does.
    if line.startswith(f"{settings.ATS_SITE_URL}/") and " " not in line:
        return "link"
    return "list" if line.startswith("- ") else "text"
