"""Several applications moved at once: each in the stage it was seen in."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from candidates import pipeline
from candidates.models import Application, Job, Stage, User
from tests import world

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.usefixtures("english"),
    pytest.mark.once("postgres"),
]

MOVE = reverse("hr:bulk_move")


@pytest.fixture
def recruiter() -> User:
    return world.a_user("recruiter")


@pytest.fixture
def hr(client: Client, recruiter: User) -> Client:
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    return world.log_in(client, recruiter)


@pytest.fixture
def job() -> Job:
    return world.a_job(language="en")


def stage(job: Job, name: str) -> Stage:
    return job.stages.get(name=name)


def as_seen(*applications: Application) -> list[str]:
    return [f"{each.pk}:{each.stage_id or ''}" for each in applications]


def move(client: Client, chosen: list[str], to: Stage | str, **data: Any) -> Any:
    where = to.pk if isinstance(to, Stage) else to
    return client.post(MOVE, {"chosen": chosen, "stage": where} | data)


def stages_of(*applications: Application) -> list[str]:
    return [
        str(Application.objects.select_related("stage").get(pk=each.pk).stage)
        for each in applications
    ]


def test_the_chosen_are_moved_each_with_its_event(hr: Client, job: Job, recruiter: User) -> None:
    chosen = [world.an_application(job), world.an_application(job, stage=stage(job, "Interview"))]
    left = world.an_application(job)
    board = reverse("hr:board", args=[job.slug])
    answer = move(hr, as_seen(*chosen), stage(job, "Screening"), next=board)
    assert (answer.status_code, answer["Location"]) == (302, board)
    assert stages_of(*chosen, left) == ["Screening", "Screening", "Received"]
    events = [each.events.get() for each in chosen]
    assert [(e.kind, e.by, e.detail) for e in events] == [("moved", recruiter, "Screening")] * 2
    assert "2 applications moved to “Screening”." in hr.get(board).content.decode()


def test_who_was_moved_meanwhile_stays_there_and_the_others_move(hr: Client, job: Job) -> None:
    first, second = world.an_application(job), world.an_application(job)
    seen = as_seen(first, second)
    other = world.a_user("recruiter", first_name="Anna", last_name="Groß")
    pipeline.move(first, to=stage(job, "Offer"), seen=first.stage, by=other, now=timezone.now())
    answer = move(hr, seen, stage(job, "Screening"))
    assert answer.status_code == 409
    assert stages_of(first, second) == ["Offer", "Screening"]
    page = answer.content.decode()
    assert "Moved to “Offer” by Anna Groß, " in page
    # It can be sent again, from where it is now.
    assert answer.context["chosen"] == as_seen(Application.objects.get(pk=first.pk))
    move(hr, answer.context["chosen"], stage(job, "Screening"))
    assert stages_of(first) == ["Screening"]


def test_on_a_board_each_card_says_what_happened_meanwhile(hr: Client, job: Job) -> None:
    moved, rejected, withdrawn = (world.an_application(job) for _each in range(3))
    seen = as_seen(moved, rejected, withdrawn)
    other = world.a_user("recruiter", first_name="Anna", last_name="Groß")
    now = timezone.now()
    pipeline.move(moved, to=stage(job, "Offer"), seen=moved.stage, by=other, now=now)
    pipeline.reject(rejected, by=other, reason="No.", now=now, mail_at=None)
    pipeline.withdraw(withdrawn, by=None, now=now)
    answer = move(hr, seen, stage(job, "Screening"), board=job.slug)
    assert answer.status_code == 409
    told = [row.happened.rpartition(",")[0] for row in answer.context["missed"]]
    assert told == [
        "Moved to “Offer” by Anna Groß",
        "Rejected by Anna Groß",
        "Withdrawn by the applicant",
    ]
    card = next(card for column in answer.context["columns"] for card in column.cards)
    assert (card.pk, card.happened.rpartition(",")[0]) == (moved.pk, told[0])


def test_a_script_gets_the_cards_and_counts_that_changed(hr: Client, job: Job) -> None:
    first, second = world.an_application(job), world.an_application(job)
    world.an_application(job, status="rejected")
    headers = {"HX-Request": "true"}
    data = {"chosen": as_seen(first), "stage": stage(job, "Offer").pk, "board": job.slug}
    answer = hr.post(MOVE, data, headers=headers)
    assert answer.status_code == 200
    assert [card.pk for card in answer.context["cards"]] == [first.pk]
    assert [count for _stage, count in answer.context["counts"]] == [1, 0, 0, 1]
    assert answer.context["closed_count"] == 1
    assert str(second.pk) not in answer.content.decode()

    # From a page that still shows it where it was:
    answer = hr.post(MOVE, data | {"stage": stage(job, "Interview").pk}, headers=headers)
    assert answer.status_code == 409
    assert "Moved to “Offer” by" in answer.content.decode()
    assert "With 1 somebody else was faster" in answer.content.decode()


def test_a_restricted_application_says_why_the_officer_cannot_move_it(
    client: Client, job: Job
) -> None:
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    both = world.a_user("privacy_officer")
    both.groups.add(*world.a_user("recruiter").groups.all())
    restricted = world.an_application(job, restricted_at=timezone.now())
    answer = move(world.log_in(client, both), as_seen(restricted), stage(job, "Offer"))
    assert answer.status_code == 409
    assert "The use of this application is restricted." in answer.content.decode()


@pytest.mark.parametrize(
    "chosen", [["garbage"], ["7:1"], [f"{uuid4()}:x"], [f"{uuid4()}"], [f"{uuid4()}:{'9' * 40}"]]
)
def test_what_is_no_choice_moves_nobody(hr: Client, job: Job, chosen: list[str]) -> None:
    answer = move(hr, chosen, stage(job, "Offer"))
    assert answer.status_code in {404, 422}


def test_nothing_chosen_is_said_so(hr: Client, job: Job) -> None:
    answer = move(hr, [], stage(job, "Offer"))
    assert answer.status_code == 422
    assert "Choose at least one application." in answer.content.decode()


def test_one_foreign_or_erased_application_among_the_chosen_is_unknown(
    hr: Client, job: Job
) -> None:
    own = world.an_application(job)
    secret = world.an_application(world.a_job(is_confidential=True))
    for other in (as_seen(secret), [f"{uuid4()}:1"]):
        assert move(hr, as_seen(own) + other, stage(job, "Offer")).status_code == 404
    assert stages_of(own) == ["Received"]


def test_a_stage_must_be_one_of_the_chosens_job(hr: Client, job: Job) -> None:
    own = as_seen(world.an_application(job))
    assert move(hr, own, stage(world.a_job(language="en"), "Offer")).status_code == 422
    secret = world.a_job(language="en", is_confidential=True)
    assert move(hr, own, stage(secret, "Offer")).status_code == 404
    assert move(hr, own, str(10**12)).status_code == 404
    for garbage in ("", "x", str(10**30), "-1"):
        assert move(hr, own, garbage).status_code == 422


def test_applications_of_several_jobs_have_no_stage_in_common(hr: Client, job: Job) -> None:
    elsewhere = world.an_application(world.a_job())
    for other in (elsewhere, world.an_application(None)):
        chosen = as_seen(world.an_application(job), other)
        answer = move(hr, chosen, stage(job, "Offer"))
        assert answer.status_code == 422
        assert "Each job has its own stages." in answer.content.decode()


def many(job: Job, number: int) -> list[Application]:
    return [world.an_application(job) for _each in range(number)]


def test_more_than_twenty_are_moved_when_somebody_has_said_how_many(hr: Client, job: Job) -> None:
    chosen = as_seen(*many(job, 21))
    offer = stage(job, "Offer")
    for typed in ("", "20", "x", "9" * 5000):
        answer = move(hr, chosen, offer, confirm=typed)
        assert answer.status_code == 422
        assert "These are 21 applications. Type this number to go on." in answer.content.decode()
    assert not Application.objects.filter(stage=offer).exists()
    assert move(hr, chosen, offer, confirm="21").status_code == 302
    assert Application.objects.filter(stage=offer).count() == 21


def test_a_number_that_nobody_asked_for_does_not_stop_a_few(hr: Client, job: Job) -> None:
    one = world.an_application(job)
    assert move(hr, as_seen(one), stage(job, "Offer"), confirm="x").status_code == 302


def test_two_hundred_at_once_are_the_most(hr: Client, job: Job) -> None:
    nobody = [f"{uuid4()}:1" for _each in range(201)]
    answer = move(hr, nobody, stage(job, "Offer"))
    assert answer.status_code == 422
    assert "Choose 200 at most at a time." in answer.content.decode()
    assert move(hr, nobody[:200], stage(job, "Offer"), confirm="200").status_code == 404


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example/hr/",
        "//evil.example",
        "/jobs/",
        "javascript:alert(1)",
        "/hr/" + 3000 * "x",
        "",
    ],
)
def test_nobody_is_led_out_of_the_workspace(hr: Client, job: Job, address: str) -> None:
    answer = move(hr, as_seen(world.an_application(job)), stage(job, "Offer"), next=address)
    assert answer["Location"] == reverse("hr:applications")


def test_a_board_that_is_not_ones_own_is_not_drawn(hr: Client, job: Job) -> None:
    secret = world.a_job(is_confidential=True)
    one = world.an_application(job)
    answer = move(hr, as_seen(one), stage(job, "Offer"), board=secret.slug)
    assert answer.status_code == 404
    assert stages_of(one) == ["Received"]


def test_what_somebody_did_long_ago_says_the_day(hr: Client, job: Job, recruiter: User) -> None:
    one = world.an_application(job)
    seen = as_seen(one)
    then = timezone.now() - timedelta(days=40)
    pipeline.move(one, to=stage(job, "Offer"), seen=one.stage, by=recruiter, now=then)
    recruiter_gone = world.a_user("recruiter")
    one.events.update(by=recruiter_gone)
    recruiter_gone.delete()
    page = move(hr, seen, stage(job, "Screening")).content.decode()
    assert f"Moved to “Offer” by somebody who has left, {then.day} " in page
