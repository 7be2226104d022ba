"""The virus scan against a real clamd: down, hanging, hanging up, over its limit, back again."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from pytest_django.fixtures import Settings

from storage import scanning, uploads
from storage.backends import Bucket, Folder
from storage.models import Attachment, Tombstone
from storage.scanning import NotScanned, Scans, scan_waiting
from storage.uploads import Refused, attach, stage, staged
from tests import machine
from tests.scanner import EICAR, FINDING, Clamd, Cutter, infected
from tests.world import NOW, a_docx, a_pdf, an_application, an_attachment

pytestmark = pytest.mark.once("postgres")

ME = uploads.owner("my session")
WEEK, MINUTE = timedelta(days=7), timedelta(minutes=1)
LARGE = bytes(300_000)


def scan(content: bytes) -> str:
    return scanning.scan(BytesIO(content), size=len(content), seconds=5)


def failure(content: bytes = LARGE) -> str:
    with pytest.raises(NotScanned) as error:
        scan(content)
    return error.value.code


def put_up(content: bytes, name: str = "Lebenslauf.pdf") -> Attachment:
    return stage(SimpleUploadedFile(name, content), session=ME, now=NOW)


def fresh(attachment: Attachment) -> Attachment:
    return Attachment.objects.get(pk=attachment.pk)


# What clamd says ------------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["url", "local_url"])
def test_clamd_finds_what_it_knows_and_passes_the_rest(
    clamd: Clamd, settings: Settings, way: str
) -> None:
    settings.CLAMD_URL = getattr(clamd, way)
    scanning.ping()
    assert [scan(a_pdf()), scan(b""), scan(LARGE)] == ["", "", ""]
    assert [scan(infected(a_pdf())), scan(a_docx(EICAR)), scan(EICAR.encode())] == [FINDING] * 3


@pytest.mark.parametrize("way", ["url", "local_url"])
def test_where_nobody_listens_is_down(clamd: Clamd, settings: Settings, way: str) -> None:
    settings.CLAMD_URL = getattr(clamd, way)
    clamd.stop()
    assert failure() == "down"
    with pytest.raises(NotScanned):
        scanning.ping()


@pytest.mark.parametrize("way", ["url", "local_url"])
def test_one_that_hangs_is_slow_and_costs_no_more_than_its_time(
    clamd: Clamd, settings: Settings, way: str
) -> None:
    settings.CLAMD_URL = getattr(clamd, way)
    clamd.pause()
    began = time.monotonic()
    with pytest.raises(NotScanned) as error:
        scanning.scan(BytesIO(bytes(50_000_000)), size=50_000_000, seconds=0.3)
    assert error.value.code == "slow"
    with pytest.raises(NotScanned, match="slow"):
        scanning.ping()
    assert time.monotonic() - began < 0.3 + scanning.ANSWER_SECONDS + 0.7
    clamd.resume()
    assert scan(a_pdf()) == ""


@pytest.mark.parametrize("up", [0, 1, 10, 12, 20_000])
def test_one_that_hangs_up_says_nothing(clamd: Clamd, settings: Settings, up: int) -> None:
    with Cutter(clamd.port, up=up) as cutter:
        settings.CLAMD_URL = cutter.url
        assert failure() == "cut-off"


@pytest.mark.parametrize("down", range(11))
def test_half_an_answer_is_none(clamd: Clamd, settings: Settings, down: int) -> None:
    assert len(b"stream: OK\0") == 11
    with Cutter(clamd.port, down=down) as cutter:
        settings.CLAMD_URL = cutter.url
        assert failure() == "cut-off"


@pytest.mark.parametrize("size", [200_000, 30_000_000])
def test_what_is_over_its_limit_is_not_scanned(clamd: Clamd, size: int) -> None:
    clamd.restart(stream_max="100K")
    assert scan(bytes(90_000)) == ""
    assert failure(bytes(size)) in {"too-large", "cut-off"}


def test_what_clamd_did_not_look_through_is_not_scanned(clamd: Clamd) -> None:
    clamd.restart(AlertExceedsMax="yes", MaxFileSize="1M")
    assert failure(bytes(2_000_000)) == "over-limits"


def test_a_file_that_is_not_whole_is_not_scanned(clamd: Clamd) -> None:
    for size in (9, 11):
        with pytest.raises(NotScanned, match="file-cut-off"):
            scanning.scan(BytesIO(bytes(10)), size=size, seconds=5)

    class Broken(BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            raise EOFError("the name of a file")

    with pytest.raises(NotScanned, match=r"^file-EOFError$"):
        scanning.scan(Broken(), size=9, seconds=5)


# On the way in --------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("content", "name"),
    [(infected(a_pdf()), "Lebenslauf.pdf"), (a_docx(EICAR), "Anschreiben.docx")],
)
def test_an_infected_file_is_refused_and_leaves_nothing(
    clamd: Clamd, attachment_store: Folder | Bucket, content: bytes, name: str
) -> None:
    with pytest.raises(Refused) as refused:
        put_up(content, name)
    assert (refused.value.name, refused.value.code) == (name, "infected")
    assert "scanner" in refused.value.message or "Virenscanner" in refused.value.message
    assert not Attachment.objects.exists()
    assert not Tombstone.objects.exists()
    assert list(attachment_store.keys("")) == []


@pytest.mark.django_db
def test_a_file_that_was_scanned_says_when(clamd: Clamd) -> None:
    row = fresh(put_up(a_pdf()))
    assert (row.verdict, row.scanned_at, row.next_scan_at) == ("clean", NOW, None)


@pytest.mark.django_db
def test_without_a_scanner_files_are_taken_as_they_are(settings: Settings) -> None:
    assert settings.CLAMD_URL == ""
    row = fresh(put_up(infected(a_pdf())))
    assert (row.verdict, row.scanned_at) == ("clean", None)
    assert scanning.recheck(row, now=NOW + WEEK) == "clean"
    assert scan_waiting(now=NOW) == Scans()


@contextmanager
def is_down(clamd: Clamd, settings: Settings) -> Iterator[None]:
    clamd.stop()
    yield
    clamd.start()


@contextmanager
def hangs(clamd: Clamd, settings: Settings) -> Iterator[None]:
    clamd.pause()
    yield
    clamd.resume()


@contextmanager
def hangs_up(clamd: Clamd, settings: Settings) -> Iterator[None]:
    with Cutter(clamd.port, up=500) as cutter:
        settings.CLAMD_URL = cutter.url
        yield
    settings.CLAMD_URL = clamd.url


@contextmanager
def is_cut_off(clamd: Clamd, settings: Settings) -> Iterator[None]:
    with Cutter(clamd.port, down=len(b"stream: OK")) as cutter:
        settings.CLAMD_URL = cutter.url
        yield
    settings.CLAMD_URL = clamd.url


@contextmanager
def falls_silent(clamd: Clamd, settings: Settings) -> Iterator[None]:
    """Say that it is there, and take the file, and never answer."""
    with (
        Cutter(clamd.port, down=len(b"PONG\0"), hold=True) as cutter,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setattr(scanning, "SECONDS", 0.2)
        patch.setattr(scanning, "PATIENT_SECONDS", 0.2)
        settings.CLAMD_URL = cutter.url
        yield
    settings.CLAMD_URL = clamd.url


@contextmanager
def is_over_its_limit(clamd: Clamd, settings: Settings) -> Iterator[None]:
    clamd.restart(stream_max="100")
    yield
    clamd.restart()


FAULTS = [is_down, hangs, hangs_up, is_cut_off, falls_silent, is_over_its_limit]


@pytest.mark.django_db
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("is_infected", [False, True])
def test_a_file_is_taken_waits_and_is_judged_once_clamd_is_back(
    clamd: Clamd, settings: Settings, fault: Callable[..., Iterator[None]], is_infected: bool
) -> None:
    with fault(clamd, settings):  # type: ignore[attr-defined]
        row = put_up(infected(a_pdf()) if is_infected else a_pdf())
        assert (row.verdict, row.scanned_at, row.next_scan_at) == ("pending", None, NOW)
        assert staged([row.pk], session=ME, now=NOW) == [row]
        with transaction.atomic():
            assert attach([row.pk], application=an_application(), session=ME, now=NOW) == 1
        assert scan_waiting(now=NOW).scanned == 0
        assert not Attachment.objects.servable().exists()
    assert scan_waiting(now=NOW + MINUTE) == Scans(scanned=1)
    row = fresh(row)
    later = NOW + MINUTE
    if is_infected:
        found = (row.verdict, row.finding, row.quarantined_at, row.next_scan_at)
        assert found == ("quarantined", FINDING, later, None)
    else:
        assert (row.verdict, row.scanned_at, row.next_scan_at) == ("clean", later, None)
    assert scan_waiting(now=NOW + WEEK) == Scans()


# The job --------------------------------------------------------------------------------------


def waiting(content: bytes | None = None, **fields: Any) -> Attachment:
    return an_attachment(an_application(), content=content, verdict="pending", **fields)


@pytest.mark.django_db
def test_pauses_grow_up_to_an_hour(clamd: Clamd) -> None:
    clamd.restart(stream_max="1K")
    row, now, pauses = waiting(LARGE), NOW, []
    for _ in range(9):
        assert scan_waiting(now=now) == Scans(failed=1)
        row = fresh(row)
        assert row.next_scan_at
        assert scan_waiting(now=row.next_scan_at - timedelta(seconds=1)) == Scans()
        pauses.append((row.next_scan_at - now) // MINUTE)
        now = row.next_scan_at
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    clamd.restart()
    assert scan_waiting(now=now) == Scans(scanned=1)
    assert (fresh(row).verdict, fresh(row).scan_attempts) == ("clean", 0)


@pytest.mark.django_db
def test_while_clamd_is_away_no_pause_grows(clamd: Clamd) -> None:
    rows = [waiting() for _ in range(5)]
    clamd.stop()
    for minute in range(9):
        assert scan_waiting(now=NOW + minute * MINUTE) == Scans()
    clamd.start()
    assert scan_waiting(now=NOW + 10 * MINUTE) == Scans(scanned=5)
    assert {fresh(row).verdict for row in rows} == {"clean"}


@pytest.mark.django_db
def test_a_run_gives_up_after_some_failures_in_a_row(clamd: Clamd, settings: Settings) -> None:
    for _ in range(5):
        waiting()
    with hangs_up(clamd, settings):
        assert scan_waiting(now=NOW) == Scans(failed=scanning.ENOUGH)
    assert scan_waiting(now=NOW) == Scans(scanned=5 - scanning.ENOUGH)


@pytest.mark.django_db
def test_a_large_file_does_not_keep_the_others(clamd: Clamd) -> None:
    clamd.restart(stream_max="100K")
    waiting(LARGE)
    small = waiting()
    assert scan_waiting(now=NOW) == Scans(scanned=1, failed=1)
    assert fresh(small).verdict == "clean"


@pytest.mark.django_db
def test_an_object_that_is_gone_or_cut_short_is_never_clean(
    clamd: Clamd, attachment_store: Folder | Bucket
) -> None:
    gone, short = waiting(), waiting(size=10**6)
    attachment_store.erase(gone.key)
    assert scan_waiting(now=NOW) == Scans(failed=2)
    assert {fresh(gone).verdict, fresh(short).verdict} == {"pending"}


# Before a download ----------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize(
    "scanned_at", [None, NOW - WEEK, NOW - WEEK - MINUTE], ids=["never", "a week ago", "before"]
)
def test_an_old_scan_is_made_again(clamd: Clamd, scanned_at: object) -> None:
    row = an_attachment(an_application(), scanned_at=scanned_at)
    bad = an_attachment(an_application(), content=infected(a_pdf()), scanned_at=scanned_at)
    assert scanning.recheck(row, now=NOW) == "clean"
    assert fresh(row).scanned_at == NOW
    assert scanning.recheck(bad, now=NOW) == "quarantined"
    assert (fresh(bad).verdict, fresh(bad).finding) == ("quarantined", FINDING)


@pytest.mark.django_db
def test_a_scan_of_this_week_is_good(clamd: Clamd) -> None:
    clamd.stop()
    row = an_attachment(an_application(), scanned_at=NOW - WEEK + MINUTE)
    assert scanning.recheck(row, now=NOW) == "clean"


@pytest.mark.django_db
@pytest.mark.parametrize("fault", FAULTS)
def test_without_a_new_scan_an_old_file_waits(
    clamd: Clamd, settings: Settings, fault: Callable[..., Iterator[None]]
) -> None:
    row = an_attachment(an_application(), scanned_at=NOW - WEEK)
    with fault(clamd, settings):  # type: ignore[attr-defined]
        assert scanning.recheck(row, now=NOW) == "pending"
    assert fresh(row).verdict == "pending"
    assert scan_waiting(now=NOW) == Scans(scanned=1)
    assert fresh(row).verdict == "clean"


@pytest.mark.django_db
def test_a_clean_scan_does_not_free_what_another_found(clamd: Clamd) -> None:
    row = an_attachment(an_application())
    found = {"verdict": "quarantined", "quarantined_at": NOW, "finding": "Other"}
    Attachment.objects.filter(pk=row.pk).update(**found)
    assert scanning.recheck(row, now=NOW) == "quarantined"
    Attachment.objects.filter(pk=row.pk).delete()
    with pytest.raises(Attachment.DoesNotExist):
        scanning.recheck(an_unread(row), now=NOW)


def an_unread(row: Attachment) -> Attachment:
    row.verdict, row.scanned_at = Attachment.Verdict.CLEAN, None
    return row


def test_the_test_file_stands_nowhere_in_the_code() -> None:
    root = Path(machine.__file__).resolve().parent.parent
    files = [file for part in ("tests", "storage") for file in (root / part).rglob("*.py")]
    assert [file.name for file in files if EICAR in file.read_text()] == []
