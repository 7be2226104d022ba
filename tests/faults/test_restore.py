"""The restore drill of docs/restore.md: a backup brings the dead back, and they go again."""

import http.client
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from ats import serve
from tests import machine

#: Far enough ahead for every closed application of the demo to be due.
LATER = "2031-01-01"
EMAILS = "' '.join(Employee.objects.values_list('email', flat=True))"
KEEP = "from candidates import tasks; print(tasks.keep_ledger())"
TELL = """
import json
from candidates.models import Application
print(json.dumps([
    [str(one.pk), one.email, [key for file in one.attachments.all() for key in file.keys]]
    for one in Application.objects.all()
]))
"""


class Installation(ABC):
    """A database and a storage of their own, with the commands that an operator has."""

    def __init__(self, home: Path, database: str, storage: str) -> None:
        self.home, self.port = home, machine.free_port()
        self.environment = os.environ | {
            "ATS_DEBUG": "true",  # a purge for a day that has not come
            "ATS_SITE_URL": f"http://127.0.0.1:{self.port}",
            "DATABASE_URL": database,
            "ATS_STORAGE_URL": storage,
            "ATS_UPLOAD_DIR": str(home / "arriving"),
        }

    def manage(self, *words: str, code: int = 0) -> str:
        command = [sys.executable, "manage.py", *words]
        done = subprocess.run(
            command, env=self.environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr

    def applications(self) -> dict[str, tuple[str, list[str]]]:
        """Return all applications by id: the address, and the keys of the objects."""
        out = self.manage("shell", "-v", "0", "-c", TELL).splitlines()[-1]
        return {pk: (email, keys) for pk, email, keys in json.loads(out)}

    def employees(self) -> set[str]:
        """Return the addresses of all employees: the records of those hired stay."""
        code = f"from candidates.models import Employee; print({EMAILS})"
        return set(self.manage("shell", "-v", "0", "-c", code).splitlines()[-1].split())

    def start(self) -> machine.Server:
        command = [sys.executable, *serve.gunicorn(self.port)]
        server = machine.Server("web", command, port=self.port, env=self.environment)
        server.await_answer(lambda: machine.is_listening(self.port))
        return server

    def get(self, path: str) -> tuple[int, dict[str, str], str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request("GET", path, headers={"Accept-Language": "en"})
        answer = connection.getresponse()
        found = answer.status, dict(answer.getheaders()), answer.read().decode()
        connection.close()
        return found

    @abstractmethod
    def back_up(self) -> None: ...

    @abstractmethod
    def restore(self) -> None: ...

    @abstractmethod
    def dump(self) -> str:
        """Return all that the database has, as text."""

    @abstractmethod
    def keys(self) -> set[str]:
        """Return the keys of all objects, in any version."""

    @abstractmethod
    def put_back(self, key: str) -> None:
        """Do as a backup of the storage would."""


class OnPostgres(Installation):
    def __init__(self, home: Path, bucket: str) -> None:
        self.endpoint, self.bucket = machine.s3_endpoint(), bucket
        known = {
            name: os.environ[name] for name in ("DATABASE_URL", "PGUSER") if name in os.environ
        }
        server = known if len(known) == 2 else machine.start_postgres()
        self.socket = server["DATABASE_URL"].removeprefix("postgres://").rpartition("/")[0]
        endpoint = quote(self.endpoint, safe="")
        storage = f"s3://{bucket}?endpoint_url={endpoint}&region={machine.REGION}"
        super().__init__(home, f"postgres://{self.socket}/drill", storage)
        self.environment |= {"PGUSER": server["PGUSER"], "PGHOST": self.socket}
        self._recreate()

    def _postgres(self, name: str, *words: str) -> str:
        command = [machine.postgres_program(name), *words]
        done = subprocess.run(
            command, env=self.environment, capture_output=True, text=True, check=True
        )
        return done.stdout

    def _recreate(self) -> None:
        self._postgres("dropdb", "--if-exists", "--force", "drill")
        self._postgres("createdb", "drill")

    def back_up(self) -> None:
        self._postgres("pg_dump", "--format=custom", "--file", str(self.home / "backup"), "drill")

    def restore(self) -> None:
        self._recreate()
        self._postgres("pg_restore", "--no-owner", "--dbname=drill", str(self.home / "backup"))

    def dump(self) -> str:
        return self._postgres("pg_dump", "drill")

    def keys(self) -> set[str]:
        listed = machine.s3(self.endpoint).list_object_versions(Bucket=self.bucket)
        return {row["Key"] for row in listed.get("Versions", []) + listed.get("DeleteMarkers", [])}

    def put_back(self, key: str) -> None:
        machine.s3(self.endpoint).put_object(Bucket=self.bucket, Key=key, Body=b"a CV")


class OnSqlite(Installation):
    def __init__(self, home: Path) -> None:
        self.database, self.files = home / "halbjahr.sqlite3", home / "files"
        super().__init__(home, f"sqlite:///{self.database}", f"file://{self.files}")

    def back_up(self) -> None:
        source, copy = sqlite3.connect(self.database), sqlite3.connect(self.home / "backup")
        source.backup(copy)
        source.close()
        copy.close()

    def restore(self) -> None:
        for part in self.home.glob("halbjahr.sqlite3*"):
            part.unlink()
        shutil.copy(self.home / "backup", self.database)

    def dump(self) -> str:
        # The bytes of the files, so that what was deleted is looked for too.
        parts = [part.read_bytes() for part in self.home.glob("halbjahr.sqlite3*")]
        return b"".join(parts).decode("latin-1")

    def keys(self) -> set[str]:
        found = self.files.rglob("*")
        return {path.relative_to(self.files).as_posix() for path in found if path.is_file()}

    def put_back(self, key: str) -> None:
        Path(self.files, key).write_bytes(b"a CV")


@pytest.fixture
def serving() -> Iterator[Callable[[Installation], None]]:
    """Start gunicorn; it ends with the test."""
    servers: list[machine.Server] = []
    yield lambda site: servers.append(site.start())
    for server in servers:
        server.stop()


def drill(site: Installation, serve_it: Callable[[Installation], None]) -> None:
    for command in (["migrate"], ["createcachetable"], ["demo"]):
        site.manage(*command)
    # Yesterday's life: some go, and are copied.
    before = site.applications()
    site.back_up()
    site.manage("purge", "--today", LATER)
    left = site.applications()
    gone = {pk: row for pk, row in before.items() if pk not in left}
    objects = {key for _email, keys in gone.values() for key in keys}
    assert gone
    assert objects
    assert "sealed 0, copied 0" in site.manage("shell", "-v", "0", "-c", KEEP)  # the purge has
    assert objects.isdisjoint(site.keys())
    dump = site.dump()
    assert [pk for pk in gone if pk in dump or pk.replace("-", "") in dump] == []

    # The night: the backup brings them back, and that of the storage one of their documents.
    site.restore()
    assert set(site.applications()) == set(before)
    site.put_back(min(objects))

    # The site stays closed, and says why to those who look.
    serve_it(site)
    for path in ("/", "/jobs/", "/hr/", f"/hr/applications/{min(gone)}/"):
        status, headers, page = site.get(path)
        assert (status, headers["Retry-After"]) == (503, "120")
        assert "Closed for a short while" in page
    assert site.get("/health/")[1]["Content-Type"] == "application/json"
    assert "docs/restore.md" in site.manage("ledger", "verify", code=1)

    # The drill.
    file = str(site.home / "ledger.jsonl")
    site.manage("ledger", "export", "--from-storage", "--output", file)
    said = site.manage("ledger", "replay", file)
    assert re.search(rf"\b{len(gone)}\b", said)

    # Nothing is back: by id, by address, by object.
    kept = {email for email, _keys in left.values()} | site.employees()
    dump = site.dump()
    assert site.applications() == left
    assert [pk for pk in gone if pk in dump or pk.replace("-", "") in dump] == []
    assert [email for email, _ in gone.values() if email not in kept and email in dump] == []
    assert objects.isdisjoint(site.keys())
    site.manage("ledger", "verify")
    deadline = time.monotonic() + 30
    while site.get("/jobs/")[0] != 200:
        assert time.monotonic() < deadline
        time.sleep(0.5)


@pytest.mark.once("postgres")
@pytest.mark.aside
def test_a_restored_postgresql_stays_closed_until_the_dead_are_gone_again(
    tmp_path: Path, bucket: Callable[..., str], serving: Callable[[Installation], None]
) -> None:
    drill(OnPostgres(tmp_path, bucket(versioning="Enabled")), serving)


@pytest.mark.once("sqlite")
def test_a_restored_sqlite_stays_closed_until_the_dead_are_gone_again(
    tmp_path: Path, serving: Callable[[Installation], None]
) -> None:
    drill(OnSqlite(tmp_path), serving)


@pytest.mark.soak(only=True)
@pytest.mark.once("sqlite")
def test_a_new_installation_on_an_old_storage_is_closed_and_says_what_to_do(
    tmp_path: Path, serving: Callable[[Installation], None]
) -> None:
    site = OnSqlite(tmp_path)
    for command in (["migrate"], ["createcachetable"], ["demo"], ["purge", "--today", LATER]):
        site.manage(*command)
    site.manage("shell", "-v", "0", "-c", KEEP)
    for part in tmp_path.glob("halbjahr.sqlite3*"):
        part.unlink()
    site.manage("migrate")
    site.manage("createcachetable")
    serving(site)
    assert site.get("/jobs/")[0] == 503
    assert "docs/restore.md" in site.manage("ledger", "verify", code=1)
