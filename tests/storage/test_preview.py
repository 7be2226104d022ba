"""Preparing attachments: copies, pages and words, made once, and gone with their attachment."""

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from pytest_django.fixtures import Settings

from candidates import hiring, purge, tasks
from candidates.models import Application
from storage import bounded, erasure, preview, uploads
from storage.backends import Bucket, Folder
from storage.bounded import Limits
from storage.models import Attachment, Page, Tombstone, Words
from storage.preview import NoPage, Prepared
from tests import machine
from tests.storage.test_steps import a_doc_in_pieces
from tests.world import (
    NOW,
    TODAY,
    a_docx,
    a_pdf,
    a_photo,
    a_user,
    an_application,
    an_attachment,
    an_employee,
)

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.usefixtures("attachment_store"),
    pytest.mark.once("postgres"),
]

Store = Folder | Bucket


def a_picture(owner: Application, name: str = "Zeugnis.heic", **fields: Any) -> Attachment:
    kind, content_type = {
        "heic": ("HEIF", "image/heic"),
        "jpg": ("JPEG", "image/jpeg"),
        "png": ("PNG", "image/png"),
        "webp": ("WEBP", "image/webp"),
    }[name.rpartition(".")[2]]
    content = fields.pop("content", None) or a_photo(kind)
    return an_attachment(owner, name, content, content_type=content_type, **fields)


def fresh(attachment: Attachment) -> Attachment:
    return Attachment.objects.get(pk=attachment.pk)


@pytest.fixture
def without_office(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Leave nothing on the PATH that is not Python's."""
    monkeypatch.setenv("PATH", str(tmp_path))


@pytest.fixture
def office() -> str:
    """The machine's LibreOffice."""
    try:
        return machine.program("soffice", package="libreoffice-writer-nogui")
    except machine.Missing as error:
        machine.do_without(error)


# Pictures -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "becomes", "content_type"),
    [
        ("Zeugnis.heic", "Zeugnis.jpg", "image/jpeg"),
        ("Zeugnis.webp", "Zeugnis.jpg", "image/jpeg"),
        ("Zeugnis.png", "Zeugnis.png", "image/png"),
        ("Zeugnis.jpg", "Zeugnis.jpg", "image/jpeg"),
    ],
)
def test_a_picture_is_replaced_by_a_copy_and_its_original_goes(
    attachment_store: Store, name: str, becomes: str, content_type: str
) -> None:
    before = a_picture(an_application(), name)
    assert preview.prepare(now=NOW) == Prepared(ready=1)
    after = fresh(before)
    assert (after.name, after.content_type, after.pages) == (becomes, content_type, 1)
    assert after.key != before.key
    assert set(attachment_store.keys("attachments/")) == {after.key, after.view_key}
    assert not Tombstone.objects.exists()
    with attachment_store.open_object(after.key) as file:
        content = file.read()
    assert len(content) == after.size
    assert b"Quastenflosser" not in content
    assert not Image.open(BytesIO(content)).getexif()


def test_a_picture_is_not_served_before_its_copy_is_there() -> None:
    picture = a_picture(an_application())
    assert not Attachment.objects.servable().exists()
    assert not picture.is_servable
    with pytest.raises(NoPage):
        preview.open_page(picture, 1, now=NOW)
    preview.prepare(now=NOW)
    assert Attachment.objects.servable().get() == picture
    assert fresh(picture).is_servable


def test_a_picture_that_cannot_be_copied_is_never_served(attachment_store: Store) -> None:
    picture = a_picture(an_application(), "Foto.jpg", content=b"\xff\xd8\xff\xe0 no picture")
    assert preview.prepare(now=NOW) == Prepared(failed=1)
    assert not Attachment.objects.servable().exists()
    assert preview.prepare(now=NOW + timedelta(days=1)) == Prepared()
    assert list(attachment_store.keys("attachments/")) == [fresh(picture).key]


def test_a_bomb_costs_one_file_and_the_next_is_prepared() -> None:
    application, file = an_application(), BytesIO()
    Image.new("L", (7_000, 7_000)).save(file, "PNG")
    bomb = bytearray(file.getvalue())
    bomb[16:24] = (60_000).to_bytes(4, "big") * 2
    a_picture(application, "Bombe.png", content=bytes(bomb), created_at=NOW - timedelta(days=9))
    a_picture(application, "Zeugnis.png")
    assert preview.prepare(now=NOW) == Prepared(ready=1, failed=1)


@pytest.mark.parametrize("kind", ["pending", "staged"])
def test_only_what_is_clean_and_sent_is_prepared(kind: str) -> None:
    if kind == "pending":
        an_attachment(an_application(), verdict="pending")
    else:
        an_attachment(None, staged_by="a" * 64)
    assert preview.prepare(now=NOW) == Prepared()


def test_a_staged_picture_can_be_sent() -> None:
    picture = an_attachment(None, "a.jpg", a_photo(), content_type="image/jpeg", staged_by="a" * 64)
    assert uploads.staged([picture.pk], session="a" * 64, now=NOW) == [picture]


# Documents ----------------------------------------------------------------------------------------


def test_a_pdf_has_its_pages_counted_and_its_words_kept(attachment_store: Store) -> None:
    document = an_attachment(an_application(), content=a_pdf("Käthe Großmann, Köln"))
    assert preview.prepare(now=NOW) == Prepared(ready=1)
    after = fresh(document)
    assert (after.key, after.view_key, after.pages) == (document.key, None, 1)
    assert after.words.text == "Käthe Großmann, Köln"


def test_a_document_that_nothing_here_can_read_can_still_be_downloaded() -> None:
    document = an_attachment(an_application(), content=b"%PDF-1.7 and no more")
    assert preview.prepare(now=NOW) == Prepared(ready=1)
    assert fresh(document).is_servable
    assert fresh(document).pages == 0


@pytest.mark.usefixtures("without_office")
def test_without_libreoffice_a_word_document_has_its_words_alone(attachment_store: Store) -> None:
    document = an_attachment(an_application(), "Brief.docx", a_docx("Sehr geehrte Frau Weiß"))
    assert preview.prepare(now=NOW) == Prepared(ready=1)
    after = fresh(document)
    assert (after.view_key, after.pages) == (None, 0)
    assert after.words.text == "Sehr geehrte Frau Weiß"
    assert list(attachment_store.keys("attachments/")) == [document.key]


@pytest.mark.usefixtures("without_office")
def test_without_libreoffice_an_old_word_document_has_its_words_too() -> None:
    content = a_doc_in_pieces("Sehr geehrte Frau Weiß")
    document = an_attachment(an_application(), "Brief.doc", content, content_type=preview.DOC)
    assert preview.prepare(now=NOW) == Prepared(ready=1)
    assert (fresh(document).pages, fresh(document).words.text) == (0, "Sehr geehrte Frau Weiß")


def _converted(content: bytes, to: str) -> bytes:
    """Have LibreOffice itself write a document of another kind."""
    import subprocess
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "a.docx")
        source.write_bytes(content)
        program = shutil.which("soffice") or "libreoffice"
        profile = f"-env:UserInstallation={Path(folder, 'profile').as_uri()}"
        subprocess.run(
            [program, profile, "--headless", "--convert-to", to, "--outdir", folder, source],
            check=True,
            capture_output=True,
        )
        return Path(folder, f"a.{to}").read_bytes()


@pytest.mark.usefixtures("office")
@pytest.mark.parametrize(
    ("name", "content_type"),
    [
        ("Brief.docx", preview.DOCX),
        ("Brief.doc", preview.DOC),
        ("Brief.odt", preview.ODT),
        ("Brief.rtf", preview.RTF),
    ],
)
def test_libreoffice_makes_pages_of_what_word_processors_write(
    attachment_store: Store, name: str, content_type: str
) -> None:
    content, ending = a_docx("Sehr geehrte Frau Weiß"), name.rpartition(".")[2]
    if ending != "docx":
        content = _converted(content, ending)
    document = an_attachment(an_application(), name, content, content_type=content_type)
    assert preview.prepare(now=NOW) == Prepared(ready=1)
    after = fresh(document)
    assert (after.key, after.pages) == (document.key, 1)
    assert set(attachment_store.keys("attachments/")) == {document.key, after.view_key}
    assert after.words.text.strip() == "Sehr geehrte Frau Weiß"
    image, kind = preview.open_page(after, 1, now=NOW)
    assert kind == "image/webp"
    assert isinstance(image, bytes)
    assert Image.open(BytesIO(image)).width == 1472


def test_what_came_before_libreoffice_gets_its_pages_once_it_is_there(
    office: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    document = an_attachment(an_application(), "a.docx", a_docx("Weiß"), content_type=preview.DOCX)
    with monkeypatch.context() as patch:
        patch.setenv("PATH", str(tmp_path))
        assert tasks.prepare_attachments() == "ready 1, failed 0, put_off 0"
        assert (fresh(document).pages, fresh(document).words.text) == (0, "Weiß")
        assert tasks.prepare_attachments() == "ready 0, failed 0, put_off 0"
    assert tasks.prepare_attachments() == "ready 1, failed 0, put_off 0"
    assert (fresh(document).pages, fresh(document).words.text) == (1, "Weiß")
    assert tasks.prepare_attachments() == "ready 0, failed 0, put_off 0"


def test_a_document_that_libreoffice_cannot_read_is_tried_once_for_each_of_them(
    office: str,
) -> None:
    an_attachment(an_application(), "a.docx", b"PK\x03\x04", content_type=preview.DOCX)
    assert tasks.prepare_attachments() == "ready 1, failed 0, put_off 0"
    assert tasks.prepare_attachments() == "ready 0, failed 0, put_off 0"


# Failures that pass -------------------------------------------------------------------------------


def test_while_the_storage_is_down_nothing_counts_against_the_file(settings: Settings) -> None:
    picture, good = a_picture(an_application()), settings.STORAGES
    broken = {
        "BACKEND": "storage.backends.Bucket",
        "OPTIONS": {"bucket_name": "b", "endpoint_url": "http://127.0.0.1:9", "region_name": "x"},
    }
    settings.STORAGES = good | {"attachments": broken}
    now = NOW
    for _ in range(5):
        assert preview.prepare(now=now) == Prepared(put_off=1)
        assert preview.prepare(now=now) == Prepared()
        now += preview.PAUSE
    settings.STORAGES = good
    assert preview.prepare(now=now) == Prepared(ready=1)
    assert fresh(picture).prepare_attempts == 1


def test_a_machine_without_room_or_processes_counts_against_no_file(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    picture, now = a_picture(an_application()), NOW
    (tmp_path / "file").touch()
    arriving = settings.FILE_UPLOAD_TEMP_DIR
    for _ in range(2 * preview.MOST_ATTEMPTS):
        settings.FILE_UPLOAD_TEMP_DIR = str(tmp_path / "file")  # no folder can be made there
        assert preview.prepare(now=now) == Prepared(put_off=1)
        now += preview.PAUSE
        settings.FILE_UPLOAD_TEMP_DIR = arriving
        with monkeypatch.context() as patch:
            patch.setattr(sys, "executable", str(tmp_path / "missing"))
            assert preview.prepare(now=now) == Prepared(put_off=1)
        now += preview.PAUSE
    assert preview.prepare(now=now) == Prepared(ready=1)
    assert fresh(picture).prepare_attempts == 1


@contextmanager
def a_turn_taken(name: str) -> Iterator[None]:
    """Have somebody else's step of this kind run."""
    with bounded._turn(Limits(seconds=1, patience=1, memory=0, alone=name)):
        yield


@pytest.mark.parametrize("kind", ["picture", "document"])
def test_waiting_for_another_file_counts_against_none(
    monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setattr(preview, "COPYING", replace(preview.COPYING, patience=0))
    monkeypatch.setattr(preview, "CONVERTING", replace(preview.CONVERTING, patience=0))
    monkeypatch.setattr(preview, "has_office", lambda: True)
    if kind == "picture":
        waiting = a_picture(an_application())
    else:
        waiting = an_attachment(an_application(), "a.docx", a_docx(), content_type=preview.DOCX)
    now = NOW
    for _ in range(2 * preview.MOST_ATTEMPTS):
        with a_turn_taken("pictures"), a_turn_taken("office"):
            assert preview.prepare(now=now) == Prepared(put_off=1)
        now += preview.PAUSE
    assert fresh(waiting).prepare_attempts == 0


def test_a_stream_that_breaks_off_counts_against_no_file(
    attachment_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Broken(BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            raise EOFError

    picture = a_picture(an_application())
    with monkeypatch.context() as patch:
        patch.setattr(type(attachment_store), "open_object", lambda self, key: Broken())
        assert preview.prepare(now=NOW) == Prepared(put_off=1)
    assert fresh(picture).prepare_attempts == 0


@pytest.mark.parametrize("said", [{"type": "text/html"}, {}])
def test_what_a_copy_is_a_step_cannot_make_up(
    monkeypatch: pytest.MonkeyPatch, said: dict[str, Any]
) -> None:
    picture = a_picture(an_application())
    run = bounded.run
    monkeypatch.setattr(bounded, "run", lambda *args, **more: (run(*args, **more), said)[1])
    assert preview.prepare(now=NOW) == Prepared(failed=1)
    assert fresh(picture).content_type == "image/heic"


def test_what_is_found_infected_meanwhile_gets_no_copies(
    attachment_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    picture, make = a_picture(an_application()), preview._made

    def made_too_late(*args: Any, **kwargs: Any) -> Any:
        made = make(*args, **kwargs)
        Attachment.objects.update(verdict="quarantined", quarantined_at=NOW)
        return made

    monkeypatch.setattr(preview, "_made", made_too_late)
    preview.prepare(now=NOW)
    assert list(attachment_store.keys("attachments/")) == [picture.key]
    assert not Words.objects.exists()


def test_a_file_whose_process_ends_each_time_is_given_up(attachment_store: Store) -> None:
    picture = a_picture(an_application())
    Attachment.objects.update(prepare_attempts=preview.MOST_ATTEMPTS, prepare_after=NOW)
    assert preview.prepare(now=NOW) == Prepared(failed=1)
    assert list(attachment_store.keys("attachments/")) == [picture.key]


def test_a_file_that_somebody_prepares_is_left_to_them() -> None:
    a_picture(an_application())
    Attachment.objects.update(prepare_after=NOW + timedelta(minutes=1))
    assert preview.prepare(now=NOW) == Prepared()
    assert preview.prepare(now=NOW + timedelta(minutes=1)) == Prepared(ready=1)


def test_what_was_made_of_a_file_that_has_gone_meanwhile_goes_too(
    attachment_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    application = an_application()
    a_picture(application)
    make = preview._made

    def made_too_late(*args: Any, **kwargs: Any) -> Any:
        made = make(*args, **kwargs)
        keys = erasure.bury(application.attachments.all(), now=NOW, breach_at=NOW)
        # The purge takes everything; but what somebody may still be writing it leaves.
        assert erasure.work(now=NOW, patient=False).erased == len(keys) == 1
        return made

    monkeypatch.setattr(preview, "_made", made_too_late)
    preview.prepare(now=NOW)
    assert not list(attachment_store.keys("attachments/"))
    assert not Tombstone.objects.exists()


def test_an_object_that_is_being_written_is_not_proven_gone(attachment_store: Store) -> None:
    erasure.lay_out(["attachments/x"], now=NOW, breach_at=NOW, not_before=NOW + preview.LEASE)
    for options in ({}, {"patient": False}, {"keys": ["attachments/x"]}):
        assert erasure.work(now=NOW, **options) == erasure.Work()
    attachment_store.write("attachments/x", BytesIO(b"late"))
    assert erasure.work(now=NOW + preview.LEASE).erased == 1
    assert not list(attachment_store.keys("attachments/"))


# Pages --------------------------------------------------------------------------------------------


def a_prepared_pdf(**fields: Any) -> Attachment:
    document = an_attachment(an_application(**fields))
    preview.prepare(now=NOW)
    return fresh(document)


def test_a_page_is_drawn_once_and_again_after_a_week() -> None:
    document = a_prepared_pdf()
    image, kind = preview.open_page(document, 1, now=NOW)
    assert (kind, Page.objects.get().image) == ("image/webp", image)
    Page.objects.update(image=b"kept")
    assert preview.open_page(document, 1, now=NOW)[0] == b"kept"
    assert preview.forget_pages(NOW + timedelta(days=6)) == 0
    assert preview.forget_pages(NOW + timedelta(days=7)) == 1
    assert preview.open_page(document, 1, now=NOW)[0] == image


def test_there_are_no_pages_before_the_first_and_after_the_last() -> None:
    document = a_prepared_pdf()
    for number in (0, 2, 10**9):
        with pytest.raises(NoPage):
            preview.open_page(document, number, now=NOW)


def test_a_page_that_cannot_be_drawn_is_not_tried_at_every_look() -> None:
    document = an_attachment(an_application(), content=b"%PDF-", pages=1)
    for _ in range(2):
        with pytest.raises(NoPage):
            preview.open_page(document, 1, now=NOW)
    assert bytes(Page.objects.get().image) == b""
    assert preview.forget_pages(NOW + preview.FAILURES_KEPT) == 1


# The end ------------------------------------------------------------------------------------------


def nothing_is_left(store: Store) -> bool:
    rows = [model._default_manager.exists() for model in (Attachment, Page, Words, Tombstone)]
    return not any(rows) and not list(store.keys("attachments/"))


def test_the_purge_takes_copies_pages_and_words(attachment_store: Store) -> None:
    application = an_application(status="rejected", decided_on=TODAY.replace(month=3))
    a_picture(application)
    document = an_attachment(application)
    preview.prepare(now=NOW)
    preview.open_page(fresh(document), 1, now=NOW)
    assert len(list(attachment_store.keys("attachments/"))) == 3
    outcome = purge.run(now=NOW)
    assert (outcome.purged, outcome.objects_deleted, outcome.failed) == (1, 3, 0)
    assert nothing_is_left(attachment_store)


def test_hiring_and_erasing_take_the_copies_along(attachment_store: Store) -> None:
    application, by = an_application(), a_user("recruiter")
    picture = a_picture(application)
    preview.prepare(now=NOW)
    employee = hiring.hire(
        application,
        by=by,
        start_date=TODAY + timedelta(days=9),
        job_title="Nurse",
        personnel_number="1",
        attachments=[picture.pk],
        now=NOW,
    )
    assert employee.attachments.get().keys == fresh(picture).keys
    hiring.erase(employee, by=by, rule="left", now=NOW)  # type: ignore[arg-type]
    erasure.work(now=NOW)
    assert nothing_is_left(attachment_store)


def test_documents_of_an_employee_are_prepared_too() -> None:
    an_attachment(an_employee())
    assert preview.prepare(now=NOW) == Prepared(ready=1)


def test_nothing_of_a_step_is_left_on_the_machine(settings: Settings, tmp_path: Path) -> None:
    settings.FILE_UPLOAD_TEMP_DIR = str(tmp_path)
    a_picture(an_application())
    preview.prepare(now=NOW)
    assert [path for path in tmp_path.iterdir() if path.suffix != ".lock"] == []
