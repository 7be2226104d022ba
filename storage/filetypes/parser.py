"""The process that reads strangers' files: `python -m storage.filetypes.parser`.

It loads the libraries once, then forks a child for each file. The child's time and memory are
bounded by the kernel, whatever a library does, and it may not write to any file. It is told of a
file on a socket of its own, answers there, and is gone; nothing of a file outlives its verdict.
"""

import gc
import json
import os
import resource
import signal
import socket
from contextlib import suppress
from pathlib import Path
from typing import Any

from storage.filetypes import judge

MB = 1024 * 1024
#: Seconds of processor time; the kernel's own limit counts in whole ones and stands behind.
CPU, CPU_LIMIT = 1.8, 2
#: Seconds by the clock, for what waits instead of working.
CLOCK = 20
#: Memory beyond what the loaded libraries take.
MEMORY = 64 * MB
#: Address space beyond that and the file itself, which is mapped.
ADDRESSES = 256 * MB


def serve(control: socket.socket) -> None:
    """Answer until the other end closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches us by the other end's closing
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the children
    judge.warm_up()
    gc.collect()
    gc.freeze()  # a child's collector would touch, and so copy, what it shares with us
    while True:
        byte, descriptors, _flags, _address = socket.recv_fds(control, 1, 1)
        if not byte:
            return
        for descriptor in descriptors:
            if os.fork() == 0:
                _child(descriptor)
            os.close(descriptor)


def _child(descriptor: int) -> None:
    """Answer one request and end. Never returns."""
    try:
        with socket.socket(fileno=descriptor) as connection:
            request = json.loads(_all_of(connection))
            bound(request["limit"])
            answer = answered(Path(request["path"]), request["name"], request["limit"])
            connection.sendall(json.dumps(answer).encode())
    finally:
        os._exit(0)


def answered(path: Path, name: str, limit: int) -> dict[str, Any]:
    """Return the verdict, and what it cost: seconds of processor time, bytes of memory."""
    before = resource.getrusage(resource.RUSAGE_SELF)
    verdict = judge.judge(path, name, limit)
    after = resource.getrusage(resource.RUSAGE_SELF)
    return {
        "verdict": verdict,
        "cpu": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
        "memory": (after.ru_maxrss - before.ru_maxrss) * 1024,
    }


def bound(file_size: int) -> None:
    """Set this process's limits, counted from now."""
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_PROF, CPU)
    signal.alarm(CLOCK)
    _limit(resource.RLIMIT_CPU, CPU_LIMIT)
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_FSIZE, 0)
    # Only Linux says what is taken so far, and only there can these be relied on.
    with suppress(FileNotFoundError):
        numbers = [int(number) for number in Path("/proc/self/statm").read_text().split()]
        page = resource.getpagesize()
        _limit(resource.RLIMIT_DATA, numbers[5] * page + MEMORY)
        _limit(resource.RLIMIT_AS, numbers[0] * page + ADDRESSES + 3 * file_size)


def _limit(what: int, value: int) -> None:
    _soft, hard = resource.getrlimit(what)
    most = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(what, (most, hard))


def _all_of(connection: socket.socket) -> bytes:
    pieces = []
    while piece := connection.recv(65_536):
        pieces.append(piece)
    return b"".join(pieces)


if __name__ == "__main__":
    serve(socket.socket(fileno=0))
