"""Two people at once, on PostgreSQL: exactly one wins, and the other is told."""

import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from random import Random
from threading import Barrier

import pytest
from django.db import connection

from candidates import hiring, pipeline
from candidates.models import Application, Employee, Event, Mail
from candidates.status import Status
from tests.world import NOW, TODAY, a_job, a_user, an_application, rounds

pytestmark = [
    *(pytest.mark.django_db(transaction=True), pytest.mark.soak),
    pytest.mark.once("postgres"),
]


def at_once(*calls: Callable[[], object]) -> list[str]:
    """Run the calls at the same moment, each on its own connection; return how each ended."""
    barrier = Barrier(len(calls))

    def attempt(call: Callable[[], object]) -> str:
        try:
            connection.ensure_connection()
            barrier.wait(timeout=10)
            call()
        except pipeline.ChangeNotAllowed:
            return "told"
        finally:
            connection.close()
        return "won"

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(attempt, calls))


class Skew:
    """Puts off the one that has just won, until both win: a race that one side wins is none."""

    STEP = 0.02

    def __init__(self) -> None:
        #: In seconds: by how much the first begins later than the second; or earlier.
        self.offset, self.random = 0.03, Random(7)
        self.ends: Counter[str] = Counter()

    def wait(self) -> None:
        """Put the first off, if it is its turn."""
        time.sleep(max(self.offset, 0))

    def wait_second(self) -> None:
        time.sleep(max(-self.offset, 0))

    def learn(self, end: str) -> None:
        """Note how the first ended, "won" or "told"."""
        self.ends[end] += 1
        step = self.STEP * self.random.uniform(0.5, 1.5)
        self.offset += step if end == "won" else -step

    def require_a_race(self) -> None:
        """Say how the rounds ended, and fail if one side always came first."""
        won, told = self.ends["won"], self.ends["told"]
        print(f"{won + told:,} rounds: the first won {won:,} of them, and was told in {told:,}")
        assert won, "the first never won: this was no race"
        assert told, "the first always won: this was no race"


def test_of_a_rejection_and_a_hire_exactly_one_wins_each_time() -> None:
    job, recruiter, manager = a_job(), a_user("recruiter"), a_user("hiring_manager")
    winners = []
    for number in range(rounds(200, 1000)):
        application = an_application(job=job)

        def reject(application: Application = application) -> None:
            pipeline.reject(application, by=recruiter, reason="Other skills", now=NOW, mail_at=NOW)

        def hire(application: Application = application, number: int = number) -> None:
            hiring.hire(
                application,
                by=manager,
                start_date=TODAY + timedelta(days=14),
                job_title="Pflegefachkraft",
                personnel_number=str(20000 + number),
                attachments=[],
                now=NOW,
            )

        outcome = at_once(reject, hire)
        assert sorted(outcome) == ["told", "won"]
        rejected = outcome == ["won", "told"]
        application.refresh_from_db()
        assert application.status == (Status.REJECTED if rejected else Status.HIRED)
        assert Event.objects.filter(application=application).count() == 1
        assert Mail.objects.filter(application=application).count() == rejected
        assert Employee.objects.filter(application=application).count() == (not rejected)
        winners.append(outcome.index("won"))
    assert set(winners) == {0, 1}, "one side always came first: this was no race"


def test_two_forms_that_arrive_at_once_make_one_application() -> None:
    job = a_job()
    for _ in range(rounds(20, 200)):
        made: list[Application] = []
        model = an_application(job=job)

        def submit(model: Application = model, made: list[Application] = made) -> None:
            made.append(
                pipeline.submit(
                    pipeline.Person("Mira", "Okonkwo", "mira@posteo.example"),
                    job=job,
                    attachments=[],
                    session="",
                    submission=model.pk,
                    language="de",
                    now=NOW,
                )
            )

        assert at_once(submit, submit) == ["won", "won"]
        assert made[0] == made[1]


def test_two_hires_with_one_personnel_number_make_one_employee() -> None:
    job, recruiter = a_job(), a_user("recruiter")
    for number in range(rounds(20, 200)):

        def hire(number: int = number) -> None:
            hiring.hire(
                an_application(job=job),
                by=recruiter,
                start_date=TODAY,
                job_title="Pflegefachkraft",
                personnel_number=str(30000 + number),
                attachments=[],
                now=NOW,
            )

        assert sorted(at_once(hire, hire)) == ["told", "won"]
