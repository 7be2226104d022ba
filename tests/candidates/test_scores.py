"""Scorecards: how they are given, who reads them, and what a card on the board says of them."""

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from candidates import access, pipeline, reads, scores
from candidates.models import Application, User
from tests import world

pytestmark = [pytest.mark.django_db, pytest.mark.once("postgres")]


def a_scorecard(application: Application, by: User, *values: int) -> None:
    card = application.scorecards.create(by=by, at=world.NOW)
    for number, value in enumerate(values):
        card.grades.create(criterion=f"Criterion {number}", value=value)


def shown(application: Application, user: User) -> tuple[float | None, int]:
    rows = reads.with_scores(access.applications(user), user)
    row: Any = rows.get(pk=application.pk)
    return row.score, row.scorers


def test_a_card_says_the_mean_of_all_grades_to_who_has_judged_and_the_number_to_all() -> None:
    jens, katrin, other = (world.a_user("recruiter") for _ in range(3))
    application = world.an_application()
    a_scorecard(application, jens, 4, 3)
    assert shown(application, jens) == (3.5, 1)
    assert shown(application, katrin) == (None, 1)
    a_scorecard(application, katrin, 1, 2)
    assert shown(application, jens) == (2.5, 2)
    assert shown(application, katrin) == (2.5, 2)
    assert shown(application, other) == (None, 2)
    assert shown(world.an_application(), jens) == (None, 0)


def test_after_the_decision_everybody_who_sees_it_sees_the_sum() -> None:
    application = world.an_application(status="rejected")
    a_scorecard(application, world.a_user("recruiter"), 2)
    assert shown(application, world.a_user("recruiter")) == (2.0, 1)


def test_who_does_not_decide_cannot_be_swayed() -> None:
    application = world.an_application()
    a_scorecard(application, world.a_user("recruiter"), 2)
    assert shown(application, world.a_user("privacy_officer")) == (2.0, 1)


def test_a_card_counts_the_notes_that_one_may_read() -> None:
    writer, other = world.a_user("recruiter"), world.a_user("recruiter")
    application = world.an_application()
    application.notes.create(by=writer, at=world.NOW, text="a")
    application.notes.create(by=writer, at=world.NOW, text="b", is_private=True)
    for user, number in ((writer, 2), (other, 1)):
        rows = reads.with_notes(access.applications(user), user)
        row: Any = rows.get()
        assert row.note_count == number


# Handing in -----------------------------------------------------------------------------------


@pytest.fixture
def jens() -> User:
    return world.a_user("recruiter", first_name="Jens", last_name="Holm")


@pytest.fixture
def katrin() -> User:
    return world.a_user("recruiter", first_name="Katrin", last_name="Voss")


@pytest.fixture
def application() -> Application:
    """An application to a job with two criteria."""
    application = world.an_application()
    for position, name in enumerate(("SQL", "Teamwork"), start=1):
        application.job.criteria.create(name=name, position=position)  # type: ignore[union-attr]
    return application


def client_of(user: User) -> Client:
    client = world.log_in(Client(), user)
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    return client


def send(user: User, application: Application, *values: int | str, text: str = "") -> Any:
    names = [f"criterion-{pk}" for pk in scores.criteria(application)]
    data = dict(zip(names, values, strict=False)) | {"text": text}
    return client_of(user).post(reverse("hr:score", args=[application.pk]), data)


def page(user: User, application: Application) -> str:
    response = client_of(user).get(application.get_absolute_url(), {"history": "notes"})
    assert response.status_code == 200
    return response.content.decode()


def test_a_scorecard_has_the_jobs_criteria_and_a_grade_may_be_left_out(
    jens: User, application: Application
) -> None:
    form = client_of(jens).get(reverse("hr:score", args=[application.pk])).content.decode()
    order = [form.index(word) for word in ("SQL", "not met", "cannot say", "Teamwork", "In words")]
    assert order == sorted(order)
    assert "part of what the applicant may download" in form
    assert send(jens, application, 4, "", text="Knows <joins>.").status_code == 302
    card = application.scorecards.get()
    assert [(grade.criterion, grade.value) for grade in card.grades.all()] == [("SQL", 4)]
    html = page(jens, application)
    assert "more than met" in html
    assert "Knows &lt;joins&gt;." in html


def test_what_others_think_is_nowhere_until_ones_own_card_is_in(
    jens: User, katrin: User, application: Application
) -> None:
    send(jens, application, 1, 2, text="Quokka")
    html = page(katrin, application)
    assert "Then you see those of Jens Holm." in html
    assert "hidden until yours is in" in html
    hidden = ["Quokka", "not met", "partly met", 'class="score"', "1.5"]
    assert [word for word in hidden if word in html] == []
    card = application.scorecards.get()
    for query in ({"whole": f"score.{card.pk}"}, {"history": "notes", "whole": "score.1"}):
        answer = client_of(katrin).get(application.get_absolute_url(), query)
        assert "Quokka" not in answer.content.decode()
    assert (
        "Quokka"
        not in client_of(katrin).get(reverse("hr:score", args=[application.pk])).content.decode()
    )
    send(katrin, application, 4, 4)
    html = page(katrin, application)
    assert [word for word in ("Quokka", "not met", "partly met") if word not in html] == []
    assert "in 2 scorecards" in html


def test_the_privacy_officer_who_does_not_decide_reads_what_goes_into_the_copy(
    jens: User, application: Application
) -> None:
    send(jens, application, 1, 2, text="Quokka")
    html = page(world.a_user("privacy_officer"), application)
    assert "Quokka" in html
    assert reverse("hr:score", args=[application.pk]) not in html


def test_ones_own_card_can_be_changed_while_it_is_the_only_one(
    jens: User, katrin: User, application: Application
) -> None:
    send(jens, application, 1, 2, text="First")
    form = client_of(jens).get(reverse("hr:score", args=[application.pk])).content.decode()
    assert "First" in form
    assert re.findall(r'value="(\d?)" id="id_criterion[^>]* checked', form) == ["1", "2"]
    assert send(jens, application, 3, 3, text="Second").status_code == 302
    assert application.scorecards.get().text == "Second"
    send(katrin, application, 2, 2)
    response = send(jens, application, 2, 2, text="Bent")
    assert response.status_code == 409
    html = response.content.decode()
    assert "yours stays as it is" in html
    assert "Bent" in html
    assert application.scorecards.get(by=jens).text == "Second"
    assert reverse("hr:score", args=[application.pk]) not in page(jens, application)


@pytest.mark.parametrize("values", [("", ""), ("5", "1"), ("0", ""), ("x", ""), ()])
def test_a_card_without_a_grade_or_with_a_wrong_one_is_sent_back(
    jens: User, application: Application, values: tuple[str, ...]
) -> None:
    response = send(jens, application, *values, text="Kept")
    assert response.status_code == 422
    assert "Kept" in response.content.decode()
    assert not application.scorecards.exists()


def test_a_job_without_criteria_is_judged_as_a_whole(jens: User) -> None:
    application = world.an_application(None, language="en")
    assert send(jens, application, 3).status_code == 302
    [grade] = application.scorecards.get().grades.all()
    assert grade.criterion == "Meets the requirements"


def test_after_the_decision_nothing_is_judged_any_more(
    jens: User, katrin: User, application: Application
) -> None:
    send(jens, application, 1, 2, text="Quokka")
    pipeline.reject(application, by=jens, reason="!", now=timezone.now(), mail_at=None)
    assert send(katrin, application, 4, 4).status_code == 409
    assert "Quokka" in page(katrin, application)
