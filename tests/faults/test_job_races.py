"""Two at once at a job, on PostgreSQL: who applies while it closes, and the last on its team."""

from uuid import uuid4

import pytest

from candidates import jobs, pipeline
from candidates.models import Job
from tests.faults.test_races import Skew, at_once
from tests.world import NOW, a_job, a_user, rounds

pytestmark = [
    *(pytest.mark.django_db(transaction=True), pytest.mark.soak),
    pytest.mark.once("postgres"),
]

KAETHE = pipeline.Person("Käthe", "Großmann", "kaethe@post.example")


def test_nobody_is_left_in_a_job_that_closes_while_they_apply() -> None:
    skew, job = Skew(), a_job()
    for _ in range(rounds(60, 500)):
        Job.objects.filter(pk=job.pk).update(is_published=True)
        job.applications.all().delete()

        def submit() -> None:
            skew.wait()
            pipeline.submit(
                KAETHE,
                job=job,
                attachments=[],
                session="s",
                submission=uuid4(),
                language="de",
                now=NOW,
            )

        def close() -> None:
            skew.wait_second()
            jobs.close(job)

        ends = at_once(submit, close)
        skew.learn(ends[0])
        job.refresh_from_db()
        # Exactly one of them: an application in an open job, or none in a closed one.
        assert sorted(ends) == ["told", "won"]
        assert jobs.unanswered(job).exists() == job.is_published
    skew.require_a_race()


def test_of_the_last_two_who_may_decide_one_always_stays() -> None:
    first, second = a_user("recruiter"), a_user("hiring_manager")
    for _ in range(rounds(40, 300)):
        job = a_job(hiring_team=[first, second])
        ends = at_once(
            lambda job=job: jobs.remove_member(job, first),  # type: ignore[misc]
            lambda job=job: jobs.remove_member(job, second),  # type: ignore[misc]
        )
        assert sorted(ends) == ["told", "won"]
        assert job.hiring_team.count() == 1
