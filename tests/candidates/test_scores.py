"""Scorecards: what a card on the board may say of them, and to whom."""

import pytest

from candidates import access, reads
from candidates.models import Application, User
from tests import world

pytestmark = pytest.mark.django_db


def a_scorecard(application: Application, by: User, *values: int) -> None:
    card = application.scorecards.create(by=by, at=world.NOW)
    for number, value in enumerate(values):
        card.grades.create(criterion=f"Criterion {number}", value=value)


def shown(application: Application, user: User) -> tuple[float | None, int]:
    rows = reads.with_scores(access.applications(user), user)
    score, scorers = rows.values_list("score", "scorers").get(pk=application.pk)
    return score, scorers


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
        assert rows.values_list("note_count", flat=True).get() == number
