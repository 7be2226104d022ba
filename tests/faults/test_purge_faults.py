"""The purge, stopped at each of its steps in turn: before and after every statement, commit,
and storage call. Two clean runs later nothing of what was due is left, and all else is as it was.
"""

import gc
import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import date, timedelta
from threading import Barrier, Thread, get_ident
from typing import Any

import botocore.client
import pytest
from django.apps import apps
from django.db import DatabaseError, OperationalError, connection, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Model

from candidates import mail, purge, statistics
from candidates.models import (
    Application,
    Duration,
    Employee,
    Event,
    Heartbeat,
    Hold,
    LedgerLine,
    Mail,
    Run,
    Tally,
)
from storage.models import Tombstone
from tests.world import NOW, TODAY, a_job, an_application, an_attachment, an_employee, rounds, store

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.soak]

HALF_A_YEAR_AGO = date(2026, 3, 17)


class StoppedError(Exception):
    """What no code expects: the process as good as died here."""


class Bomb:
    """Counts the steps of one thread and raises at one of them."""

    def __init__(self, at: int, error: type[Exception]) -> None:
        self.at, self.error = at, error
        self.steps = 0
        self.thread = get_ident()

    def step(self) -> None:
        if get_ident() == self.thread:
            self.steps += 1
            if self.steps == self.at:
                raise self.error(f"stopped at step {self.at}")

    def around(self, act: Callable[..., Any]) -> Callable[..., Any]:
        def bombed(*args: Any, **kwargs: Any) -> Any:
            self.step()
            result = act(*args, **kwargs)
            self.step()
            return result

        return bombed

    def statement(self, execute: Callable[..., Any], *args: Any) -> Any:
        return self.around(execute)(*args)


#: What the audit hook calls when a file is removed; hooks cannot be taken away again.
_watcher: list[Callable[[], None]] = []


def _audit(event: str, _arguments: object) -> None:
    if _watcher and event in {"os.remove", "os.rmdir", "os.listdir", "os.scandir"}:
        _watcher[0]()


sys.addaudithook(_audit)


@pytest.fixture(autouse=True)
def _no_kept_tracebacks() -> Iterator[None]:
    """Log nothing: pytest would keep each record, its traceback, and so a cursor."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


@contextmanager
def armed(bomb: Bomb) -> Iterator[None]:
    """Let the bomb count the statements, commits, and calls to storage of this thread."""
    with ExitStack() as stack, pytest.MonkeyPatch.context() as patch:
        stack.enter_context(connection.execute_wrapper(bomb.statement))
        commit, client = BaseDatabaseWrapper.commit, botocore.client.BaseClient
        patch.setattr(BaseDatabaseWrapper, "commit", bomb.around(commit))
        call = client._make_api_call  # type: ignore[attr-defined]
        patch.setattr(client, "_make_api_call", bomb.around(call))
        _watcher.append(bomb.step)
        stack.callback(_watcher.clear)
        yield


# The world that is purged -----------------------------------------------------------------------


def build() -> list[Application | Employee]:
    """Make what is due, and beside it one of each that must stay; return what is due."""
    job = a_job()
    due: list[Application | Employee] = [
        an_application(job=job, status=status, decided_on=HALF_A_YEAR_AGO)
        for status in ("rejected", "hired")
    ]
    never_started = an_employee()
    never_started.start_clock(on=HALF_A_YEAR_AGO)
    never_started.save()
    for application in due:
        assert isinstance(application, Application)
        furnish(application)
        hold(application, days=-1)
    started = an_employee(application=due[1])
    an_attachment(started, came_from=due[1])
    an_attachment(never_started)
    for kept in (
        an_application(job=job, status="rejected", decided_on=HALF_A_YEAR_AGO),
        an_application(job=job, status="rejected", decided_on=TODAY - timedelta(days=90)),
    ):
        furnish(kept)
        hold(kept, days=9)
    return [*due, never_started]


def furnish(application: Application) -> None:
    application.events.create(kind=Event.Kind.RECEIVED, at=NOW)
    mail.queue(application, Mail.Purpose.RECEIPT, now=NOW, send_at=NOW)
    an_attachment(application, "Lebenslauf.pdf", b"%PDF- one")


def hold(application: Application, *, days: int) -> None:
    Hold.objects.create(
        application=application,
        kind=Hold.Kind.OTHER,
        reason="?",
        set_at=NOW - timedelta(days=40),
        until=NOW + timedelta(days=days),
    )


def tables() -> dict[str, set[str]]:
    """Return every row of every table of ours as text."""
    models = [
        *apps.get_app_config("candidates").get_models(),
        *apps.get_app_config("storage").get_models(),
    ]
    return {
        model.__name__: {row_of(model, row) for row in model._default_manager.values()}
        for model in models
        if model not in (LedgerLine, Heartbeat, Run)
    }


def row_of(model: type[Model], row: dict[str, Any]) -> str:
    """Return a row as text; a counter's id is nobody's and may be another."""
    dropped = "id" if model in (Tally, Duration) else ""
    return str(sorted(pair for pair in row.items() if pair[0] != dropped))


def objects() -> set[str]:
    return set(store().keys("attachments/"))


def clear() -> None:
    models = (Application, Employee, Tombstone, LedgerLine, Heartbeat, Run, Tally, Duration)
    for model in models:
        model._default_manager.all().delete()
    for key in list(store().keys("")):
        store().erase(key)


# The schedules ------------------------------------------------------------------------------------


def what_must_stay(due: list[Application | Employee]) -> tuple[dict[str, set[str]], set[str]]:
    """Return rows and objects as a purge leaves them that nothing disturbs."""
    with transaction.atomic():
        gone = {a.key for record in due for a in record.attachments.all()}
        statistics.count_out([each.pk for each in due if isinstance(each, Application)])
        for record in due:
            type(record).objects.filter(pk=record.pk).delete()
        rows = tables()
        transaction.set_rollback(True)
    return rows, objects() - gone


def two_clean_runs() -> None:
    for _ in range(2):
        outcome = purge.run(now=NOW)
        assert outcome.failed == 0
    assert outcome.purged == outcome.due == outcome.breaches == 0


def schedules(error: type[Exception], purge_with: Callable[[Bomb], None]) -> int:
    """Run the purge with a bomb at each of its steps in turn; return how many runs that were.

    In a folder a process dies at each step. Against the bucket, whose every call goes over the
    wire, and of the other faults, `make test` takes each fifth step, `make soak` all.
    """
    each = connection.vendor == "sqlite" and error is StoppedError and purge_with is alone
    at, stride = 1, 1 if each else rounds(5, 1)
    number = 0
    while True:
        due = build()
        rows, keys = what_must_stay(due)
        bomb = Bomb(at, error)
        purge_with(bomb)
        two_clean_runs()
        assert tables() == rows, f"stopped at step {at}"
        assert objects() == keys, f"stopped at step {at}"
        lines = LedgerLine.objects.exclude(kind=LedgerLine.Kind.PROOF)
        assert lines.count() == len(due), f"stopped at step {at}"
        assert not lines.filter(is_proven=False).exists(), f"stopped at step {at}"
        clear()
        if bomb.steps < at:
            return number
        at, number = at + stride, number + 1


def alone(bomb: Bomb) -> None:
    with suppress(StoppedError, DatabaseError), armed(bomb):
        purge.run(now=NOW)
    gc.collect()  # a cursor that a traceback keeps would keep SQLite's lock
    connection.close()  # as the end of the process would


def beside_another(bomb: Bomb) -> None:
    barrier = Barrier(2)

    def other() -> None:
        barrier.wait(timeout=20)
        purge.run(now=NOW)
        connection.close()

    thread = Thread(target=other)
    thread.start()
    barrier.wait(timeout=20)
    alone(bomb)
    thread.join(timeout=60)
    assert not thread.is_alive()


@pytest.mark.parametrize("error", [StoppedError, OperationalError])
def test_stopped_at_any_step_and_run_twice_nothing_due_is_left(error: type[Exception]) -> None:
    steps = schedules(error, alone)
    print(f"{steps} fault schedules, 0 traces left, 0 records lost")
    assert steps > 20


def test_the_same_beside_a_second_purge() -> None:
    steps = schedules(StoppedError, beside_another)
    print(f"{steps} schedules beside a second purge, 0 traces left, 0 records lost")
    assert steps > 5
