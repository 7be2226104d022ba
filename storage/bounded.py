"""Runs one step over a stranger's bytes in a process of its own, within limits.

What takes longer than a verdict (re-encoding a picture, drawing a page, LibreOffice) happens
there: in a folder of its own, without our settings, keys, connections or, where the kernel
allows it, a network. A crash, a hang or a bomb costs that step, with a clear failure, and
nothing else. The steps are in `storage/steps/`.

What lies in such a folder is a stranger's document. Who works there holds the folder's lock,
which goes with its process however that ends; a folder that nobody holds is cleared away.
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
from pathlib import Path
from typing import Any, BinaryIO

from django.conf import settings

from storage.steps import NO_MEMORY, NOT_OFFLINE, UNREADABLE

log = logging.getLogger("ats.bounded")

MB = 1024 * 1024
#: Where the package `storage` is found.
ROOT = Path(__file__).resolve().parents[1]
#: How folders of steps begin, in the folder of files that are just arriving.
PREFIX = "step-"
#: What a step answers is small; what it makes are files.
MAX_ANSWER = MB


class StepFailed(Exception):
    """A step did not do its work. `code` says why, without personal data.

    "busy" and "not-offline" are the machine's fault, "timeout" may be; "memory", "crashed" and
    "unreadable" are the file's.
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
    #: Rather not at all than with a network within reach.
    offline: bool = False


@contextmanager
def workplace() -> Iterator[Path]:
    """Make a folder for steps over one file, and remove it with all that they left in it.

    Raises `OSError` if the machine has no room.
    """
    clean()
    folder, lock = _claimed()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


def run(step: str, place: Path, limits: Limits, **arguments: Any) -> dict[str, Any]:
    """Run a step ("storage.steps.pdf.page") in a folder of `workplace`; return its answer.

    It reads and writes files there; see `take`. Raises `StepFailed`, or `OSError` if the machine
    cannot start a process.
    """
    with _turn(limits) as lock:
        answer = _run(step, place, limits, arguments, lock)
    if not answer.pop("offline", False):
        _say_once("the kernel keeps no step from the network here")
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


def clean() -> int:
    """Remove folders that killed processes have left; return how many."""
    count = 0
    for folder in _home().glob(f"{PREFIX}*"):
        with suppress(OSError):  # somebody works there, or has just left
            lock = _locked(folder, fcntl.LOCK_NB)
            shutil.rmtree(folder, ignore_errors=True)
            os.close(lock)
            count += 1
    return count


def _home() -> Path:
    return Path(settings.FILE_UPLOAD_TEMP_DIR)


def _claimed() -> tuple[Path, int]:
    """Return a new folder and its lock, held."""
    _home().mkdir(mode=0o700, parents=True, exist_ok=True)
    while True:
        folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=_home()))
        with suppress(FileNotFoundError):
            lock = _locked(folder)
            if folder.is_dir():
                return folder, lock
            # Somebody has cleared it away before it was locked.
            os.close(lock)


def _locked(folder: Path, how: int = 0) -> int:
    """Hold a folder's lock, by the handle that is returned, until that is closed."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | how)
    except BaseException:
        os.close(handle)
        raise
    return handle


# The process ------------------------------------------------------------------------------------


def _run(
    step: str, place: Path, limits: Limits, arguments: dict[str, Any], lock: int | None
) -> dict[str, Any]:
    (place / "answer.json").unlink(missing_ok=True)
    order = {
        "seconds": limits.seconds,
        "memory": limits.memory,
        "file": limits.file,
        "offline": limits.offline,
        "parent": os.getpid(),
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
    known = {UNREADABLE: "unreadable", NO_MEMORY: "memory", NOT_OFFLINE: "not-offline"}
    return known.get(code, "crashed")


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
    path = _home() / f"{limits.alone}.lock"
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
                raise StepFailed("busy") from error
            time.sleep(0.05)
        else:
            return


_said: set[str] = set()


def _say_once(sentence: str) -> None:
    if sentence not in _said:
        _said.add(sentence)
        log.warning(sentence)
