"""Bounded processes: whatever a file does to its reader costs one step, with a clear failure."""

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from pytest_django.fixtures import Settings

from candidates import purge, tasks
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


#: Works in a place of its own over a file until it is killed; says where.
WORKER = """
import sys, time
import django
django.setup()
from storage import bounded
from storage.bounded import MB, Limits
with bounded.workplace() as place:
    (place / "in").write_text("a curriculum vitae")
    print(place, flush=True)
    bounded.run("tests.storage.steps." + sys.argv[1], place, Limits(5, 30, 300 * MB, alone="t"))
"""


@contextmanager
def a_worker(home: Path, step: str) -> Iterator[tuple["subprocess.Popen[str]", Path]]:
    """Run a step in a process of its own, below this folder; yield it and where it works."""
    given = {
        "ATS_DEBUG": "true",
        "ATS_UPLOAD_DIR": str(home),
        "DJANGO_SETTINGS_MODULE": "ats.settings",
    }
    worker = subprocess.Popen(
        [sys.executable, "-c", WORKER, step],
        cwd=bounded.ROOT,
        env=os.environ | given,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert worker.stdout
    try:
        yield worker, Path(worker.stdout.readline().strip())
    finally:
        worker.kill()
        worker.wait()
        worker.stdout.close()


def until(holds: Callable[[], bool]) -> bool:
    """Wait for what must come soon; return whether it did."""
    for _ in range(100):
        if holds():
            return True
        time.sleep(0.05)
    return False


def test_what_a_killed_process_has_left_is_removed_at_once_and_nothing_else(
    settings: Settings, tmp_path: Path
) -> None:
    settings.FILE_UPLOAD_TEMP_DIR = str(tmp_path)
    with a_worker(tmp_path, "hang") as (worker, left), bounded.workplace() as ours:
        assert left.parent == ours.parent == tmp_path
        assert bounded.clean() == 0
        assert (left / "in").exists()
        assert until(lambda: bool(list(working_in(left))))
        worker.kill()
        worker.wait()
        # A step that was only just starting shared the lock for a moment.
        assert until(lambda: not list(working_in(left)))
        with bounded.workplace():  # whoever works next clears up
            assert not left.exists()
        assert ours.exists()
    assert bounded.clean() == 0


@pytest.mark.django_db
def test_whatever_is_run_clears_up(settings: Settings, tmp_path: Path) -> None:
    settings.FILE_UPLOAD_TEMP_DIR = str(tmp_path)
    for clear in (tasks.clean, purge.run, apps.get_app_config("ats").ready):
        left = Path(tempfile.mkdtemp(prefix=bounded.PREFIX, dir=tmp_path))
        (left / "in").write_text("a curriculum vitae")
        clear()
        assert not left.exists(), clear


@pytest.mark.parametrize("step", ["hang", "start_another"])
def test_what_a_killed_process_has_started_ends_and_gives_up_its_turn(
    settings: Settings, tmp_path: Path, step: str
) -> None:
    settings.FILE_UPLOAD_TEMP_DIR = str(tmp_path)
    with a_worker(tmp_path, step) as (worker, left):
        assert until(lambda: len(list(working_in(left))) == (2 if step == "start_another" else 1))
        worker.kill()
        worker.wait()
        assert until(lambda: not list(working_in(left)))
    with bounded.workplace() as place:
        run(place, "leave_a_child", replace(LIMITS, alone="t", patience=2))


def working_in(folder: Path) -> Iterator[int]:
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if (process / "cwd").readlink() == folder:
                yield int(process.name)


def test_whoever_waits_in_vain_for_a_turn_is_told_that_it_is_not_the_files_fault(
    settings: Settings, tmp_path: Path
) -> None:
    settings.FILE_UPLOAD_TEMP_DIR = str(tmp_path)
    with a_worker(tmp_path, "hang") as (_, left), bounded.workplace() as place:
        assert until(lambda: bool(list(working_in(left))))
        with pytest.raises(StepFailed, match="busy"):
            run(place, "leave_a_child", replace(LIMITS, alone="t", patience=1))


# The network --------------------------------------------------------------------------------------


def test_where_namespaces_are_not_allowed_the_kernel_still_refuses_sockets(place: Path) -> None:
    assert run(place, "try_sockets") == {"refused": [False] * 4}
    assert run(place, "try_sockets", refuse=True) == {"refused": [True, True, True, False]}


def test_a_step_that_must_be_offline_does_not_run_where_the_kernel_cannot_see_to_it(
    place: Path,
) -> None:
    order = {"offline": True, "parent": os.getpid()}
    code = (
        "import sys; from storage.steps import __main__, kernel\n"
        "kernel.leave_the_network = lambda: False\n"
        "sys.exit(__main__.main())"
    )
    command = [sys.executable, "-c", code, STEPS + "leave_a_child", json.dumps(order)]
    ended = subprocess.run(command, cwd=place, env=bounded._environment(place), check=False)
    assert bounded._why(ended.returncode) == "not-offline"
