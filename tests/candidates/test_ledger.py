"""The record of deletions: sealed, copied, verified, exported."""

import csv
import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from io import StringIO
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from candidates import ledger, tasks
from candidates.ledger import chain, copies
from candidates.ledger.faults import Code
from candidates.models import Heartbeat, LedgerLine, Run
from storage.backends import Bucket, Folder
from tests.world import NOW, TODAY, rounds

if TYPE_CHECKING:
    from pytest_django.fixtures import Settings

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("attachment_store", "english")]

Store = Folder | Bucket


def deletions(count: int) -> list[LedgerLine]:
    """Write the lines of so many deletions."""
    made = (
        ledger.Deletion(
            uuid4(), LedgerLine.Kind.APPLICATION, LedgerLine.Rule.RETENTION, rows=4, objects=at
        )
        for at in range(count)
    )
    return list(LedgerLine.objects.filter(pk__in=ledger.append(made, day=TODAY)))


def sealed(count: int) -> list[LedgerLine]:
    deletions(count)
    assert ledger.seal(now=NOW) == count
    return list(LedgerLine.objects.sealed())


def copied(*counts: int) -> list[LedgerLine]:
    """Write a copy with each of these numbers of lines."""
    for count in counts:
        sealed(count)
        assert ledger.copy(now=NOW) == count
    return list(LedgerLine.objects.sealed())


def told(faults: Iterable[ledger.Fault]) -> list[tuple[str, int]]:
    return [(fault.code.value, fault.line) for fault in faults]


def overwrite(store: Store, key: str, content: bytes | None) -> None:
    """Do to a copy what no code of ours can."""
    if isinstance(store, Folder):
        path = Path(store.location, key)
        path.unlink() if content is None else path.write_bytes(content)
    elif content is None:
        store.client.delete_object(Bucket=store.bucket_name, Key=key)
    else:
        store.client.put_object(Bucket=store.bucket_name, Key=key, Body=content)


def run(*words: str) -> str:
    out = StringIO()
    call_command("ledger", *words, stdout=out)
    return out.getvalue()


# Sealing --------------------------------------------------------------------------------------


def test_a_line_is_chained_to_the_one_before_by_its_hash() -> None:
    deletions(3)
    assert ledger.seal(now=NOW) == 3
    previous = "0" * 64
    for number, line in enumerate(LedgerLine.objects.order_by("pk"), start=1):
        # The canonical form, as it is documented, by hand.
        text = (
            f'{{"sequence":{number},"day":"2026-09-17","kind":"application","record":"{line.record}'
            f'","rows":4,"objects":{number - 1},"rule":"retention","policy_version":"2026-11",'
            f'"previous":"{previous}"}}'
        )
        assert (line.sequence, line.previous) == (number, previous)
        assert line.hash == hashlib.sha256(text.encode()).hexdigest()
        previous = line.hash


def test_sealing_goes_on_where_it_stopped() -> None:
    sealed(2)
    deletions(1)
    assert ledger.seal(now=NOW) == 1
    assert ledger.seal(now=NOW) == 0
    assert [line.sequence for line in LedgerLine.objects.order_by("pk")] == [1, 2, 3]
    assert ledger.verify() == []


def test_a_line_that_is_committed_late_gets_a_later_number() -> None:
    late, early = deletions(2)
    LedgerLine.objects.filter(pk=late.pk).delete()
    ledger.seal(now=NOW)
    late.save(force_insert=True)
    ledger.seal(now=NOW)
    assert list(LedgerLine.objects.sealed().values_list("pk", flat=True)) == [early.pk, late.pk]
    assert ledger.verify() == []


def test_many_lines_take_several_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("candidates.ledger.sealing.BATCH", 3)
    monkeypatch.setattr("candidates.ledger.chain.PAGE", 4)
    assert len(sealed(10)) == 10
    assert ledger.verify() == []


def test_how_long_lines_wait_is_known() -> None:
    now = timezone.now()
    assert (ledger.unsealed_since(now), ledger.uncopied_since(now)) == (None, None)
    deletions(1)
    LedgerLine.objects.update(written_at=now - timedelta(minutes=11))
    assert (ledger.unsealed_since(now), ledger.uncopied_since(now)) == (timedelta(minutes=11), None)
    ledger.seal(now=now)
    assert (ledger.unsealed_since(now), ledger.uncopied_since(now)) == (None, timedelta(minutes=11))
    ledger.copy(now=now)
    assert ledger.uncopied_since(now) is None


# Copies ---------------------------------------------------------------------------------------


def test_sealed_lines_are_copied_to_objects_of_their_numbers(attachment_store: Store) -> None:
    copied(2, 10)
    keys = ["ledger/000000000001-000000000002.jsonl", "ledger/000000000003-000000000012.jsonl"]
    assert list(attachment_store.records("ledger/")) == keys
    lines = [line.bytes for line in chain.stored()]
    assert attachment_store.read_record(keys[0]) == b"".join(lines[:2])
    assert attachment_store.read_record(keys[1]) == b"".join(lines[2:])
    assert json.loads(lines[0])["sequence"] == 1
    assert ledger.verify() == []


def test_a_copy_that_was_written_and_not_noted_is_found_again(attachment_store: Store) -> None:
    copied(3)
    LedgerLine.objects.update(is_copied=False)  # killed between the two
    deletions(2)
    ledger.seal(now=NOW)
    assert ledger.copy(now=NOW) == 5
    assert [copy.length for copy in copies.listed()] == [3, 2]


def test_a_copy_that_is_another_is_left_and_said(
    attachment_store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    lines = sealed(2)
    key = "ledger/000000000001-000000000002.jsonl"
    swapped = b"".join(line.bytes for line in (*chain.stored(first=2), *chain.stored(last=1)))
    tail = b"".join(line.bytes for line in chain.stored(first=2))
    attachment_store.create(key, swapped + tail)
    with pytest.raises(ledger.CopyDiffers):
        ledger.copy(now=NOW)
    assert attachment_store.read_record(key) == swapped + tail
    assert LedgerLine.objects.filter(is_copied=False).count() == len(lines)
    assert tasks.keep_ledger() == f"differs in storage: {key}"


def test_a_copy_has_a_thousand_lines_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copies, "BATCH", 4)
    copied(10)
    assert [tuple(copy) for copy in copies.listed()] == [(1, 4), (5, 8), (9, 10)]
    assert ledger.verify() == []


@pytest.mark.usefixtures("_broken_store")
def test_without_storage_nothing_is_sealed_and_the_job_says_so() -> None:
    deletions(1)
    assert tasks.keep_ledger().startswith("storage does not answer")
    assert LedgerLine.objects.unsealed().count() == 1


@pytest.fixture
def _broken_store(settings: "Settings") -> None:
    broken = {"BACKEND": "storage.backends.Folder", "OPTIONS": {"location": "/proc/no/such"}}
    settings.STORAGES = settings.STORAGES | {"attachments": broken}


def test_the_job_seals_and_copies() -> None:
    deletions(2)
    assert tasks.keep_ledger() == "sealed 2, copied 2"
    assert tasks.keep_ledger() == "sealed 0, copied 0"


# Behind ---------------------------------------------------------------------------------------


def test_a_database_that_wrote_the_copies_is_not_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copies, "BATCH", 4)
    assert ledger.behind() is None
    for count in (1, 4, 9, 2):
        copied(count)
        assert ledger.behind() is None
    sealed(3)
    assert ledger.behind() is None
    LedgerLine.objects.update(is_copied=False)
    assert ledger.behind() is None


@pytest.mark.parametrize("left", [0, 1, 3, 4, 8, 9])
def test_a_database_with_fewer_lines_than_storage_is_behind(
    monkeypatch: pytest.MonkeyPatch, left: int
) -> None:
    monkeypatch.setattr(copies, "BATCH", 4)
    copied(4, 4, 2)
    LedgerLine.objects.filter(sequence__gt=left).delete()
    found = ledger.behind()
    assert found is not None
    assert (found.database, found.storage) == (left, 10)
    deletions(1)
    for refuse in (
        ledger.refuse_if_behind,
        lambda: ledger.seal(now=NOW),
    ):
        with pytest.raises(ledger.LedgerBehind, match="restored"):
            refuse()
    assert tasks.keep_ledger() == "behind the storage's copy"
    assert LedgerLine.objects.unsealed().count() == 1


def test_a_database_that_went_on_by_itself_is_behind_too() -> None:
    copied(4, 2)
    LedgerLine.objects.filter(sequence__gt=4).delete()
    lines = deletions(3)
    from candidates.ledger.sealing import link

    number, previous = chain.newest()
    for line in lines:  # as a sealer would that does not look
        number += 1
        link(line, number, previous)
        previous = line.hash
        line.save()
    found = ledger.behind()
    assert found is not None
    assert (found.database, found.storage) == (7, 6)
    with pytest.raises(ledger.LedgerBehind):
        ledger.copy(now=NOW)


def test_what_behind_costs_does_not_grow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copies, "BATCH", 5)
    seen, read = list[copies.Copy](), list[copies.Copy]()
    listed, content = copies.listed, copies.content

    def watched(*, first: int = 1) -> Iterator[copies.Copy]:
        for copy in listed(first=first):
            seen.append(copy)
            yield copy

    def watched_content(copy: copies.Copy) -> bytes:
        read.append(copy)
        return content(copy)

    monkeypatch.setattr(copies, "listed", watched)
    monkeypatch.setattr(copies, "content", watched_content)
    for _ in range(3):
        copied(*[2] * 4)
        seen.clear()
        read.clear()
        with CaptureQueriesContext(connection) as queries:
            assert ledger.behind() is None
        assert len(queries) <= 3
        assert 1 <= len(seen) <= 3
        assert len(read) <= 1


@pytest.mark.usefixtures("_broken_store")
def test_only_a_purge_goes_on_without_knowing() -> None:
    ledger.refuse_if_behind()


# Verifying: the database ------------------------------------------------------------------------


def other_text(text: str, at: int) -> str:
    return text[:at] + ("b" if text[at] == "a" else "a") + text[at + 1 :]


#: Each field of a line, with a change of one of its characters or of its number.
CHANGES: dict[str, Callable[[Any], Any]] = {
    "day": lambda day: day + timedelta(days=1),
    "kind": lambda kind: "employee",
    "record": lambda record: other_text(record, 63),
    "rows": lambda rows: rows + 1,
    "objects_count": lambda objects: objects + 1,
    "rule": lambda rule: "request",
    "policy_version": lambda version: other_text(version, 0),
    "previous": lambda previous: other_text(previous, 0),
    "hash": lambda hash: other_text(hash, 31),  # noqa: A006
    "sequence": lambda sequence: sequence + 100,
}


@pytest.mark.parametrize("field", CHANGES)
def test_a_line_with_any_field_changed_is_named(field: str) -> None:
    lines = sealed(6)
    for line in lines:
        was = getattr(line, field)
        LedgerLine.objects.filter(pk=line.pk).update(**{field: CHANGES[field](was)})
        faults = ledger.verify()
        assert line.sequence in {fault.line for fault in faults}
        assert field == "sequence" or len(faults) == 1
        LedgerLine.objects.filter(pk=line.pk).update(**{field: was})
    assert ledger.verify() == []


@pytest.mark.parametrize("field", sorted({*CHANGES} - {"sequence"}))
def test_a_change_is_named_beside_the_copies_too(field: str) -> None:
    line = copied(2, 2)[2]
    LedgerLine.objects.filter(pk=line.pk).update(**{field: CHANGES[field](getattr(line, field))})
    assert told(ledger.verify()) == [("changed", 3), ("differs", 3)]


def test_a_line_that_is_dropped_is_named() -> None:
    for line in copied(3, 3):
        LedgerLine.objects.filter(pk=line.pk).delete()
        found = told(ledger.verify())
        assert ("lost", line.sequence) in found
        assert line.sequence == 6 or ("missing", line.sequence) in found
        line.save(force_insert=True)
    assert ledger.verify() == []


def test_lines_that_are_dropped_together_are_named_together() -> None:
    copied(2, 3, 2)
    LedgerLine.objects.filter(sequence__in=[2, 3, 4]).delete()
    found = [(fault.code.value, fault.line, fault.last) for fault in ledger.verify()]
    assert found == [("missing", 2, 4), ("lost", 2, 4)]


def test_two_lines_that_are_swapped_are_named() -> None:
    lines = sealed(6)
    for one, other in pairwise(lines):
        places = [(one.pk, one.sequence), (other.pk, other.sequence)]
        for pk, number in ((one.pk, 99), (other.pk, one.sequence), (one.pk, other.sequence)):
            LedgerLine.objects.filter(pk=pk).update(sequence=number)
        assert {one.sequence, other.sequence} <= {fault.line for fault in ledger.verify()}
        for pk, number in ((one.pk, 99), *reversed(places)):
            LedgerLine.objects.filter(pk=pk).update(sequence=number)
    assert ledger.verify() == []


def test_a_line_that_was_forged_with_its_hash_does_not_fit() -> None:
    line = copied(4)[1]
    row = line.__class__.objects.get(pk=line.pk)
    row.rows = 99
    from candidates.ledger.sealing import link

    link(row, 2, line.previous)
    row.save()
    assert told(ledger.verify()) == [("unlinked", 3), ("differs", 2)]


# Verifying: the copies --------------------------------------------------------------------------


@pytest.mark.soak
def test_a_copy_with_any_byte_changed_is_named(attachment_store: Store) -> None:
    copied(2, 1)
    copy = next(copies.listed())
    good = copies.content(copy)
    first = good.index(b"\n") + 1
    for at in range(0, len(good), rounds(43, 1)):
        overwrite(attachment_store, copy.key, changed(good, at))
        lines = {fault.line for fault in ledger.verify()}
        assert (1 if at < first else 2) in lines, at
        assert lines <= {1, 2}
    overwrite(attachment_store, copy.key, good)
    assert ledger.verify() == []


def changed(content: bytes, at: int) -> bytes:
    return content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]


def test_a_copy_that_is_gone_is_named(attachment_store: Store) -> None:
    copied(2, 3, 1)
    for copy, first, last in zip(copies.listed(), (1, 3, 6), (2, 5, 6), strict=True):
        good = copies.content(copy)
        overwrite(attachment_store, copy.key, None)
        (fault,) = ledger.verify()
        assert (fault.code.value, fault.line, fault.end) == ("copy-missing", first, last)
        overwrite(attachment_store, copy.key, good)


def test_a_copy_out_of_order_or_short_is_named(attachment_store: Store) -> None:
    copied(3)
    (copy,) = copies.listed()
    one, two, three = copies.content(copy).splitlines(keepends=True)
    for content, fault in (
        (one + three + two, ("copy-disordered", 1)),
        (one + three, ("copy-changed", 2)),
        (one + two, ("copy-changed", 3)),
        (one + two + two + three, ("copy-disordered", 1)),
        (b"", ("copy-changed", 1)),
    ):
        overwrite(attachment_store, copy.key, content)
        assert fault in told(ledger.verify())


def test_an_object_that_no_ledger_wrote_is_named(attachment_store: Store) -> None:
    copied(2)
    attachment_store.create("ledger/000000000003-000000009999.jsonl", b"nonsense")
    assert told(ledger.verify()) == [("copy-unknown", 3)]


@pytest.mark.usefixtures("attachment_store")
def test_without_storage_the_check_is_not_whole(settings: "Settings") -> None:
    copied(2)
    broken = {"BACKEND": "storage.backends.Folder", "OPTIONS": {"location": "/proc/no/such"}}
    settings.STORAGES = settings.STORAGES | {"attachments": broken}
    assert told(ledger.verify()) == [("storage", 0)]


# Verifying: files -------------------------------------------------------------------------------


@pytest.fixture(params=["jsonl", "json"])
def file(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A file with four lines."""
    copied(2, 2)
    path = tmp_path / f"ledger.{request.param}"
    pieces = ledger.from_storage() if request.param == "jsonl" else ledger.as_json()
    path.write_bytes(b"".join(pieces))
    return path


def test_a_file_holds_as_it_was_written(file: Path) -> None:
    done = ledger.verify_file(file)
    assert (done.first, done.last, done.faults) == (1, 4, [])


def line_at(content: bytes, at: int) -> int:
    """Return the number of the line that a byte of a file belongs to; 0 of none."""
    rows = content.splitlines(keepends=True)
    is_json = content.startswith(b'{"ledger"')
    for number, row in enumerate(rows, start=0 if is_json else 1):
        at -= len(row)
        if at < 0:
            return number
    raise IndexError


@pytest.mark.soak
def test_a_file_with_any_byte_changed_is_found_and_its_line_named(file: Path) -> None:
    good = file.read_bytes()
    for at in range(0, len(good), rounds(17, 1)):
        file.write_bytes(changed(good, at))
        faults = ledger.verify_file(file).faults
        number = line_at(good, at)
        assert faults, at
        # What frames the lines has no number of its own; a file that is cut off is so after a line.
        named = {fault.line + (fault.code == Code.TRUNCATED) for fault in faults}
        assert number in {0, 5} or number in named, (at, faults)


def test_a_file_without_one_of_its_lines_is_found(file: Path) -> None:
    good = file.read_bytes().splitlines(keepends=True)
    is_json = good[0].startswith(b'{"ledger"')
    for number in range(1, 5):
        at = number if is_json else number - 1
        file.write_bytes(b"".join(good[:at] + good[at + 1 :]))
        faults = ledger.verify_file(file).faults
        if is_json or number in {2, 3}:
            assert number in {fault.line for fault in faults}
        else:  # a file of copies may begin and end anywhere
            assert faults == []


def test_a_file_with_two_lines_swapped_is_found(file: Path) -> None:
    good = file.read_bytes().splitlines(keepends=True)
    for at in range(len(good) - 1):
        rows = [*good[:at], good[at + 1], good[at], *good[at + 2 :]]
        file.write_bytes(b"".join(rows))
        assert ledger.verify_file(file).faults


@pytest.mark.soak
def test_a_file_that_breaks_off_anywhere_within_a_line_is_found(file: Path) -> None:
    good = file.read_bytes()
    for end in range(1, len(good), rounds(37, 1)):
        if good[:end].endswith(b"\n") and not good.startswith(b'{"ledger"'):
            continue
        file.write_bytes(good[:end])
        assert ledger.verify_file(file).faults, end


def test_a_file_of_another_ledger_differs(file: Path) -> None:
    LedgerLine.objects.all().delete()
    lines = deletions(2)
    from candidates.ledger.sealing import link

    link(lines[0], 1, chain.NOTHING)
    link(lines[1], 2, lines[0].hash)
    for line in lines:
        line.save()
    assert told(ledger.verify_file(file).faults) == [("differs", 1), ("differs", 2)]


@pytest.mark.parametrize("content", [b"", b"\n", b"\0" * 9_999, b"sequence,day\r\n1,2\r\n", b"[]"])
def test_what_is_no_ledger_is_called_so(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    assert told(ledger.verify_file(path).faults) == [("no-ledger", 0)]


# The check and the command ----------------------------------------------------------------------


def test_a_good_check_leaves_its_run_and_its_pulse() -> None:
    copied(3)
    assert tasks.verify_ledger() == "faults: 0"
    (found,) = Run.objects.of(Run.Job.VERIFY)
    assert (found.state, found.reasons) == (Run.State.GOOD, [])
    assert (found.numbers["lines"], found.numbers["faults"]) == (3, 0)
    assert Heartbeat.objects.filter(name="verify").exists()


def test_a_check_that_finds_something_leaves_no_pulse() -> None:
    copied(3)
    LedgerLine.objects.filter(sequence=2).update(rows=99)
    with pytest.raises(SystemExit) as ended:
        run("verify")
    assert ended.value.code == 1
    (found,) = Run.objects.of(Run.Job.VERIFY)
    assert (found.state, found.reasons) == (Run.State.FAILED, ["changed", "differs"])
    assert not Heartbeat.objects.filter(name="verify").exists()


def test_the_command_says_in_words_what_holds(file: Path, capsys: Any) -> None:
    assert run("verify") == "The ledger holds: no line is changed, missing or out of place.\n"
    assert run("verify", str(file)) == "The file holds, from line 1 to line 4.\n"
    assert len(Run.objects.all()) == 1


def test_the_command_says_in_words_what_does_not(file: Path) -> None:
    file.write_bytes(file.read_bytes().replace(b'"rows":4,"objects":1', b'"rows":5,"objects":1', 1))
    out = StringIO()
    with pytest.raises(SystemExit):
        call_command("ledger", "verify", str(file), stdout=out)
    assert out.getvalue().count("\n") == 1
    assert "2" in out.getvalue()


@pytest.mark.parametrize("words", [["verify", "/no/such"], ["verify", "/tmp"]])
def test_a_file_that_cannot_be_read_is_said(words: list[str]) -> None:
    with pytest.raises(CommandError, match="cannot be read"):
        run(*words)


# Exports --------------------------------------------------------------------------------------


def test_the_csv_has_a_heading_and_every_line(tmp_path: Path) -> None:
    lines = copied(2)
    rows = list(csv.DictReader(StringIO(run("export"))))
    assert [row["sequence"] for row in rows] == ["1", "2"]
    assert [row["hash"] for row in rows] == [line.hash for line in lines]
    assert rows[0]["objects"] == "0"
    run("export", "--output", str(tmp_path / "ledger.csv"))
    assert (tmp_path / "ledger.csv").read_bytes() == b"".join(ledger.as_csv())


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_no_cell_of_the_csv_is_a_formula(settings: "Settings", start: str) -> None:
    settings.ATS_POLICY_VERSION = f"{start}cmd|' /C calc'!A0"
    sealed(1)
    (row,) = csv.DictReader(StringIO(b"".join(ledger.as_csv()).decode(), newline=""))
    assert row["policy_version"] == f"'{settings.ATS_POLICY_VERSION}"


def test_the_json_is_one_document() -> None:
    lines = copied(3)
    found = json.loads(run("export", "--format", "json"))
    assert [line["hash"] for line in found["lines"]] == [line.hash for line in lines]
    assert (found["count"], found["last"]) == (3, lines[-1].hash)
    LedgerLine.objects.all().delete()
    assert json.loads(run("export", "--format", "json"))["lines"] == []


def test_the_copy_is_exported_as_it_lies_there(tmp_path: Path) -> None:
    copied(2, 2)
    lines = b"".join(line.bytes for line in chain.stored())
    LedgerLine.objects.all().delete()
    run("export", "--from-storage", "--output", str(tmp_path / "copy.jsonl"))
    assert (tmp_path / "copy.jsonl").read_bytes() == lines


def test_an_export_overwrites_nothing(tmp_path: Path) -> None:
    path = tmp_path / "ledger.csv"
    path.write_text("mine")
    with pytest.raises(CommandError, match="is there already"):
        run("export", "--output", str(path))
    with pytest.raises(CommandError, match="cannot be written"):
        run("export", "--output", str(tmp_path / "no" / "such"))
    assert path.read_text() == "mine"
