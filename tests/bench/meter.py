"""Counted work: what PostgreSQL says that the statements of a page or verb read."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction

#: Statements that PostgreSQL can explain; savepoints and the like it cannot.
EXPLAINED = ("SELECT", "WITH", "INSERT", "UPDATE", "DELETE")
#: What reads tables; the heap scan above a bitmap has the rows that its index gave.
SCANS = {"Seq Scan", "Index Scan", "Index Only Scan", "Bitmap Index Scan"}
#: What a scan gave on, and what it read in vain.
ROWS = ("Actual Rows", "Rows Removed by Filter", "Rows Removed by Index Recheck")


@dataclass
class Work:
    """Statements, blocks of 8 KB that they touched, in memory or not, and rows that they read."""

    queries: int = 0
    blocks: int = 0
    rows: int = 0


@contextmanager
def counted() -> Iterator[Work]:
    """Count the work of all statements of this connection, until the block ends.

    Each is run once more before its turn, explained and taken back: nothing changes but the time.
    """
    work, is_asking = Work(), False

    def measure(execute: Callable[..., Any], sql: str, params: Any, *rest: Any) -> Any:
        nonlocal is_asking
        if is_asking:
            return execute(sql, params, *rest)
        work.queries += 1
        if sql.lstrip("( ").upper().startswith(EXPLAINED):
            is_asking = True
            try:
                plan = _plan(sql, params)
            finally:
                is_asking = False
            work.blocks += plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]
            work.rows += sum(map(_read, _nodes(plan)))
        return execute(sql, params, *rest)

    with connection.execute_wrapper(measure):
        yield work


def _plan(sql: str, params: Any) -> dict[str, Any]:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON) {sql}", params)
        (found,) = cursor.fetchone()
        transaction.set_rollback(True)
    plan: dict[str, Any] = (json.loads(found) if isinstance(found, str) else found)[0]["Plan"]
    return plan


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for part in plan.get("Plans", ()):
        yield from _nodes(part)


def _read(node: dict[str, Any]) -> int:
    """Return how many rows a scan has read, also of those that it passed over."""
    if node["Node Type"] not in SCANS:
        return 0
    return int(sum(node.get(name, 0) for name in ROWS) * node["Actual Loops"])
