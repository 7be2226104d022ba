"""Says of a file what it is and whether it is taken: by its bytes, never by its name alone.

libmagic proposes the family from the whole file; a family may claim a file itself; the file's
structure decides (`judge.py`). All of that runs in a process of its own with bounds on time and
memory (`sandbox.py`, `parser.py`). Both errors count: a good file refused loses an applicant.
"""

import json
import logging
import os
from pathlib import Path
from typing import Any, NamedTuple

from django.conf import settings

from storage.filetypes import sandbox
from storage.filetypes.sandbox import NotRunning
from storage.filetypes.sentences import sentence

__all__ = ["NotRunning", "Verdict", "inspect", "max_bytes", "sentence", "warm_up"]

log = logging.getLogger("ats.attachments")


class Verdict(NamedTuple):
    """`type` and `extension` are the file's true ones; of a refused file `type` is a guess."""

    accepted: bool
    code: str
    type: str = ""
    extension: str = ""


def max_bytes() -> int:
    return settings.ATS_MAX_FILE_MB * 1024 * 1024


def inspect(path: Path, name: str) -> Verdict:
    """Judge a file on disk. `name` is what the file is called; its ending is a promise.

    Never raises for what is in the file: a parser that crashes or hangs is a refusal, too. The
    bounds are those of `parser.py`. A refusal is logged without the file's name. Raises
    `NotRunning` where no parser can be started: then nothing is known of the file.
    """
    try:
        verdict = Verdict(*ask(path, name)["verdict"])
    except sandbox.NoAnswer as error:
        log.warning("A file got no verdict: %s", error)
        verdict = Verdict(False, "unreadable")
    if not verdict.accepted:
        log.info("Refused a file: %s (%s)", verdict.code, verdict.type or "no type")
    return verdict


def ask(path: Path, name: str) -> dict[str, Any]:
    """Return the parser's answer: the verdict, and what it cost (`parser.answered`)."""
    # Of a name only its end can matter, and only that can come through whatever it is.
    request = {"path": os.fsdecode(path.absolute()), "name": name[-100:], "limit": max_bytes()}
    answer: dict[str, Any] = json.loads(sandbox.ask(json.dumps(request).encode()))
    return answer


def warm_up() -> None:
    """Start the parser now and wait for it, so that the first file need not."""
    ask(Path(os.devnull), "")
