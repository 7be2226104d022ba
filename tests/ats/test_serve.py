"""`make run`: up with one command, down with one signal, nothing left behind."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests import machine

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/stat").exists(), reason="needs /proc to see what is left running"
)


class Running:
    """`python -m ats.serve` on a new database and an empty folder."""

    def __init__(self, home: Path, **environment: str) -> None:
        self.port = machine.free_port()
        self.log = home / "log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "ats.serve", "--port", str(self.port)],
                stdout=log,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
                env=os.environ | settings(home) | environment,
            )

    def read(self, path: str) -> str:
        with urllib.request.urlopen(f"http://localhost:{self.port}{path}", timeout=20) as answer:
            return str(answer.read().decode())

    def await_line(self, text: str, *, seconds: float = 90) -> None:
        deadline = time.monotonic() + seconds
        while text not in self.log.read_text():
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.1)

    def children(self) -> list[int]:
        """Return the processes that it started and those that they started, with /proc's help."""
        found = {self.process.pid}
        for _ in range(4):
            found |= {pid for pid, parent in parents().items() if parent in found}
        return sorted(found - {self.process.pid})


def parents() -> dict[int, int]:
    """Return each process's parent; the name in the second field may hold anything."""
    result = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if fields[0] != "Z":
            result[int(path.parent.name)] = int(fields[1])
    return result


def settings(home: Path) -> dict[str, str]:
    return {
        "ATS_DEBUG": "true",
        "DATABASE_URL": f"sqlite:///{home / 'halbjahr.sqlite3'}",
        "ATS_STORAGE_URL": f"file://{home / 'attachments'}",
    }


@contextmanager
def serving(home: Path) -> Iterator[Running]:
    started = Running(home)
    try:
        yield started
    finally:
        for pid in [*started.children(), started.process.pid]:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        started.process.wait()


@pytest.fixture(scope="module")
def first_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which it was started for the first time, and stopped again."""
    home = tmp_path_factory.mktemp("serve")
    with serving(home) as started:
        started.await_line(f"http://localhost:{started.port}")
        assert "<h1" in started.read("/jobs/")
        started.process.terminate()
        assert started.process.wait(timeout=30) == 0
    return home


@pytest.fixture
def running(first_home: Path, tmp_path: Path) -> Iterator[Running]:
    """It runs again, on a copy of what its first start made."""
    home = Path(shutil.copytree(first_home, tmp_path / "again"))
    with serving(home) as started:
        yield started


def test_the_first_start_fills_the_empty_database_and_the_next_one_does_not(
    first_home: Path, running: Running
) -> None:
    assert "halbjahr-demo" in (first_home / "log").read_text()
    running.await_line(f"http://localhost:{running.port}")
    assert "halbjahr-demo" not in running.log.read_text()


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_it_answers_and_a_signal_ends_all_of_it(running: Running, how: signal.Signals) -> None:
    running.await_line(f"http://localhost:{running.port}")
    assert "<h1" in running.read("/jobs/")
    children = running.children()
    assert len(children) > 3  # the web server's, the cluster's
    running.process.send_signal(how)
    assert running.process.wait(timeout=30) == 0
    assert not set(children) & set(parents())


def test_if_one_part_dies_the_other_stops_too(running: Running) -> None:
    running.await_line(f"http://localhost:{running.port}")
    children = running.children()
    os.kill(children[0], signal.SIGKILL)
    assert running.process.wait(timeout=30) == 1
    assert "has ended" in running.log.read_text()
    assert not set(children) & set(parents())


def test_a_wrong_setting_stops_the_start_with_a_sentence(tmp_path: Path) -> None:
    started = Running(tmp_path, ATS_RETENTION_MONTHS="7")
    assert started.process.wait(timeout=30) == 1
    message = started.log.read_text()
    assert "Set it to a whole number from 1 to 6." in message
    assert "Traceback" not in message


def test_a_port_in_use_is_named(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        result = subprocess.run(
            [sys.executable, "-m", "ats.serve", "--port", str(port)],
            env=os.environ | settings(tmp_path),
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
    assert result.returncode == 1
    assert result.stderr.startswith(f"Port {port} is in use.")
