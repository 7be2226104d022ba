"""Bounded processes: whatever a file does to its reader costs one step, with a clear failure."""

import os
import socket
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from storage import bounded
from storage.bounded import MB, Limits, StepFailed

LIMITS = Limits(seconds=5, patience=10, memory=300 * MB, file=10 * MB)
STEPS = "tests.storage.steps."


@pytest.fixture
def place() -> Iterator[Path]:
    with bounded.workplace() as folder:
        yield folder


def run(place: Path, step: str, limits: Limits = LIMITS, **arguments: Any) -> dict[str, Any]:
    return bounded.run(STEPS + step, place, limits, **arguments)


@pytest.mark.parametrize(
    ("step", "limits", "code"),
    [
        ("hang", replace(LIMITS, patience=1), "timeout"),
        ("spin", replace(LIMITS, seconds=1), "timeout"),
        ("bomb", LIMITS, "memory"),
        ("crash", LIMITS, "crashed"),
        ("fill", LIMITS, "crashed"),
        ("refuse", LIMITS, "unreadable"),
        ("no_such_step", LIMITS, "crashed"),
    ],
)
def test_a_step_that_misbehaves_is_a_failure_with_a_code(
    place: Path, step: str, limits: Limits, code: str
) -> None:
    began = time.monotonic()
    with pytest.raises(StepFailed) as failure:
        run(place, step, limits)
    assert failure.value.code == code
    assert time.monotonic() - began < 8


def test_what_a_step_has_started_ends_with_it(place: Path) -> None:
    child = run(place, "leave_a_child")["child"]
    for _ in range(100):
        if not Path(f"/proc/{child}").exists() or _is_dead(child):
            return
        time.sleep(0.05)
    pytest.fail("it still runs")


def _is_dead(pid: int) -> bool:
    return ") Z " in Path(f"/proc/{pid}/stat").read_text()


def test_a_step_knows_no_secrets_and_none_of_our_files(place: Path) -> None:
    (place / "in").write_text("1")
    found = run(place, "look_around")
    assert set(found["environment"]) <= {
        *("PATH", "PYTHONPATH", "HOME", "TMPDIR", "LANG", "MALLOC_ARENA_MAX", "OMP_NUM_THREADS"),
        "LC_CTYPE",
    }
    assert found["environment"]["HOME"] == str(place)
    assert found["files"] <= 5


def test_a_step_has_no_network_where_the_kernel_allows_it(
    place: Path, caplog: pytest.LogCaptureFixture
) -> None:
    bounded._said.clear()
    with socket.create_server(("127.0.0.1", 0)) as server:
        (place / "in").write_text(str(server.getsockname()[1]))
        reached = run(place, "look_around")["reached"]
    said = "the kernel keeps no step from the network here" in caplog.text
    assert reached == said


def test_a_link_to_a_file_of_ours_is_not_taken(place: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("key")
    run(place, "link_to", target=str(secret))
    with pytest.raises(StepFailed):
        bounded.take(place, "made")


def test_what_is_no_file_or_too_large_is_not_taken(place: Path) -> None:
    os.mkfifo(place / "pipe")
    (place / "folder").mkdir()
    (place / "large").write_bytes(bytes(11))
    for name in ("pipe", "folder", "large", "missing"):
        with pytest.raises(StepFailed):
            bounded.take(place, name, limit=10)


def test_steps_that_share_a_name_take_turns(tmp_path: Path) -> None:
    diary = tmp_path / "diary"

    def come(_: int) -> None:
        with bounded.workplace() as place:
            run(place, "take_turns", replace(LIMITS, alone="tests"), diary=str(diary))

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(come, range(3)))
    assert diary.read_text().split() == ["came", "left"] * 3


def test_nothing_of_a_step_is_left(place: Path) -> None:
    with bounded.workplace() as folder:
        (folder / "in").write_text("x")
    assert not folder.exists()


def test_what_killed_processes_have_left_is_removed_after_an_hour(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    left = Path(tempfile.mkdtemp(prefix=bounded.PREFIX))
    (left / "in").write_text("a curriculum vitae")
    now = datetime.now(UTC)
    bounded.clean(now)
    assert left.exists()
    assert bounded.clean(now + timedelta(hours=2)) == 1
    assert not left.exists()
