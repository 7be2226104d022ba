"""The privacy officer's pages: what goes when, the ledger, the jobs, the dry run."""

import csv
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from dateutil.relativedelta import relativedelta
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from candidates import ledger, retention
from candidates.models import Application, Event, LedgerLine, Run
from candidates.templatetags import deletion
from storage.models import Tombstone
from tests import world
from tests.candidates.test_queries import many_applications, queries

#: A store without copies of the ledger: those of other tests would say that a restore is due.
pytestmark = [
    pytest.mark.django_db,
    pytest.mark.once("sqlite"),
    pytest.mark.usefixtures("attachment_store", "english"),
]


@pytest.fixture
def officer(client: Client) -> Client:
    return world.log_in(client, world.a_user("privacy_officer"))


def today() -> Any:
    return retention.local_date(timezone.now())


def goes_in(days: int, **fields: Any) -> Application:
    """Create a rejected application whose last day is so many days ahead."""
    application = world.an_application(status="rejected", **fields)
    application.delete_on = today() + timedelta(days=days)
    application.decided_on = application.delete_on - timedelta(days=183)
    application.save()
    return application


def text(client: Client, path: str, status: int = 200) -> str:
    response = client.get(path)
    assert response.status_code == status, path
    return str(response.content.decode())


def line(**fields: Any) -> LedgerLine:
    defaults = {
        "day": today(),
        "kind": "application",
        "record": "9f3ce17a" * 8,
        "rows": 14,
        "objects_count": 4,
        "rule": "retention",
        "policy_version": "2026-11",
    }
    return LedgerLine.objects.create(**defaults | fields)


def test_the_page_says_first_that_nothing_is_overdue(officer: Client) -> None:
    goes_in(0)
    assert "<h1>Nothing is overdue</h1>" in text(officer, reverse("hr:retention"))


def test_the_page_says_first_what_is_overdue(officer: Client) -> None:
    goes_in(-1)
    goes_in(-2)
    assert '<h1 class="gone">2 are overdue</h1>' in text(officer, reverse("hr:retention"))


def test_each_day_on_which_something_goes_leads_to_its_page(officer: Client) -> None:
    application = goes_in(40, last_name="Öçalan")
    path = reverse("hr:retention_day", args=[application.delete_on])
    assert text(officer, reverse("hr:retention")).count(f'href="{path}"') == 2  # table and list
    assert "Öçalan" in text(officer, path)
    after = reverse("hr:retention_day", args=[today() + timedelta(days=41)])
    assert "Öçalan" not in text(officer, after)


def test_a_day_says_why_each_goes_and_what_it_comprises(officer: Client) -> None:
    application = goes_in(3)
    application.events.create(kind="received", at=world.NOW)
    world.an_attachment(application, content=b"%PDF-")
    page = text(officer, reverse("hr:retention_day", args=[application.delete_on]))
    assert f"{application.title}, rejected" in page
    assert "3 rows, 1 object" in page


def test_a_day_that_is_over_shows_lines_of_the_ledger_and_no_person(officer: Client) -> None:
    yesterday = today() - timedelta(days=1)
    line(day=yesterday)
    page = text(officer, reverse("hr:retention_day", args=[yesterday]))
    assert "9f3c e17a" in page
    assert "retention period over" in page


@pytest.mark.parametrize("day", ["2026-02-30", "2026-9-1", "0000-01-01", "9999-12-31", "x"])
def test_a_day_that_no_calendar_has_is_not_found(officer: Client, day: str) -> None:
    assert officer.get(f"/hr/retention/{day}/").status_code == 404


def test_a_hold_is_listed_with_its_kind_its_setter_and_the_day_that_it_stops(
    officer: Client,
) -> None:
    application = goes_in(-3)
    now = timezone.now()
    setter = world.a_user("privacy_officer", first_name="Miriam", last_name="Falk")
    application.holds.create(
        kind="claim", reason="Klage", set_by=setter, set_at=now, until=now + timedelta(days=20)
    )
    for path in (reverse("hr:retention"), reverse("hr:held")):
        page = text(officer, path)
        assert "Legal claim, Miriam Falk" in page
        assert "was due on" in page
    assert "<h1>Nothing is overdue</h1>" in text(officer, reverse("hr:retention"))


def test_long_undecided_and_reopened_applications_stand_on_the_page(officer: Client) -> None:
    old = world.an_application(received_at=timezone.now() - relativedelta(months=7))
    event = world.an_application().events.create(
        kind=Event.Kind.REOPENED, at=timezone.now(), reason="Falsche Person."
    )
    for path, words in (
        (reverse("hr:undecided"), [old.get_absolute_url()]),
        (reverse("hr:reopened"), [event.application.get_absolute_url(), "Falsche Person."]),
    ):
        both = text(officer, reverse("hr:retention")), text(officer, path)
        assert all(word in page for page in both for word in words)


def test_an_application_of_the_officers_own_address_is_nowhere(client: Client) -> None:
    user = world.a_user("privacy_officer")
    own = goes_in(0, email=user.email.upper())
    world.log_in(client, user)
    for path in (
        reverse("hr:retention"),
        reverse("hr:retention_day", args=[own.delete_on]),
        reverse("hr:dry_run"),
    ):
        assert str(own.pk) not in text(client, path)


# The ledger ---------------------------------------------------------------------------------


def test_the_ledger_is_turned_page_by_page(officer: Client) -> None:
    lines = [line(record=f"{n:064x}") for n in range(60)]
    first = text(officer, reverse("hr:ledger"))
    assert first.count("<tr>") == 51
    second = text(officer, reverse("hr:ledger", query={"after": lines[10].pk}))
    assert second.count("<tr>") == 11


@pytest.mark.parametrize("cursor", ["x", "-1", "9" * 30, "9" * 5000, "1.5"])
def test_a_cursor_that_is_none_shows_the_beginning(officer: Client, cursor: str) -> None:
    line()
    for name in ("hr:ledger", "hr:runs", "hr:tombstones", "hr:held", "hr:undecided"):
        page = text(officer, reverse(name, query={"after": cursor}))
        assert "This is its beginning" in page


def test_the_file_of_the_ledger_has_every_sealed_line(officer: Client) -> None:
    for _ in range(3):
        line()
    ledger.seal(now=timezone.now())
    response = officer.get(reverse("hr:ledger_file"))
    rows = list(csv.reader(StringIO(b"".join(response).decode())))
    assert [row[0] for row in rows[1:]] == ["1", "2", "3"]
    assert all("9f3ce17a" * 8 in row for row in rows[1:])
    assert response["Content-Disposition"] == f'attachment; filename="ledger-{today()}.csv"'


# Jobs and objects ----------------------------------------------------------------------------


def run(job: str = "purge", state: str = "good", **fields: Any) -> Run:
    now = timezone.now()
    return Run.objects.create(
        job=job, state=state, started_at=now - timedelta(minutes=12), ended_at=now, **fields
    )


@pytest.mark.parametrize(
    ("job", "state", "numbers", "words"),
    [
        (
            "purge",
            "good",
            {"purged": 3, "objects_deleted": 11},
            "3 records erased, 11 objects, no failures",
        ),
        (
            "purge",
            "failed",
            {"purged": 1, "failed": 2, "held": 4},
            "1 record erased, 0 objects, 2 failures, 4 held",
        ),
        (
            "purge",
            "stopped",
            {"due": 31},
            "stopped before the first deletion: 31 records were due",
        ),
        ("purge", "running", {}, "not ended"),
        ("sweep", "good", {}, "storage and records agree"),
        (
            "sweep",
            "failed",
            {"strays": 2, "missing": 1},
            "2 objects without a record, 1 record without an object",
        ),
        ("verify", "good", {"lines": 12408}, "12408 lines checked, no gap, nothing changed"),
        ("verify", "failed", {"lines": 7, "faults": 1}, "7 lines checked, 1 fault"),
    ],
)
def test_a_run_is_told_in_words(
    officer: Client, job: str, state: str, numbers: dict[str, int], words: str
) -> None:
    run(job, state, numbers=numbers)
    assert words in text(officer, reverse("hr:runs"))


def test_an_object_that_is_left_says_why(officer: Client) -> None:
    now = timezone.now()
    Tombstone.objects.create(
        key="attachments/1",
        created_at=now - timedelta(hours=3),
        breach_at=now,
        attempts=5,
        next_try_at=now,
        error="AccessDenied",
    )
    page = text(officer, reverse("hr:tombstones"))
    assert "the storage refuses access (AccessDenied)" in page
    assert "3 hours ago" in page
    assert "1 object waits to be erased" in text(officer, reverse("hr:retention"))


@pytest.mark.parametrize(
    ("error", "words"),
    [
        ("", "nobody has tried yet"),
        ("no-mark", "the bucket or folder is not there (no-mark)"),
        ("status-503", "the storage does not answer (status-503)"),
        ("left-over", "something was left after deleting"),
        ("Odd", "the storage reports: Odd"),
    ],
)
def test_each_code_of_the_storage_has_words(error: str, words: str) -> None:
    assert deletion.trouble(Tombstone(error=error)) == words


@pytest.mark.parametrize(
    ("minutes", "words"),
    [(0, "just now"), (1, "1 minute ago"), (59, "59 minutes ago"), (60, "1 hour ago"),
     (47 * 60, "47 hours ago"), (48 * 60, "2 days ago")],
)  # fmt: skip
def test_how_long_ago_is_said_in_the_largest_unit_that_says_enough(
    minutes: int, words: str
) -> None:
    assert deletion.ago(world.NOW - timedelta(minutes=minutes), world.NOW) == words


def test_what_else_is_wrong_stands_among_the_lines_that_are_well(officer: Client) -> None:
    old = timezone.now() - timedelta(hours=1)
    line()
    LedgerLine.objects.update(written_at=old)
    assert "has waited for its seal" in text(officer, reverse("hr:retention"))
    ledger.seal(now=timezone.now())
    assert "has waited for its seal" not in text(officer, reverse("hr:retention"))


@pytest.mark.parametrize("what", ["missing", "foreign"])
def test_a_comparison_that_found_something_is_not_well(officer: Client, what: str) -> None:
    run("sweep", numbers={"strays": 0})
    assert "Storage as recorded" in text(officer, reverse("hr:retention"))
    run("sweep", numbers={what: 1, "strays": 1})
    assert "Storage as recorded" not in text(officer, reverse("hr:retention"))


# The dry run ---------------------------------------------------------------------------------


def test_a_dry_run_shows_what_would_go_and_writes_nothing(officer: Client) -> None:
    application = goes_in(5, last_name="Öçalan")
    world.an_attachment(application, content=b"%PDF-")
    held = goes_in(5, last_name="Yıldırım")
    now = timezone.now()
    held.holds.create(kind="other", reason="?", set_at=now, until=now + timedelta(days=30))
    path = reverse("hr:dry_run", query={"today": str(application.delete_on)})
    page = text(officer, path)
    assert "1 record would go by" in page
    assert page.index("Would go") < page.index("Öçalan") < page.index("Held back")
    assert page.index("Held back") < page.index("Yıldırım")
    assert (Application.objects.count(), Run.objects.count(), LedgerLine.objects.count()) == (
        2,
        0,
        0,
    )
    assert "0 records would go now" in text(officer, reverse("hr:dry_run"))


@pytest.mark.parametrize("day", ["", "x", "2026-02-30", "1900-01-01", "9999-12-31"])
def test_a_dry_run_for_no_day_or_one_too_far_says_what_to_enter(officer: Client, day: str) -> None:
    page = text(officer, reverse("hr:dry_run", query={"today": day}), status=422)
    assert 'aria-invalid="true"' in page


# What they cost ------------------------------------------------------------------------------


def test_every_page_costs_the_same_at_ten_and_at_a_thousand_records() -> None:
    user = world.a_user("privacy_officer")
    job = world.a_job()
    client = world.log_in(Client(), user)
    names = (
        "retention",
        "held",
        "undecided",
        "reopened",
        "runs",
        "tombstones",
        "ledger",
        "dry_run",
    )
    paths = [reverse(f"hr:{name}") for name in names]
    paths += [reverse("hr:retention_day", args=[day]) for day in _days()]
    grow(job, 10)
    few = {path: queries(client, path) for path in paths}

    grow(job, 990)
    assert {path: queries(client, path) for path in paths} == few
    assert max(few.values()) <= 30, few


def _days() -> list[Any]:
    return [today() + timedelta(days=days) for days in (-1, 0, 1, 3)]


def grow(job: Any, number: int) -> None:
    """Add applications due on many days, with holds, events, lines, runs and tombstones.

    No day gets so many that the brake would ask further.
    """
    now = timezone.now()
    for n, application in enumerate(many_applications(job, number)):
        if application.delete_on:
            application.delete_on = today() + timedelta(days=n % 60)
            application.save(update_fields=["delete_on"])
        else:
            Application.objects.filter(pk=application.pk).update(
                received_at=now - timedelta(days=400)
            )
        if n % 3 == 0:
            application.holds.create(
                kind="other",
                reason="?",
                set_at=now,
                set_by=world.a_user() if n < 99 else None,
                until=now + timedelta(days=n % 7, hours=1),
            )
        application.events.create(kind="reopened", at=now, reason="Irrtum.")
    LedgerLine.objects.bulk_create(
        LedgerLine(day=_days()[0], kind="application", record=f"{n:064x}", rows=1,
                   objects_count=0, rule="retention", policy_version="2026-11")
        for n in range(number)
    )  # fmt: skip
    Run.objects.bulk_create(
        Run(job=Run.Job.values[n % 3], state="good", started_at=now, ended_at=now)
        for n in range(number)
    )
    first = Tombstone.objects.count()
    Tombstone.objects.bulk_create(
        Tombstone(key=f"attachments/{first + n}", created_at=now, breach_at=now, next_try_at=now)
        for n in range(number)
    )
