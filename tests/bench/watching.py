"""Watches a purge from a second connection: its locks, its memory, and a change beside it."""

import time
from threading import Event, Thread
from types import TracebackType
from typing import Any, Self

import psycopg
from django.db import connection

from tests.bench.place import rss_mb

PAUSE = 0.05
#: How long ago the transaction began, if it is one that has written or locked anything.
LOCKED_FOR = """
    SELECT extract(epoch FROM clock_timestamp() - xact_start)
    FROM pg_stat_activity activity
    WHERE pid = %s AND EXISTS (
        SELECT FROM pg_locks
        WHERE pg_locks.pid = activity.pid AND locktype = 'transactionid' AND granted
    )
"""
#: An application that nobody purges, and a change of it.
OTHER = "SELECT id FROM candidates_application WHERE status = 'open' ORDER BY id DESC LIMIT 1"
CHANGE = "UPDATE candidates_application SET stage_since = stage_since WHERE id = %s"


class Watch:
    """Looks on while the block runs; may be entered again, and keeps the worst of all times."""

    def __init__(self) -> None:
        self.longest_lock_ms = self.longest_change_ms = 0.0
        self.started_with_mb = self.rss_mb = rss_mb("self")

    def __enter__(self) -> Self:
        connection.ensure_connection()
        info = connection.connection.info
        self._purge = info.backend_pid
        self._where = {"dbname": info.dbname, "user": info.user, "host": info.host}
        self._is_over = Event()
        self._thread = Thread(target=self._look_on)
        self._thread.start()
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self._is_over.set()
        self._thread.join()

    def _look_on(self) -> None:
        with psycopg.connect(**self._where, autocommit=True) as other:
            unrelated = other.execute(OTHER).fetchone()
            while not self._is_over.wait(PAUSE):
                self._look(other, unrelated)

    def _look(self, other: "psycopg.Connection[Any]", unrelated: Any) -> None:
        found = other.execute(LOCKED_FOR, [self._purge]).fetchone()
        if found:
            self.longest_lock_ms = max(self.longest_lock_ms, 1000 * float(found[0]))
        start = time.perf_counter()
        other.execute(CHANGE, unrelated)
        ms = (time.perf_counter() - start) * 1000
        self.longest_change_ms = max(self.longest_change_ms, ms)
        self.rss_mb = max(self.rss_mb, rss_mb("self"))
