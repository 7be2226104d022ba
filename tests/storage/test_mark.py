"""The mark of the folder for attachments: `migrate` makes it, and not in an absent one's place."""

import logging
from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

from storage.apps import mark_folder
from storage.backends import Folder
from storage.erasure import work
from storage.folder import MARK
from storage.models import Tombstone
from tests.world import NOW, an_application, an_attachment

pytestmark = [pytest.mark.django_db, pytest.mark.once("sqlite")]


@pytest.fixture
def new(settings: Settings, tmp_path: Path) -> Folder:
    """The configured folder, which nobody has made yet."""
    location = str(tmp_path / "new")
    settings.STORAGES = settings.STORAGES | {
        "attachments": {"BACKEND": "storage.backends.Folder", "OPTIONS": {"location": location}}
    }
    return Folder(location)


def test_a_new_installation_s_folder_is_made_and_marked(new: Folder) -> None:
    mark_folder(using="default")
    assert [path.name for path in Path(new.location).iterdir()] == [MARK]
    assert list(new.keys("")) == []
    new.check()


def test_a_folder_that_lacks_its_files_is_not_marked(
    new: Folder, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    new.mark()
    an_attachment(an_application())
    Path(new.location).rename(Path(new.location).with_name("away"))
    monkeypatch.setattr(logging.getLogger("ats"), "propagate", True)
    mark_folder(using="default")
    assert not new.is_marked()
    assert MARK in caplog.text


def test_a_folder_from_before_there_were_marks_is_marked(new: Folder) -> None:
    new.mark()
    an_attachment(an_application())
    Path(new.location, MARK).unlink()
    mark_folder(using="default")
    assert new.is_marked()


def test_a_tombstone_waits_for_an_absent_folder(new: Folder) -> None:
    Tombstone.objects.create(key="attachments/1", created_at=NOW, breach_at=NOW, next_try_at=NOW)
    mark_folder(using="default")
    assert not new.is_marked()
    assert work(now=NOW).failed == 1
    assert Tombstone.objects.get().error == "no-mark"
    new.mark()
    assert work(now=NOW, patient=False).erased == 1
