"""What may name an erased record elsewhere: sessions, the queue, its results, the admin's log."""

import re
from collections.abc import Callable, Collection, Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.contrib.sessions.models import Session
from django.core.cache import caches
from django.core.cache.backends.db import BaseDatabaseCache
from django.db import connection
from django.db.models import Model
from django_q.models import OrmQ, Task

from candidates import ledger

if TYPE_CHECKING:
    from .records import Erased

#: Each table with what its rows say, as text.
PLACES: dict[type[Model], Callable[[Any], str]] = {
    Session: lambda row: str(row.get_decoded()),
    OrmQ: lambda row: str(row.task),
    Task: lambda row: f"{row.args} {row.kwargs} {row.result}",
    LogEntry: lambda row: f"{row.object_id} {row.object_repr} {row.change_message}",
}
#: An id in a text, with its dashes or without.
ID = re.compile(r"[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def erase(erased: "Iterable[Erased]", hashes: Collection[str] = ()) -> int:
    """Delete the rows that name one of the records or their keys; return how many.

    Call it in the transaction that deletes: once that is over, nobody knows the ids any more. Of
    what was named afterwards only the ledger's keyed `hashes` are known.
    """
    names = {name for record in erased for name in _names(record)}
    if not names and not hashes:
        return 0
    gone = set(hashes)

    def is_gone(name: str) -> bool:
        return name in names or not gone.isdisjoint(ledger.hashes(UUID(name)))

    return sum(_erase_from(model, says, is_gone) for model, says in PLACES.items())


def forget_expired_cache(now: datetime) -> None:
    """Delete what is over from a cache that is a table: Django leaves it until there is much."""
    if not isinstance(caches["default"], BaseDatabaseCache):
        return
    table = connection.ops.quote_name(settings.CACHES["default"]["LOCATION"])
    moment = connection.ops.adapt_datetimefield_value(now)
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {table} WHERE expires < %s", [moment])  # noqa: S608


def _names(record: "Erased") -> list[str]:
    keys = (key.rpartition("/")[2] for key in record.keys)
    return [name.replace("-", "") for name in (str(record.record), *keys)]


def _erase_from(
    model: type[Model], says: Callable[[Any], str], is_gone: Callable[[str], bool]
) -> int:
    rows = model._default_manager.order_by("pk").iterator(chunk_size=200)
    found = [row.pk for row in rows if any(map(is_gone, _mentioned(says(row))))]
    if found:
        model._default_manager.filter(pk__in=found).delete()
    return len(found)


def _mentioned(text: str) -> set[str]:
    return {found.replace("-", "").lower() for found in ID.findall(text)}
