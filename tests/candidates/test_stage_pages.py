"""The page on which a job's stages are named, ordered, added and removed."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from candidates.models import Job, Stage, User
from tests import world

pytestmark = [pytest.mark.django_db, pytest.mark.once("sqlite"), pytest.mark.usefixtures("english")]


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


def names(job: Job) -> list[str]:
    return list(job.stages.order_by("position").values_list("name", flat=True))


def stage(job: Job, name: str) -> Stage:
    return job.stages.get(name=name)


def press(client: Client, job: Job, do: str, typed: dict[str, str] | None = None) -> Any:
    """Press a button of the page as it is now, with other names typed into some fields."""
    fields: dict[str, str] = {"do": do}
    for each in job.stages.all():
        fields |= {f"name-{each.pk}": each.name, f"seen-{each.pk}": each.name}
    return client.post(reverse("hr:stages", args=[job.slug]), fields | (typed or {}))


def test_every_button_also_keeps_the_names_that_were_typed(hr: Client, job: Job) -> None:
    first, offer = stage(job, "Received"), stage(job, "Offer")
    assert press(hr, job, "save", {f"name-{first.pk}": "New"}).status_code == 302
    press(hr, job, f"up-{offer.pk}", {f"name-{offer.pk}": "Contract"})
    assert names(job) == ["New", "Screening", "Contract", "Interview"]
    press(hr, job, f"down-{first.pk}")
    press(hr, job, "add", {"new": " Trial   day "})
    assert names(job) == ["Screening", "New", "Contract", "Interview", "Trial day"]
    press(hr, job, f"remove-{offer.pk}", {"new": "Talk"})
    assert names(job) == ["Screening", "New", "Interview", "Trial day", "Talk"]


def test_what_is_wrong_is_said_at_its_field_and_nothing_typed_is_lost(hr: Client, job: Job) -> None:
    first = stage(job, "Received")
    typed = {f"name-{first.pk}": "", "new": "Trial day"}
    answer = press(hr, job, "save", typed)
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "Give this stage a name." in page
    assert 'value="Trial day"' in page
    assert "Give the new stage a name." in press(hr, job, "add").content.decode()
    long = press(hr, job, "add", {"new": "x" * 61}).content.decode()
    assert "Shorten this to 60 characters at most; it has 61." in long
    assert names(job) == ["Received", "Screening", "Interview", "Offer"]


def test_who_was_slower_is_told_and_keeps_what_they_typed(hr: Client, job: Job) -> None:
    first = stage(job, "Received")
    Stage.objects.filter(pk=first.pk).update(name="In")
    answer = press(hr, job, "save", {f"seen-{first.pk}": "Received", f"name-{first.pk}": "New"})
    assert answer.status_code == 409
    page = answer.content.decode()
    assert "Somebody has renamed “Received” to “In” meanwhile." in page
    assert 'value="New"' in page


def test_a_stage_with_open_applications_cannot_be_removed(hr: Client, job: Job) -> None:
    first = stage(job, "Received")
    world.an_application(job)
    answer = press(hr, job, f"remove-{first.pk}")
    assert answer.status_code == 409
    assert "1 open application stands in “Received”." in answer.content.decode()


def test_the_page_says_how_many_stand_in_each_stage(hr: Client, job: Job) -> None:
    world.an_application(job)
    world.an_application(job, status="rejected")
    world.an_application(job, restricted_at=world.NOW)
    lines = hr.get(reverse("hr:stages", args=[job.slug])).context["lines"]
    assert [(line.open, line.closed) for line in lines] == [(1, 1), (0, 0), (0, 0), (0, 0)]


def test_a_new_job_starts_from_the_stages_of_another(hr: Client, job: Job) -> None:
    source = world.a_job(language="en")
    source.stages.filter(name="Screening").delete()
    press(hr, job, "copy", {"source": source.slug})
    assert names(job) == ["Received", "Interview", "Offer"]
    assert press(hr, job, "copy").status_code == 422


def test_stages_are_not_taken_from_a_job_that_one_does_not_see(hr: Client, job: Job) -> None:
    secret = world.a_job(is_confidential=True)
    answer = press(hr, job, "copy", {"source": secret.slug})
    assert answer.status_code == 422
    assert secret.title not in hr.get(reverse("hr:stages", args=[job.slug])).content.decode()


@pytest.mark.parametrize("verb", ["up", "down", "remove"])
def test_a_stage_of_another_job_is_unknown(hr: Client, job: Job, verb: str) -> None:
    foreign = stage(world.a_job(language="en"), "Offer")
    for pk in (foreign.pk, 10**12):
        assert press(hr, job, f"{verb}-{pk}").status_code == 404
    assert Stage.objects.filter(pk=foreign.pk).exists()


def test_a_button_that_the_page_has_not_changes_nothing(hr: Client, job: Job) -> None:
    for garbage in ("", "remove", "remove-", "remove-x", "purge-1", "up-" + "9" * 40):
        assert press(hr, job, garbage).status_code == 302
    assert names(job) == ["Received", "Screening", "Interview", "Offer"]


def test_a_job_without_stages_gets_its_first(hr: Client, job: Job) -> None:
    job.stages.all().delete()
    assert "Add the first one" in hr.get(reverse("hr:board", args=[job.slug])).content.decode()
    press(hr, job, "add", {"new": "Received"})
    assert names(job) == ["Received"]


def test_the_privacy_officer_sees_a_board_without_what_they_may_not_do(
    client: Client, job: Job
) -> None:
    world.an_application(job)
    world.log_in(client, world.a_user("privacy_officer"))
    page = client.get(reverse("hr:board", args=[job.slug])).content.decode()
    assert 'class="card"' in page
    assert 'name="chosen"' not in page
    assert reverse("hr:stages", args=[job.slug]) not in page
    assert client.get(reverse("hr:stages", args=[job.slug])).status_code == 403
