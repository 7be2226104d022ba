"""What goes wrong, and when: at one step of one thread, before or after what it does there.

A step is the moment before and the moment after each statement, commit and call to a bucket, and
before each access to the storage's folder.
"""

import errno
import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from threading import get_ident
from typing import Any, Literal

import botocore.client
import psycopg
import pytest
from django.db import OperationalError, connection
from django.db.backends.base.base import BaseDatabaseWrapper

from storage.backends import Folder
from tests.world import store

Kind = Literal["statement", "commit", "call", "file"]


class DiedError(BaseException):
    """The process as good as died here: nothing that catches exceptions sees it."""


class StoppedError(Exception):
    """What no code expects."""


@dataclass(frozen=True)
class Fault:
    """What happens at a step of one of these kinds, on one of the databases or on both.

    If it `lasts`, it happens at all later steps, too: who is dead does nothing more.
    """

    name: str
    strike: Callable[[], None]
    kinds: tuple[Kind, ...] = ("statement", "commit", "call", "file")
    vendor: str = ""
    lasts: bool = False

    def __str__(self) -> str:
        return self.name


# What can go wrong --------------------------------------------------------------------------------


def die() -> None:
    raise DiedError


def stop() -> None:
    raise StoppedError


def refuse() -> None:
    raise OperationalError("disk I/O error")


def fail_to_serialize() -> None:
    """Have PostgreSQL itself end the transaction with SQLSTATE 40001."""
    _really("DO $$ BEGIN RAISE EXCEPTION 'not now' USING ERRCODE = '40001'; END $$")


def cut() -> None:
    """Have the server cut the connection: what follows gets no answer. SQLite has no server."""
    if connection.connection is None:
        return
    pid = connection.connection.info.backend_pid
    parameters = connection.get_connection_params()
    wanted = {
        name: parameters[name] for name in ("dbname", "user", "host", "port") if name in parameters
    }
    with psycopg.connect(**wanted, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])


def make_read_only() -> None:
    """Refuse all that writes from here to the end of the connection."""
    if connection.connection is None:
        return
    if connection.vendor == "sqlite":
        _really("PRAGMA query_only = ON")
        return
    _really("SET default_transaction_read_only = on")
    _really("SET transaction_read_only = on")


def _really(statement: str) -> None:
    """Say something to the database itself, past all wrappers; its errors become Django's."""
    connection.ensure_connection()
    with connection.wrap_database_errors:
        connection.connection.execute(statement)


def refuse_file(number: int) -> Callable[[], None]:
    def strike() -> None:
        raise OSError(number, "refused")

    return strike


UNEXPECTED = Fault("unexpected", stop)
AT_CALLS_AND_COMMITS = Fault("unexpected", stop, ("call", "commit"))
FAULTS = [
    Fault("death", die, lasts=True),
    UNEXPECTED,
    Fault("database error", refuse, ("statement", "commit")),
    Fault("serialization", fail_to_serialize, ("statement", "commit"), "postgresql"),
    Fault("cut", cut, ("statement", "commit"), "postgresql"),
    Fault("read-only", make_read_only, ("statement", "commit")),
    Fault("disk full", refuse_file(errno.ENOSPC), ("file",), "sqlite"),
    Fault("input/output error", refuse_file(errno.EIO), ("file",), "sqlite"),
    Fault("no permission", refuse_file(errno.EACCES), ("file",), "sqlite"),
]


# When it does -------------------------------------------------------------------------------------


class Bomb:
    """Counts the steps of one thread, and lets a fault strike at one of them, counted from 1."""

    def __init__(self, at: int = 0, fault: Fault | None = None) -> None:
        self.at, self.fault = at, fault
        self.steps: list[Kind] = []
        self.thread = get_ident()

    def step(self, kind: Kind) -> None:
        if get_ident() != self.thread:
            return
        self.steps.append(kind)
        now = len(self.steps)
        if self.fault and (now == self.at or (now > self.at and self.fault.lasts)):
            self.fault.strike()

    def around(self, act: Callable[..., Any], kind: Kind) -> Callable[..., Any]:
        def bombed(*args: Any, **kwargs: Any) -> Any:
            self.step(kind)
            result = act(*args, **kwargs)
            self.step(kind)
            return result

        return bombed

    def statement(self, execute: Callable[..., Any], *args: Any) -> Any:
        return self.around(execute, "statement")(*args)


#: What the audit hook calls when the folder is touched; hooks cannot be taken away again.
_watcher: list[tuple[str, Callable[[], None]]] = []
FILE_EVENTS = {"os.remove", "os.rmdir", "os.listdir", "os.scandir", "os.link", "os.rename", "open"}


def _audit(event: str, arguments: tuple[Any, ...]) -> None:
    if _watcher and event in FILE_EVENTS:
        folder, step = _watcher[0]
        if str(arguments[0]).startswith(folder):
            step()


sys.addaudithook(_audit)


@contextmanager
def armed(bomb: Bomb) -> Iterator[None]:
    """Let the bomb count the steps of the thread that made it."""
    place = store()
    with ExitStack() as stack, pytest.MonkeyPatch.context() as patch:
        stack.enter_context(connection.execute_wrapper(bomb.statement))
        commit, client = BaseDatabaseWrapper.commit, botocore.client.BaseClient
        patch.setattr(BaseDatabaseWrapper, "commit", bomb.around(commit, "commit"))
        call = client._make_api_call  # type: ignore[attr-defined]
        patch.setattr(client, "_make_api_call", bomb.around(call, "call"))
        if isinstance(place, Folder):
            _watcher.append((str(place.location), lambda: bomb.step("file")))
            stack.callback(_watcher.clear)
        yield


@contextmanager
def quiet() -> Iterator[None]:
    """Log nothing: pytest would keep each record, its traceback, and so a cursor."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)
