"""`manage.py seed`: many rows, and every one as the rules want it."""

from datetime import timedelta
from io import StringIO
from itertools import pairwise

import pytest
from django.core.management import CommandError, call_command
from django.db.models import F
from pytest_django import Settings

from candidates import purge
from candidates.access import Role
from candidates.demo.bulk import seed
from candidates.models import Application, Event, Job
from candidates.status import Status
from storage.models import Attachment
from tests.world import NOW, TODAY, a_user, an_application

pytestmark = pytest.mark.django_db


def test_it_makes_the_number_asked_for_and_says_so() -> None:
    out = StringIO()
    call_command("seed", "--applications", "300", "--jobs", "7", "--attachments", "2", stdout=out)
    assert Application.objects.count() == 300
    assert Job.objects.count() == 7
    assert Attachment.objects.count() == 600
    assert out.getvalue().startswith("300 applications (0 due today) to 7 jobs, 2 attachment rows")


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
