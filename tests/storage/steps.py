"""Steps that do what no step should, to be run in a bounded process."""

import ctypes
import os
import socket
import subprocess
import time
from pathlib import Path
from typing import Any

from storage.steps import Unreadable, kernel


def hang(place: Path) -> dict[str, Any]:
    time.sleep(60)
    return {}


def spin(place: Path) -> dict[str, Any]:
    while True:
        pass


def bomb(place: Path) -> dict[str, Any]:
    return {"size": len(bytearray(2**31))}


def crash(place: Path) -> dict[str, Any]:
    ctypes.string_at(0)
    return {}


def refuse(place: Path) -> dict[str, Any]:
    raise Unreadable


def fill(place: Path) -> dict[str, Any]:
    with (place / "out").open("wb") as out:
        for _ in range(20):
            out.write(bytes(2**20))
    return {}


def leave_a_child(place: Path) -> dict[str, Any]:
    child = subprocess.Popen(["sleep", "60"])
    return {"child": child.pid}


def start_another(place: Path) -> dict[str, Any]:
    kernel.end_with_parent(os.getppid(), with_children=True)
    subprocess.run(["sleep", "60"], check=False)
    return {}


def try_sockets(place: Path, *, refuse: bool = False) -> dict[str, Any]:
    """Say which of TCP, UDP over IPv6, netlink and a local socket are refused."""
    if refuse:
        assert kernel.refuse_sockets()
    families = (socket.AF_INET, socket.AF_INET6, socket.AF_NETLINK, socket.AF_UNIX)
    return {"refused": [_is_refused(family) for family in families]}


def _is_refused(family: int) -> bool:
    try:
        socket.socket(family, socket.SOCK_RAW if family == socket.AF_NETLINK else 2).close()
    except PermissionError:
        return True
    return False


def link_to(place: Path, *, target: str) -> dict[str, Any]:
    (place / "made").symlink_to(target)
    return {}


def look_around(place: Path) -> dict[str, Any]:
    try:
        socket.create_connection(("127.0.0.1", int((place / "in").read_text())), timeout=2).close()
        reached = True
    except OSError:
        reached = False
    return {
        "reached": reached,
        "environment": dict(os.environ),
        "files": len(list(Path("/proc/self/fd").iterdir())),
    }


def take_turns(place: Path, *, diary: str) -> dict[str, Any]:
    for word in ("came", "left"):
        with Path(diary).open("a") as book:
            book.write(f"{word}\n")
        time.sleep(0.3)
    return {}
