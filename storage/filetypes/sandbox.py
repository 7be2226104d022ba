"""The way to the parser: a process that is started with the first file and kept.

It holds no settings, keys or connections of ours. Each file is read by a child of its own
(`parser.py`), so that what a file does to it costs that file's verdict and nothing else.
"""

import atexit
import os
import socket
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path

#: Where the package `storage` is found.
ROOT = Path(__file__).resolve().parents[2]
#: What the parser may know of our environment: how to find Python's own parts.
ENVIRONMENT = {"HOME", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "MAGIC", "PATH", "VIRTUAL_ENV"}
#: Seconds by the clock until an answer must be there. The child ends itself before.
PATIENCE = 30
#: Seconds between a signal that kills and the end that it brings.
DYING = 0.5
#: Files read at a time by one process of ours; the others wait.
AT_ONCE = threading.BoundedSemaphore(2)


class NoAnswer(Exception):
    """The parser died over a file, or did not come to an end. str(error) has no personal data."""


class NotRunning(Exception):
    """The parser cannot be started. That is this machine's fault, and no file's."""


class Parser:
    """One running parser process, and our end of the socket that it hears."""

    def __init__(self) -> None:
        self.owner = os.getpid()
        self.control, theirs = socket.socketpair()
        with theirs:
            try:
                self.process = _started(theirs)
            except OSError as error:
                self.control.close()
                raise NotRunning from error

    def is_ours_and_alive(self) -> bool:
        """Say whether to go on with it: a fork of our process takes one of its own."""
        return self.owner == os.getpid() and self.process.poll() is None

    def has_died(self) -> bool:
        """Say whether it is gone, a moment after it may have been killed."""
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(timeout=DYING)
        return not self.is_ours_and_alive()

    def ask(self, request: bytes) -> bytes:
        ours, theirs = socket.socketpair()
        with ours:
            with theirs:
                # One byte a request, so that two threads' requests cannot run into each other.
                socket.send_fds(self.control, [b"."], [theirs.fileno()])
            ours.settimeout(PATIENCE)
            ours.sendall(request)
            ours.shutdown(socket.SHUT_WR)
            return _all_of(ours)

    def close(self) -> None:
        self.control.close()
        if self.owner == os.getpid():
            self.process.kill()
            self.process.wait()
        else:
            # Its parent waits for it.
            self.process.returncode = 0


def _started(control: socket.socket) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "-m", "storage.filetypes.parser"],
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if name in ENVIRONMENT},
        stdin=control.fileno(),
        stdout=subprocess.DEVNULL,
        # Libraries write there what they find, names included.
        stderr=subprocess.DEVNULL,
    )


_lock = threading.Lock()
_parser: Parser | None = None


def start() -> Parser:
    """Return the running parser; start one if there is none."""
    global _parser  # noqa: PLW0603  one a process
    with _lock:
        if _parser is None or not _parser.is_ours_and_alive():
            _close()
            _parser = Parser()
        return _parser


def ask(request: bytes) -> bytes:
    """Return the parser's answer. Safe for threads. Raises `NoAnswer` or `NotRunning`."""
    with AT_ONCE:
        for _attempt in range(2):
            parser = start()
            with suppress(OSError):
                if answer := parser.ask(request):
                    return answer
            # A child that died is the file's fault; if the parser did, another may answer.
            if not parser.has_died():
                raise NoAnswer("no verdict within its bounds")
    raise NotRunning("the parser does not run; see `python -m storage.filetypes.parser`")


def _all_of(connection: socket.socket) -> bytes:
    pieces = []
    while piece := connection.recv(65_536):
        pieces.append(piece)
    return b"".join(pieces)


@atexit.register
def _close() -> None:
    global _parser  # noqa: PLW0603
    if _parser is not None:
        _parser.close()
        _parser = None
