"""A stage that is removed while something enters it, on PostgreSQL: one of the two waits."""

from uuid import uuid4

import pytest

from candidates import pipeline, stages
from candidates.models import Application, Job, Stage
from candidates.status import Status
from tests.faults.test_races import at_once
from tests.world import NOW, a_job, a_user, an_application, rounds

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.once("postgres"),
    pytest.mark.soak,
    pytest.mark.usefixtures("attachment_store"),
]


def test_of_a_move_into_a_stage_and_its_removal_one_wins_and_the_other_is_told() -> None:
    user = a_user("recruiter")
    for _ in range(rounds(12, 500)):
        job = a_job()
        application, target = an_application(job), job.stages.get(position=2)

        def move(application: Application = application, target: Stage = target) -> None:
            first = application.stage
            pipeline.move(application, to=target, seen=first, by=user, now=NOW)

        def remove(target: Stage = target) -> None:
            stages.remove(target.job, target.pk, by=user, now=NOW)

        assert sorted(at_once(move, remove)) == ["told", "won"]
        application.refresh_from_db()
        stays = Stage.objects.filter(pk=target.pk).exists()
        assert (application.stage == target) is stays


def test_an_applicant_never_notices_that_the_first_stage_is_removed_at_that_moment() -> None:
    user = a_user("recruiter")
    for _ in range(rounds(12, 500)):
        job = a_job()
        first = job.first_stage()

        def submit(job: Job = job) -> None:
            pipeline.submit(
                pipeline.Person("Mira", "Okonkwo", "mira@posteo.example"),
                job=job,
                attachments=[],
                session="",
                submission=uuid4(),
                language="de",
                now=NOW,
            )

        def remove(first: Stage = first) -> None:
            stages.remove(first.job, first.pk, by=user, now=NOW)

        submitted, removed = at_once(submit, remove)
        assert submitted == "won"
        application = Application.objects.get(job=job)
        assert (application.stage == first) is (removed == "told")


def test_a_reopening_keeps_its_stage_or_goes_along_with_the_closed() -> None:
    user = a_user("recruiter")
    for _ in range(rounds(12, 500)):
        job = a_job()
        stage = job.stages.get(position=3)
        application = an_application(job, stage=stage)
        pipeline.reject(application, by=user, reason="No.", now=NOW, mail_at=None)

        def reopen(application: Application = application) -> None:
            pipeline.reopen(application, by=user, reason="A mistake.", now=NOW)

        def remove(stage: Stage = stage) -> None:
            stages.remove(stage.job, stage.pk, by=user, now=NOW)

        reopened, removed = at_once(reopen, remove)
        assert reopened == "won"
        application.refresh_from_db()
        assert application.status == Status.OPEN
        assert (application.stage == stage) is (removed == "told")
