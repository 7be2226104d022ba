"""After a restore: what the ledger says is gone goes again, or nothing is changed at all."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from io import StringIO
from pathlib import Path
from threading import Barrier, Thread
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import pytest
from django.contrib.sessions.models import Session
from django.core.management import CommandError, call_command
from django.db import connection, connections, transaction
from django.utils import timezone
from django_q.models import OrmQ

from candidates import ledger, purge
from candidates.ledger import chain, replaying
from candidates.ledger.locks import Lock, take
from candidates.models import Application, Employee, LedgerLine, Read, Tally
from storage.models import Attachment, Tombstone
from tests.world import (
    NOW,
    TODAY,
    an_application,
    an_attachment,
    an_employee,
    store,
)

if TYPE_CHECKING:
    from pytest_django.fixtures import Settings

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("attachment_store")]

HALF_A_YEAR_AGO = date(2026, 3, 17)


def erased(count: int) -> list[UUID]:
    """Erase so many applications, and have their lines sealed and copied."""
    kind, rule = LedgerLine.Kind.APPLICATION, LedgerLine.Rule.RETENTION
    ids = [uuid4() for _ in range(count)]
    ledger.append([ledger.Deletion(pk, kind, rule, rows=1, objects=0) for pk in ids], day=TODAY)
    ledger.seal(now=NOW)
    ledger.copy(now=NOW)
    return ids


def back(*ids: UUID) -> list[Application]:
    """Bring applications back, as a backup does."""
    return [an_application(id=pk, status="rejected", decided_on=HALF_A_YEAR_AGO) for pk in ids]


@dataclass
class Restored:
    """A database whose backup was made after two of five lines."""

    gone: list[UUID]
    file: Path

    @property
    def newest(self) -> int:
        return chain.newest()[0]


@pytest.fixture
def restored(tmp_path: Path) -> Restored:
    erased(2)
    gone = erased(3)
    file = tmp_path / "ledger.jsonl"
    file.write_bytes(b"".join(ledger.from_storage()))
    LedgerLine.objects.filter(sequence__gt=2).delete()
    back(*gone)
    assert ledger.behind()
    return Restored(gone, file)


def everything() -> dict[str, list[Any]]:
    """Return all rows that a replay could touch."""
    models = (Application, Employee, Attachment, LedgerLine, Tombstone, Tally, Session)
    return {
        model.__name__: list(model._default_manager.order_by("pk").values()) for model in models
    }


# What goes again --------------------------------------------------------------------------------


def test_what_was_erased_is_erased_again_and_nothing_else(restored: Restored) -> None:
    kept = an_application()
    other = an_attachment(kept)
    document = an_attachment(Application.objects.get(pk=restored.gone[0]))
    copy = "attachments/" + str(uuid4())
    Attachment.objects.filter(pk=document.pk).update(view_key=copy)
    done = ledger.replay(restored.file, now=NOW)
    assert (done.first, done.last, done.lines) == (3, 5, 3)
    assert (done.applications, done.employees, done.attachments) == (3, 0, 0)
    assert (done.objects, done.waiting) == (2, 0)
    assert list(Application.objects.all()) == [kept]
    assert list(Attachment.objects.all()) == [other]
    assert not Tombstone.objects.exists()
    assert list(store().keys("attachments/")) == [other.key]
    assert ledger.behind() is None
    assert ledger.verify() == []


def test_the_chain_goes_on_where_it_had_been(restored: Restored) -> None:
    ledger.replay(restored.file, now=NOW)
    lines = b"".join(line.bytes for line in chain.stored())
    assert lines == restored.file.read_bytes()
    assert ledger.copy(now=NOW) == 3
    erased(1)
    assert restored.newest == 6
    assert ledger.verify() == []


def test_employees_and_single_documents_go_again_too(tmp_path: Path) -> None:
    person, document = an_employee(), an_attachment(an_application())
    letter = an_attachment(person)
    assert document.application
    document.application.document_reads.create(document=document.name, at=NOW)
    kinds = {person.pk: LedgerLine.Kind.EMPLOYEE, document.pk: LedgerLine.Kind.ATTACHMENT}
    ledger.append(
        [ledger.Deletion(pk, kind, LedgerLine.Rule.LEFT, 1, 1) for pk, kind in kinds.items()],
        day=TODAY,
    )
    ledger.keep(now=NOW)
    file = tmp_path / "ledger.json"
    file.write_bytes(b"".join(ledger.as_json()))
    LedgerLine.objects.all().delete()
    done = ledger.replay(file, now=NOW)
    assert (done.employees, done.attachments, done.objects) == (1, 1, 2)
    assert Application.objects.count() == 1
    assert not Attachment.objects.filter(pk__in=[document.pk, letter.pk]).exists()
    assert document.application.document_reads.get().document == Read.REMOVED, (
        "its name is gone too"
    )
    assert not Employee.objects.exists()


def test_applications_count_in_the_statistics_again(restored: Restored) -> None:
    before = Application.objects.count() + sum(Tally.objects.values_list("count", flat=True))
    ledger.replay(restored.file, now=NOW)
    assert sum(Tally.objects.values_list("count", flat=True)) == before


def test_records_are_found_by_former_keys(restored: Restored, settings: "Settings") -> None:
    settings.ATS_FORMER_LEDGER_KEYS = [settings.ATS_LEDGER_KEY]
    settings.ATS_LEDGER_KEY = "a new key, as long as the one before it was, 77f1"
    assert ledger.replay(restored.file, now=NOW).applications == 3
    assert not Application.objects.exists()


def test_a_file_may_begin_right_after_the_database(restored: Restored) -> None:
    rows = restored.file.read_bytes().splitlines(keepends=True)
    restored.file.write_bytes(b"".join(rows[2:]))
    assert ledger.replay(restored.file, now=NOW).lines == 3
    assert ledger.behind() is None


def test_a_new_database_takes_a_whole_ledger(restored: Restored) -> None:
    LedgerLine.objects.all().delete()
    assert ledger.replay(restored.file, now=NOW).lines == 5
    assert ledger.verify() == []


def test_lines_that_the_backup_had_unsealed_get_the_places_that_they_had(
    restored: Restored,
) -> None:
    rows = list(chain.stored(last=2))
    unsealed = {"sequence": None, "previous": "", "hash": "", "is_copied": False}
    LedgerLine.objects.filter(sequence=2).update(**unsealed)
    mine = LedgerLine.objects.get(sequence=None)
    ledger.replay(restored.file, now=NOW)
    assert LedgerLine.objects.get(pk=mine.pk).sequence == 2
    assert list(chain.stored(last=2)) == rows
    assert not LedgerLine.objects.unsealed().exists()


def test_lines_that_storage_never_saw_are_sealed_afterwards(restored: Restored) -> None:
    (pk,) = ledger.append(
        [ledger.Deletion(uuid4(), LedgerLine.Kind.EMPLOYEE, LedgerLine.Rule.LEFT, 1, 0)], day=TODAY
    )
    ledger.replay(restored.file, now=NOW)
    assert ledger.keep(now=NOW) == "sealed 1, copied 4"
    assert LedgerLine.objects.get(pk=pk).sequence == 6
    assert ledger.verify() == []


def test_what_may_name_them_elsewhere_goes_too(restored: Restored) -> None:
    Session.objects.create(session_key="a", session_data="b", expire_date=timezone.now())
    OrmQ.objects.create(key="halbjahr", payload="c", lock=timezone.now())
    ledger.replay(restored.file, now=NOW)
    assert not Session.objects.exists()
    assert not OrmQ.objects.exists()


def test_a_second_replay_says_that_there_is_nothing_to_do(restored: Restored) -> None:
    ledger.replay(restored.file, now=NOW)
    before = everything()
    done = ledger.replay(restored.file, now=NOW)
    assert (done.lines, done.applications) == (0, 0)
    assert everything() == before


# What changes nothing ---------------------------------------------------------------------------


def refused(file: Path, *words: str) -> None:
    """Replay a file by the command, and see that it is refused in these words, without a trace."""
    before, objects = everything(), sorted(store().keys(""))
    with pytest.raises(CommandError) as error:
        call_command("ledger", "replay", str(file), stdout=StringIO())
    assert everything() == before
    assert sorted(store().keys("")) == objects
    for word in words:
        assert word in str(error.value)


@pytest.fixture(autouse=True)
def _in_english(settings: "Settings") -> Iterator[None]:
    from django.utils import translation

    settings.LANGUAGE_CODE = "en"
    with translation.override("en"):
        yield


@pytest.mark.parametrize(
    "content", [b"", b"sequence,day\n1,2026-09-17\n", b"\x00" * 99, b"{}\n{}\n"]
)
def test_what_is_no_ledger_changes_nothing(restored: Restored, content: bytes) -> None:
    restored.file.write_bytes(content)
    refused(restored.file, "no ledger")


def test_a_truncated_ledger_changes_nothing(restored: Restored) -> None:
    good = restored.file.read_bytes()
    for end in (len(good) - 1, len(good) - 40, len(good) - 330):
        restored.file.write_bytes(good[:end])
        refused(restored.file, "breaks off after line")
    document = restored.file.with_suffix(".json")
    rows = good.splitlines(keepends=True)
    document.write_bytes(b'{"ledger":"halbjahr","lines":[\n' + rows[0][:-1] + b",\n" + rows[1])
    refused(document, "breaks off after line 2")


def test_an_altered_ledger_changes_nothing(restored: Restored) -> None:
    rows = restored.file.read_bytes().splitlines(keepends=True)
    altered = rows[3].replace(b'"rows":1', b'"rows":2')
    assert altered != rows[3]
    for content, word in (
        ([*rows[:3], altered, rows[4]], "Line 4"),
        ([*rows[:2], *rows[3:]], "Line 3"),
        ([*rows[:2], rows[3], rows[2], rows[4]], "Line 3"),
        ([*rows[:2], rows[2][:-9] + b"\n", *rows[3:]], "line 3"),
        ([*rows, rows[4]], "Line 5"),
    ):
        restored.file.write_bytes(b"".join(content))
        refused(restored.file, word)


def test_a_ledger_with_a_gap_before_it_changes_nothing(restored: Restored) -> None:
    rows = restored.file.read_bytes().splitlines(keepends=True)
    restored.file.write_bytes(b"".join(rows[3:]))
    refused(restored.file, "begins with line 4", "ends with line 2")


def test_a_ledger_that_is_older_than_the_database_changes_nothing(restored: Restored) -> None:
    rows = restored.file.read_bytes().splitlines(keepends=True)
    restored.file.write_bytes(rows[0])
    refused(restored.file, "older")


def a_foreign_file(path: Path, first: int, previous: str) -> Path:
    """Write a ledger that holds together and is not ours."""
    rows = []
    for number in range(first, 6):
        fields = (number, "2026-09-17", "application", "ab" * 32, 1, 0, "retention", "1", previous)
        line = chain.Line(*fields, hash=chain.hash_of(fields))
        rows.append(line.bytes)
        previous = line.hash
    path.write_bytes(b"".join(rows))
    return path


@pytest.mark.parametrize(("first", "previous"), [(1, chain.NOTHING), (3, "cd" * 32)])
def test_the_ledger_of_another_installation_changes_nothing(
    restored: Restored, first: int, previous: str
) -> None:
    refused(a_foreign_file(restored.file, first, previous), "another installation")


def test_a_line_of_a_kind_that_is_not_known_changes_nothing(restored: Restored) -> None:
    _number, previous = chain.newest()
    fields = (3, "2026-09-17", "meteorite", "ab" * 32, 1, 0, "retention", "1", previous)
    line = chain.Line(*fields, hash=chain.hash_of(fields))
    restored.file.write_bytes(line.bytes)
    refused(restored.file, "newer Halbjahr")


def test_with_the_wrong_key_nothing_is_changed(restored: Restored, settings: "Settings") -> None:
    settings.ATS_LEDGER_KEY = "another key that knows nothing of the records, 5c1a"
    refused(restored.file, "ATS_FORMER_LEDGER_KEYS")


def test_a_file_that_is_not_there_changes_nothing(restored: Restored) -> None:
    refused(restored.file.with_name("none"), "cannot be read")
    refused(restored.file.parent, "cannot be read")


def test_an_error_in_the_midst_changes_nothing(
    restored: Restored, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails() -> None:
        raise RuntimeError("in the midst")

    monkeypatch.setattr(replaying, "_erase_traces", fails)
    before = everything()
    with pytest.raises(RuntimeError):
        ledger.replay(restored.file, now=NOW)
    assert everything() == before


def test_a_file_that_ends_before_storage_leaves_the_site_closed(restored: Restored) -> None:
    rows = restored.file.read_bytes().splitlines(keepends=True)
    restored.file.write_bytes(b"".join(rows[:4]))
    out = StringIO()
    with pytest.raises(CommandError, match="line 5"):
        call_command("ledger", "replay", str(restored.file), stdout=out)
    assert "Lines 3 to 4" in out.getvalue()
    assert restored.newest == 4


# At once ----------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_of_two_replays_at_once_one_wins_and_the_other_says_so(restored: Restored) -> None:
    start, results = Barrier(2), list[object]()

    def replay() -> None:
        try:
            start.wait()
            results.append(ledger.replay(restored.file, now=NOW))
        except ledger.NotReplayed as error:
            results.append(error)
        finally:
            connections.close_all()

    threads = [Thread(target=replay) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    won = [each for each in results if isinstance(each, ledger.Replayed) and each.lines == 3]
    assert len(won) == 1
    (other,) = [each for each in results if each is not won[0]]
    assert "nothing was changed" in str(other)
    assert ledger.verify() == []


@pytest.mark.django_db(transaction=True)
def test_no_purge_waits_for_a_sealer() -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has one writer at a time")
    sealing, done = Barrier(2), Barrier(2)

    def seal_slowly() -> None:
        with transaction.atomic():
            take(Lock.SEALER)
            sealing.wait()
            done.wait(20)
        connections.close_all()

    thread = Thread(target=seal_slowly)
    thread.start()
    sealing.wait()
    an_application(status="rejected", decided_on=HALF_A_YEAR_AGO)
    assert purge.run(now=NOW).purged == 1
    assert ledger.seal(now=NOW) == 0  # somebody else is at it
    done.wait()
    thread.join()
    assert ledger.seal(now=NOW) > 0
