"""Two groups of web processes and three job clusters on one database and one bucket; all but one of
each are killed while people apply and the purge is at work, and then everything is counted.
"""

import io
import json
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.utils import timezone
from django_q.tasks import async_task

from candidates.demo.bulk import seed
from candidates.models import Application, CertificateMail, LedgerLine, Run
from storage.backends import attachment_store
from storage.models import Attachment, Tombstone
from tests import machine
from tests.bench.databases import manage
from tests.bench.figures import Figure, at_least, at_most
from tests.bench.place import ROOT, Place, gunicorn
from tests.bench.scale_purging import make_due, not_once
from tests.bench.submitting import a_file, a_slug, applicants

GROUPS, CLUSTERS = 2, 3
#: moto's lists are linear in the bucket's keys, so these are few. The others have none, and are
#: there so that each cluster has something to do.
DUE, OTHERS, WITH_CERTIFICATE = 300, 1_500, 20
SECONDS, A_MINUTE, FILE = 25, 60, 20_000
PATIENCE = 120


@dataclass
class Site:
    """What runs: each in a process group of its own."""

    webs: list[machine.Server]
    clusters: list[machine.Server]

    def stop(self) -> None:
        for server in (*self.webs, *self.clusters):
            kill(server)


def measure(place: Place) -> Iterator[Figure]:
    seed(applications=500, jobs=3, due=0, attachments=0, now=timezone.now())
    make_due(OTHERS, objects=0)
    expected = make_due(DUE, objects=1)
    due = Application.objects.due(timezone.now())
    wishing = list(due.values_list("pk", flat=True)[:WITH_CERTIFICATE])
    Application.objects.filter(pk__in=wishing).update(wants_certificate=True)
    site = Site([_web() for _ in range(GROUPS)], [])
    try:
        answers = _disturbed(site)
    finally:
        site.stop()
    thanked = {answer["email"] for answer in answers if answer["status"] == 303}
    cut = len(answers) - len(thanked)
    lost, died = _lost(thanked), Run.objects.filter(state=Run.State.RUNNING).count()
    wrong = not_once(expected)
    left = Application.objects.due(timezone.now()).count() + Tombstone.objects.count()
    swept = json.loads(manage(os.environ, "sweep", "--json"))
    yield Figure(
        work=f"{GROUPS} web groups, {CLUSTERS} clusters, a bucket; all but one of each killed",
        size=DUE + OTHERS,
        note=f"{DUE} of them have objects; {len(thanked)} who applied had their thanks,"
        f" {cut} were cut off; {died} purges died at work",
        bounds=(
            at_least("purges that died at work", died, 1),
            at_least("applications that had their thanks", len(thanked), 1),
            at_most("of them lost, or without their file", lost, 0),
            at_most("due records and objects left", left, 0),
            at_most("records without just one line in the ledger", wrong, 0),
            at_most("objects that no row or tombstone names", len(_strays()), 0),
            at_most("rows whose object is missing", swept["missing"], 0),
            at_most("certificates that are missing", WITH_CERTIFICATE - _certificates(), 0),
        ),
    )


# What runs ----------------------------------------------------------------------------------


def _web() -> machine.Server:
    port = machine.free_port()
    server = machine.Server("gunicorn", gunicorn("ats.wsgi", port), port=port, cwd=ROOT)
    server.await_answer(lambda: machine.is_listening(port))
    return server


def _cluster() -> machine.Server:
    return machine.Server("cluster", [sys.executable, "manage.py", "qcluster"], cwd=ROOT)


def kill(server: machine.Server) -> None:
    """Kill a process with all that it has started, without a word."""
    try:
        os.killpg(server.process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return
    server.process.wait()


def _disturbed(site: Site) -> list[dict[str, Any]]:
    """Have people apply and clusters purge, kill what may be killed; return what people got."""
    call_command("schedule", stdout=io.StringIO())
    for _ in range(4 * CLUSTERS):  # so that each cluster finds one
        async_task("candidates.tasks.purge_due")
    with ThreadPoolExecutor(GROUPS) as pool:
        site.clusters += [_cluster() for _ in range(CLUSTERS)]
        people = [pool.submit(_apply, web.url) for web in site.webs]
        _wait("the first records are gone", Tombstone.objects.exists)
        kill(site.clusters[0])
        kill(site.webs[0])
        half = Tombstone.objects.count() // 2
        _wait("half of their objects are gone", lambda: Tombstone.objects.count() <= half)
        kill(site.clusters[1])
        found = [answer for person in people for answer in person.result()["answers"]]
    _go_on()
    return found


def _go_on() -> None:
    """Leave what is left to the last cluster: hours and minutes pass every few seconds."""
    deadline = time.monotonic() + PATIENCE
    while not _is_over() and time.monotonic() < deadline:
        for task in ("purge_due", "keep_ledger", "send_certificates"):
            async_task(f"candidates.tasks.{task}")
        time.sleep(4)


def _apply(url: str) -> dict[str, Any]:
    path, file = f"/jobs/{a_slug()}/apply/", str(a_file(FILE))
    numbers = {"seconds": SECONDS, "a_minute": A_MINUTE}
    return applicants({"way": "at a rate", "url": url, "path": path, "file": file} | numbers)


def _wait(what: str, holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not holds():
        if time.monotonic() > deadline:
            raise RuntimeError(f"After {PATIENCE} s still not: {what}.")
        time.sleep(0.05)


def _is_over() -> bool:
    """Whether all that was due is gone, proven, and told to those who wished it."""
    now = timezone.now()
    unproven = LedgerLine.objects.filter(kind=LedgerLine.Kind.APPLICATION, is_proven=False)
    waits = (Application.objects.due(now), Tombstone.objects.all(), unproven)
    return not any(rows.exists() for rows in (*waits, CertificateMail.objects.all()))


# What is there in the end -------------------------------------------------------------------


def _lost(thanked: set[str]) -> int:
    """Count those who were thanked and whose application, or its file as it was, is not there."""
    files = Attachment.objects.filter(application__email__in=thanked)
    rows = files.values_list("application__email", "key", "size")
    return len(thanked - {email for email, key, size in rows if _length(key) == size})


def _length(key: str) -> int:
    with attachment_store().open_object(key) as file:
        return len(file.read())


def _strays() -> set[str]:
    """Return the keys in the bucket that nothing names, asked without the product's own code."""
    options = settings.STORAGES["attachments"]["OPTIONS"]
    client = machine.s3(options["endpoint_url"])
    pages = client.get_paginator("list_object_versions").paginate(
        Bucket=options["bucket_name"], Prefix="attachments/"
    )
    there = {row["Key"] for page in pages for kind in KINDS for row in page.get(kind, ())}
    named = {key for row in Attachment.objects.all() for key in row.keys}
    return there - named - set(Tombstone.objects.values_list("key", flat=True))


KINDS = ("Versions", "DeleteMarkers")


def _certificates() -> int:
    """Count the people whose certificate is among the mails."""
    files = Path(settings.EMAIL_FILE_PATH).iterdir()
    mails = (mail for file in files for mail in file.read_text().split(END))
    told = (mail for mail in mails if "application/pdf" in mail)
    return len({line for mail in told for line in mail.splitlines() if line.startswith("To: ")})


#: What Django writes below each mail.
END = "-" * 79
