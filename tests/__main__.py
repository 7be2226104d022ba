"""`python -m tests`, which `make test` calls: the whole suite, on both databases at once.

Three pytest sessions run beside each other, one on SQLite with a folder, two on PostgreSQL with a
versioned bucket, with the browser and without; see tests/machine.py for what each of them runs.
`--soak` runs the long tests alone, at full count. Other arguments go to pytest.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from tests import machine
from tests.faults.counting import Score

#: Each session by its database and its part (`--share`).
SESSIONS = {
    ("sqlite", "all"): "SQLite, attachments in a folder",
    ("postgres", "rest"): "PostgreSQL, attachments in a versioned bucket (moto)",
    ("postgres", "browser"): "PostgreSQL and a versioned bucket, with the browser",
}
#: The one session of a laptop without PostgreSQL, which leaves nothing to others.
ALONE = ("sqlite", "")
#: pytest's exit code for "no tests were collected": a session may have none to run.
NOTHING_TO_DO = 5


@dataclass
class Session:
    database: str
    part: str
    arguments: list[str]
    home: Path
    seconds: float = 0
    counts: dict[str, int] = field(default_factory=dict)

    def start(self) -> None:
        self.began = time.monotonic()
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "pytest", "--db", self.database),
                    *(["--share", self.part] if self.part else []),
                    *("--tally", str(self.tally), "--durations", "5", "--quiet"),
                    "--continue-on-collection-errors",
                    *self.arguments,
                ],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                # Ctrl-C comes through us, once.
                start_new_session=True,
            )

    @property
    def name(self) -> str:
        return SESSIONS[self.database, self.part or "all"]

    @property
    def output(self) -> Path:
        return self.home / f"{self.database}-{self.part}.log"

    @property
    def tally(self) -> Path:
        return self.home / f"{self.database}-{self.part}.json"

    def is_over(self) -> bool:
        """Return whether it ended; the first time that it did, print what it said."""
        if self.counts or self.process.poll() is None:
            return bool(self.counts)
        self.seconds = time.monotonic() - self.began
        self.counts = json.loads(self.tally.read_text()) if self.tally.exists() else {"failed": 0}
        # A session that broke off without a failed test has failed all the same.
        if self.process.returncode not in {0, NOTHING_TO_DO} and not self.counts["failed"]:
            self.counts["failed"] = 1
        print(f"\n── {self.name} ──\n{self.output.read_text(errors='replace')}")
        return True

    def __str__(self) -> str:
        get = self.counts.get
        return (
            f"{self.name}: {get('passed', 0)} passed, {get('failed', 0)} failed, "
            f"{get('skipped', 0)} skipped in {self.seconds:.0f} s; of those that ran, "
            f"{get('database', 0)} used the database, {get('bucket', 0)} buckets of their own, "
            f"{get('browser', 0)} the browser"
        )


def possible() -> list[tuple[str, str]]:
    """Return the sessions to run: all, or SQLite's if PostgreSQL is missing on a laptop."""
    try:
        machine.postgres_program("initdb")
    except machine.Missing as error:
        if machine.in_ci():
            sys.exit(str(error))
        print(f"NOT ON POSTGRESQL: {error}", flush=True)
        return [ALONE]
    return list(SESSIONS)


def run(arguments: list[str], home: Path) -> list[Session]:
    """Run the sessions side by side until both have ended, also after Ctrl-C or SIGTERM."""
    sessions = [Session(*each, arguments, home) for each in possible()]
    for session in sessions:
        session.start()
    print(f"Running on {'; '.join(session.name for session in sessions)} …", flush=True)
    while running := [session for session in sessions if not session.is_over()]:
        try:
            time.sleep(0.2)
        except KeyboardInterrupt:
            for session in running:
                session.process.terminate()
    return sessions


def schedules(sessions: list[Session]) -> Score:
    """Return what the fault schedules of all sessions left and lost."""
    score = Score()
    for session in sessions:
        get = session.counts.get
        score.include(Score(get("schedules", 0), get("traces", 0), get("lost", 0)))
    return score


def main() -> int:
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    arguments = sys.argv[1:]
    if "--soak" in arguments:
        arguments.remove("--soak")
        arguments += ["-m", "soak"]
        os.environ["ATS_SOAK"] = "1"
    with tempfile.TemporaryDirectory(prefix="halbjahr-tests-") as home:
        sessions = run(arguments, Path(home))
    for session in sessions:
        print(session)
    total = {
        how: sum(session.counts.get(how, 0) for session in sessions)
        for how in ("passed", "failed", "skipped")
    }
    print(schedules(sessions))
    skipped = f", {total['skipped']} skipped" if total["skipped"] else ""
    print(f"{total['passed']} passed, {total['failed']} failed{skipped}")
    return 1 if total["failed"] or not total["passed"] else 0


if __name__ == "__main__":
    sys.exit(main())
