"""Staging: a file is judged, stored, and attached by the session that put it up, or it goes."""

import os
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile, TemporaryUploadedFile, UploadedFile
from django.db import transaction
from pytest_django.fixtures import Settings

from candidates import tasks
from storage import erasure, uploads
from storage.backends import Bucket, Folder, StorageDown
from storage.models import Attachment, Tombstone
from storage.uploads import Refused, UploadGone, attach, clean_expired, discard, stage, staged
from tests import machine
from tests.world import DOCX, NOW, PDF, a_docx, a_pdf, an_application, an_attachment

pytestmark = pytest.mark.django_db

ME, OTHER = uploads.owner("my session"), uploads.owner("another session")
DAY = timedelta(hours=24)


def an_upload(content: bytes, name: str = "Lebenslauf.pdf") -> "UploadedFile[bytes]":
    return SimpleUploadedFile(name, content, content_type="text/html")


def mine(name: str = "Lebenslauf.pdf") -> Attachment:
    return stage(an_upload(a_pdf(), name), session=ME, now=NOW)


def nothing_is_stored(store: Folder | Bucket) -> bool:
    return not Attachment.objects.exists() and not list(store.keys(""))


# In -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "name", "clean", "kind"),
    [
        (a_pdf(), "C:\\cv\u202e.exe", "cv.pdf", PDF),
        (a_docx(), "Anschreiben.docx", "Anschreiben.docx", DOCX),
    ],
)
def test_a_good_file_is_stored_with_its_row(
    attachment_store: Folder | Bucket, content: bytes, name: str, clean: str, kind: str
) -> None:
    row = stage(an_upload(content, name), session=ME, now=NOW)
    row.refresh_from_db()
    assert (row.name, row.content_type, row.size) == (clean, kind, len(content))
    assert (row.verdict, row.staged_by) == (Attachment.Verdict.CLEAN, ME)
    assert (row.created_at, row.staged_until) == (NOW, NOW + DAY)
    with attachment_store.open_object(row.key) as stream:
        assert stream.read() == content


def test_what_a_killed_request_left_in_the_folder_of_uploads_goes(
    settings: Settings, tmp_path: Path
) -> None:
    settings.FILE_UPLOAD_TEMP_DIR = str(tmp_path)
    mine = tmp_path / "notes.txt"
    mine.touch()
    with (
        TemporaryUploadedFile("CV.pdf", "", 5, None) as upload,
        uploads._on_disk(an_upload(b"")) as o,
    ):
        left, other = Path(upload.temporary_file_path()), o
        now = datetime.now(UTC)
        assert uploads.clear_temporary(now + timedelta(minutes=59)) == 0
        assert sorted(tmp_path.iterdir()) == sorted([left, other, mine])
        os.utime(mine, (0, 0))
        assert uploads.clear_temporary(now + timedelta(minutes=61)) == 2
        assert list(tmp_path.iterdir()) == [mine]
        other.touch()  # for what ends it


def test_the_job_clears_uploads_away(settings: Settings, tmp_path: Path) -> None:
    settings.FILE_UPLOAD_TEMP_DIR = str(tmp_path / "gone meanwhile")
    assert tasks.clean() == "staged uploads gone: 0, temporary files: 0"
    left = tmp_path / "gone meanwhile" / "tmpx7.upload.pdf"
    left.touch()
    os.utime(left, (0, 0))
    assert tasks.clean() == "staged uploads gone: 0, temporary files: 1"
    assert not left.exists()


def test_a_large_upload_comes_as_a_temporary_file(attachment_store: Folder | Bucket) -> None:
    content = a_pdf()
    with TemporaryUploadedFile("cv.pdf", "", len(content), None) as upload:
        upload.write(content)
        row = stage(upload, session=ME, now=NOW)
    with attachment_store.open_object(row.key) as stream:
        assert stream.read() == content


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty"),
        (b"MZ\x90\x00", "disguised"),
        (b"%PDF-", "pdf-broken"),
        (b"%PDF-1.7" + b"\0" * (11 * 1024 * 1024), "too-large"),
    ],
)
def test_a_refused_file_leaves_nothing(
    attachment_store: Folder | Bucket, content: bytes, code: str
) -> None:
    with pytest.raises(Refused) as refused:
        stage(an_upload(content, "/tmp/Lebens\x00lauf.pdf"), session=ME, now=NOW)
    assert (refused.value.name, refused.value.code) == ("Lebenslauf.pdf", code)
    assert refused.value.message
    assert nothing_is_stored(attachment_store)
    assert not Tombstone.objects.exists()


def test_a_store_that_is_down_says_so_and_leaves_a_row_that_cannot_be_sent(
    settings: Settings,
) -> None:
    closed = f"http://127.0.0.1:{machine.free_port()}"
    settings.STORAGES = settings.STORAGES | {
        "attachments": {
            "BACKEND": "storage.backends.Bucket",
            "OPTIONS": {"bucket_name": "any", "endpoint_url": closed, "region_name": "x"},
        }
    }
    with pytest.raises(StorageDown):
        mine()
    row = Attachment.objects.get()
    assert row.verdict == Attachment.Verdict.AWAITED
    assert staged([row.pk], session=ME, now=NOW) == []
    with pytest.raises(UploadGone):
        attach([row.pk], application=an_application(), session=ME, now=NOW)
    assert clean_expired(NOW + DAY) == 1
    assert Tombstone.objects.get().key == row.key


def test_a_store_that_is_closed_to_us_is_down(settings: Settings, s3_endpoint: str) -> None:
    settings.STORAGES = settings.STORAGES | {
        "attachments": {
            "BACKEND": "storage.backends.Bucket",
            "OPTIONS": {"bucket_name": "nowhere", "endpoint_url": s3_endpoint},
        }
    }
    with pytest.raises(StorageDown) as down:
        mine()
    assert down.value.code == "NoSuchBucket"


@pytest.mark.django_db(transaction=True)
def test_a_file_is_never_stored_inside_a_transaction(attachment_store: Folder | Bucket) -> None:
    with pytest.raises(RuntimeError), transaction.atomic():
        mine()
    assert nothing_is_stored(attachment_store)


def test_a_session_without_a_key_owns_nothing() -> None:
    with pytest.raises(ValueError, match="session"):
        uploads.owner("")
    assert "my session" not in ME
    assert len(ME) == 64


# Staged ---------------------------------------------------------------------------------------


def test_staged_files_come_in_the_order_asked_for() -> None:
    first, second, third = mine("1.pdf"), mine("2.pdf"), mine("3.pdf")
    ids: list[str | UUID] = [str(third.pk), first.pk, third.pk, second.pk]
    assert staged(ids, session=ME, now=NOW) == [third, first, second]


def test_what_is_not_mine_or_no_id_is_left_out() -> None:
    row = mine()
    garbage: list[str] = ["", "1", "\x00", "\ud800", "None", "' OR 1=1", str(uuid4()), "x" * 10_000]
    assert staged([*garbage, str(row.pk)], session=ME, now=NOW) == [row]
    assert staged([row.pk], session=OTHER, now=NOW) == []
    assert staged([row.pk], session="", now=NOW) == []
    assert staged([row.pk], session=ME, now=NOW + DAY) == []


def test_an_attached_file_belongs_to_its_application() -> None:
    row, application = mine(), an_application()
    with transaction.atomic():
        assert attach([row.pk], application=application, session=ME, now=NOW) == 1
    row.refresh_from_db()
    assert (row.application, row.staged_by, row.staged_until) == (application, "", None)
    assert staged([row.pk], session=ME, now=NOW) == []
    with pytest.raises(UploadGone):
        attach([row.pk], application=an_application(), session=ME, now=NOW)


@pytest.mark.parametrize(("session", "later"), [(OTHER, timedelta()), (ME, DAY)])
def test_nobody_attaches_another_s_file_or_an_expired_one(session: str, later: timedelta) -> None:
    rows = [mine(), mine()]
    with pytest.raises(UploadGone), transaction.atomic():
        attach(
            [row.pk for row in rows],
            application=an_application(),
            session=session,
            now=NOW + later,
        )
    assert Attachment.objects.filter(application=None).count() == 2


def test_attaching_nothing_is_fine() -> None:
    assert attach([], application=an_application(), session=ME, now=NOW) == 0


def test_a_file_that_is_discarded_goes(attachment_store: Folder | Bucket) -> None:
    row, stays = mine(), mine()
    sent = an_attachment(an_application())
    for other in ("no id", uuid4(), sent.pk):
        discard(other, session=ME, now=NOW)
    discard(stays.pk, session=OTHER, now=NOW)
    discard(str(row.pk), session=ME, now=NOW)
    assert set(Attachment.objects.all()) == {stays, sent}
    erasure.work(now=NOW)
    assert set(attachment_store.keys("")) == {stays.key, sent.key}


def test_files_that_are_never_sent_go_after_a_day(attachment_store: Folder | Bucket) -> None:
    for number in range(3):
        an_attachment(None, f"{number}.pdf", staged_by=ME, staged_until=NOW)
    kept = mine()
    sent = an_attachment(an_application())
    assert clean_expired(NOW) == 3
    assert clean_expired(NOW) == 0
    assert set(Attachment.objects.all()) == {kept, sent}
    assert {stone.breach_at for stone in Tombstone.objects.all()} == {NOW + DAY}
    assert erasure.work(now=NOW).erased == 3
    assert set(attachment_store.keys("")) == {kept.key, sent.key}


def test_the_cleaner_takes_any_number(attachment_store: Folder | Bucket) -> None:
    Attachment.objects.bulk_create(
        Attachment(name="a", size=1, created_at=NOW, staged_by=ME, staged_until=NOW)
        for _ in range(uploads.PAGE * 2 + 1)
    )
    assert clean_expired(NOW) == uploads.PAGE * 2 + 1
    assert not Attachment.objects.exists()


def test_a_file_s_rest_is_not_forgotten_in_memory() -> None:
    """An upload that was read once is judged and stored as a whole all the same."""
    upload = an_upload(a_pdf())
    upload.read(10)
    row = stage(upload, session=ME, now=NOW)
    assert row.size == len(BytesIO(a_pdf()).getvalue())
