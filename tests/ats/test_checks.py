import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from django.core.cache import caches
from django.core.checks import run_checks
from django.core.exceptions import ImproperlyConfigured
from django.db import connection

from ats.checks import make_upload_folder

if TYPE_CHECKING:
    from pytest_django.fixtures import Settings

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture(autouse=True)
def _as_in_production(settings: "Settings") -> None:
    settings.CLAMD_URL = "tcp://127.0.0.1:3310"
    settings.ATS_SECOND_FACTOR = True


def found(*, deployed: bool = False) -> set[str]:
    """Return the ids of our own checks that have something to say."""
    messages = run_checks(include_deployment_checks=deployed)
    return {name for message in messages if (name := message.id or "").startswith("ats.")}


def test_usual_settings_have_nothing_to_say() -> None:
    assert found() == set()


def test_a_site_without_a_second_factor_is_warned_of(settings: "Settings") -> None:
    settings.ATS_SECOND_FACTOR = False
    assert found(deployed=True) - {"ats.W004"} == {"ats.W005"}
    assert found() == set()


def test_no_virus_scan_is_said_and_no_fault(settings: "Settings") -> None:
    settings.CLAMD_URL = ""
    assert found(deployed=True) - {"ats.W004"} == {"ats.I001"}
    assert not any(message.is_serious() for message in run_checks() if message.id == "ats.I001")


@pytest.mark.parametrize("months", [1, 2, 3, 6])
def test_less_than_three_months_is_warned_of_with_the_law(
    settings: "Settings", months: int
) -> None:
    settings.ATS_RETENTION_MONTHS = months
    assert found() == ({"ats.W001"} if months < 3 else set())
    hints = " ".join(message.hint or "" for message in run_checks() if message.id == "ats.W001")
    assert months >= 3 or ("AGG § 15(4)" in hints and "ArbGG § 61b" in hints)


def test_debug_on_a_public_site_is_warned_of(settings: "Settings") -> None:
    settings.DEBUG = True
    assert found() == set()
    settings.ATS_SITE_URL = "https://jobs.example.org"
    assert found() == {"ats.W002"}


def test_a_site_that_refuses_its_own_name_is_warned_of(settings: "Settings") -> None:
    settings.ALLOWED_HOSTS = ["other.example.org"]
    assert found() == {"ats.W003"}


def test_https_without_a_proxy_is_warned_of_where_it_is_deployed(settings: "Settings") -> None:
    settings.ATS_SITE_URL = "https://jobs.example.org"
    assert found() == set()
    assert found(deployed=True) == {"ats.W004"}
    settings.ATS_TRUSTED_PROXIES = 1
    assert found(deployed=True) == set()


def test_a_storage_folder_that_cannot_be_written_is_an_error(
    settings: "Settings", tmp_path: Path
) -> None:
    def at(path: Path) -> set[str]:
        entry = {"BACKEND": "storage.backends.Folder", "OPTIONS": {"location": str(path)}}
        settings.STORAGES = settings.STORAGES | {"attachments": entry}
        return found()

    (tmp_path / "file").touch()
    assert at(tmp_path / "new" / "folder") == set()
    assert at(tmp_path / "file") == {"ats.E001"}
    assert at(tmp_path / "file" / "below") == {"ats.E001"}
    assert at(Path("/proc/1")) == {"ats.E001"} or os.geteuid() == 0


def test_the_folder_of_uploads_is_made_for_us_alone(settings: "Settings", tmp_path: Path) -> None:
    settings.FILE_UPLOAD_TEMP_DIR = str(tmp_path / "new" / "uploads")
    for _ in range(2):
        make_upload_folder()
    assert (tmp_path / "new" / "uploads").stat().st_mode & 0o777 == 0o700


def test_the_start_stops_if_others_can_look_into_the_folder_of_uploads(
    settings: "Settings", tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "private").mkdir(mode=0o700)
    (tmp_path / "link").symlink_to(tmp_path / "private")
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o755)
    for name in ("file", "file/below", "link", "open"):
        settings.FILE_UPLOAD_TEMP_DIR = str(tmp_path / name)
        with pytest.raises(ImproperlyConfigured, match="ATS_UPLOAD_DIR"):
            make_upload_folder()


def test_a_cache_for_one_process_alone_is_an_error(settings: "Settings") -> None:
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    assert found() == {"ats.E002"}


@pytest.mark.django_db
def test_the_cache_is_a_table_that_is_there() -> None:
    assert "cache" in connection.introspection.table_names()
    caches["default"].set("a", 1)
    assert caches["default"].get("a") == 1


def test_without_libmagic_the_start_names_the_package(tmp_path: Path) -> None:
    (tmp_path / "magic.py").write_text("raise ImportError('failed to find libmagic')")
    done = subprocess.run(
        [sys.executable, "manage.py", "check"],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert "apt-get install libmagic1" in done.stderr.strip().splitlines()[-1]
