"""`python -m ats.serve`, which `make run` calls: everything to a running system, in one command.

Prepares the database, then runs the web server and the job cluster until Ctrl-C or SIGTERM, and
stops both. If one of them ends by itself, the other is stopped too and the exit code is 1.
"""

import argparse
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress
from io import StringIO
from pathlib import Path

import django
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command

ROOT = Path(__file__).resolve().parent.parent
#: Seconds that the parts get to stop by themselves. django-q2's cluster sometimes never does.
PATIENCE = 10


def port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 < int(text) < 2**16):
        raise argparse.ArgumentTypeError(f"{text!r} is not a port. Take one from 1 to 65535.")
    return int(text)


def is_free(port: int) -> bool:
    """Return whether the port can be listened on; gunicorn, too, takes one that just closed."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def choose_settings(port: int) -> None:
    """Fill in what this way of starting needs; what the environment says stays."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ats.settings")
    os.environ.setdefault("ATS_DEBUG", "true")
    (ROOT / "var").mkdir(exist_ok=True)
    if os.environ["ATS_DEBUG"].strip().lower() in {"1", "true", "yes", "on"}:
        os.environ.setdefault("ATS_SITE_URL", f"http://localhost:{port}")


def prepare() -> None:
    """Bring the database up to date; under DEBUG, fill an empty one with demo data."""
    from django.conf import settings
    from django.db import connections

    from candidates.models import Job

    call_command("check", stdout=StringIO())
    call_command("migrate", verbosity=0, interactive=False)
    call_command("createcachetable", verbosity=0)
    call_command("schedule", stdout=StringIO())
    if not settings.DEBUG:
        call_command("collectstatic", verbosity=0, interactive=False)
    elif not Job.objects.exists():
        call_command("demo")
    connections.close_all()


# The two parts ----------------------------------------------------------------------------


class Part:
    """A process in a group of its own, so that Ctrl-C reaches it through us alone."""

    def __init__(self, name: str, *command: str) -> None:
        self.name = name
        self.process = subprocess.Popen(  # noqa: S603  our own commands, no shell
            [sys.executable, *command], cwd=ROOT, stdin=subprocess.DEVNULL, start_new_session=True
        )

    def has_ended(self) -> bool:
        return self.process.poll() is not None

    def ask_to_stop(self) -> None:
        if not self.has_ended():
            self.process.terminate()

    def end(self, deadline: float) -> None:
        """Wait for its end until the deadline, then kill it with all that it started."""
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(max(0, deadline - time.monotonic()))
        with suppress(ProcessLookupError, PermissionError):  # the whole group has ended
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


def gunicorn(port: int) -> list[str]:
    """Return what to give Python to serve the site with two processes of four threads."""
    return [
        *("-m", "gunicorn", "ats.wsgi", "--bind", f"127.0.0.1:{port}", "--log-level", "warning"),
        *("--worker-class", "gthread", "--workers", "2", "--threads", "4", "--no-control-socket"),
        *("--config", "python:ats.web"),
    ]


def web(port: int) -> Part:
    return Part("The web server", *gunicorn(port))


def cluster() -> Part:
    return Part("The job cluster", "manage.py", "qcluster")


def run(port: int, stop: threading.Event) -> int:
    """Run both parts until `stop` is set (0) or one of them ends by itself (1)."""
    parts = [web(port), cluster()]
    announced = False
    try:
        while not stop.wait(0.2):
            if ended := next((part for part in parts if part.has_ended()), None):
                print(f"{ended.name} has ended; stopping.", file=sys.stderr)
                return 1
            if not announced and not is_free(port):
                print(f"http://localhost:{port}", flush=True)
                announced = True
        return 0
    finally:
        for part in parts:
            part.ask_to_stop()
        deadline = time.monotonic() + PATIENCE
        for part in parts:
            part.end(deadline)


def main() -> int | str:
    """Return the exit code, or the sentence that says why it does not start."""
    parser = argparse.ArgumentParser(prog="python -m ats.serve", description="Runs Halbjahr.")
    parser.add_argument("--port", type=port, default=8000)
    chosen = parser.parse_args().port
    if not is_free(chosen):
        return (
            f"Port {chosen} is in use. Stop what listens there, or take another one: "
            f"make run PORT={chosen + 1}"
        )
    stop = threading.Event()
    # From here on a signal ends whatever runs, and the parts once they do.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    choose_settings(chosen)
    try:
        django.setup()
        prepare()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stop.set())
    except (ImproperlyConfigured, CommandError) as error:
        return str(error)
    except KeyboardInterrupt:
        return 130
    return run(chosen, stop)


if __name__ == "__main__":
    sys.exit(main())
