"""Jobs and boards: true counts, the longest waiting first, and what is erased next."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from candidates.models import Hold, Job, Stage, User
from candidates.views import board as view
from tests import world

pytestmark = pytest.mark.django_db


@pytest.fixture
def recruiter() -> User:
    return world.a_user("recruiter")


@pytest.fixture
def hr(client: Client, recruiter: User) -> Client:
    return world.log_in(client, recruiter)


def board(client: Client, job: Job) -> str:
    response = client.get(reverse("hr:board", args=[job.slug]))
    assert response.status_code == 200
    return response.content.decode()


def columns(client: Client, job: Job) -> list[view.Column]:
    found: list[view.Column] = client.get(reverse("hr:board", args=[job.slug])).context["columns"]
    return found


def test_a_column_shows_the_longest_waiting_first_and_says_how_many_more(
    hr: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(view, "CARDS", 2)
    job = world.a_job()
    screening = job.stages.get(position=2)
    waits = [
        world.an_application(job, stage_since=timezone.now() - timedelta(days=days))
        for days in (1, 9, 5)
    ]
    moved = world.an_application(job, stage=screening)
    world.an_application(job, status="rejected")
    world.an_application()

    first, second, *rest = columns(hr, job)
    assert [card.pk for card in first.cards] == [waits[1].pk, waits[2].pk]
    assert (first.count, first.more) == (3, 1)
    assert [card.pk for card in second.cards] == [moved.pk]
    assert [(column.count, column.cards) for column in rest] == [(0, []), (0, [])]
    more = f"?job={job.slug}&amp;stage={first.stage.pk}&amp;status=open"
    assert more in board(hr, job)


def test_a_board_has_as_many_columns_as_its_job_has_stages(hr: Client) -> None:
    job = world.a_job()
    Stage.objects.create(job=job, name="Probearbeit", position=9)
    Stage.objects.create(job=job, name="<b>Arzt</b>", position=8)
    assert [column.stage.name for column in columns(hr, job)][-2:] == ["<b>Arzt</b>", "Probearbeit"]
    assert "<b>Arzt</b>" not in board(hr, job)


def test_a_job_without_stages_has_a_board_that_says_so(hr: Client) -> None:
    job = world.a_job()
    job.stages.all().delete()
    assert columns(hr, job) == []
    assert 'id="closed"' in board(hr, job)


def test_a_card_says_what_waits(hr: Client) -> None:
    now = timezone.now()
    job = world.a_job(answer_days=14)
    new = world.an_application(job, received_at=now, stage_since=now)
    world.an_attachment(new, content=b"%PDF-")
    late = world.an_application(job, stage_since=now - timedelta(days=16))
    oldest, newest = columns(hr, job)[0].cards
    assert (oldest.pk, oldest.late, oldest.is_new, oldest.documents) == (late.pk, 2, False, 0)  # type: ignore[attr-defined]
    assert (newest.pk, newest.late, newest.is_new, newest.documents) == (new.pk, -14, True, 1)  # type: ignore[attr-defined]


def test_the_drawer_has_what_is_erased_next_with_its_clock(
    hr: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(view, "DRAWER", 2)
    job, today = world.a_job(), timezone.localdate()
    later, soon, held = (
        world.an_application(job, status="rejected", decided_on=today - timedelta(days=days))
        for days in (3, 100, 120)
    )
    end = timezone.now() + timedelta(days=30)
    Hold.objects.create(
        application=held, kind="claim", reason="?", set_at=timezone.now(), until=end
    )
    context = hr.get(reverse("hr:board", args=[job.slug])).context
    assert [row.pk for row in context["closed"]] == [held.pk, soon.pk]
    assert (context["closed_count"], context["closed_more"]) == (3, 1)
    assert later.name
    html = board(hr, job)
    assert 'class="clock held"' in html
    assert f"?job={job.slug}&amp;status=closed&amp;order=deletion" in html


def test_nobody_sees_an_own_application_on_the_board_nor_in_its_counts(
    hr: Client, recruiter: User
) -> None:
    job = world.a_job()
    world.an_application(job, email=recruiter.email.upper())
    first = columns(hr, job)[0]
    assert (first.count, first.cards) == (0, [])


def test_the_page_of_jobs_counts_by_stage_and_what_is_new_today(hr: Client) -> None:
    job = world.a_job()
    world.an_application(job, received_at=timezone.now())
    world.an_application(job, stage=job.stages.get(position=3))
    world.an_application(job, status="withdrawn", received_at=timezone.now())
    (row,) = hr.get(reverse("hr:jobs")).context["jobs"]
    assert [column.count for column in row.columns] == [1, 0, 1, 0]
    assert row.new == 1


def test_the_rail_has_the_own_jobs_first(hr: Client, recruiter: User) -> None:
    other = world.a_job(title="A")
    mine = world.a_job(title="B", hiring_team=[recruiter])
    world.a_job(title="C", is_published=False)
    world.an_application(other)
    rail = hr.get(reverse("hr:jobs")).context["rail_jobs"]
    assert [(job.title, job.open_count) for job in rail] == [(mine.title, 0), (other.title, 1)]


def test_a_card_says_what_somebody_thinks_and_what_waits_for_whom(
    client: Client, recruiter: User
) -> None:
    job = world.a_job(language="en")
    application = world.an_application(job)
    world.an_attachment(application, content=b"%PDF-", verdict="pending")
    card = application.scorecards.create(by=recruiter, at=world.NOW)
    card.grades.create(criterion="Nights", value=3)
    card.grades.create(criterion="Days", value=4)
    note = application.notes.create(by=recruiter, at=world.NOW, text="@Jens Holm")
    jens = world.a_user("recruiter", first_name="Jens", last_name="Holm")
    note.mentions.create(user=jens)
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"

    mine = board(world.log_in(client, recruiter), job)
    assert "</svg>3.5</span>" in mine
    assert "a note is meant for you" not in mine
    assert "virus check" in mine
    theirs = board(world.log_in(client, jens), job)
    assert "a note is meant for you" in theirs
    assert "scorecard, shown when yours is in" in theirs
    assert 'class="score"' not in theirs


def test_a_full_board_of_many_stages_is_a_page_of_bearable_size(
    hr: Client, recruiter: User, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    job = world.a_job()
    for position in range(5, 13):
        job.stages.create(name=f"Stufe {position}", position=position)
    now = timezone.now()
    for stage in job.stages.all():
        for n in range(view.CARDS_IN_ALL // 12 + 1):
            application = world.an_application(
                job,
                stage=stage,
                first_name="Marie-Christine",
                last_name="von Hohenfels-Bergmann",
                source="email",
                received_at=now,
                stage_since=now - timedelta(days=15, minutes=n),
            )
            application.notes.create(by=recruiter, at=now, text="?")
            card = application.scorecards.create(by=recruiter, at=now)
            card.grades.create(criterion="Nachtdienste", value=3)
    path = reverse("hr:board", args=[job.slug])
    with django_assert_max_num_queries(12):
        page = hr.get(path).content
    assert page.count(b'class="card"') == 12 * (view.CARDS_IN_ALL // 12)
    assert len(page) < 150_000
