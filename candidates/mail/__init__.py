"""Mails out: an outbox. A mail is a row, written with the change that it tells of.

A job sends what is due. It claims a mail by a committed "sending", so that no transaction waits
for a mail server; whoever finds "sending" ten minutes later sends it again. So a mail may come
twice after a crash, but is never lost, and a rejection that is on its way counts as told.

What is kept of a mail opens nothing: its link and its address for replies are minted when it is
sent, so a mail that goes twice brings two links, and both work.
"""

from .failures import code
from .outbox import CLAIM, bounced, note_return, queue, send_due
from .placeholders import Text, Unresolved, fill
from .rejections import is_secret, take_back_rejection
from .returned import tell as tell_returned
from .templates import compose
from .words import parts, to_people, to_staff

__all__ = [
    "CLAIM",
    "Text",
    "Unresolved",
    "bounced",
    "code",
    "compose",
    "fill",
    "is_secret",
    "note_return",
    "parts",
    "queue",
    "send_due",
    "take_back_rejection",
    "tell_returned",
    "to_people",
    "to_staff",
]
