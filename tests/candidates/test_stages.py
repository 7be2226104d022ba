"""The stages of a job: added, named, ordered, removed, taken over from another job."""

from collections.abc import Callable

import pytest
from django.utils import timezone

from candidates import pipeline, stages
from candidates.models import Job, Stage, User
from candidates.pipeline import ChangeNotAllowed
from tests import world

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.usefixtures("english"),
    pytest.mark.once("postgres"),
]


@pytest.fixture
def job() -> Job:
    return world.a_job(language="en")


@pytest.fixture
def recruiter() -> User:
    return world.a_user("recruiter")


def names(job: Job) -> list[str]:
    return list(job.stages.order_by("position").values_list("name", flat=True))


def stage(job: Job, name: str) -> Stage:
    return job.stages.get(name=name)


def remove(job: Job, name: str, by: User) -> None:
    stages.remove(job, stage(job, name).pk, by=by, now=world.NOW)


def refusal(act: Callable[[], object]) -> str:
    with pytest.raises(ChangeNotAllowed) as refused:
        act()
    return str(refused.value)


def test_a_new_stage_is_the_last_one(job: Job) -> None:
    stages.add(job, "Trial day")
    assert names(job) == ["Received", "Screening", "Interview", "Offer", "Trial day"]


def test_a_job_has_so_many_stages_that_a_board_still_shows_them(job: Job) -> None:
    for number in range(stages.MOST - 4):
        stages.add(job, f"Round {number}")
    assert "12 stages at most" in refusal(lambda: stages.add(job, "One too many"))


def test_no_two_stages_of_a_job_are_called_alike(job: Job) -> None:
    assert "“SCREENING”" in refusal(lambda: stages.add(job, "SCREENING"))
    offer = stage(job, "Offer").pk
    assert "“screening”" in refusal(lambda: stages.rename(job, {offer: ("Offer", "screening")}))
    stages.add(world.a_job(language="en"), "Trial day")
    stages.add(job, "Trial day")


def test_two_stages_can_swap_their_names(job: Job) -> None:
    first, second = stage(job, "Received").pk, stage(job, "Screening").pk
    swap = {first: ("Received", "Screening"), second: ("Screening", "Received")}
    stages.rename(job, swap)
    assert names(job)[:2] == ["Screening", "Received"]
    assert stage(job, "Screening").pk == first


def test_a_name_that_somebody_else_gave_meanwhile_is_not_taken_back_unseen(job: Job) -> None:
    first, second = stage(job, "Received").pk, stage(job, "Screening").pk
    stages.rename(job, {first: ("Received", "New")})
    # Whoever has the page from before and changes another one leaves the first alone …
    stages.rename(job, {first: ("Received", "Received"), second: ("Screening", "Reading")})
    assert names(job)[:2] == ["New", "Reading"]
    # … and who changes the same one is told.
    said = refusal(lambda: stages.rename(job, {first: ("Received", "In")}))
    assert said.startswith("Somebody has renamed “Received” to “New” meanwhile.")
    stages.rename(job, {first: ("Received", "New")})  # the very same wish


@pytest.mark.parametrize(
    ("name", "by", "after"),
    [
        ("Interview", -1, ["Received", "Interview", "Screening", "Offer"]),
        ("Received", 1, ["Screening", "Received", "Interview", "Offer"]),
        ("Received", -1, ["Received", "Screening", "Interview", "Offer"]),
        ("Offer", 1, ["Received", "Screening", "Interview", "Offer"]),
    ],
)
def test_a_stage_moves_a_place_on_or_back_and_stays_at_an_end(
    job: Job, name: str, by: int, after: list[str]
) -> None:
    stages.shift(job, stage(job, name).pk, by=by)
    assert names(job) == after


def test_an_empty_stage_is_removed(job: Job, recruiter: User) -> None:
    remove(job, "Screening", recruiter)
    assert names(job) == ["Received", "Interview", "Offer"]


def test_a_stage_in_which_somebody_waits_stays(job: Job, recruiter: User) -> None:
    waiting = world.an_application(job)
    world.an_application(job, restricted_at=world.NOW)
    said = refusal(lambda: remove(job, "Received", recruiter))
    assert said.startswith("2 open applications stand in “Received”.")
    waiting.refresh_from_db()
    assert waiting.stage == stage(job, "Received")


@pytest.mark.parametrize(("removed", "heir"), [("Received", "Screening"), ("Offer", "Interview")])
def test_closed_applications_go_along_to_the_stage_beside_and_keep_their_clock(
    job: Job, recruiter: User, removed: str, heir: str
) -> None:
    closed = world.an_application(job, stage=stage(job, removed), status="rejected")
    delete_on = closed.delete_on
    remove(job, removed, recruiter)
    closed.refresh_from_db()
    assert (closed.stage, closed.delete_on) == (stage(job, heir), delete_on)
    event = closed.events.get()
    assert (event.kind, event.by, event.detail) == ("moved", recruiter, heir)
    reopened = pipeline.reopen(closed, by=recruiter, reason="A mistake.", now=timezone.now())
    assert reopened.stage == stage(job, heir)


def test_the_last_stage_stays(job: Job, recruiter: User) -> None:
    job.stages.exclude(name="Offer").delete()
    assert "needs a stage" in refusal(lambda: remove(job, "Offer", recruiter))


def test_a_stage_of_another_job_or_of_none_is_not_touched(job: Job, recruiter: User) -> None:
    foreign = stage(world.a_job(language="en"), "Offer").pk
    for pk in (foreign, 10**12):
        for act in (
            lambda pk=pk: stages.shift(job, pk, by=1),
            lambda pk=pk: stages.remove(job, pk, by=recruiter, now=world.NOW),
            lambda pk=pk: stages.rename(job, {pk: ("Offer", "Mine")}),
        ):
            assert "has removed this stage" in refusal(act)
    assert Stage.objects.get(pk=foreign).name == "Offer"


def test_a_job_starts_from_the_stages_of_another(job: Job) -> None:
    source = world.a_job(language="en")
    source.stages.filter(name="Offer").delete()
    stages.add(source, "Trial day")
    stages.copy(job, source)
    assert names(job) == ["Received", "Screening", "Interview", "Trial day"]
    assert names(source) == names(job)


def test_a_job_with_applications_keeps_its_stages(job: Job) -> None:
    source = world.a_job(language="en")
    stages.add(source, "Trial day")
    world.an_application(job, status="rejected")
    assert "one by one" in refusal(lambda: stages.copy(job, source))
    assert "Trial day" not in names(job)


def test_the_stages_of_a_job_that_has_none_are_no_start(job: Job) -> None:
    source = world.a_job()
    source.stages.all().delete()
    assert "no stages yet" in refusal(lambda: stages.copy(job, source))
    assert len(names(job)) == 4
