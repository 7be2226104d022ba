"""Where a work is measured: a seeded database, its web processes, and a client beside them."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.request import urlopen

from tests import machine

if TYPE_CHECKING:
    from django.test import Client

ROOT = Path(__file__).resolve().parents[2]
WORKERS, THREADS = 2, 4


@dataclass(frozen=True)
class Place:
    """A database of so many applications that settings name, in a process of its own."""

    size: int
    database: str
    #: The URL of a small database of the same make, if a work asks for one, and its size.
    beside: str = ""
    beside_size: int = 0

    @contextmanager
    def web(self, application: str = "tests.bench.app") -> "Generator[Web]":
        """Serve the application, the way that docs/operation.md says, until the block ends."""
        port = machine.free_port()
        started = time.monotonic()
        server = machine.Server("gunicorn", gunicorn(application, port), port=port, cwd=ROOT)
        web = Web(server)
        server.await_answer(web.answers)
        web.ready_s = time.monotonic() - started
        try:
            yield web
        finally:
            server.stop()


def gunicorn(application: str, port: int) -> list[str]:
    return [
        *(sys.executable, "-m", "gunicorn", application, "--bind", f"127.0.0.1:{port}"),
        *("--worker-class", "gthread", "--workers", str(WORKERS), "--threads", str(THREADS)),
        *("--config", "python:ats.web", "--log-level", "warning", "--no-control-socket"),
    ]


@dataclass
class Web:
    server: machine.Server
    ready_s: float = 0.0

    @property
    def url(self) -> str:
        return self.server.url

    def answers(self) -> bool:
        try:
            with urlopen(f"{self.url}/privacy/", timeout=5) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def rss_mb(self) -> float:
        """Return the resident memory of the largest web process."""
        return max(rss_mb(pid) for pid in children(self.server.process.pid))


def children(pid: int) -> list[int]:
    return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def rss_mb(pid: int | str) -> float:
    """Return the resident memory of a process ("self": this one) in MB of 1,000,000 bytes."""
    return _memory(pid, "VmRSS")


def peak_mb() -> float:
    """Return the most resident memory that this process has had, in the same MB."""
    return _memory("self", "VmHWM")


def _memory(pid: int | str, what: str) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith(f"{what}:"))
    return int(line.split()[1]) * 1024 / 1e6


# The client -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Ask:
    """A request that the client makes."""

    path: str
    method: str = "GET"
    headers: dict[str, str] = field(default_factory=dict)
    #: A file with the body.
    body: str = ""


@dataclass(frozen=True)
class Answer:
    ms: float
    status: int
    bytes: int
    queries: int
    rows: int
    #: Of `ms`, what the statements took.
    database_ms: float


@dataclass(frozen=True)
class Answers:
    #: Of each request in the order in which they were given, its answers in theirs.
    each: list[list[Answer]]
    seconds: float


def ask(url: str, asks: Iterable[Ask], *, rounds: int, threads: int = 1, warm: int = 2) -> Answers:
    """Make each request so often in turn, A B A B …, from a process of its own.

    With more threads each makes all of them, for figures a second. Every request has a bound of
    30 s. The first `warm` rounds are not counted.
    """
    plan = {
        "url": url,
        "asks": [asdict(each) for each in asks],
        "rounds": rounds,
        "threads": threads,
        "warm": warm,
    }
    done = subprocess.run(
        [sys.executable, "-S", str(Path(__file__).with_name("client.py"))],
        input=json.dumps(plan),
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": os.environ["PATH"]},
    )
    if done.returncode:
        raise RuntimeError(done.stderr)
    read = json.loads(done.stdout)
    return Answers([[Answer(*one) for one in many] for many in read["each"]], read["seconds"])


def times(answers: Sequence[Answer]) -> list[float]:
    return [answer.ms for answer in answers]


def session(email: str) -> str:
    """Return the Cookie header of somebody who has logged in."""
    return _cookies(_logged_in(email))


def form_headers(email: str) -> dict[str, str]:
    """Return the headers with which a form of somebody who has logged in is sent."""
    client = _logged_in(email)
    client.get("/hr/settings/templates/")  # a page with a form sets the token's cookie
    return {
        "Cookie": _cookies(client),
        "X-CSRFToken": client.cookies["csrftoken"].value,
        "Content-Type": "application/x-www-form-urlencoded",
    }


def _logged_in(email: str) -> "Client":
    from django.conf import settings
    from django.test import Client

    from candidates.models import User

    client = Client(headers={"host": "localhost"})
    client.force_login(User.objects.get(email=email), settings.AUTHENTICATION_BACKENDS[0])
    return client


def _cookies(client: "Client") -> str:
    return "; ".join(f"{name}={morsel.value}" for name, morsel in client.cookies.items())
