"""Commits that need not wait for the disk."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction


@contextmanager
def unhurried() -> Iterator[None]:
    """Commit what is done within, without waiting until it is on disk.

    For what nobody misses: if the database's machine fails in the next second, it may be gone. A
    later commit that waits puts it on disk as well. SQLite never waits, see its settings.
    """
    # Durable: it would be the whole of another transaction that does not wait.
    with transaction.atomic(durable=True):
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL synchronous_commit TO off")
        yield
