"""Tokens: 256 random bits that a mail brings and that nobody here keeps, only their SHA-256.

A token enters a mail at sending (`mint`); what is kept of the mail has none. It opens what its
purpose says and nothing else. Looking changes nothing: mail scanners open links.
"""

import secrets
from base64 import b32encode
from collections.abc import Iterable
from datetime import datetime, timedelta
from hashlib import sha256

from candidates.models import Application, Mail, Token

#: Letters in a token: base 32 in lower case, since mail addresses may lose their case.
LENGTH = 52
PATTERN = f"[a-z2-7]{{{LENGTH}}}"

#: How long a link that confirms an act works. The others work until they are replaced.
LIVES = {
    Token.Purpose.ADDRESS: timedelta(days=7),
    Token.Purpose.ERASURE: timedelta(days=7),
}


def mint(
    application: Application,
    purpose: Token.Purpose,
    *,
    now: datetime,
    mail: Mail | None = None,
    address: str = "",
) -> str:
    """Return a new token of an application; only its hash is kept."""
    token = b32encode(secrets.token_bytes(32)).decode().rstrip("=").lower()
    Token.objects.create(
        digest=digest(token),
        application=application,
        purpose=purpose,
        mail=mail,
        address=address,
        created_at=now,
        expires_at=now + LIVES[purpose] if purpose in LIVES else None,
    )
    return token


def digest(token: str) -> str:
    return sha256(token.encode()).hexdigest()


def find(token: str, *purposes: Token.Purpose, now: datetime) -> Token | None:
    """Return a token that works for one of these purposes, or None. Changes nothing."""
    found = Token.objects.valid(now).filter(digest=digest(token), purpose__in=purposes)
    return found.select_related("application__job", "mail").first()


def spend(token: Token) -> bool:
    """Use up a token in the caller's transaction; False if somebody else was faster."""
    deleted, _ = Token.objects.filter(pk=token.pk).delete()
    return deleted > 0


def replace(
    application: Application, purposes: Iterable[Token.Purpose] = tuple(Token.Purpose)
) -> None:
    """Let none of the application's tokens of these purposes work any more."""
    application.tokens.filter(purpose__in=list(purposes)).delete()


def forget_expired(now: datetime) -> int:
    """Delete the tokens that are over."""
    deleted, _ = Token.objects.filter(expires_at__lte=now).delete()
    return deleted
