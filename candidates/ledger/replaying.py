"""Replaying: after a restore, erases again everything that the ledger says is gone."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

from django.contrib.sessions.models import Session
from django.db import OperationalError, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django_q.models import OrmQ, Task

from candidates import retention, statistics
from candidates.models import Application, Employee, LedgerLine, Read
from storage import erasure, leftovers
from storage.backends import StorageError
from storage.models import Attachment

from . import chain, copies, files, keys
from .chain import Line
from .locks import Lock, take, try_to_take

#: Records and lines in one statement.
PAGE = 500


class NotReplayed(Exception):
    """Nothing was changed; the text says why, and what to do."""


@dataclass
class Replayed:
    """What a replay did: the lines that it added, and what it erased."""

    first: int = 0
    last: int = 0
    applications: int = 0
    employees: int = 0
    attachments: int = 0
    #: Objects that were erased, and those that are still to be erased by the job.
    objects: int = 0
    waiting: int = 0
    keys: list[str] = field(default_factory=list, repr=False)

    @property
    def lines(self) -> int:
        return self.last - self.first + 1 if self.first else 0

    def __str__(self) -> str:
        if not self.lines:
            return _("The database has all lines of this file; nothing was changed.")
        return _(
            "Lines %(first)d to %(last)d are in the ledger again. Erased again: %(applications)d"
            " applications, %(employees)d employee records, %(attachments)d documents; %(objects)d"
            " objects in storage are gone, %(waiting)d are still to go."
        ) % {name: getattr(self, name) for name in NUMBERS}


NUMBERS = ("first", "last", "applications", "employees", "attachments", "objects", "waiting")


def replay(path: Path, *, now: datetime) -> Replayed:
    """Erase again what the lines of a file say is gone, and add those lines to the ledger.

    The file is what `export --from-storage` or `export --format json` wrote, or copies one behind
    the other. It must hold together and continue the database's chain; then everything is one
    transaction. Afterwards the objects are erased. Raises `NotReplayed`, and nothing was changed.
    """
    with _in_words():
        _require_keys()
        with transaction.atomic():
            if not try_to_take(Lock.REPLAY):
                raise NotReplayed(_("Another replay is at work; nothing was changed."))
            take(Lock.SEALER)
            with path.open("rb") as file:
                done = _replay(_missing_lines(*files.read(file)), now)
    if done.keys:
        work = erasure.work(now=now, keys=done.keys, patient=False)
        done.objects, done.waiting = work.erased, len(done.keys) - work.erased
    leftovers.forget(erased=True)
    return done


@contextmanager
def _in_words() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise NotReplayed(
            _("The file cannot be read: %(why)s.") % {"why": error.strerror}
        ) from error
    except OperationalError as error:
        raise NotReplayed(
            _("The database is busy or does not answer; nothing was changed. Try again.")
        ) from error


def _require_keys() -> None:
    """Refuse unless the keys are set that lines were written with: no record would be found."""
    try:
        missing = copies.missing_keys()
    except StorageError as error:
        raise NotReplayed(
            _("The storage does not answer (%(code)s); nothing was changed.") % {"code": error.code}
        ) from error
    if missing:
        raise NotReplayed(
            _(
                "Lines of the ledger were written with another key (%(key)s) than ATS_LEDGER_KEY:"
                " their records cannot be found. Set that key, as ATS_LEDGER_KEY or among"
                " ATS_FORMER_LEDGER_KEYS; see docs/restore.md. Nothing was changed."
            )
            % {"key": missing[0]}
        )


# The lines ------------------------------------------------------------------------------------


def _missing_lines(followed: chain.Chain, found: Iterable[files.Item]) -> Iterator[Line]:
    """Yield the lines that the database lacks. Raises `NotReplayed` if the file does not fit."""
    number, hash = chain.newest()  # noqa: A001
    last = 0
    for item in found:
        for fault in followed.take(item):
            raise NotReplayed(_("%(fault)s Nothing was changed.") % {"fault": fault})
        if not isinstance(item, Line):
            continue
        if not last and item.sequence > number + 1:
            raise NotReplayed(
                _(
                    "The file begins with line %(first)d, and the database ends with line"
                    " %(last)d: lines between are missing. Nothing was changed."
                )
                % {"first": item.sequence, "last": number}
            )
        last = item.sequence
        _require_ours(item, number, hash)
        if item.sequence > number:
            yield item
    for fault in followed.end():
        raise NotReplayed(_("%(fault)s Nothing was changed.") % {"fault": fault})
    if last < number:
        raise NotReplayed(
            _(
                "The file ends with line %(last)d, and the database has line %(newest)d: the file"
                " is older than the database. Nothing was changed."
            )
            % {"last": last, "newest": number}
        )


def _require_ours(line: Line, number: int, hash: str) -> None:  # noqa: A002
    """Refuse a line that is not of the chain whose line `number` has this hash."""
    is_other = line.sequence == number and line.hash != hash
    if is_other or (line.sequence == number + 1 and line.previous != hash):
        raise NotReplayed(
            _(
                "Line %(number)d is another in the file than in the database: it is the ledger of"
                " another installation, or of another past. Nothing was changed."
            )
            % {"number": number}
        )
    if line.kind not in LedgerLine.Kind or line.rule not in LedgerLine.Rule:
        raise NotReplayed(
            _("Line %(number)d comes from a newer Halbjahr. Update first. Nothing was changed.")
            % {"number": line.sequence}
        )


def _replay(lines: Iterator[Line], now: datetime) -> Replayed:
    done, gone = Replayed(), set[str]()
    known = _unsealed()
    while page := list(islice(lines, PAGE)):
        done.first, done.last = done.first or page[0].sequence, page[-1].sequence
        gone |= {line.record for line in page}
        _insert(page, known)
    if gone:
        _erase(gone, done, now)
        _erase_traces()
    return done


#: What is the same in an unsealed line and in the one that it became.
Content = tuple[str, str, str, int, int, str, str]


def _unsealed() -> dict[Content, list[LedgerLine]]:
    """Return the lines that no sealer had come to when the backup was made."""
    found = defaultdict[Content, list[LedgerLine]](list)
    for row in LedgerLine.objects.unsealed():
        content = (row.day.isoformat(), row.kind, row.record, row.rows, row.objects_count)
        found[(*content, row.rule, row.policy_version)].append(row)
    return found


def _insert(lines: list[Line], known: dict[Content, list[LedgerLine]]) -> None:
    """Add lines as they are; one that is here unsealed gets the place that it had."""
    new = []
    for line in lines:
        if same := known.get(line[1:8]):
            row = same.pop(0)
            row.sequence, row.previous, row.hash = line.sequence, line.previous, line.hash
            row.save(update_fields=["sequence", "previous", "hash"])
        else:
            new.append(_row(line))
    LedgerLine.objects.bulk_create(new)


def _row(line: Line) -> LedgerLine:
    return LedgerLine(
        sequence=line.sequence,
        day=date.fromisoformat(line.day),
        kind=line.kind,
        record=line.record,
        rows=line.rows,
        objects_count=line.objects,
        rule=line.rule,
        policy_version=line.policy_version,
        previous=line.previous,
        hash=line.hash,
    )


# The records ----------------------------------------------------------------------------------


class Kind(NamedTuple):
    """A kind of record: where its rows are, and how they are erased."""

    name: str
    rows: QuerySet[Any]
    erase: Callable[[list[UUID], Replayed, datetime], None]


def _erase(gone: set[str], done: Replayed, now: datetime) -> None:
    """Erase every record whose keyed hash is in `gone`."""
    for kind in (
        Kind("applications", Application.objects.all(), _erase_applications),
        Kind("employees", Employee.objects.all(), _erase_employees),
        Kind("attachments", Attachment.objects.all(), _erase_attachments),
    ):
        found = _found(kind.rows, gone)
        setattr(done, kind.name, len(found))
        for at in range(0, len(found), PAGE):
            kind.erase(found[at : at + PAGE], done, now)


def _found(rows: QuerySet[Any], gone: set[str]) -> list[UUID]:
    ids = rows.order_by("pk").values_list("pk", flat=True)
    return [pk for pk in ids.iterator() if not gone.isdisjoint(keys.hashes(pk))]


def _erase_applications(ids: list[UUID], done: Replayed, now: datetime) -> None:
    statistics.count_out(ids)
    _bury(Attachment.objects.filter(application__in=ids).values_list("pk", flat=True), done, now)
    Application.objects.filter(pk__in=ids).delete()


def _erase_employees(ids: list[UUID], done: Replayed, now: datetime) -> None:
    _bury(Attachment.objects.filter(employee__in=ids).values_list("pk", flat=True), done, now)
    Employee.objects.filter(pk__in=ids).delete()


def _erase_attachments(ids: list[UUID], done: Replayed, now: datetime) -> None:
    """Erase documents, and their names where the read log of an application has them."""
    gone = Attachment.objects.filter(pk__in=ids, application__isnull=False)
    named = list(gone.values_list("application", "name"))
    _bury(ids, done, now)
    for application, name in named:
        if not Attachment.objects.filter(application=application, name=name).exists():
            Read.objects.filter(application=application, document=name).update(
                document=Read.REMOVED
            )


def _bury(ids: Iterable[UUID], done: Replayed, now: datetime) -> None:
    attachments = Attachment.objects.filter(pk__in=ids)
    done.keys += erasure.bury(attachments, now=now, breach_at=now + retention.GRACE)


def _erase_traces() -> None:
    """Empty what may name a record beside the tables: after a restore all of it is stale anyway.

    Everybody logs in again; the schedules stay, and bring the jobs back.
    """
    for model in (Session, OrmQ, Task):
        model._default_manager.all().delete()
