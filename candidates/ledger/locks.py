"""Who is alone with the chain. On SQLite every transaction that writes is alone anyway."""

from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum

from django.db import connection, transaction


class Lock(IntEnum):
    """Locks of PostgreSQL, held until the end of the transaction. Purges never take one."""

    SEALER = 0x4C454447_01
    COPIER = 0x4C454447_02
    REPLAY = 0x4C454447_03


def take(lock: Lock) -> None:
    """Wait for a lock. Call it in a transaction."""
    _ask("SELECT pg_advisory_xact_lock(%s)", lock)


def try_to_take(lock: Lock) -> bool:
    """Take a lock unless somebody has it; return whether it is taken. Call it in a transaction."""
    return bool(_ask("SELECT pg_try_advisory_xact_lock(%s)", lock))


@contextmanager
def alone(lock: Lock) -> Iterator[bool]:
    """Be the only one for as long as storage takes to answer; False if somebody is already.

    SQLite's one lock must not be held for so long: there, two may be at work, and what they do
    must bear it.
    """
    if connection.vendor != "postgresql":
        yield True
        return
    with transaction.atomic():
        yield try_to_take(lock)


def _ask(statement: str, lock: Lock) -> object:
    if connection.vendor != "postgresql":
        return True
    with connection.cursor() as cursor:
        cursor.execute(statement, [int(lock)])
        (answer,) = cursor.fetchone()
    return answer
