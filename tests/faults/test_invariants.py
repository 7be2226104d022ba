"""What always holds: also when another comes at the worst moment, where a test holds the first."""

import ast
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, timedelta
from io import BytesIO
from pathlib import Path
from threading import Event
from typing import Any, BinaryIO, TypeVar
from uuid import UUID, uuid4

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection

from candidates import hiring, mail, pipeline, purge
from candidates.models import Application, Employee, Hold, LedgerLine, Mail
from candidates.models import Event as HistoryEvent
from candidates.purge import batches
from storage import erasure, uploads
from storage.backends import Bucket, Folder
from storage.models import Attachment, Tombstone
from tests.conftest import MailSink
from tests.world import (
    NOW,
    TODAY,
    a_pdf,
    a_user,
    an_application,
    an_attachment,
    an_employee,
)

HALF_A_YEAR_AGO = date(2026, 3, 17)
DAY = timedelta(hours=24)
ME = uploads.owner("my session")
SECONDS = 20

Call = Callable[[], object]
Test = TypeVar("Test", bound=Callable[..., None])


def race(test: Test) -> Test:
    """Mark a test that two connections to PostgreSQL take part in."""
    marked: Test = pytest.mark.django_db(transaction=True)(pytest.mark.once("postgres")(test))
    return marked


#: Emptied for each test: the ledger's copies of one would outlive its database.
pytestmark = pytest.mark.usefixtures("attachment_store")


@pytest.fixture(autouse=True)
def _on_its_database(request: pytest.FixtureRequest) -> None:
    """Skip, where all tests run on one database, what is about the other."""
    marker = request.node.get_closest_marker("once")
    if marker and not connection.vendor.startswith(marker.args[0]):
        pytest.skip(f"about {marker.args[0]}")


# One is held while another comes ------------------------------------------------------------------


class Halt:
    """Holds the connection that it is put on, once, after a statement with this text."""

    def __init__(self, after: str) -> None:
        self.after = after
        self.reached, self.go_on = Event(), Event()

    def __call__(self, execute: Callable[..., Any], sql: str, *args: Any) -> Any:
        result = execute(sql, *args)
        if self.after in str(sql) and not self.reached.is_set():
            self.reached.set()
            assert self.go_on.wait(SECONDS)
        return result


@dataclass(frozen=True)
class Course:
    """How both ended, "won" or "told", and whether the second had to wait for the first."""

    first: str
    second: str
    waited: bool


def attempt(call: Call) -> str:
    """Make a call on a connection of its own; return how it ended."""
    try:
        call()
    except (pipeline.ChangeNotAllowed, uploads.UploadGone):
        return "told"
    finally:
        connection.close()
    return "won"


def waits_for_a_lock(other: "Future[str]") -> bool:
    """Return whether the other waits for a lock of PostgreSQL's, once it does or has ended."""
    deadline = time.monotonic() + SECONDS
    while not other.done():
        assert time.monotonic() < deadline
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity"
                " WHERE datname = current_database() AND wait_event_type = 'Lock'"
            )
            if cursor.fetchone() != (0,):
                return True
        time.sleep(0.005)
    return False


def meanwhile(first: Call, second: Call, *, after: str) -> Course:
    """Hold `first` after a statement until `second` has ended or waits for it; then let it go."""
    halt = Halt(after)

    def held() -> None:
        with connection.execute_wrapper(halt):
            first()

    with ThreadPoolExecutor(2) as pool:
        one = pool.submit(attempt, held)
        try:
            assert halt.reached.wait(SECONDS)
            two = pool.submit(attempt, second)
            waited = waits_for_a_lock(two)
        finally:
            halt.go_on.set()
        return Course(one.result(), two.result(), waited)


# Files: attached or buried, never both, never lost ------------------------------------------------

#: In the statement by which a file's row is taken, to bury or to attach it, and in no other.
TAKES_A_FILE = '"storage_attachment"."key"'


def a_staged_file() -> Attachment:
    return an_attachment(None, staged_by=ME, staged_until=NOW + timedelta(minutes=1))


def submit(*attachments: UUID) -> Application:
    return pipeline.submit(
        pipeline.Person("Mira", "Okonkwo", "mira.okonkwo@posteo.example"),
        job=None,
        attachments=attachments,
        session=ME,
        submission=uuid4(),
        language="de",
        now=NOW,
    )


def clean() -> int:
    return uploads.clean_expired(NOW + DAY)


@race
def test_a_file_that_is_being_sent_is_not_cleaned_away() -> None:
    file = a_staged_file()
    course = meanwhile(lambda: submit(file.pk), clean, after=TAKES_A_FILE)
    assert course == Course("won", "won", waited=True)
    assert list(Application.objects.get().attachments.all()) == [file]
    assert not Tombstone.objects.exists()


@race
def test_a_file_that_is_being_cleaned_away_is_not_sent() -> None:
    file = a_staged_file()
    course = meanwhile(clean, lambda: submit(file.pk), after=TAKES_A_FILE)
    assert course == Course("won", "told", waited=True)
    assert not Application.objects.exists()
    assert not Attachment.objects.exists()
    assert Tombstone.objects.get().key == file.key


@race
def test_a_file_that_is_being_buried_changes_no_owner_and_is_buried_once() -> None:
    application, employee = an_application(), an_employee()
    file = an_attachment(application)
    files = Attachment.objects.filter(application=application)
    moved: list[int] = []

    def bury() -> None:
        erasure.bury(files.all(), now=NOW, breach_at=NOW)

    def move() -> None:
        moved.append(files.update(application=None, employee=employee))

    assert meanwhile(bury, move, after=TAKES_A_FILE) == Course("won", "won", waited=True)
    assert (moved, Attachment.objects.count()) == ([0], 0)
    assert Tombstone.objects.get().key == file.key

    other = an_attachment(application)
    assert meanwhile(bury, bury, after=TAKES_A_FILE) == Course("won", "won", waited=True)
    assert set(Tombstone.objects.values_list("key", flat=True)) == {file.key, other.key}


# Hires, undone while the purge comes, and records erased twice ------------------------------------


def a_hire_that_is_due() -> tuple[Application, Employee, Attachment]:
    """Make an application that the purge erases, whose hire can still be undone."""
    application = an_application(status="hired", decided_on=HALF_A_YEAR_AGO)
    employee = an_employee(application=application)
    return application, employee, an_attachment(employee, came_from=application)


@race
def test_an_application_whose_hire_is_being_undone_is_left_to_the_next_purge() -> None:
    application, employee, document = a_hire_that_is_due()
    personnel, found = a_user("personnel"), []

    def undo() -> None:
        hiring.undo(employee, by=personnel, now=NOW)

    course = meanwhile(
        undo, lambda: found.append(purge.run(now=NOW)), after='FROM "candidates_application"'
    )
    assert course == Course("won", "won", waited=False)
    assert (found[0].purged, found[0].failed) == (0, 0)
    employee.refresh_from_db()
    assert employee.has_not_started, "on the last day nothing is opened again"
    assert list(employee.attachments.all()) == [document]
    assert list(Application.objects.all()) == [application]
    assert purge.run(now=NOW).purged == 1
    assert list(Employee.objects.all()) == [employee]
    assert not Tombstone.objects.exists()


@race
def test_a_hire_whose_application_is_being_purged_is_undone_without_it() -> None:
    application, employee, document = a_hire_that_is_due()
    personnel = a_user("personnel")
    course = meanwhile(
        lambda: purge.run(now=NOW),
        lambda: hiring.undo(employee, by=personnel, now=NOW),
        after="FOR UPDATE",
    )
    assert course == Course("won", "won", waited=True)
    assert not Application.objects.filter(pk=application.pk).exists()
    employee.refresh_from_db()
    assert employee.has_not_started
    assert list(employee.attachments.all()) == [document]


@race
def test_a_record_that_two_erase_is_erased_and_written_down_once() -> None:
    employee = an_employee()
    document = an_attachment(employee)
    personnel = a_user("personnel")

    def erase() -> None:
        hiring.erase(employee, by=personnel, rule=LedgerLine.Rule.LEFT, now=NOW)

    course = meanwhile(erase, erase, after='FROM "candidates_employee"')
    assert course == Course("won", "told", waited=True)
    line = LedgerLine.objects.get()
    assert (line.rows, line.objects_count) == (2, 1)
    assert Tombstone.objects.get().key == document.key


# A hold that comes while the purge claims ---------------------------------------------------------


def hold(application: Application) -> None:
    Hold.objects.create(
        application=application,
        kind=Hold.Kind.LEGAL_CLAIM,
        reason="?",
        set_at=NOW,
        until=NOW + 30 * DAY,
    )


@race
def test_a_hold_that_comes_after_the_purge_has_found_the_record_keeps_it() -> None:
    application = an_application(status="rejected", decided_on=HALF_A_YEAR_AGO)
    course = meanwhile(
        lambda: purge.run(now=NOW), lambda: hold(application), after=f"LIMIT {batches.BATCH}"
    )
    assert course == Course("won", "won", waited=False)
    assert Application.objects.get() == application
    assert not LedgerLine.objects.exists()


@race
def test_a_hold_that_comes_while_the_purge_locks_the_record_keeps_it() -> None:
    """The statement that locks sees the rows as they were when it began; the next one does not."""
    application = an_application(status="rejected", decided_on=HALF_A_YEAR_AGO)

    def slowly(execute: Callable[..., Any], sql: str, *args: Any) -> Any:
        if "FOR UPDATE" in sql and 'FROM "candidates_application"' in sql:
            gate = "(SELECT pg_advisory_lock_shared(1)::text) IS NOT NULL"
            sql = sql.replace(" WHERE ", f" WHERE {gate} AND ", 1)
        return execute(sql, *args)

    def purges() -> None:
        with connection.execute_wrapper(slowly):
            purge.run(now=NOW)

    with ThreadPoolExecutor(1) as pool, connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(1)")
        try:
            run = pool.submit(attempt, purges)
            assert waits_for_a_lock(run)
            hold(application)
        finally:
            cursor.execute("SELECT pg_advisory_unlock(1)")
        assert run.result() == "won"
    assert Application.objects.get() == application
    assert not LedgerLine.objects.exists()


# Mails --------------------------------------------------------------------------------------------


@race
def test_two_senders_send_each_mail_once_and_none_waits_for_the_other(mail_sink: MailSink) -> None:
    application = an_application()
    for minutes in (2, 1):
        send_at = NOW - timedelta(minutes=minutes)
        mail.queue(application, Mail.Purpose.RECEIPT, now=send_at - DAY, send_at=send_at)
    sent: list[int] = []

    def send() -> None:
        sent.append(mail.send_due(NOW))

    course = meanwhile(send, send, after='FROM "candidates_mail"')
    assert course == Course("won", "won", waited=False)
    assert sent == [1, 1]
    assert len(mail_sink.messages) == 2
    assert set(Mail.objects.values_list("state", "attempts")) == {(Mail.State.SENT, 1)}


# SQLite: what is deleted is in no file any more ---------------------------------------------------


def bytes_of_the_database() -> bytes:
    """Return the database file and what SQLite keeps beside it."""
    file = Path(connection.settings_dict["NAME"])
    return b"".join(path.read_bytes() for path in sorted(file.parent.glob(f"{file.name}*")))


@pytest.mark.django_db(transaction=True)
@pytest.mark.once("sqlite")
def test_no_file_of_sqlite_keeps_a_purged_name() -> None:
    in_the_file, in_the_log = b"Quastenflosser", b"Zitterrochen"
    for name in (in_the_file, in_the_log):
        application = an_application(
            last_name=name.decode(), status="rejected", decided_on=HALF_A_YEAR_AGO
        )
        reason = f"{name.decode()} lives too far away. " * 500  # more than a page of the file
        application.events.create(kind=HistoryEvent.Kind.REJECTED, at=NOW, reason=reason)
        mail.queue(application, Mail.Purpose.REJECTION, now=NOW - DAY, send_at=NOW)
        an_attachment(application, f"{name.decode()}.pdf")
        if name == in_the_file:
            with connection.cursor() as cursor:
                cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    before = bytes_of_the_database()
    assert in_the_file in before
    assert in_the_log in before
    assert purge.run(now=NOW).purged == 2
    after = bytes_of_the_database()
    assert in_the_file not in after
    assert in_the_log not in after
    # Debian's SQLite overwrites what it deletes of its own accord, and would hide that we ask.
    asked = settings.DATABASES["default"]["OPTIONS"]["init_command"]
    assert "PRAGMA secure_delete=ON;" in asked


# Every object has a row, from before it is written until it is gone -------------------------------


def seen_from_outside(key: str) -> str:
    """Return what a second connection finds of an object: committed rows, nothing else."""

    def look() -> str:
        try:
            verdicts = Attachment.objects.filter(key=key).values_list("verdict", flat=True)
            stones = Tombstone.objects.filter(key=key).values_list("key", flat=True)
            return " ".join([*verdicts, *("tombstone" for _ in stones)])
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(look).result()


@pytest.fixture
def sightings(attachment_store: Folder | Bucket, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What rows there were at each write and erasure of the store, before it and after."""
    seen: list[str] = []
    store = type(attachment_store)
    write, erase = store.write, store.erase

    def watched_write(self: Any, key: str, file: BinaryIO, *, content_type: str = "") -> None:
        seen.append(seen_from_outside(key))
        write(self, key, file, content_type=content_type)
        seen.append(seen_from_outside(key))

    def watched_erase(self: Any, key: str) -> int:
        seen.append(seen_from_outside(key))
        count = erase(self, key)
        seen.append(seen_from_outside(key))
        return count

    monkeypatch.setattr(store, "write", watched_write)
    monkeypatch.setattr(store, "erase", watched_erase)
    return seen


@race
def test_every_object_has_a_row_from_before_it_is_written_until_it_is_gone(
    sightings: list[str], attachment_store: Folder | Bucket
) -> None:
    upload = SimpleUploadedFile("cv.pdf", BytesIO(a_pdf()).getvalue())
    file = uploads.stage(upload, session=ME, now=NOW)
    assert seen_from_outside(file.key) == "clean"
    application = submit(file.pk)
    pipeline.withdraw(application, by=None, now=NOW)
    Application.objects.update(decided_on=HALF_A_YEAR_AGO, delete_on=TODAY)
    assert purge.run(now=NOW).objects_deleted == 1
    assert sightings == ["awaited", "awaited", "tombstone", "tombstone"]
    assert seen_from_outside(file.key) == ""
    assert not list(attachment_store.keys("attachments/"))


# Time is an argument ------------------------------------------------------------------------------

ROOT = Path(__file__).resolve().parents[2]
TIMELESS = [
    *(
        f"candidates/{name}.py"
        for name in ("pipeline", "hiring", "retention", "runs", "holds", "why")
    ),
    # Only `moment` asks what time it is.
    *(
        f"candidates/{path.parent.name}/{path.name}"
        for package in ("certificates", "ledger", "mail", "purge", "requests")
        for path in sorted((ROOT / "candidates" / package).glob("*.py"))
        if path.name != "moment.py"
    ),
    *("storage/uploads.py", "storage/erasure.py"),
]
#: Names that give the present moment, by what they are asked of. Monotonic clocks do not.
CLOCKS = {
    "timezone": {"now", "localdate", "localtime"},
    "datetime": {"now", "today", "utcnow"},
    "date": {"today"},
    "time": {"time", "time_ns", "localtime", "gmtime"},
    "functions": {"Now"},
}


def clocks_in(source: str) -> Iterator[str]:
    """Yield each place where Python code asks for the present moment itself."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Attribute(value=owner, attr=name):
                home, names = ast.unparse(owner), [name]
            case ast.ImportFrom(module=module, names=aliases):
                home, names = module or "", [alias.name for alias in aliases]
            case _:
                continue
        for name in names:
            if name in CLOCKS.get(home.rpartition(".")[2], ()):
                yield f"line {node.lineno}: {name} of {home}"


@pytest.mark.parametrize("path", TIMELESS)
def test_what_depends_on_time_is_told_the_time(path: str) -> None:
    assert list(clocks_in((ROOT / path).read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize(
    "source",
    [
        "x = timezone.now()",
        "def f(now=timezone.now): ...",
        "datetime.datetime.now(UTC)",
        "date.today()",
        "time.time()",
        "from django.utils.timezone import now",
        "from django.db.models.functions import Cast, Now",
    ],
)
def test_asking_for_the_time_is_found(source: str) -> None:
    assert list(clocks_in(source))


def test_a_monotonic_clock_and_a_moment_that_is_given_are_fine() -> None:
    assert not list(clocks_in("time.monotonic(); datetime.combine(day, time.min); now.date()"))
