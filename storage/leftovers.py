"""What SQLite's files keep of what was deleted. On PostgreSQL the next vacuum sees to it."""

import logging

from django.db import OperationalError, connection
from django.db.backends.utils import CursorWrapper

log = logging.getLogger("ats.leftovers")


def forget(*, erased: bool) -> None:
    """Leave nothing in SQLite's files of what has been erased.

    `secure_delete` overwrites what is deleted where it lies, but not the copies of a row that stay
    in the unused part of a page when rows move to another. So after an erasure, or where pages lie
    free since one, the file is written anew. Then the write-ahead log is emptied: until then it
    holds what was deleted, in clear text.

    Inside a transaction of the caller SQLite refuses both; the next run outside of one does it.
    """
    if connection.vendor != "sqlite" or connection.in_atomic_block:
        return
    with connection.cursor() as cursor:
        if erased or _free_pages(cursor):
            _rewrite(cursor)
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _free_pages(cursor: CursorWrapper) -> int:
    cursor.execute("PRAGMA freelist_count")
    return int(cursor.fetchone()[0])


def _rewrite(cursor: CursorWrapper) -> None:
    try:
        cursor.execute("VACUUM")
    except OperationalError as error:  # somebody has been writing for longer than we wait
        log.warning("SQLite's file was not written anew, the next purge tries again: %s", error)
