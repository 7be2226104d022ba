"""Runs one step over a stranger's bytes in a process of its own, within limits.

What takes longer than a verdict (re-encoding a picture, drawing a page, LibreOffice) happens
there: in a folder of its own, without our settings, keys, connections or, where the kernel
allows it, a network. A crash, a hang or a bomb costs that step, with a clear failure, and
nothing else. The steps are in `storage/steps/`.
"""

import fcntl
import json
import logging
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

log = logging.getLogger("ats.bounded")

MB = 1024 * 1024
#: Where the package `storage` is found.
ROOT = Path(__file__).resolve().parents[1]
#: How folders of steps begin in the system's folder for temporary files.
PREFIX = "halbjahr-step-"
#: After this many seconds a folder has been left by a process that was killed.
STALE = 3_600
#: What a step answers is small; what it makes are files.
MAX_ANSWER = MB
#: How a step's process ends that has understood that it cannot do it.
UNREADABLE, NO_MEMORY = 11, 12


class StepFailed(Exception):
    """A step did not do its work. `code` says why, without personal data.

    "timeout" may be the machine's fault; "memory", "crashed" and "unreadable" are the file's.
    """

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Limits:
    """`seconds` of processor time, `patience` by the clock, bytes of memory and of one file."""

    seconds: int
    patience: int
    memory: int
    file: int = 200 * MB
    #: Steps that share a name run one at a time on this machine.
    alone: str = ""


@contextmanager
def workplace() -> Iterator[Path]:
    """Make a folder for steps over one file, and remove it with all that they left in it."""
    folder = Path(tempfile.mkdtemp(prefix=PREFIX))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def run(step: str, place: Path, limits: Limits, **arguments: Any) -> dict[str, Any]:
    """Run a step ("storage.steps.pdf.page") in a folder of `workplace`; return its answer.

    It reads and writes files there; see `take`. Raises `StepFailed`.
    """
    with _turn(limits) as lock:
        answer = _run(step, place, limits, arguments, lock)
    if answer.pop("network", "none") != "none":
        _say_once("the kernel keeps no step from the network here: no namespaces of its own")
    return answer


def take(place: Path, name: str, *, limit: int = 200 * MB) -> BinaryIO:
    """Open a file that a step has made. Raises `StepFailed` if it is none, or too large.

    The step has read a stranger's bytes, so what lies there may be a link to a file of ours.
    """
    try:
        handle = os.open(place / name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        raise StepFailed("crashed") from error
    status = os.fstat(handle)
    if not stat.S_ISREG(status.st_mode) or status.st_nlink != 1 or status.st_size > limit:
        os.close(handle)
        raise StepFailed("crashed")
    return os.fdopen(handle, "rb")


def clean(now: datetime) -> int:
    """Remove folders that killed processes have left; return how many."""
    count = 0
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with suppress(OSError):
            status = folder.lstat()
            if status.st_uid == os.getuid() and now.timestamp() - status.st_mtime > STALE:
                shutil.rmtree(folder, ignore_errors=True)
                count += 1
    return count


# The process ------------------------------------------------------------------------------------


def _run(
    step: str, place: Path, limits: Limits, arguments: dict[str, Any], lock: int | None
) -> dict[str, Any]:
    (place / "answer.json").unlink(missing_ok=True)
    order = {
        "seconds": limits.seconds,
        "memory": limits.memory,
        "file": limits.file,
        "arguments": arguments,
    }
    process = subprocess.Popen(  # noqa: S603  our own command, no shell
        [sys.executable, "-P", "-B", "-m", "storage.steps", step, json.dumps(order)],
        cwd=place,
        env=_environment(place),
        stdin=subprocess.DEVNULL,
        # Libraries write there what they find, names included.
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        # The step holds the lock, too: it stays one at a time even if we are killed.
        pass_fds=() if lock is None else (lock,),
    )
    try:
        code = process.wait(limits.patience)
    except subprocess.TimeoutExpired as error:
        raise StepFailed("timeout") from error
    finally:
        _end(process)
    if code:
        raise StepFailed(_why(code))
    return _answer(place)


def _environment(place: Path) -> dict[str, str]:
    """Return all that a step knows of where it runs: no secrets, no settings."""
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "PYTHONPATH": str(ROOT),
        "HOME": str(place),
        "TMPDIR": str(place),
        "LANG": "C.UTF-8",
        # Threads reserve memory that they never use, and the limit counts it.
        "MALLOC_ARENA_MAX": "1",
        "OMP_NUM_THREADS": "1",
    }


def _end(process: "subprocess.Popen[bytes]") -> None:
    """End a step with all that it has started."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _why(code: int) -> str:
    if code in {-signal.SIGXCPU, -signal.SIGKILL}:
        return "timeout"
    return {UNREADABLE: "unreadable", NO_MEMORY: "memory"}.get(code, "crashed")


def _answer(place: Path) -> dict[str, Any]:
    try:
        with take(place, "answer.json", limit=MAX_ANSWER) as file:
            answer = json.load(file)
    except ValueError as error:
        raise StepFailed("crashed") from error
    if not isinstance(answer, dict):
        raise StepFailed("crashed")
    return answer


# One at a time ----------------------------------------------------------------------------------


@contextmanager
def _turn(limits: Limits) -> Iterator[int | None]:
    """Wait for our turn, if steps of this kind run one at a time on this machine."""
    if not limits.alone:
        yield None
        return
    path = Path(tempfile.gettempdir()) / f"halbjahr-{os.getuid()}-{limits.alone}.lock"
    lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        _await(lock, seconds=limits.patience)
        yield lock
    finally:
        os.close(lock)


def _await(lock: int, *, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            if time.monotonic() > deadline:
                raise StepFailed("timeout") from error
            time.sleep(0.05)
        else:
            return


_said: set[str] = set()


def _say_once(sentence: str) -> None:
    if sentence not in _said:
        _said.add(sentence)
        log.warning(sentence)
