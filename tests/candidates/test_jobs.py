"""Jobs: made, edited, published, closed, their teams and their criteria."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.utils import translation

from candidates import access, addresses, criteria, jobs, pipeline, retention
from candidates.models import Application, Grade, Job, Mail, Scorecard, User
from candidates.models.jobs import DEFAULT_STAGES
from candidates.pipeline import ChangeNotAllowed
from tests.world import NOW, TODAY, a_job, a_user, an_application

pytestmark = [pytest.mark.django_db, pytest.mark.once("postgres")]


@pytest.fixture
def recruiter() -> User:
    return a_user("recruiter")


def a_draft(by: User, **fields: Any) -> Job:
    defaults: dict[str, Any] = {
        "title": "Pflegefachkraft",
        "language": "de",
        "team": "Station Süd",
        "place": "Köln",
        "kind": Job.Kind.FULL_TIME,
        "description": "Wir suchen Verstärkung.",
    }
    return jobs.create(Job(**defaults | fields), by=by)


def said(job: Job) -> dict[str, Any]:
    return {name: getattr(job, name) for name in jobs.FIELDS}


# Addresses --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("Pflegefachkraft (m/w/d) für Köln", "pflegefachkraft-mwd-fuer-koeln"),
        ("Straßenbau: Größe & Öl", "strassenbau-groesse-oel"),
        ("Zoë’s Café_Leitung", "zoes-cafe-leitung"),
        ("Лікарка", "job"),
        ("Sachbearbeitung " + "sehr " * 20, "sachbearbeitung-sehr-sehr-sehr-sehr-sehr-sehr"),
        ("x" * 80, "x" * 46),
    ],
)
def test_an_address_is_made_of_the_title(title: str, slug: str) -> None:
    assert jobs.slug_of(title) == slug


@pytest.mark.parametrize("title", ["New", "Apply"])
def test_an_address_never_is_a_word_that_means_something_else(recruiter: User, title: str) -> None:
    assert a_draft(recruiter, title=title).slug == f"{title.lower()}-2"


def test_two_jobs_of_one_title_have_two_addresses(recruiter: User) -> None:
    slugs = [a_draft(recruiter).slug for _ in range(3)]
    assert slugs == ["pflegefachkraft", "pflegefachkraft-2", "pflegefachkraft-3"]


def test_the_address_follows_the_title_of_a_draft_and_stays_once_it_was_published(
    recruiter: User,
) -> None:
    job = a_draft(recruiter)
    values = said(job) | {"title": "Pflegeleitung"}
    job = jobs.change(job, values, seen=jobs.digest(job), by=recruiter)
    assert job.slug == "pflegeleitung"
    job = jobs.publish(job, now=NOW)
    values = said(job) | {"title": "Pflegedirektion"}
    job = jobs.change(job, values, seen=jobs.digest(job), by=recruiter)
    assert (job.title, job.slug) == ("Pflegedirektion", "pflegeleitung")
    values = said(job) | {"title": "Stationsleitung"}
    job = jobs.change(jobs.close(job), values, seen=jobs.digest(job), by=recruiter)
    assert job.slug == "pflegeleitung"


def test_a_draft_that_is_saved_with_its_title_keeps_its_number(recruiter: User) -> None:
    first, second = a_draft(recruiter), a_draft(recruiter)
    first.delete()
    values = said(second) | {"team": "Station Nord"}
    assert jobs.change(second, values, seen=jobs.digest(second), by=recruiter).slug == second.slug


# Making and editing -----------------------------------------------------------------------


def test_a_new_job_is_a_draft_with_the_usual_stages_and_its_maker_on_the_team(
    recruiter: User,
) -> None:
    job = a_draft(recruiter, is_published=True, published_on=TODAY)
    job.refresh_from_db()
    with translation.override("de"):
        names = [str(name) for name in DEFAULT_STAGES]
    assert (job.is_draft, job.is_taking(TODAY)) == (True, False)
    assert [stage.name for stage in job.stages.order_by("position")] == names
    assert list(job.hiring_team.all()) == [recruiter]


def test_a_job_that_starts_from_another_has_its_stages_criteria_and_team(recruiter: User) -> None:
    manager, gone = a_user("hiring_manager"), a_user("hiring_manager", is_active=False)
    source = a_job(hiring_team=[manager, gone])
    source.stages.filter(position__gt=1).delete()
    source.stages.update(name="Probearbeit")
    for name in ("Pflege", "Ruhe"):
        criteria.add(source, name)
    job = jobs.create(Job(title="Nacht", language="de"), by=recruiter, source=source)
    assert [stage.name for stage in job.stages.all()] == ["Probearbeit"]
    assert [each.name for each in job.criteria.all()] == ["Pflege", "Ruhe"]
    assert set(job.hiring_team.all()) == {manager, recruiter}


def test_of_two_who_edit_at_once_the_second_is_told_and_may_save_again(recruiter: User) -> None:
    job = a_draft(recruiter)
    seen = jobs.digest(job)
    jobs.change(job, said(job) | {"place": "Bonn"}, seen=seen, by=recruiter)
    with pytest.raises(jobs.ChangedMeanwhile):
        jobs.change(job, said(job) | {"place": "Aachen"}, seen=seen, by=recruiter)
    job.refresh_from_db()
    assert job.place == "Bonn"
    again = jobs.change(job, said(job) | {"place": "Aachen"}, seen=jobs.digest(job), by=recruiter)
    assert again.place == "Aachen"


def test_whoever_makes_a_job_confidential_goes_on_seeing_it_and_other_recruiters_do_not(
    recruiter: User,
) -> None:
    other, job = a_user("recruiter"), a_job()
    values = said(job) | {"is_confidential": True}
    jobs.change(job, values, seen=jobs.digest(job), by=recruiter)
    assert job in access.jobs(recruiter)
    assert job not in access.jobs(other)


def test_a_published_job_never_loses_its_description(recruiter: User) -> None:
    job = a_job()
    with pytest.raises(ChangeNotAllowed):
        jobs.change(job, said(job) | {"description": " "}, seen=jobs.digest(job), by=recruiter)


# Publishing and closing -------------------------------------------------------------------


def test_a_published_draft_takes_applications(recruiter: User) -> None:
    job = jobs.publish(a_draft(recruiter), now=NOW)
    assert (job.is_taking(TODAY), job.published_on) == (True, TODAY)


@pytest.mark.parametrize(
    "fields", [{"description": ""}, {"apply_until": TODAY - timedelta(days=1)}], ids=str
)
def test_a_draft_that_lacks_something_is_not_published(
    recruiter: User, fields: dict[str, Any]
) -> None:
    job = a_draft(recruiter, **fields)
    with pytest.raises(ChangeNotAllowed):
        jobs.publish(job, now=NOW)
    job.refresh_from_db()
    assert job.is_draft


@pytest.mark.usefixtures("english")
def test_a_draft_without_stages_is_not_published(recruiter: User) -> None:
    job = a_draft(recruiter)
    job.stages.all().delete()
    with pytest.raises(ChangeNotAllowed, match="stages"):
        jobs.publish(job, now=NOW)


def test_a_job_closes_when_everybody_in_it_has_an_answer_and_reopens_with_its_first_day() -> None:
    job = a_job(published_on=date(2026, 1, 5))
    an_application(job, status="rejected")
    job = jobs.close(job)
    assert (job.is_closed, job.is_taking(TODAY)) == (True, False)
    job = jobs.publish(job, now=NOW)
    assert (job.is_taking(TODAY), job.published_on) == (True, date(2026, 1, 5))


def test_a_job_does_not_close_while_somebody_in_it_waits() -> None:
    job = a_job()
    an_application(job, restricted_at=NOW)
    with pytest.raises(jobs.SomebodyWaits):
        jobs.close(job)
    job.refresh_from_db()
    assert job.is_published


@pytest.mark.parametrize("fields", [{}, {"published_on": None}], ids=["closed", "draft"])
def test_what_is_not_published_is_not_closed(fields: dict[str, Any]) -> None:
    with pytest.raises(ChangeNotAllowed):
        jobs.close(a_job(is_published=False, **fields))


def test_those_who_are_answered_together_have_each_a_clock_an_event_and_a_mail(
    recruiter: User,
) -> None:
    job = a_job()
    waiting = [an_application(job, language=language) for language in ("de", "en")]
    count = jobs.answer(
        waiting, by=recruiter, reason="Besetzt.", mail_at=NOW + pipeline.MAIL_DELAY, now=NOW
    )
    assert count == 2
    for application in waiting:
        application.refresh_from_db()
        assert application.delete_on == retention.delete_on(TODAY, months=6)
        event = application.events.get()
        assert (event.kind, event.by, event.reason) == ("rejected", recruiter, "Besetzt.")
    assert {mail.language for mail in Mail.objects.all()} == {"de", "en"}
    assert {mail.purpose for mail in Mail.objects.all()} == {"rejection"}


def test_whom_somebody_was_faster_to_decide_on_stays_as_decided(recruiter: User) -> None:
    hired, waiting = an_application(), an_application()
    Application.objects.filter(pk=hired.pk).update(
        status="hired", decided_on=TODAY, delete_on=date(2027, 3, 17), retention_months=6
    )
    count = jobs.answer([hired, waiting], by=recruiter, reason="!", mail_at=None, now=NOW)
    hired.refresh_from_db()
    assert (count, hired.status) == (1, "hired")


@pytest.mark.usefixtures("english")
def test_nobody_is_put_into_a_closed_job(recruiter: User) -> None:
    closed, draft = a_job(is_published=False), a_job(is_published=False, published_on=None)
    application = an_application()
    with pytest.raises(pipeline.JobClosed, match="has been closed"):
        pipeline.assign(application, job=closed, by=recruiter, now=NOW)
    assert not Mail.objects.exists()
    assert pipeline.assign(application, job=draft, by=recruiter, now=NOW).job == draft


# The team ---------------------------------------------------------------------------------


def test_whoever_is_removed_from_a_team_loses_the_job_and_its_applications_at_once() -> None:
    manager = a_user("hiring_manager")
    job = a_job(hiring_team=[manager, a_user("recruiter")])
    application = an_application(job)
    assert application in access.applications(manager)
    jobs.remove_member(job, manager)
    assert (access.jobs(manager).count(), access.applications(manager).count()) == (0, 0)


@pytest.mark.usefixtures("english")
def test_the_last_who_may_decide_stays_on_the_team() -> None:
    manager, officer = a_user("hiring_manager"), a_user("privacy_officer")
    off = a_user("recruiter", is_active=False)
    job = a_job(hiring_team=[manager, officer, off])
    with pytest.raises(ChangeNotAllowed, match="last"):
        jobs.remove_member(job, manager)
    for other in (officer, off):
        jobs.remove_member(job, other)
    assert list(job.hiring_team.all()) == [manager]


@pytest.mark.parametrize("role", ["personnel", "privacy_officer", "administrator", None])
def test_only_who_may_decide_comes_onto_a_team(role: str | None) -> None:
    job = a_job()
    with pytest.raises(ChangeNotAllowed):
        jobs.add_member(job, a_user(role))
    assert not job.hiring_team.exists()


def test_who_may_not_log_in_does_not_come_onto_a_team() -> None:
    with pytest.raises(ChangeNotAllowed):
        jobs.add_member(a_job(), a_user("recruiter", is_active=False))


# Criteria ---------------------------------------------------------------------------------


def names(job: Job) -> list[str]:
    return [each.name for each in job.criteria.order_by("position")]


def test_criteria_are_added_ordered_renamed_and_removed() -> None:
    job = a_job()
    pflege, _ruhe, team = (criteria.add(job, name) for name in ("Pflege", "Ruhe", "Team"))
    criteria.shift(team, up=True)
    assert names(job) == ["Pflege", "Team", "Ruhe"]
    criteria.shift(pflege, up=True)
    criteria.shift(pflege, up=False)
    assert names(job) == ["Team", "Pflege", "Ruhe"]
    criteria.rename(pflege, "Pflegewissen")
    criteria.remove(team)
    assert names(job) == ["Pflegewissen", "Ruhe"]
    assert criteria.add(job, "Team").position > 0


def test_a_job_has_no_two_criteria_of_one_name() -> None:
    job = a_job()
    pflege, ruhe = criteria.add(job, "Pflege"), criteria.add(job, "Ruhe")
    with pytest.raises(ChangeNotAllowed):
        criteria.add(job, "pflege")
    with pytest.raises(ChangeNotAllowed):
        criteria.rename(ruhe, "PFLEGE")
    criteria.rename(pflege, "PFLEGE")
    assert names(job) == ["PFLEGE", "Ruhe"]


def test_what_has_been_given_stays_under_the_name_of_then() -> None:
    job = a_job()
    criterion = criteria.add(job, "Pflege")
    card = Scorecard.objects.create(application=an_application(job), by=a_user(), at=NOW)
    Grade.objects.create(scorecard=card, criterion=criterion.name, value=4)
    criteria.rename(criterion, "Pflegewissen")
    criteria.remove(criterion)
    assert [grade.criterion for grade in card.grades.all()] == ["Pflege"]


def test_a_job_has_no_more_criteria_than_anybody_judges_with_care() -> None:
    job = a_job()
    for number in range(criteria.MOST):
        criteria.add(job, f"Kriterium {number}")
    with pytest.raises(ChangeNotAllowed, match=str(criteria.MOST)):
        criteria.add(job, "Noch eins")


def test_a_criterion_that_somebody_has_removed_is_not_renamed() -> None:
    criterion = criteria.add(a_job(), "Pflege")
    criteria.remove(criterion)
    with pytest.raises(ChangeNotAllowed):
        criteria.rename(criterion, "Ruhe")


def test_the_slug_fits_into_the_address_for_mails(recruiter: User) -> None:
    job = a_draft(recruiter, title="Leitung " * 14)
    assert len(addresses.of_job(job).partition("@")[0]) <= 64
