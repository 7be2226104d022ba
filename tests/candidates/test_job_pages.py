"""The pages of jobs: the shelves, the form, the preview, closing, the team, the criteria."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from candidates import criteria, hiring, jobs
from candidates.models import Application, Job, Mail, User
from candidates.views import job_life, job_list
from tests import world
from tests.candidates.test_permissions import JOB

pytestmark = [pytest.mark.django_db, pytest.mark.once("sqlite")]


@pytest.fixture
def recruiter() -> User:
    return world.a_user("recruiter")


@pytest.fixture
def hr(client: Client, recruiter: User) -> Client:
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    return world.log_in(client, recruiter)


def page(client: Client, name: str, *args: Any, status: int = 200, **query: str) -> str:
    response = client.get(reverse(f"hr:{name}", args=args), query)
    assert response.status_code == status
    return response.content.decode()


def send(client: Client, url: str, /, *args: Any, **data: Any) -> Any:
    return client.post(reverse(f"hr:{url}", args=args), data)


def as_entered(job: Job, **changes: Any) -> dict[str, Any]:
    """Return what the form of a job sends, with some of it changed."""
    values = {name: getattr(job, name) for name in jobs.FIELDS} | changes
    kept = {name: value for name, value in values.items() if value not in (None, False)}
    return {"seen": jobs.digest(job), **kept}


# The shelves ------------------------------------------------------------------------------


def shown(client: Client, **query: str) -> list[Job]:
    rows = client.get(reverse("hr:jobs"), query).context["jobs"]
    return [row.job for row in rows]


def test_drafts_published_and_closed_jobs_have_a_shelf_each(hr: Client) -> None:
    published = world.a_job()
    draft = world.a_job(is_published=False, published_on=None)
    closed = world.a_job(is_published=False)
    assert shown(hr) == [published]
    assert shown(hr, show="drafts") == [draft]
    assert shown(hr, show="closed") == [closed]
    assert shown(hr, show="garbage") == [published]


def test_a_confidential_job_of_others_is_on_no_shelf_and_in_no_number(hr: Client) -> None:
    world.a_job(is_confidential=True)
    response = hr.get(reverse("hr:jobs"))
    assert (response.context["jobs"], response.context["shelves"][0][1]) == ([], 0)


def test_jobs_are_searched_once_there_are_many(hr: Client) -> None:
    wanted = world.a_job(title="Schweißerei", team="Werkstatt", place="Görlitz")
    assert 'name="q"' not in page(hr, "jobs").split("<main")[1]
    for _ in range(job_list.MANY):
        world.a_job()
    assert 'id="job-words"' in page(hr, "jobs")
    for words in ("schweiss", "goerlitz", "Gorlitz werkstatt"):
        assert shown(hr, q=words) == [wanted]
    assert "No job here has these words." in page(hr, "jobs", q="Astronautin")


def test_what_is_not_shown_is_counted(hr: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job_list, "MOST", 2)
    for _ in range(3):
        world.a_job()
    assert "1 more job is not shown" in page(hr, "jobs")


def test_a_job_whose_last_day_is_past_and_one_without_pay_say_so(hr: Client) -> None:
    world.a_job(apply_until=timezone.localdate() - timedelta(days=1))
    world.a_job(pay_to=None)
    html = page(hr, "jobs")
    assert (html.count("over since"), html.count("no pay range")) == (1, 1)


def test_the_shelves_cost_the_same_with_3_and_with_30_jobs(
    hr: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in (3, 27):
        for _ in range(number):
            world.an_application(world.a_job())
        with django_assert_max_num_queries(12):
            page(hr, "jobs", q="e")


# Making and editing -----------------------------------------------------------------------


def test_a_job_is_made_as_a_draft_and_published_from_its_preview(
    hr: Client, client: Client
) -> None:
    response = send(hr, "new_job", **JOB)
    job = Job.objects.get()
    assert response["Location"] == reverse("hr:edit_job", args=[job.slug])
    assert client.get(job.get_absolute_url()).status_code == 404
    html = page(hr, "preview_job", job.slug)
    assert "Nobody outside sees this job yet." in html
    assert "<p>Wir suchen Verstärkung.</p>" in html
    assert "no pay range" in html
    assert send(hr, "publish_job", job.slug).status_code == 302
    assert client.get(job.get_absolute_url()).status_code == 200


def test_the_form_of_a_new_job_begins_in_germany(hr: Client) -> None:
    assert '<option value="DE" selected>' in page(hr, "new_job")


def test_a_new_job_starts_from_another_with_all_but_its_last_day(
    hr: Client, recruiter: User
) -> None:
    source = world.a_job(
        hiring_team=[recruiter], apply_until=timezone.localdate() + timedelta(days=3)
    )
    criteria.add(source, "Ruhe")
    form = hr.get(reverse("hr:new_job"), {"source": source.slug}).context["form"]
    assert form["description"].value() == source.description
    assert form["pay_from"].value() == source.pay_from
    assert form["apply_until"].value() is None
    send(hr, "new_job", **JOB, source=source.slug)
    made = Job.objects.exclude(pk=source.pk).get()
    assert [each.name for each in made.criteria.all()] == ["Ruhe"]


def test_a_job_that_one_does_not_see_is_nothing_to_start_from(hr: Client) -> None:
    secret = world.a_job(is_confidential=True)
    assert secret.title not in page(hr, "new_job")
    page(hr, "new_job", source=secret.slug, status=404)
    assert send(hr, "new_job", **JOB, source=secret.slug).status_code == 404
    assert Job.objects.count() == 1


def test_what_has_not_been_saved_is_previewed_and_changes_nothing(hr: Client) -> None:
    job = world.a_job(title="Alt")
    data = as_entered(job, title="Neu", description="# Gut", preview="yes")
    html = send(hr, "edit_job", job.slug, **data).content.decode()
    assert "Nothing is saved yet" in html
    assert "<h2>Gut</h2>" in html
    job.refresh_from_db()
    assert job.title == "Alt"
    response = send(hr, "new_job", **JOB, preview="yes")
    assert "Nothing is saved yet" in response.content.decode()
    assert Job.objects.count() == 1


def test_a_preview_is_no_page_for_search_engines(hr: Client) -> None:
    html = page(hr, "preview_job", world.a_job().slug)
    assert '<meta name="robots" content="noindex">' in html
    assert "ld+json" not in html


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"title": ""}, "Give the job a title."),
        ({"title": "x" * 121}, "Shorten this to 120"),
        ({"description": ""}, "Write the description first"),
        ({"description": "a\x07b"}, "cannot be stored"),
        ({"pay_from": "9", "pay_to": "8"}, "Swap the two."),
        ({"apply_until": "2020-01-01"}, "This day is past."),
        ({"country": "XX"}, "XX"),
        ({"answer_days": "0"}, "greater than or equal to 1"),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_the_rest_stays(
    hr: Client, changes: dict[str, str], says: str
) -> None:
    job = world.a_job()
    response = send(hr, "edit_job", job.slug, **as_entered(job, place="Bonn", **changes))
    html = response.content.decode()
    assert response.status_code == 422
    assert says in html
    assert 'value="Bonn"' in html
    job.refresh_from_db()
    assert job.place == "Köln"


def test_who_saves_second_is_told_keeps_the_entries_and_can_save_again(hr: Client) -> None:
    job = world.a_job()
    data = as_entered(job, place="Bonn")
    Job.objects.update(place="Aachen")
    response = send(hr, "edit_job", job.slug, **data)
    assert response.status_code == 409
    assert 'value="Bonn"' in response.content.decode()
    data["seen"] = response.context["form"]["seen"].value()
    assert send(hr, "edit_job", job.slug, **data).status_code == 302
    job.refresh_from_db()
    assert job.place == "Bonn"


def test_the_addresses_to_copy_stand_beside_the_form(hr: Client) -> None:
    job = world.a_job(slug="pflege", title="Pflege", language="de")
    html = page(hr, "edit_job", job.slug)
    assert 'value="jobs+pflege@' in html
    assert "?subject=Bewerbung%3A%20Pflege" in html


# Closing ----------------------------------------------------------------------------------


def closing(client: Client, job: Job, **data: str) -> Any:
    """Send the dialog as it was opened just now."""
    form = client.get(reverse("hr:close_job", args=[job.slug])).context["form"]
    seen = {"seen": form["seen"].value()} if "seen" in form.fields else {}
    return send(
        client, "close_job", job.slug, **{"reason": "Besetzt.", "when": "soon"} | seen | data
    )


def test_the_dialog_names_who_waits_and_answers_them_all(hr: Client, recruiter: User) -> None:
    job = world.a_job()
    waiting = [world.an_application(job) for _ in range(3)]
    hired = world.an_application(job, status="hired")
    assert "3 people have no answer yet" in page(hr, "close_job", job.slug)
    assert closing(hr, job).status_code == 302
    job.refresh_from_db()
    assert job.is_closed
    for application in waiting:
        application.refresh_from_db()
        assert application.status == "rejected"
        assert application.events.get().by == recruiter
    assert set(Mail.objects.values_list("application", flat=True)) == {a.pk for a in waiting}
    hired.refresh_from_db()
    assert hired.status == "hired"


def test_without_a_reason_nobody_is_rejected(hr: Client) -> None:
    job = world.a_job()
    world.an_application(job)
    assert closing(hr, job, reason=" ").status_code == 422
    assert Application.objects.open().count() == 1


def test_those_told_in_person_get_no_mail(hr: Client) -> None:
    job = world.a_job()
    world.an_application(job)
    closing(hr, job, when="never")
    assert not Mail.objects.exists()
    assert not Application.objects.open().exists()


def test_who_applies_while_the_dialog_is_open_is_not_rejected_unseen(hr: Client) -> None:
    job = world.a_job()
    world.an_application(job)
    form = hr.get(reverse("hr:close_job", args=[job.slug])).context["form"]
    world.an_application(job)
    data = {"seen": form["seen"].value(), "reason": "Besetzt.", "when": "now"}
    response = send(hr, "close_job", job.slug, **data)
    html = response.content.decode()
    assert response.status_code == 422
    assert "Meanwhile somebody has applied or been answered." in html
    assert "2 people have no answer yet" in html
    assert Application.objects.open().count() == 2
    data["seen"] = response.context["form"]["seen"].value()
    assert send(hr, "close_job", job.slug, **data).status_code == 302


def test_many_are_rejected_only_when_their_number_is_entered(hr: Client) -> None:
    job = world.a_job()
    for _ in range(21):
        world.an_application(job)
    response = closing(hr, job, confirm="12")
    assert response.status_code == 422
    assert "It is 21 applications." in response.content.decode()
    assert Application.objects.open().count() == 21
    assert closing(hr, job, confirm="21").status_code == 302


def test_very_many_are_answered_in_batches_each_by_one_press(
    hr: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job_life, "BATCH", 10)
    job = world.a_job()
    for _ in range(25):
        world.an_application(job)
    response, pressed = closing(hr, job, confirm="25"), 1
    while response.status_code == 200:
        assert "applications are rejected. Go on with the others." in response.content.decode()
        form = response.context["form"]
        fields = ("seen", "reason", "when", "confirm")
        data = {name: form[name].value() for name in fields if name in form.fields}
        response, pressed = send(hr, "close_job", job.slug, **data), pressed + 1
    job.refresh_from_db()
    assert (pressed, job.is_closed, Application.objects.open().count()) == (3, True, 0)


@pytest.mark.parametrize("kind", ["restricted", "own"])
def test_whom_one_may_not_answer_is_not_passed_over(hr: Client, recruiter: User, kind: str) -> None:
    job = world.a_job()
    world.an_application(job)
    hidden: dict[str, dict[str, Any]] = {
        "own": {"email": recruiter.email},
        "restricted": {"restricted_at": timezone.now()},
    }
    world.an_application(job, last_name="Kouassi", **hidden[kind])
    response = closing(hr, job)
    html = response.content.decode()
    assert response.status_code == 409
    assert "1 person has no answer yet" in html
    assert "Kouassi" not in html
    job.refresh_from_db()
    assert (job.is_published, Application.objects.open().count()) == (True, 2)


def test_a_job_in_which_only_others_can_answer_says_so_and_stays_open(
    hr: Client, recruiter: User
) -> None:
    job = world.a_job()
    world.an_application(job, email=recruiter.email)
    html = page(hr, "close_job", job.slug)
    assert "Not everybody who waits here can be answered by you." in html
    assert "Everybody in this job has an answer." not in html
    assert send(hr, "close_job", job.slug).status_code == 409
    job.refresh_from_db()
    assert job.is_published


def test_the_dialog_costs_the_same_for_3_and_for_30_who_wait(
    hr: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    job = world.a_job()
    for number in (3, 27):
        for _ in range(number):
            world.an_application(job)
        with django_assert_max_num_queries(14):
            page(hr, "close_job", job.slug)


def test_a_closed_job_is_reopened_from_its_preview(hr: Client, client: Client) -> None:
    job = world.a_job()
    assert closing(hr, job).status_code == 302
    assert client.get(job.get_absolute_url()).status_code == 410
    assert "Reopen and publish again" in page(hr, "preview_job", job.slug)
    send(hr, "publish_job", job.slug)
    assert client.get(job.get_absolute_url()).status_code == 200


def test_why_a_job_cannot_be_published_stands_on_its_preview(hr: Client) -> None:
    job = world.a_job(is_published=False, published_on=None, description="")
    response = send(hr, "publish_job", job.slug)
    assert response.status_code == 409
    assert "Write the description first" in response.content.decode()


def test_nobody_is_assigned_to_a_closed_job(hr: Client) -> None:
    closed, application = world.a_job(is_published=False), world.an_application()
    assert closed.title not in page(hr, "assign", application.pk)
    assert send(hr, "assign", application.pk, job=closed.slug).status_code == 422


# Team and criteria ------------------------------------------------------------------------


def test_a_member_who_is_removed_gets_404_at_the_next_page(
    hr: Client, client: Client, recruiter: User
) -> None:
    manager = world.a_user("hiring_manager")
    job = world.a_job(hiring_team=[recruiter])
    send(hr, "hiring_team", job.slug, member=manager.pk)
    theirs = world.log_in(Client(), manager)
    page(theirs, "board", job.slug)
    send(hr, "hiring_team", job.slug, remove=manager.pk)
    page(theirs, "board", job.slug, status=404)


def test_who_leaves_a_confidential_job_is_led_to_the_others(hr: Client, recruiter: User) -> None:
    job = world.a_job(hiring_team=[recruiter, world.a_user("recruiter")], is_confidential=True)
    response = send(hr, "hiring_team", job.slug, remove=recruiter.pk)
    assert response["Location"] == reverse("hr:jobs")


def test_the_last_who_may_decide_is_not_removed(hr: Client, recruiter: User) -> None:
    job = world.a_job(hiring_team=[recruiter])
    response = send(hr, "hiring_team", job.slug, remove=recruiter.pk)
    assert response.status_code == 409
    assert "is the last one on this team who may decide" in response.content.decode()


@pytest.mark.parametrize("pk", ["0", "999999", "-1", "x", "", "1" * 30])
def test_who_is_not_on_the_team_is_not_removed_from_it(hr: Client, pk: str) -> None:
    assert send(hr, "hiring_team", world.a_job().slug, remove=pk).status_code == 404


@pytest.mark.parametrize("verb", ["rename", "up", "down", "remove"])
def test_a_criterion_of_another_job_is_not_there(hr: Client, verb: str) -> None:
    foreign = criteria.add(world.a_job(), "Ruhe")
    data = {"do": verb, "criterion": foreign.pk, "name": "Hast"}
    assert send(hr, "criteria", world.a_job().slug, **data).status_code == 404
    foreign.refresh_from_db()
    assert foreign.name == "Ruhe"


def test_criteria_are_kept_on_their_page(hr: Client) -> None:
    job = world.a_job()
    for name in ("Pflege", "Ruhe"):
        send(hr, "criteria", job.slug, do="add", name=name)
    pflege, ruhe = job.criteria.order_by("position")
    send(hr, "criteria", job.slug, do="up", criterion=ruhe.pk)
    send(hr, "criteria", job.slug, do="rename", criterion=pflege.pk, name="  Wissen ")
    assert [each.name for each in job.criteria.order_by("position")] == ["Ruhe", "Wissen"]
    send(hr, "criteria", job.slug, do="remove", criterion=ruhe.pk)
    assert [each.name for each in job.criteria.all()] == ["Wissen"]


@pytest.mark.parametrize(
    ("name", "status", "says"), [("", 422, "Name the criterion."), ("ruhe", 409, "already")]
)
def test_a_wrong_name_of_a_criterion_is_said(hr: Client, name: str, status: int, says: str) -> None:
    job = world.a_job()
    pflege, _ruhe = criteria.add(job, "Pflege"), criteria.add(job, "Ruhe")
    for data in ({"do": "add"}, {"do": "rename", "criterion": pflege.pk}):
        response = send(hr, "criteria", job.slug, **data, name=name)
        assert response.status_code == status
        assert says in response.content.decode()


def test_an_unknown_verb_is_not_there(hr: Client) -> None:
    criterion = criteria.add(world.a_job(), "Ruhe")
    data = {"do": "drop", "criterion": criterion.pk}
    assert send(hr, "criteria", criterion.job.slug, **data).status_code == 404


# Hiring -----------------------------------------------------------------------------------


def test_a_hire_proposes_what_a_personnel_file_needs(hr: Client) -> None:
    application = world.an_application()
    names = ("Lebenslauf.pdf", "Anschreiben_Grossmann.pdf", "Zeugnis.pdf", "Foto.pdf")
    files = [world.an_attachment(application, name, b"%PDF-", pages=2) for name in names]
    form = hr.get(reverse("hr:hire", args=[application.pk])).context["form"]
    assert set(form["attachments"].value()) == {str(files[0].pk), str(files[2].pk)}
    html = page(hr, "hire", application.pk)
    assert "Lebenslauf.pdf, 2 pages" in html
    assert "What stays behind will be erased on" in html


def test_a_document_that_is_still_checked_is_named_and_stays(hr: Client) -> None:
    application = world.an_application()
    world.an_attachment(application, "CV.pdf", b"%PDF-", verdict="pending")
    html = page(hr, "hire", application.pk)
    assert "1 document is still being checked or was removed" in html


def test_who_is_slower_with_a_personnel_number_keeps_what_was_entered(hr: Client) -> None:
    application = world.an_application()
    file = world.an_attachment(application, "CV.pdf", b"%PDF-")
    number = hiring.next_personnel_number()
    world.an_employee(personnel_number=number)
    data = {
        "start_date": "2027-01-04",
        "job_title": "Stationsleitung",
        "personnel_number": number,
        "attachments": [str(file.pk)],
    }
    response = send(hr, "hire", application.pk, **data)
    html = response.content.decode()
    assert response.status_code == 409
    assert f"The next free one is {int(number) + 1}" in html
    form = response.context["form"]
    assert {name: form[name].value() for name in data} == data
