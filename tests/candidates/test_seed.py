"""`manage.py seed`: many rows, and every one as the rules want it."""

from collections import Counter
from datetime import timedelta
from io import StringIO
from itertools import pairwise
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.models import F
from pytest_django import Settings

from candidates import purge
from candidates.access import Role
from candidates.demo import names, rows
from candidates.demo.bulk import seed
from candidates.models import Application, Event, Job
from candidates.status import Status
from storage.folding import vocabulary
from storage.models import Attachment, Words
from tests.world import NOW, TODAY, a_user, an_application

pytestmark = pytest.mark.django_db
postgres = pytest.mark.skipif(
    connection.vendor != "postgresql", reason="SQLite keeps its indexes meanwhile"
)


def test_it_makes_the_number_asked_for_and_says_so() -> None:
    out = StringIO()
    call_command("seed", "--applications", "300", "--jobs", "7", "--attachments", "2", stdout=out)
    assert Application.objects.count() == 300
    assert Job.objects.count() == 7
    assert Attachment.objects.count() == 600
    said = out.getvalue()
    assert said.startswith("300 applications (0 due today) to 7 jobs, 2 attachment rows each, in ")
    assert "and the text index in" in said


def test_exactly_the_due_ones_end_today_and_nothing_is_in_breach() -> None:
    seed(applications=400, jobs=5, due=30, attachments=0, now=NOW)
    outcome = purge.run(now=NOW, dry_run=True)
    assert (outcome.due, outcome.breaches) == (30, 0)
    assert Application.objects.filter(delete_on=TODAY).count() == 30


def test_six_in_ten_are_open_and_the_closed_spread_over_half_a_year() -> None:
    seed(applications=1000, jobs=5, due=0, attachments=0, now=NOW)
    closed = Application.objects.closed()
    days = {(TODAY - day).days for day in closed.values_list("decided_on", flat=True) if day}
    assert 550 < Application.objects.open().count() < 650
    assert min(days) < 10
    assert 170 < max(days) <= 184
    assert set(closed.values_list("status", flat=True)) == set(Status) - {Status.OPEN}


def test_each_history_runs_from_receipt_to_decision() -> None:
    seed(applications=200, jobs=5, due=20, attachments=0, now=NOW)
    for application in Application.objects.prefetch_related("events"):
        events = sorted(application.events.all(), key=lambda event: event.at)
        assert events[0].kind == Event.Kind.RECEIVED
        assert all(one.at <= other.at for one, other in pairwise(events))
        assert events[-1].at <= NOW
        moves = sum(event.kind == Event.Kind.MOVED for event in events)
        assert moves == (application.stage.position - 1 if application.stage else 0)
        assert (len(events) == moves + 1) == application.is_open


def test_stages_belong_to_the_job_and_some_applications_are_speculative() -> None:
    seed(applications=400, jobs=5, due=0, attachments=0, now=NOW)
    assert not Application.objects.exclude(job=None).exclude(stage__job=F("job")).exists()
    assert 0 < Application.objects.filter(job=None).count() < 40


def test_the_first_job_gets_a_tenth_and_the_others_their_share() -> None:
    seed(applications=1000, jobs=5, due=0, attachments=0, now=NOW)
    of_job = Counter(Application.objects.values_list("job__slug", flat=True))
    assert of_job.pop("seed-0") == 100
    assert len(of_job) == 5  # with the speculative ones
    assert min(of_job[f"seed-{number}"] for number in range(1, 5)) > 150


def test_who_moved_or_was_decided_has_been_opened() -> None:
    seed(applications=200, jobs=5, due=20, attachments=0, now=NOW)
    unopened = Application.objects.filter(first_opened_at=None)
    assert 0.3 < unopened.count() / Application.objects.open().count() < 0.6
    assert not unopened.exclude(status=Status.OPEN).exists()
    assert not unopened.filter(stage__position__gt=1).exists()


def test_the_first_attachment_has_a_text_that_the_search_finds() -> None:
    seed(applications=20, jobs=2, due=0, attachments=2, now=NOW)
    words = list(Words._default_manager.select_related("attachment"))
    assert [each.attachment.name for each in words] == ["Lebenslauf_1.pdf"] * 20
    assert all(each.folded == vocabulary(each.text) for each in words)
    assert 1500 < sum(len(each.text) for each in words) / 20 < 2500


def test_what_the_search_compares_is_as_if_it_had_been_saved() -> None:
    seed(applications=50, jobs=2, due=0, attachments=0, now=NOW)
    assert all(each.folded == each.as_searched() for each in Application.objects.all())


def test_no_family_name_is_that_of_many() -> None:
    persons = [names.person(number) for number in range(20_000)]
    of_name = Counter(person["last_name"] for person in persons)
    assert of_name.most_common(1)[0][1] < 50
    assert len({person["email"] for person in persons}) == 20_000


def test_it_makes_the_same_of_the_same_database() -> None:
    made = []
    for _ in range(2):
        seed(applications=60, jobs=3, due=5, attachments=1, now=NOW)
        seen = Application.objects.order_by("email", "received_at").values_list(
            *("email", "folded", "stage__name", "status", "received_at", "delete_on"),
            *("attachments__size", "attachments__words__text"),
        )
        made.append(list(seen))
        Application.objects.all().delete()
        Job.objects.all().delete()
    assert made[0] == made[1]


@postgres
def test_indexes_and_constraints_are_the_same_behind_it() -> None:
    before = schema()
    seed(applications=20, jobs=2, due=0, attachments=1, now=NOW)
    assert schema() == before
    assert any("words_search" in index for (index,) in before)


@postgres
def test_one_that_fails_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    before = schema()
    monkeypatch.setattr(rows, "put_on", lambda *parts: Job.objects.get(slug="none"))
    with pytest.raises(Job.DoesNotExist):
        seed(applications=20, jobs=2, due=0, attachments=1, now=NOW)
    assert schema() == before
    assert not Application.objects.exists()


def schema() -> list[Any]:
    """Return all indexes and constraints of the database, in words."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' UNION ALL"
            " SELECT format('%s %s %s', conrelid::regclass, conname, pg_get_constraintdef(oid))"
            " FROM pg_constraint ORDER BY 1"
        )
        return list(cursor.fetchall())


def test_hiring_managers_get_their_share_of_the_jobs() -> None:
    managers = [a_user(Role.HIRING_MANAGER), a_user(Role.HIRING_MANAGER)]
    seed(applications=10, jobs=6, due=0, attachments=0, now=NOW)
    assert [manager.jobs.count() for manager in managers] == [3, 3]


def test_a_second_round_adds_to_the_first() -> None:
    for _ in range(2):
        seed(applications=50, jobs=2, due=0, attachments=0, now=NOW + timedelta(hours=1))
    assert (Application.objects.count(), Job.objects.count()) == (100, 4)


def test_it_keeps_out_of_a_database_with_applications() -> None:
    an_application()
    with pytest.raises(CommandError, match="Use an empty database"):
        call_command("seed", "--applications", "10")
    assert Application.objects.count() == 1


def test_under_debug_it_adds_to_what_is_there(settings: Settings) -> None:
    settings.DEBUG = True
    an_application()
    call_command("seed", "--applications", "10", "--jobs", "1", stdout=StringIO())
    assert Application.objects.count() == 11


@pytest.mark.parametrize("options", [("--applications", "-1"), ("--applications", "many")])
def test_it_names_a_number_that_is_none(options: tuple[str, str]) -> None:
    with pytest.raises(CommandError, match="whole number"):
        call_command("seed", *options)


def test_more_due_than_applications_is_refused() -> None:
    with pytest.raises(CommandError, match="--due"):
        call_command("seed", "--applications", "1", "--due", "2")
