"""The machine that tests run on: a pytest plugin that starts what they need and ends it again.

It is named in pyproject.toml, so that it stands before Django reads its settings. Settings are
those of production but for HTTPS; nothing of the developer's own environment is used.

    python -m pytest --db sqlite      SQLite in a file, attachments in a folder
    python -m pytest --db postgres    a PostgreSQL of our own, a versioned bucket on moto's server

Tests that use no database give the same answer in both; with `--share`, as `python -m tests`
calls it, each of them runs in one session only: those in the browser with PostgreSQL, all
others with SQLite, unless `@pytest.mark.once("postgres")` or `once("sqlite")` says otherwise.
`--share browser` runs of PostgreSQL's those in the browser, and, since they mostly wait, what is
marked `aside`; `--share rest` runs all others.
"""

import atexit
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Generator, Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NoReturn
from urllib.parse import quote

import pytest

if TYPE_CHECKING:
    from tests.faults.counting import Score

Database = Literal["sqlite", "postgres"]

REGION = "eu-central-1"
BUCKET = "halbjahr-tests"

#: Ends what was started, last first.
_undo = ExitStack()
#: Set once in this process.
_moto: "Server | None" = None


class Missing(Exception):
    """A part of the machine is not installed. str(error) says which, and what to do."""


def end_all() -> None:
    """End every process and folder that was started here, last first."""
    _undo.close()


# Processes --------------------------------------------------------------------------------


class Server:
    """A process of ours on a port of its own. It has its own group, so Ctrl-C spares it."""

    #: How it is asked to end. To PostgreSQL, SIGTERM means: once the last client has gone.
    farewell = signal.SIGTERM

    def __init__(self, name: str, command: list[str], *, port: int = 0, **options: Any) -> None:
        self.name, self.port = name, port
        self.log = folder(name) / "log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                **options,
            )
        _undo.callback(self.stop)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def await_answer(self, answers: Callable[[], bool], *, seconds: float = 60) -> None:
        """Wait until `answers()`. Raises RuntimeError with the log if the process ends first."""
        deadline = time.monotonic() + seconds
        while not answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{self.name} does not start:\n{self.log.read_text()}")
            time.sleep(0.05)

    def stop(self) -> None:
        self.process.send_signal(self.farewell)
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def folder(name: str, *, under: Path | None = None) -> Path:
    """Return a new temporary folder that goes when the session ends."""
    path = Path(tempfile.mkdtemp(prefix=f"halbjahr-{name}-", dir=under))
    _undo.callback(shutil.rmtree, path, ignore_errors=True)
    return path


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def is_listening(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def program(name: str, *, also: Iterable[str] = (), package: str) -> str:
    """Return the path of a program, from PATH or one of the folders that the patterns name."""
    found = shutil.which(name) or next(
        (str(path) for pattern in also for path in sorted(Path("/").glob(pattern))[::-1]), None
    )
    if found is None:
        raise Missing(f"{name} is not installed. On Debian and Ubuntu: apt-get install {package}")
    return found


# PostgreSQL -------------------------------------------------------------------------------


def postgres_program(name: str) -> str:
    return program(name, also=[f"usr/lib/postgresql/*/bin/{name}"], package="postgresql")


def other_user() -> dict[str, Any]:
    """Return how to start a process as somebody else: PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return {}
    import pwd

    names = {entry.pw_name: entry for entry in pwd.getpwall()}
    user = names.get("postgres") or names["nobody"]
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


class Postgres(Server):
    farewell = signal.SIGINT


#: Linux's folder in memory, and the bytes that must be free there to use it.
MEMORY, ROOM = Path("/dev/shm"), 2 * 2**30
#: A server of the tests lives for minutes: nothing needs to survive a power cut.
HASTY = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}


def start_postgres(**options: str) -> dict[str, str]:
    """Start a throw-away PostgreSQL on a socket of its own; return what names it to settings.

    `options` are settings of the server, in place of `HASTY`.
    """
    chosen = (options or HASTY).items()
    home = folder("postgres")
    who = other_user()
    if who:
        os.chown(home, who["user"], who["group"])
    subprocess.run(
        [
            postgres_program("initdb"),
            *("--pgdata", home / "data", "--username", "halbjahr"),
            *("--auth", "trust", "--encoding", "UTF8", "--no-locale", "--no-sync"),
        ],
        check=True,
        capture_output=True,
        cwd=home,
        **who,
    )
    server = Postgres(
        "postgres-log",
        [
            postgres_program("postgres"),
            *("-D", str(home / "data"), "-k", str(home), "-c", "listen_addresses="),
            *(part for name, value in chosen for part in ("-c", f"{name}={value}")),
        ],
        cwd=home,
        **who,
    )
    # The file names the process only once it takes connections.
    pid_file = home / "data" / "postmaster.pid"
    server.await_answer(lambda: pid_file.exists() and "ready" in pid_file.read_text())
    return {"DATABASE_URL": f"postgres:///{home}/halbjahr", "PGUSER": "halbjahr"}


# S3 ---------------------------------------------------------------------------------------


def start_moto() -> Server:
    """Start moto's S3 server, once in a session, without waiting for it; see `s3_endpoint`."""
    global _moto  # noqa: PLW0603
    if _moto is None:
        port = free_port()
        command = [sys.executable, "-m", "tests.moto_server", "-H", "127.0.0.1", "-p", str(port)]
        _moto = Server("moto", command, port=port, cwd=Path(__file__).parent.parent)
    return _moto


def s3_endpoint() -> str:
    """Return the URL of moto's S3 server, started if need be, once it answers."""
    server = start_moto()
    server.await_answer(lambda: is_listening(server.port))
    return server.url


def s3(endpoint: str) -> Any:
    """Return a boto3 client for moto's server; the product's own code is not used to look."""
    import boto3

    return boto3.client("s3", endpoint_url=endpoint, region_name=REGION)


def create_bucket(endpoint: str, name: str, versioning: str | None) -> str:
    """Create a bucket whose versioning was never on (None), is Enabled, or is Suspended."""
    client = s3(endpoint)
    client.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    for status in {None: (), "Enabled": ("Enabled",)}.get(versioning, ("Enabled", "Suspended")):
        client.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": status})
    return name


# The environment --------------------------------------------------------------------------

#: Variables of the developer's own that would change what is tested.
FOREIGN = (
    *("ATS_", "AWS_", "DJANGO_", "PG"),
    *("CLAMD_URL", "DATABASE_URL", "EMAIL_URL", "IMAP_URL", "REDIS_URL"),
)
PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")


def production_like() -> dict[str, str]:
    """Return settings as in production, but without HTTPS, which the test client does not speak."""
    return {
        "ATS_DEBUG": "false",
        "ATS_SECRET_KEY": "a key for tests alone, longer than it needs to be, 4d1f0c7a",
        "ATS_LEDGER_KEY": "another key for tests alone, as long as the first one, 9be2",
        "ATS_CERTIFICATE_KEY": "YSBrZXkgZm9yIHRlc3RzIGFsb25lLCAzMiBieXRlcyE=",
        "ATS_SITE_URL": "http://localhost:8000",
        "ATS_ALLOWED_HOSTS": "localhost,127.0.0.1,testserver",
        "ATS_OPERATOR": json.dumps(
            {
                "name": "Musterwerk",
                "address": "Musterwerk GmbH, Lindenstraße 12, 04109 Leipzig",
                "email": "jobs@musterwerk.example",
                "data_protection_officer": "Miriam Falk, datenschutz@musterwerk.example",
            }
        ),
        "EMAIL_URL": "consolemail://",
        # Most tests are about other things; those that are about it turn it on.
        "ATS_SECOND_FACTOR": "false",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }


def _in_memory() -> Path | None:
    """Return where Linux has a folder in memory, if it has room: no test waits for a disk there."""
    try:
        has_room = shutil.disk_usage(MEMORY).free > ROOM and os.access(MEMORY, os.W_OK)
    except OSError:
        return None
    return MEMORY if has_room else None


def _on_sqlite() -> dict[str, str]:
    under = _in_memory()
    return {
        "DATABASE_URL": f"sqlite:///{folder('sqlite', under=under) / 'halbjahr.sqlite3'}",
        "ATS_STORAGE_URL": f"file://{folder('attachments', under=under)}",
    }


def _on_postgres() -> dict[str, str]:
    endpoint = start_moto().url
    return {
        "ATS_STORAGE_URL": f"s3://{BUCKET}?endpoint_url={quote(endpoint, safe='')}&region={REGION}",
    } | start_postgres()


def prepare(database: Database) -> None:
    """Set the environment that Django's settings, and processes that tests start, read."""
    for name in list(os.environ):
        if name.lower() in PROXIES or (name.startswith(FOREIGN) and name != "ATS_SOAK"):
            del os.environ[name]
    os.environ |= production_like()
    os.environ |= _on_sqlite() if database == "sqlite" else _on_postgres()


def adapt_settings() -> None:
    """Change what no environment variable can, before anything has used it."""
    from django.conf import settings
    from django.db import connections

    # A file, as in production: in memory, SQLite shares neither between threads nor processes.
    if os.environ["DATABASE_URL"].startswith("sqlite:"):
        tests = str(Path(settings.DATABASES["default"]["NAME"]).with_name("tests.sqlite3"))
        connections["default"].settings_dict["TEST"]["NAME"] = tests
    # Files are served from where they lie; tests/ats/test_static.py collects them for real.
    settings.STATIC_ROOT = str(folder("static"))
    settings.STORAGES["staticfiles"]["BACKEND"] = (
        "django.contrib.staticfiles.storage.StaticFilesStorage"
    )
    # A strong hash takes longer than most tests.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

    from django.test import client

    from ats.wsgi import Request

    # The test client makes its requests as the served application does: Django's own class
    # raises what ours answers.
    client.WSGIRequest = Request  # type: ignore[attr-defined]


def in_ci() -> bool:
    return os.environ.get("CI", "").lower() in {"1", "true"}


def do_without(error: Missing) -> NoReturn:
    """Skip a test whose real part is missing on a laptop; where CI is set, fail."""
    if in_ci():
        pytest.fail(str(error), pytrace=False)
    pytest.skip(str(error))


# pytest -----------------------------------------------------------------------------------


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("machine", "the machine that tests run on")
    group.addoption("--db", choices=["sqlite", "postgres"], default="sqlite")
    group.addoption(
        "--share",
        nargs="?",
        const="all",
        choices=["all", "browser", "rest"],
        help="run what needs no database once, and one of PostgreSQL's two parts",
    )
    group.addoption("--tally", type=Path, help="write what ran on what to this file, as JSON")


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None]:
    atexit.register(end_all)
    # An end by SIGTERM is as orderly as one by Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        prepare(early_config.known_args_namespace.db)
    except Missing as error:
        raise pytest.UsageError(str(error)) from error
    yield


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "once(database): needs no database, or just this one")
    config.addinivalue_line("markers", "aside: runs in the session of those in the browser")
    config.addinivalue_line("markers", "soak: has a long run, see tests.world.rounds")
    config.addinivalue_line("markers", "soak(only=True): runs in the soak alone")
    adapt_settings()


def pytest_report_header(config: pytest.Config) -> str:
    return f"machine: {config.option.db}, attachments in {os.environ['ATS_STORAGE_URL']}"


def uses_database(item: pytest.Item) -> bool:
    fixtures = {"db", "transactional_db", "live_server"} & set(getattr(item, "fixturenames", ()))
    return bool(fixtures) or item.get_closest_marker("django_db") is not None


def uses_browser(item: pytest.Item) -> bool:
    return "chromium" in getattr(item, "fixturenames", ())


def is_aside(item: pytest.Item) -> bool:
    return uses_browser(item) or item.get_closest_marker("aside") is not None


def uses_bucket(item: pytest.Item) -> bool:
    return "s3_endpoint" in getattr(item, "fixturenames", ())


def runs_on(item: pytest.Item) -> set[str]:
    """Return the sessions that a test belongs to when they share the work."""
    if marker := item.get_closest_marker("once"):
        return {marker.args[0]}
    if uses_browser(item):
        return {"postgres"}
    return {"sqlite", "postgres"} if uses_database(item) else {"sqlite"}


def is_for_soak_alone(item: pytest.Item) -> bool:
    return any(marker.kwargs.get("only") for marker in item.iter_markers("soak"))


def _deselect(config: pytest.Config, items: list[pytest.Item], others: list[pytest.Item]) -> None:
    config.hook.pytest_deselected(items=others)
    gone = set(others)
    items[:] = [item for item in items if item not in gone]


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    # Playwright leaves an event loop running in this thread: what needs it comes last.
    items.sort(key=uses_browser)
    if not os.environ.get("ATS_SOAK"):
        _deselect(config, items, [item for item in items if is_for_soak_alone(item)])
    if share := config.option.share:
        _deselect(config, items, [i for i in items if config.option.db not in runs_on(i)])
        other_part = {"browser": False, "rest": True}.get(share)
        _deselect(config, items, [i for i in items if is_aside(i) is other_part])


def fault_schedules() -> "Score":
    """Return what this session's fault schedules left and lost; see tests/faults/schedules.py."""
    from tests.faults import counting

    return counting.TOTAL


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if fault_schedules().schedules:
        terminalreporter.write_line(str(fault_schedules()))
    terminalreporter.write_line(f"seconds by file: {slowest_files(terminalreporter)}")


def slowest_files(reporter: pytest.TerminalReporter, most: int = 12) -> str:
    """Return the files whose tests took longest together, so that one sees where time goes."""
    seconds: defaultdict[str, float] = defaultdict(float)
    for report in (each for reports in reporter.stats.values() for each in reports):
        if isinstance(report, pytest.TestReport):
            seconds[Path(report.nodeid.partition("::")[0]).stem] += report.duration
    slowest = sorted(seconds.items(), key=lambda each: -each[1])[:most]
    return ", ".join(f"{name} {took:.0f}" for name, took in slowest)


class Tally:
    """Counts what ran on what, for the summary of `python -m tests`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.outcomes: dict[str, str] = {}
        self.traits: dict[str, list[str]] = {}

    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        traits = {"database": uses_database, "bucket": uses_bucket, "browser": uses_browser}
        self.traits[item.nodeid] = [name for name, has in traits.items() if has(item)]

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call" or report.outcome != "passed":
            worse = self.outcomes.get(report.nodeid) == "failed"
            self.outcomes[report.nodeid] = "failed" if worse else report.outcome

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.outcomes[report.nodeid] = "failed"

    def pytest_sessionfinish(self) -> None:
        outcomes = list(self.outcomes.values())
        ran = [self.traits.get(test, []) for test, how in self.outcomes.items() if how != "skipped"]
        counts = {how: outcomes.count(how) for how in ("passed", "failed", "skipped")}
        uses = {
            trait: sum(trait in each for each in ran) for trait in ("database", "bucket", "browser")
        }
        self.path.write_text(json.dumps(counts | uses | fault_schedules().as_dict()))


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    if session.config.option.tally:
        session.config.pluginmanager.register(Tally(session.config.option.tally))
