"""The databases that are measured: one for each size, on a PostgreSQL of our own, or SQLite."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from tests import machine
from tests.bench.place import ROOT

MEMORY = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20
#: As docs/operation.md advises; what is committed is on disk, unlike in the tests.
POSTGRES = {
    "shared_buffers": f"{MEMORY // 4}MB",
    "effective_cache_size": f"{MEMORY // 2}MB",
    "work_mem": "16MB",
    "maintenance_work_mem": "1GB",
    "max_wal_size": "8GB",
    "checkpoint_timeout": "30min",
    "random_page_cost": "1.1",
    "max_connections": "200",
}
#: Who works in the databases: a recruiter on no hiring team, as the demo has one.
RECRUITER = "katrin@musterwerk.example"


class Server:
    """A PostgreSQL with a database for each name that is asked for."""

    def __init__(self) -> None:
        found = machine.start_postgres(**POSTGRES)
        os.environ["PGUSER"] = self.user = found["PGUSER"]
        self.socket = found["DATABASE_URL"].removeprefix("postgres:///").removesuffix("/halbjahr")

    def url(self, name: str) -> str:
        return f"postgres:///{self.socket}/{name}"

    def run(self, sql: str) -> None:
        psql = machine.program("psql", package="postgresql-client")
        command = [psql, "-qX", "-v", "ON_ERROR_STOP=1", "-h", self.socket, "-U", self.user]
        subprocess.run([*command, "-d", "postgres", "-c", sql], check=True)

    def create(self, name: str, *, like: str = "template0") -> str:
        """Create a database, empty or a copy of another, and return its URL."""
        self.run(f'CREATE DATABASE "{name}" TEMPLATE "{like}"')
        return self.url(name)

    def drop(self, name: str) -> None:
        """Drop a database that has been measured, and with it what it has in memory."""
        self.run(f'DROP DATABASE "{name}" WITH (FORCE)')


def environment(database_url: str, folder: Path, **more: str) -> dict[str, str]:
    """Return the environment of processes that work on a database, in production's settings."""
    kept = {
        name: os.environ[name] for name in ("PATH", "HOME", "LANG", "PGUSER") if name in os.environ
    }
    given = {"DATABASE_URL": database_url, "ATS_STORAGE_URL": f"file://{folder}"}
    given |= {"DJANGO_SETTINGS_MODULE": "ats.settings", "PYTHONUNBUFFERED": "1"}
    return kept | machine.production_like() | given | more


def manage(env: Mapping[str, str], *command: str) -> str:
    """Run a management command and return what it printed."""
    python = [sys.executable, "manage.py", *command]
    done = subprocess.run(
        python, cwd=ROOT, env=dict(env), stdout=subprocess.PIPE, text=True, check=True
    )
    return done.stdout


def prepare(env: Mapping[str, str]) -> None:
    """Make the tables, and the demo's users."""
    manage(env, "migrate", "--verbosity", "0")
    manage(env, "createcachetable")
    manage(env, "collectstatic", "--noinput", "--verbosity", "0")
    make = "from candidates.demo import accounts; accounts.create(accounts.Passwords.random())"
    manage(env, "shell", "--verbosity", "0", "-c", make)
