"""The process of one step: `python -m storage.steps storage.steps.pdf.page '{…}'`, in its folder.

It takes its limits upon itself before it loads what will read the file. What it prints, nobody
reads; see `storage.bounded` for the other end.
"""

import json
import os
import resource
import sys
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any

from storage.steps import NO_MEMORY, NOT_OFFLINE, UNREADABLE, Unreadable, kernel


def main() -> int:
    step, order = sys.argv[1], json.loads(sys.argv[2])
    kernel.end_with_parent(order["parent"])
    is_offline = kernel.leave_the_network()
    if order["offline"] and not is_offline:
        return NOT_OFFLINE
    _limit(order)
    module, _, function = step.rpartition(".")
    try:
        act = getattr(import_module(module), function)
        answer: dict[str, Any] = act(Path.cwd(), **order["arguments"])
    except Unreadable:
        return UNREADABLE
    except MemoryError:
        return NO_MEMORY
    Path("answer.json").write_text(json.dumps(answer | {"offline": is_offline}))
    return 0


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
