"""What a step asks of the kernel: to end with its parent, and to be kept from the network.

Each says whether it was granted. Outside Linux nothing is.
"""

import ctypes
import os
import platform
import signal
import struct
from contextlib import suppress
from pathlib import Path

NEW_USER, NEW_NET = 0x10000000, 0x40000000
SET_PDEATHSIG, SET_SECCOMP, SET_NO_NEW_PRIVS = 1, 22, 38
FILTER = 2

#: How the kernel numbers what a process calls on these machines: the machine, and `socket`.
MACHINES = {"x86_64": (0xC000003E, 41), "aarch64": (0xC00000B7, 198)}
#: Another numbering of x86_64, and a way to open sockets without calling `socket`.
X32, IO_URING_SETUP = 0x40000000, 425

# A filter's instructions, and where it finds what a process calls.
LOAD, IF_EQUAL, IF_AT_LEAST, RETURN = 0x20, 0x15, 0x35, 0x06
NUMBER, MACHINE, FIRST_ARGUMENT = 0, 4, 16
ALLOW, REFUSE = 0x7FFF0000, 0x00050000 | 1  # with EPERM
AF_UNIX = 1


def end_with_parent(parent: int, *, with_children: bool = False) -> None:
    """Have the kernel end this process if the one that started it, `parent`, is killed.

    What it has started itself lives on unless `with_children`, which works while it waits.
    """
    last = signal.SIGKILL
    if with_children:
        last = signal.SIGTERM
        signal.signal(last, lambda *_: os.killpg(0, signal.SIGKILL))
    with suppress(AttributeError):  # not Linux
        _control(SET_PDEATHSIG, last)
        _control(SET_NO_NEW_PRIVS, 1)
    if os.getppid() != parent:  # it was killed before the kernel knew
        os.killpg(0, signal.SIGKILL)


def leave_the_network() -> bool:
    """Keep this process, and all that it starts, from every network."""
    return _have_an_empty_one() or refuse_sockets()


def _have_an_empty_one() -> bool:
    """Move to a network of our own with nothing on it."""
    user, group = os.getuid(), os.getgid()
    try:
        if _kernel().unshare(NEW_NET) == 0:
            return True
        # Without being root, as root of a user namespace of our own, as who we are.
        if _kernel().unshare(NEW_USER | NEW_NET) != 0:
            return False
    except AttributeError:  # not Linux
        return False
    with suppress(OSError):
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
        Path("/proc/self/gid_map").write_text(f"{group} {group} 1")
    return True


def refuse_sockets() -> bool:
    """Have the kernel refuse all sockets but local ones, as containers still allow."""
    known = MACHINES.get(platform.machine())
    if known is None:
        return False
    machine, socket = known
    program = [
        (LOAD, 0, 0, MACHINE),
        (IF_EQUAL, 0, 7, machine),
        (LOAD, 0, 0, NUMBER),
        (IF_AT_LEAST, 5, 0, X32),
        (IF_EQUAL, 4, 0, IO_URING_SETUP),
        (IF_EQUAL, 0, 2, socket),
        (LOAD, 0, 0, FIRST_ARGUMENT),
        (IF_EQUAL, 0, 1, AF_UNIX),
        (RETURN, 0, 0, ALLOW),
        (RETURN, 0, 0, REFUSE),
    ]
    code = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *line) for line in program))
    head = struct.pack("@HP", len(program), ctypes.addressof(code))
    try:
        _control(SET_NO_NEW_PRIVS, 1)
        return _control(SET_SECCOMP, FILTER, head)
    except AttributeError:  # not Linux
        return False


def _control(what: int, value: int, more: bytes | None = None) -> bool:
    nothing = ctypes.c_ulong(0)
    return bool(_kernel().prctl(what, ctypes.c_ulong(value), more, nothing, nothing) == 0)


def _kernel() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)
