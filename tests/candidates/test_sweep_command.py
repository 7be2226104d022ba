"""`manage.py sweep`: what it prints, what it ends with, and what it remembers."""

import json
from datetime import timedelta
from io import BytesIO, StringIO
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.utils import translation

from candidates import ledger, watch
from candidates.models import Heartbeat, LedgerLine, Run
from storage import sweep
from storage.models import Tombstone, new_key
from tests.world import NOW, TODAY, an_application, an_attachment

if TYPE_CHECKING:
    from pytest_django.fixtures import Settings

    from storage.backends import Bucket, Folder

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def store(
    attachment_store: "Folder | Bucket", monkeypatch: pytest.MonkeyPatch
) -> "Folder | Bucket":
    """An empty store, in which everything counts as old."""
    monkeypatch.setattr(sweep, "AGE", -timedelta(hours=1))
    return attachment_store


def swept(*flags: str) -> str:
    out = StringIO()
    call_command("sweep", *flags, stdout=out)
    return out.getvalue()


def as_json(*flags: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(swept("--json", *flags))
    return found


def test_it_reports_and_with_fix_it_buries(store: "Folder | Bucket") -> None:
    stray, missing = new_key(), an_attachment(an_application())
    store.write(stray, BytesIO(b"content"))
    store.erase(missing.key)
    names = {"stray": [stray], "missing": [str(missing.pk)]}
    zero = sweep.Swept().as_dict()
    assert as_json() == zero | {"strays": 1, "missing": 1, "names": names}
    assert not Tombstone.objects.exists()
    lines = swept("--fix").splitlines()
    assert lines[0].startswith("strays 1, foreign 0, buried 1, missing 1,")
    assert lines[1:] == [f"stray {stray}", f"missing {missing.pk}"]
    assert Tombstone.objects.get().key == stray


def test_each_run_is_remembered_in_numbers_alone(store: "Folder | Bucket") -> None:
    store.write(new_key(), BytesIO(b"content"))
    swept()
    run = Run.objects.get()
    assert (run.job, run.state, run.reasons) == (Run.Job.SWEEP, Run.State.GOOD, [])
    assert run.numbers == sweep.Swept(strays=1).as_dict()
    assert run.ended_at
    assert Heartbeat.objects.get(name="sweep").at == run.started_at


def test_a_storage_that_is_down_is_a_clear_error_and_is_remembered(settings: "Settings") -> None:
    settings.STORAGES = settings.STORAGES | {
        "attachments": {
            "BACKEND": "storage.backends.Folder",
            "OPTIONS": {"location": "/proc/no/such"},
        }
    }
    with pytest.raises(CommandError, match=r"The storage does not answer: no-mark\."):
        swept("--fix")
    run = Run.objects.get()
    assert (run.state, run.reasons, run.numbers) == (Run.State.FAILED, ["no-mark"], {})
    assert not Heartbeat.objects.filter(name="sweep").exists()


def test_after_a_restore_nothing_is_buried_before_the_replay(store: "Folder | Bucket") -> None:
    deletion = ledger.Deletion(
        uuid4(), LedgerLine.Kind.APPLICATION, LedgerLine.Rule.RETENTION, rows=1, objects=0
    )
    ledger.append([deletion], day=TODAY)
    ledger.seal(now=NOW)
    ledger.copy(now=NOW)
    LedgerLine.objects.all().delete()
    store.write(new_key(), BytesIO(b"what came after the back-up"))
    with pytest.raises(CommandError, match=r"restored from a backup"), translation.override("en"):
        swept("--fix")
    assert Run.objects.get().reasons == ["behind"]
    assert not Tombstone.objects.exists()
    assert as_json()["strays"] == 1


@pytest.mark.parametrize("flags", [("--fx",), ("attachments/",), ("--json", "yes"), ("--fix=1",)])
def test_a_flag_that_is_none_is_a_clear_error_and_nothing_runs(flags: tuple[str, ...]) -> None:
    with pytest.raises(CommandError, match=r"unrecognized arguments|ignored explicit argument"):
        swept(*flags)
    assert not Run.objects.exists()


def test_nothing_that_is_written_down_names_anybody(store: "Folder | Bucket") -> None:
    an_attachment(an_application())
    swept("--fix")
    assert watch.compare(now=Run.objects.get().started_at, fix=True).names == []
