"""Several processes on one database and one storage: how fast, and what it takes to lose something.

It works in small databases of its own, since what it counts in the end must be all that there is.
"""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from urllib.parse import quote

from django.db import connection

from tests import machine
from tests.bench import databases
from tests.bench.figures import Figure
from tests.bench.place import ROOT, Place

BUCKET = "halbjahr-scale"


def measure(place: Place) -> Iterator[Figure]:
    first = _create("bench_scale", like="template0")
    env = databases.environment(first, machine.folder("attachments"))
    databases.prepare(env)
    second = _create("bench_scale_wire", like="bench_scale")
    yield from _stage("scale_purging", env)
    yield from _stage("scale_killing", _on_the_wire(second))


def _create(name: str, *, like: str) -> str:
    """Create a database beside the one that is measured, and return its URL."""
    with connection.cursor() as cursor:
        cursor.execute(f'DROP DATABASE IF EXISTS "{name}"')
        cursor.execute(f'CREATE DATABASE "{name}" TEMPLATE "{like}"')
    return os.environ["DATABASE_URL"].rpartition("/")[0] + f"/{name}"


def _on_the_wire(database_url: str) -> dict[str, str]:
    """Return the environment with a versioned bucket, and mails as files."""
    endpoint = machine.s3_endpoint()
    machine.create_bucket(endpoint, BUCKET, "Enabled")
    storage = f"s3://{BUCKET}?endpoint_url={quote(endpoint, safe='')}&region={machine.REGION}"
    return databases.environment(
        database_url,
        machine.folder("unused"),
        ATS_STORAGE_URL=storage,
        ATS_TRUSTED_PROXIES="1",
        EMAIL_URL=f"filemail://{machine.folder('mails')}",
    )


def _stage(work: str, env: Mapping[str, str]) -> Iterator[Figure]:
    command = [sys.executable, "-m", "tests.bench.stage", work, "0", "postgres"]
    done = subprocess.run(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True, check=True)
    yield from map(Figure.of, done.stdout.splitlines())
