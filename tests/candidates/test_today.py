"""Today: what waits for a person, and nothing else; for each role what it may see."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from candidates import agenda, requests
from candidates.agenda import MOST, Kind
from candidates.models import Application, Job, Mail, Mention, Request, Run, StrayMail, User
from candidates.views.today import FEW
from tests import world
from tests.candidates.test_request_pages import of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english")]

DAY = timedelta(days=1)
#: The same number of statements whatever waits, with what the test client costs.
MOST_QUERIES = 12


@pytest.fixture
def recruiter() -> User:
    return world.a_user("recruiter", first_name="Katrin", last_name="Voss")


@pytest.fixture
def officer() -> User:
    return world.a_user("privacy_officer", first_name="Miriam", last_name="Falk")


def today(user: User, **query: str) -> str:
    response = of(user).get(reverse("hr:today"), query)
    assert response.status_code == 200
    return response.content.decode()


def kinds(user: User) -> dict[str, int]:
    """Return how much of each kind waits for somebody, without what does not."""
    counts = agenda.rail(user, timezone.now()).counts
    return {str(kind): number for kind, number in counts.items() if number}


def waiting(job: Job, days: int, **fields: Any) -> Application:
    """Create an application that came and stands in its stage since so many days, and is opened."""
    at = timezone.now() - days * DAY
    defaults = {"received_at": at, "stage_since": at, "first_opened_at": at}
    return world.an_application(job, **defaults | fields)


def fresh(job: Job | None, **fields: Any) -> Application:
    return world.an_application(job, **{"received_at": timezone.now()} | fields)


def a_mention(of_user: User, application: Application, **fields: Any) -> Mention:
    by = fields.pop("by", None) or world.a_user("recruiter", first_name="Jens", last_name="Holm")
    about = {"at": timezone.now(), "text": "Is it possible at 36 hours?", "by": by}
    note = application.notes.create(**about | fields)
    return note.mentions.create(user=of_user)


def a_card(application: Application, by: User) -> None:
    application.scorecards.create(by=by, at=timezone.now())


def asked(kind: Request.Kind, application: Application) -> Request:
    return requests.register(application, kind, by=None, now=timezone.now())


# Waiting longest --------------------------------------------------------------------------


def test_the_longest_waiting_stand_in_the_order_of_their_promises(recruiter: User) -> None:
    quick, slow = world.a_job(answer_days=7), world.a_job(answer_days=21)
    ages = {(quick, "Zwei"): 9, (slow, "Eins"): 22, (quick, "Morgen"): 6, (slow, "Heute"): 21}
    for (job, name), days in ages.items():
        waiting(job, days, last_name=name, stage=job.stages.get(position=3))
    waiting(quick, 5, last_name="Spaeter")
    waiting(slow, 19, last_name="Spaeter")
    waiting(quick, 50, last_name="Spaeter", status="rejected", first_opened_at=None)
    html = today(recruiter)
    lines = (
        *("Zwei</a>", ">2 days late<", "Eins</a>", ">1 day late<"),
        *("Heute</a>", ">today<", "Morgen</a>", ">tomorrow<"),
    )
    places = [html.index(words) for words in lines]
    assert places == sorted(places)
    assert "Spaeter" not in html
    assert "Four things need you" in html
    assert "two of them are late" in html


def test_of_many_that_wait_those_longest_past_their_promise_are_shown(recruiter: User) -> None:
    jobs = [world.a_job(answer_days=days) for days in (3, 10, 30)]
    for job in jobs:
        for days in range(35, 45):
            waiting(job, days, last_name=f"Nr-{days - job.answer_days}")
    html = today(recruiter)
    shown = [html.count(f"Nr-{late}<") for late in range(45)]
    assert shown == [0] * 37 + [1] * FEW + [0] * (45 - 37 - FEW)
    assert f"{30 - FEW} more" in html
    alone = today(recruiter, kind="late")
    assert sum(alone.count(f"Nr-{late}<") for late in range(45)) == 30
    assert "Nr-41<" in alone


def test_a_day_begins_at_midnight_here_for_the_count_and_for_the_list(recruiter: User) -> None:
    job = world.a_job(answer_days=14)
    since = world.NOW.replace(hour=23, minute=30) - 13 * DAY
    application = waiting(job, 0, stage_since=since)
    for now, is_there in ((world.NOW, True), (world.NOW - DAY, False)):
        assert agenda.rail(recruiter, now).of(Kind.LATE) == int(is_there)
        items = agenda.items(recruiter, now, few=5, wanted=Kind)[Kind.LATE]
        assert [item.application for item in items] == ([application] if is_there else [])


# New --------------------------------------------------------------------------------------


def test_what_nobody_has_opened_is_new_the_newest_first(recruiter: User) -> None:
    job = world.a_job(title="Pflege")
    fresh(job, last_name="Alt", received_at=timezone.now() - DAY)
    newest = fresh(job, last_name="Neu", source="email")
    world.an_attachment(newest)
    fresh(None, last_name="Initiativ", received_at=timezone.now() - 400 * DAY)
    waiting(job, 1, last_name="Gesehen")
    html = today(recruiter)
    places = [html.index(f"{name}</a>") for name in ("Neu", "Alt", "Initiativ")]
    assert places == sorted(places)
    assert "Pflege, 1 document<" in html
    assert "by e-mail" in html
    assert "Gesehen" not in html
    of(recruiter).get(newest.get_absolute_url())
    assert "Neu</a>" not in today(recruiter)


def test_what_is_new_and_late_stands_once(recruiter: User) -> None:
    waiting(world.a_job(answer_days=14), 20, first_opened_at=None)
    assert kinds(recruiter) == {"late": 1}


# Yours to decide --------------------------------------------------------------------------


def test_a_mention_waits_until_it_is_seen(recruiter: User) -> None:
    application = waiting(world.a_job(), 0, last_name="Gemeint")
    mention = a_mention(recruiter, application)
    html = today(recruiter)
    assert "Gemeint</a>" in html
    assert "Jens Holm: Is it possible at 36 hours?" in html
    Mention.objects.filter(pk=mention.pk).update(seen_at=timezone.now())
    assert kinds(recruiter) == {}


def test_a_mention_is_for_those_who_may_read_it(recruiter: User) -> None:
    hidden = waiting(world.a_job(is_confidential=True), 0)
    a_mention(recruiter, hidden)
    a_mention(recruiter, waiting(world.a_job(), 0), is_private=True)
    a_mention(recruiter, waiting(world.a_job(), 0, restricted_at=timezone.now()))
    assert kinds(recruiter) == {}
    a_mention(recruiter, waiting(world.a_job(), 0), is_private=True, by=recruiter)
    assert kinds(recruiter) == {"mention": 1}


def test_a_scorecard_that_others_have_given_is_missed_of_the_team(recruiter: User) -> None:
    other = world.a_user("hiring_manager")
    job = world.a_job(hiring_team=[recruiter, other])
    missed, mine, untouched = (waiting(job, 0) for _ in range(3))
    closed = waiting(job, 0, status="rejected")
    foreign = waiting(world.a_job(hiring_team=[other]), 0)
    for application in (missed, mine, closed, foreign):
        a_card(application, other)
    a_card(mine, recruiter)
    assert untouched.scorecards.count() == 0
    assert kinds(recruiter) == {"score": 1}
    assert missed.get_absolute_url() in today(recruiter)
    assert "yours is missing" in today(recruiter)


@pytest.mark.parametrize("role", ["recruiter", "personnel", "privacy_officer", "administrator"])
def test_an_erasure_waits_for_a_second_person_and_not_for_the_first(
    role: str, officer: User
) -> None:
    application = waiting(world.a_job(), 0, last_name="Wartend", status="rejected")
    request = requests.grant(
        asked(Request.Kind.ERASURE, application), by=officer, now=timezone.now()
    )
    user = world.a_user(role)
    html = today(user)
    assert "An erasure waits for you as second person" in html
    assert f'href="/hr/requests/{request.pk}/">Käthe Wartend' in html
    assert kinds(officer) == {"request": 1}
    assert kinds(world.a_user("hiring_manager")) == {}


def test_what_is_undecided_for_long_waits_for_the_officer(officer: User, recruiter: User) -> None:
    job = world.a_job(answer_days=600)
    waiting(job, 250, last_name="Lange", stage_since=timezone.now())
    assert kinds(officer) == {"undecided": 1}
    assert "Open for too long without a decision" in today(officer)
    assert kinds(recruiter) == {}


def test_a_stopped_purge_waits_for_the_officers_word(officer: User, recruiter: User) -> None:
    now = timezone.now()
    run = {"job": "purge", "numbers": {"due": 30}, "reasons": ["unforeseen"]}
    Run.objects.create(**run, state="good", started_at=now - 2 * DAY)
    Run.objects.create(**run, state="stopped", started_at=now - DAY)
    html = today(officer)
    assert "30 records are due" in html
    assert reverse("hr:confirm_purge") in html
    assert (kinds(officer), kinds(recruiter)) == ({"brake": 1}, {})
    Run.objects.create(**run, state="good", started_at=now)
    assert kinds(officer) == {}
    assert "Nothing needs you now." in today(officer)


# Requests, mails --------------------------------------------------------------------------


def test_requests_stand_there_with_their_deadline_for_the_officer(
    officer: User, recruiter: User
) -> None:
    access = asked(Request.Kind.ACCESS, waiting(world.a_job(title="Pflege"), 0, last_name="Fragt"))
    html = today(officer)
    assert f'href="/hr/requests/{access.pk}/">Access (Art. 15)' in html
    assert "Käthe Fragt, Pflege. Deletion is held." in html
    day = access.due_on
    assert f"by {day.day} {day:%b}" in html
    assert kinds(recruiter) == {}
    requests.answer(access, answer="This is all.", by=officer, now=timezone.now())
    assert kinds(officer) == {}


def test_a_mail_that_came_back_stands_there_until_somebody_notes_it(recruiter: User) -> None:
    application = waiting(world.a_job(), 0, last_name="Unbekannt", status="rejected")
    mail = world.a_mail(application, state="bounced")
    world.a_mail(application)
    client = of(recruiter)
    html = client.get(reverse("hr:today")).content.decode()
    assert "Rejection of 17 Sep, not delivered" in html
    path = reverse("hr:note_return", args=[mail.pk])
    assert path in html
    assert client.post(path)["Location"] == reverse("hr:today")
    assert "not delivered" not in today(recruiter)
    noted = Mail.objects.values_list("noted_at", flat=True).get(pk=mail.pk)
    assert client.post(path, {"to": "application"})["Location"] == application.get_absolute_url()
    mail.refresh_from_db()
    assert mail.noted_at == noted is not None


def test_mails_of_the_register_come_back_to_the_officer_too(officer: User) -> None:
    application = waiting(world.a_job(), 0, status="rejected")
    world.a_mail(application, state="bounced")
    assert kinds(officer) == {}
    world.a_mail(application, state="bounced", purpose="answered")
    assert kinds(officer) == {"returned": 1}
    Application.objects.update(restricted_at=timezone.now())
    assert kinds(officer) == {"returned": 2}


def test_stray_mails_are_a_line_for_recruiters(recruiter: User) -> None:
    for n in range(3):
        StrayMail.objects.create(
            digest=str(n), reason="no-job", received_at=timezone.now(), raw=b"From: a@b.example"
        )
    html = today(recruiter)
    assert f'<a href="{reverse("hr:mails")}">3 mails</a>' in html
    assert kinds(world.a_user("hiring_manager")) == {}


# Deletions --------------------------------------------------------------------------------


def test_deletions_of_the_week_are_counted_as_far_as_one_sees_them(
    officer: User, recruiter: User
) -> None:
    job, secret = world.a_job(), world.a_job(is_confidential=True)
    here = timezone.localdate()
    for owner, days in ((job, 0), (job, 2), (secret, 2), (job, 6), (job, 7)):
        application = waiting(owner, 0, status="rejected")
        Application.objects.filter(pk=application.pk).update(delete_on=here + days * DAY)
    now = timezone.now()
    weeks = {
        user: [((each.day - here).days, each.number) for each in agenda.week(user, now)]
        for user in (officer, recruiter, world.a_user("personnel"))
    }
    assert list(weeks.values()) == [[(0, 1), (2, 2), (6, 1)], [(0, 1), (2, 1), (6, 1)], []]
    html = today(recruiter)
    assert "Today, before midnight" in html
    assert "?status=closed&amp;order=deletion" in html
    assert reverse("hr:retention") in today(officer)


# For whom ---------------------------------------------------------------------------------


def test_nobody_is_told_of_what_is_not_theirs(recruiter: User) -> None:
    hidden: list[tuple[Job, dict[str, Any]]] = [
        (world.a_job(is_confidential=True), {}),
        (world.a_job(), {"email": recruiter.email.upper()}),
        (world.a_job(), {"restricted_at": timezone.now()}),
    ]
    for job, fields in hidden:
        waiting(job, 90, last_name="Geheim", **fields)
        application = fresh(job, last_name="Geheim", **fields)
        world.a_mail(application, state="bounced")
        a_mention(recruiter, application)
    assert kinds(recruiter) == {}
    assert "Geheim" not in today(recruiter)
    assert "Nothing needs you now." in today(recruiter)


def test_a_hiring_manager_has_what_is_of_the_own_jobs() -> None:
    manager = world.a_user("hiring_manager")
    fresh(world.a_job(hiring_team=[manager]))
    fresh(world.a_job())
    fresh(None)
    assert kinds(manager) == {"new": 1}


@pytest.mark.parametrize(
    ("role", "first_page"), [("personnel", "/hr/employees/"), ("administrator", "/admin/")]
)
def test_who_reads_no_applications_is_led_on_unless_something_waits(
    role: str, first_page: str, officer: User
) -> None:
    user = world.a_user(role)
    assert of(user).get(reverse("hr:today"))["Location"] == first_page
    application = waiting(world.a_job(), 0, status="rejected")
    requests.grant(asked(Request.Kind.ERASURE, application), by=officer, now=timezone.now())
    assert "One thing needs you" in today(user)


def test_somebody_without_a_role_is_told_whom_to_ask() -> None:
    response = of(world.a_user()).get(reverse("hr:today"))
    assert response.status_code == 403
    assert "Ask whoever administers" in response.content.decode()


# The rail ---------------------------------------------------------------------------------


def test_the_number_stands_in_the_menu_of_every_page(recruiter: User) -> None:
    fresh(world.a_job())
    a_mention(recruiter, waiting(world.a_job(), 0))
    html = of(recruiter).get(reverse("hr:jobs")).content.decode()
    assert '<span>Today</span> <span class="count">2</span>' in html


def test_the_number_goes_no_further_than_anybody_needs(recruiter: User) -> None:
    job = world.a_job()
    for _ in range(MOST + 5):
        fresh(job)
    html = today(recruiter)
    assert '<span>Today</span> <span class="count">99+</span>' in html
    assert "More than 99 things need you" in html
    assert "Show more" in html


def test_whoever_reads_applications_can_search_on_every_page(recruiter: User) -> None:
    html = today(recruiter)
    assert (
        f'<form class="search" role="search" method="get" action="{reverse("hr:applications")}"'
        in html
    )
    assert 'name="q"' in html
    personnel = of(world.a_user("personnel")).get(reverse("hr:employees")).content.decode()
    assert 'role="search"' not in personnel


@pytest.mark.parametrize("query", ["x", "stray", "brake", "late\ud7ff", ""])
def test_an_unknown_kind_in_the_address_is_none(recruiter: User, query: str) -> None:
    fresh(world.a_job(), last_name="Neu")
    assert "Neu</a>" in today(recruiter, kind=query)


# What it costs ----------------------------------------------------------------------------


def a_day_of_everything(user: User, rows: int) -> None:
    """Let so much of every kind wait for somebody with every role."""
    second = world.a_user("privacy_officer")
    job = world.a_job(hiring_team=[user], answer_days=10)
    for n in range(rows):
        fresh(job)
        waiting(world.a_job(answer_days=n % 7), 300)
        application = waiting(job, 1)
        a_mention(user, application, by=second)
        a_card(application, second)
        world.a_mail(application, state="bounced")
        asked(Request.Kind.ACCESS, application)
        requests.grant(
            asked(Request.Kind.ERASURE, waiting(job, 1, status="rejected")),
            by=second,
            now=timezone.now(),
        )
        StrayMail.objects.create(
            digest=f"{n}", reason="no-job", received_at=timezone.now(), raw=b"From: a@b.example"
        )
    Run.objects.create(
        job="purge",
        state="stopped",
        started_at=timezone.now(),
        numbers={"due": 30},
        reasons=["unforeseen"],
    )


@pytest.mark.parametrize("rows", [3, 30])
def test_it_costs_the_same_whatever_waits(
    rows: int, django_assert_max_num_queries: Callable[[int], Any]
) -> None:
    user = world.a_user("recruiter")
    for role in ("privacy_officer", "personnel", "administrator"):
        user.groups.add(*world.a_user(role).groups.all())
    a_day_of_everything(user, rows)
    assert set(kinds(user)) == {str(kind) for kind in Kind}
    client = of(user)
    with django_assert_max_num_queries(MOST_QUERIES):
        response = client.get(reverse("hr:today"))
    assert len(response.content) < 150_000
