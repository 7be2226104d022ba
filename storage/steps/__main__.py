"""The process of one step: `python -m storage.steps storage.steps.pdf.page '{…}'`, in its folder.

It takes its limits upon itself before it loads what will read the file. What it prints, nobody
reads; see `storage.bounded` for the other end.
"""

import ctypes
import json
import os
import resource
import signal
import sys
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any

from storage.bounded import NO_MEMORY, UNREADABLE
from storage.steps import Unreadable

NEW_USER, NEW_NET = 0x10000000, 0x40000000
SET_PDEATHSIG, SET_NO_NEW_PRIVS = 1, 38


def main() -> int:
    step, order = sys.argv[1], json.loads(sys.argv[2])
    kernel = ctypes.CDLL(None, use_errno=True)
    _end_with_our_parent(kernel)
    network = "none" if _leave_the_network(kernel) else "open"
    _limit(order)
    module, _, function = step.rpartition(".")
    try:
        act = getattr(import_module(module), function)
        answer: dict[str, Any] = act(Path.cwd(), **order["arguments"])
    except Unreadable:
        return UNREADABLE
    except MemoryError:
        return NO_MEMORY
    Path("answer.json").write_text(json.dumps(answer | {"network": network}))
    return 0


def _end_with_our_parent(kernel: ctypes.CDLL) -> None:
    """Have the kernel end this process if the one that started it is killed."""
    with suppress(AttributeError):  # not Linux
        kernel.prctl(SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        kernel.prctl(SET_NO_NEW_PRIVS, 1, 0, 0, 0)


def _leave_the_network(kernel: ctypes.CDLL) -> bool:
    """Move to a network of our own with nothing on it; say whether the kernel allowed it."""
    user, group = os.getuid(), os.getgid()
    try:
        if kernel.unshare(NEW_NET) == 0:
            return True
        # Without being root, as root of a user namespace of our own, as who we are.
        if kernel.unshare(NEW_USER | NEW_NET) != 0:
            return False
    except AttributeError:  # not Linux
        return False
    with suppress(OSError):
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
        Path("/proc/self/gid_map").write_text(f"{group} {group} 1")
    return True


def _limit(order: dict[str, Any]) -> None:
    """Take the limits upon this process and all that it starts."""
    seconds: int = order["seconds"]
    for kind, most in (
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_AS, order["memory"]),
        (resource.RLIMIT_FSIZE, order["file"]),
        (resource.RLIMIT_NOFILE, 256),
        (resource.RLIMIT_CORE, 0),
    ):
        with suppress(ValueError, OSError):  # a lower one is there already, or none is possible
            resource.setrlimit(kind, (most, most))


if __name__ == "__main__":
    code = main()
    # Without the farewells of libraries: what they hold goes with the process.
    os._exit(code)
