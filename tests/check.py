"""`python -m tests.check`, which `make check` calls: everything that can be said without running.

Each check prints one line, and what it found if it failed. All of them run; exit 1 if one failed.
"""

import os
import re
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from tests import machine, messages

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent

#: A check returns what it found; nothing means that all is well.
Check = Callable[[], str]


def command(*words: str | Path, **environment: str) -> str:
    """Run a command; return its output if it fails."""
    result = subprocess.run(
        [str(word) for word in words],
        cwd=ROOT,
        env=os.environ | environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return (result.stdout.strip() or f"exit {result.returncode}") if result.returncode else ""


def manage(*words: str) -> str:
    """Run a management command with settings as in production, warnings being errors."""
    with tempfile.TemporaryDirectory(prefix="halbjahr-check-") as home:
        production = machine.production_like() | {
            "ATS_SITE_URL": "https://jobs.musterwerk.example",
            "ATS_ALLOWED_HOSTS": "jobs.musterwerk.example",
            "ATS_TRUSTED_PROXIES": "1",
            "ATS_SECOND_FACTOR": "true",
            "EMAIL_URL": "smtp+tls://halbjahr:secret@mail.musterwerk.example:587",
            "DATABASE_URL": f"sqlite:///{home}/halbjahr.sqlite3",
            "ATS_STORAGE_URL": f"file://{home}/attachments",
            # Its place is made by `make run`; the check is not about that.
            "PYTHONWARNINGS": "error,ignore:No directory at:UserWarning",
        }
        return command(sys.executable, "manage.py", *words, **production)


def templates() -> str:
    files = sorted((ROOT / "templates").rglob("*.html"))
    return command(BIN / "djade", "--check", *files)


# The locks --------------------------------------------------------------------------------

REQUIREMENT = re.compile(r"^([a-z0-9._-]+)(?:\[[a-z0-9,-]+\])?==\S+", re.IGNORECASE)


def _entries(text: str) -> list[str]:
    """Return the lock's entries, each with its hashes, as one line; comments are left out."""
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    return [entry for entry in "\n".join(lines).replace("\\\n", " ").splitlines() if entry.strip()]


def _name(entry: str) -> str:
    return re.sub(r"[-_.]+", "-", re.split(r"[^\w.-]", entry.strip(), maxsplit=1)[0]).lower()


def lock_faults(text: str, wanted: list[str]) -> list[str]:
    """Return what is wrong with a lock: no exact version, no hash, an address, a gap."""
    entries = _entries(text)
    loose = [e for e in entries if not REQUIREMENT.match(e) or "--hash=sha256:" not in e]
    addresses = re.findall(r"^.*(?:://|--(?:extra-)?index-url|--find-links).*$", text, re.MULTILINE)
    missing = {_name(each) for each in wanted} - {_name(entry) for entry in entries}
    return (
        [f"no exact version with hashes: {entry.strip()[:60]}" for entry in loose]
        + [f"names an address: {line.strip()}" for line in addresses]
        + [f"lacks {name}, which pyproject.toml asks for" for name in sorted(missing)]
    )


def locks() -> str:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    run, dev = project["dependencies"], project["optional-dependencies"]["dev"]
    wanted = {"requirements.txt": run, "requirements-dev.txt": run + dev}
    texts = {name: (ROOT / name).read_text() for name in wanted}
    lines = [
        f"{name} {fault}" for name in wanted for fault in lock_faults(texts[name], wanted[name])
    ]
    apart = set(_entries(texts["requirements.txt"])) - set(_entries(texts["requirements-dev.txt"]))
    lines += [f"requirements-dev.txt has another {_name(entry)}" for entry in sorted(apart)]
    return "\n".join(lines)


def german() -> str:
    return "\n".join(messages.check())


# ------------------------------------------------------------------------------------------

CHECKS: dict[str, Check] = {
    "types (mypy)": partial(command, sys.executable, "-m", "mypy", ".", ATS_DEBUG="true"),
    "format (ruff)": partial(command, BIN / "ruff", "format", "--check", "."),
    "lint (ruff)": partial(command, BIN / "ruff", "check", "."),
    "templates (djade)": templates,
    "migrations": partial(manage, "makemigrations", "--check", "--dry-run"),
    "production settings": partial(manage, "check", "--deploy", "--fail-level", "WARNING"),
    "import order": partial(command, BIN / "lint-imports", "--no-logo"),
    "locks": locks,
    "German texts": german,
}


def run(name: str) -> str:
    """Run one check and print its line, with what it found. Returns what it found."""
    began = time.monotonic()
    try:
        found = CHECKS[name]()
    except machine.Missing as error:
        if not machine.in_ci():
            print(f"skipped  {name}: {error}", flush=True)
            return ""
        found = str(error)
    line = f"{'FAILED' if found else 'ok':8} {name} ({time.monotonic() - began:.1f} s)"
    print("\n".join([line, *(f"         {each}" for each in found.splitlines())]), flush=True)
    return found


def main() -> int:
    with ThreadPoolExecutor(max_workers=2) as pool:
        failed = [name for name, found in zip(CHECKS, pool.map(run, CHECKS), strict=True) if found]
    print(f"{len(CHECKS) - len(failed)} of {len(CHECKS)} checks passed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
