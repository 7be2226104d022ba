"""Mails in: an application by e-mail, a reply, a bounce; each taken in exactly once.

`headers`, `texts`, `parts` and `letters` read whatever bytes come; `kinds` tells people from
machines; `taking` does what a mail asks for, `files` with its attachments; `strays` keeps what
a person must look at; `mailbox` fetches by IMAP.
"""

from .letters import Letter, read
from .mailbox import MailboxDown, poll
from .strays import adopt, discard, forget_strays
from .taking import Outcome, TryAgain, take_in

__all__ = [
    "Letter",
    "MailboxDown",
    "Outcome",
    "TryAgain",
    "adopt",
    "discard",
    "forget_strays",
    "poll",
    "read",
    "take_in",
]
