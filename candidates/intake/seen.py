"""That each mail is taken in once: its digest, and the transaction that is alone with it."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.db import connection, transaction
from django.utils.crypto import salted_hmac

from candidates.intake import headers
from candidates.models import SeenMail, StrayMail


class TakenBefore(Exception):
    """This mail has been taken in already; nothing is left to do."""


def digest(raw: bytes) -> str:
    """Return what stands for a mail: a keyed hash of its Message-ID, or of all of it."""
    name = headers.first(headers.only(raw), "Message-ID")
    mark = f"id:{name}".encode("utf-8", "replace") if name.strip("<> ") else b"raw:" + raw
    key = settings.ATS_LEDGER_KEY
    return salted_hmac("candidates.intake", mark, secret=key, algorithm="sha256").hexdigest()


def is_taken(digest: str) -> bool:
    return (
        SeenMail.objects.filter(digest=digest).exists()
        or StrayMail.objects.filter(digest=digest).exists()
    )


@contextmanager
def once(digest: str, *, stray: StrayMail | None = None) -> Iterator[None]:
    """A transaction that takes this mail in and that no other can be beside.

    Raises `TakenBefore` if one was before. With `stray` that one is taken out of its folder.
    """
    with transaction.atomic():
        _be_alone(digest)
        if stray is not None:
            deleted, _ = StrayMail.objects.filter(pk=stray.pk).delete()
            if not deleted:
                raise TakenBefore
        if is_taken(digest):
            raise TakenBefore
        yield


def _be_alone(digest: str) -> None:
    """Wait for whoever is at this mail. On SQLite every transaction that writes is alone."""
    if connection.vendor == "postgresql":
        key = int(digest[:16], 16) - (1 << 63)  # a signed number of 64 bits
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [key])
