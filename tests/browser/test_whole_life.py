"""One application's whole life on real parts: Chromium, PostgreSQL, a versioned bucket on the
wire, a mail server, and the job cluster that runs the purge by its own schedule.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.utils import timezone
from django_q.models import Schedule

from candidates import retention
from candidates.models import Application, Employee, Heartbeat, Job, User
from storage.models import Tombstone
from tests import machine
from tests.conftest import MailSink
from tests.world import PASSWORD, a_docx, a_job, a_pdf, a_user, let_time_pass

if TYPE_CHECKING:
    from playwright.sync_api import Page
    from pytest_django.live_server_helper import LiveServer

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.once("postgres")]

#: Words that stand nowhere else: if one turns up after the purge, something was left.
GONE = {
    "first_name": "Zephyrine",
    "last_name": "Quastenflosser",
    "email": "zq.canary@posteo.example",
    "phone": "0341 998 877 66",
}
GONE_FILES = ("Werdegang_Quastenflosser.pdf", "Motivation_Zephyrine.docx")
HIRED = {
    "first_name": "Nadège",
    "last_name": "Kouassi",
    "email": "nadege.kouassi@posteo.example",
    "phone": "",
}


@pytest.fixture
def cluster(mail_sink: MailSink) -> Iterator[None]:
    """The job cluster as `make run` starts it, on the database and bucket of this test."""
    call_command("schedule", stdout=StringIO())
    url = os.environ["DATABASE_URL"].rpartition("/")[0] + f"/{connection.settings_dict['NAME']}"
    log = machine.folder("cluster") / "log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "qcluster"],
            env=os.environ | {"DATABASE_URL": url, "EMAIL_URL": mail_sink.url},
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    yield
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    print(log.read_text())


def wait_until(what: str, holds: Callable[[], Any], *, seconds: float = 90) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"after {seconds} s still not: {what}"
        time.sleep(0.3)


def apply(page: "Page", site: str, job: Job, person: dict[str, str], files: list[Path]) -> None:
    page.goto(f"{site}/jobs/")
    page.get_by_role("link", name=job.title).click()
    page.get_by_role("link", name="Jetzt bewerben").first.click()
    for name, value in person.items():
        page.locator(f"[name={name}]").fill(value)
    page.locator("[name=attachments]").set_input_files(files)
    let_time_pass(page)
    page.get_by_role("button", name="Bewerbung absenden").click()
    page.wait_for_url("**/thanks/")


def log_in_as(page: "Page", site: str, user: User) -> None:
    page.context.clear_cookies()
    page.goto(f"{site}/hr/")
    page.locator("[name=login]").fill(user.email)
    page.locator("[name=password]").fill(PASSWORD)
    page.locator("[name=password]").press("Enter")
    page.wait_for_url(f"{site}/hr/**")


def open_application(page: "Page", site: str, job: Job, name: str) -> None:
    page.goto(f"{site}/hr/jobs/{job.slug}/")
    page.get_by_role("link", name=name).click()
    page.wait_for_url("**/hr/applications/**")


def everything_in_the_database() -> str:
    """Return every row of every table as text."""
    rows: list[str] = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')
            rows += [f"{table}: {row}" for row in cursor.fetchall()]
    return "\n".join(rows)


def everything_in_the_bucket() -> set[str]:
    """Return the key of every version, marker and unfinished upload, asked without our code.

    But for those of the ledger, which names nobody.
    """
    client = machine.s3(machine.s3_endpoint())
    listed = client.list_object_versions(Bucket=machine.BUCKET)
    uploads = client.list_multipart_uploads(Bucket=machine.BUCKET)
    rows = listed.get("Versions", []) + listed.get("DeleteMarkers", []) + uploads.get("Uploads", [])
    return {row["Key"] for row in rows if not row["Key"].startswith("ledger")}


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    cv, letter = (tmp_path / name for name in GONE_FILES)
    cv.write_bytes(a_pdf("Zephyrine Quastenflosser"))
    letter.write_bytes(a_docx("Zephyrine Quastenflosser"))
    return [cv, letter]


@pytest.mark.usefixtures("cluster")
def test_an_application_lives_and_is_forgotten_and_another_becomes_an_employee(
    page: "Page", live_server: "LiveServer", mail_sink: MailSink, files: list[Path], tmp_path: Path
) -> None:
    recruiter, personnel = a_user("recruiter"), a_user("personnel")
    job = a_job(title="Backend-Entwicklung Python", slug="backend", hiring_team=[recruiter])
    site = live_server.url

    # Two people apply in the browser; the cluster sends the receipts.
    apply(page, site, job, GONE, files)
    certificate = tmp_path / "Zertifikat.pdf"
    certificate.write_bytes(a_pdf("Nadège Kouassi"))
    page.context.clear_cookies()
    apply(page, site, job, HIRED, [certificate])
    wait_until("two receipts", lambda: len(mail_sink.messages) == 2)
    assert {message["To"] for message in mail_sink.messages} == {GONE["email"], HIRED["email"]}

    # HR moves the first along and rejects it.
    log_in_as(page, site, recruiter)
    open_application(page, site, job, "Zephyrine Quastenflosser")
    page.get_by_role("button", name="In „Screening“").or_(
        page.locator("button.primary").first
    ).first.click()
    application = Application.objects.get(email=GONE["email"])
    assert application.stage
    assert application.stage.position == 2
    page.locator("a[href*='/reject/']").click()
    page.locator("[name=reason]").select_option(index=1)
    page.locator("[name=when][value=now]").check()
    page.locator("#dialog button.primary").first.click()
    page.locator("#dialog").wait_for(state="hidden")
    application.refresh_from_db()
    today = retention.local_date(timezone.now())
    assert application.delete_on == retention.delete_on(today, months=6)
    assert page.locator(f"time[datetime='{application.delete_on}']").first.is_visible()
    wait_until("the rejection", lambda: len(mail_sink.messages) == 3)

    # The second is hired, and its file opens from the employee's page.
    open_application(page, site, job, "Nadège Kouassi")
    page.locator("a[href*='/hire/']").click()
    page.locator("[name=start_date]").fill((today + timedelta(days=14)).isoformat())
    page.locator("[name=attachments]").first.check()
    page.locator("#dialog button.primary").first.click()
    wait_until("an employee", Employee.objects.exists)

    # Half a year passes in the row; the cluster's own scheduled purge erases.
    keys = set(application.attachments.values_list("key", flat=True))
    assert keys < everything_in_the_bucket()
    Application.objects.filter(pk=application.pk).update(
        decided_on=retention.delete_on(today, months=-6), delete_on=today
    )
    Schedule.objects.filter(name="purge").update(next_run=timezone.now())
    wait_until("gone", lambda: not Application.objects.filter(pk=application.pk).exists())
    wait_until("objects gone", lambda: not Tombstone.objects.exists())
    wait_until("a good run", Heartbeat.objects.filter(name="purge").exists)

    left = everything_in_the_database()
    clues = [*GONE.values(), *GONE_FILES, str(application.pk), application.pk.hex]
    assert [clue for clue in clues if clue and clue.lower() in left.lower()] == []
    kept = set(Employee.objects.get().attachments.values_list("key", flat=True))
    assert everything_in_the_bucket() == kept

    log_in_as(page, site, personnel)
    page.goto(f"{site}/hr/employees/")
    page.get_by_role("link", name="Nadège Kouassi").click()
    with page.expect_download() as download:
        page.locator("a[href*='/hr/attachments/']").first.click()
    assert download.value.path().read_bytes() == certificate.read_bytes()
