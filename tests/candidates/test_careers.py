"""The careers pages: what strangers see, in both languages, at a constant price."""

from typing import TYPE_CHECKING

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from candidates.models import Job
from tests import world

if TYPE_CHECKING:
    from pytest_django.fixtures import Settings

pytestmark = pytest.mark.django_db
EN = {"accept-language": "en"}


def text(client: Client, path: str, status: int = 200) -> str:
    response = client.get(path, headers=EN)
    assert response.status_code == status
    return response.content.decode()


def test_published_jobs_are_listed_by_team(client: Client) -> None:
    world.a_job(title="Welder", team="Workshop", language="en")
    world.a_job(title="Baker", team="Bakery", language="en", answer_days=1)
    world.a_job(title="Confectioner", team="Bakery", language="de")
    html = text(client, "/jobs/")
    words = ("Bakery", "Baker<", "Confectioner", "Workshop", "Welder")
    order = [html.index(word) for word in words]
    assert order == sorted(order)
    assert "Three open positions." in html
    assert "Answer in 1 day<" in html
    assert html.count("in German") == 1


def test_an_empty_list_offers_a_speculative_application(client: Client) -> None:
    assert reverse("careers:speculative") in text(client, "/jobs/")


@pytest.mark.parametrize("confidential", [True, False])
def test_an_unpublished_job_is_not_listed(client: Client, confidential: bool) -> None:
    world.a_job(title="Secret", is_published=False, is_confidential=confidential)
    assert "Secret" not in text(client, "/jobs/")


def test_a_closed_job_says_so_and_shows_the_others(client: Client) -> None:
    gone = world.a_job(title="Gone", is_published=False)
    world.a_job(title="Welder")
    for path in (gone.get_absolute_url(), reverse("careers:apply", args=[gone.slug])):
        html = text(client, path, 410)
        assert "This position is no longer open" in html
        assert "Welder" in html
        assert "Gone" not in html


def test_a_confidential_job_is_unknown_unless_it_is_published(client: Client) -> None:
    job = world.a_job(is_published=False, is_confidential=True)
    for name in ("careers:job", "careers:apply", "careers:thanks"):
        text(client, reverse(name, args=[job.slug]), 404)
    Job.objects.update(is_published=True)
    text(client, job.get_absolute_url())


@pytest.mark.parametrize("name", ["careers:job", "careers:apply", "careers:thanks"])
def test_an_unknown_job_is_not_found(client: Client, name: str) -> None:
    text(client, reverse(name, args=["no-such-job"]), 404)


def test_a_job_shows_its_text_and_facts(client: Client) -> None:
    job = world.a_job(
        title="Welder",
        place="Leipzig",
        team="Workshop",
        answer_days=10,
        description="## You\n\n**weld**",
    )
    html = text(client, job.get_absolute_url())
    for part in ("<h2>You</h2>", "<strong>weld</strong>", "Leipzig", "Workshop", "within 10 days"):
        assert part in html
    assert reverse("careers:apply", args=[job.slug]) in html


def test_the_language_follows_the_browser_and_the_switch(client: Client) -> None:
    assert '<html lang="en">' in text(client, "/jobs/")
    answer = client.post(reverse("set_language"), {"language": "de", "next": "/privacy/"})
    assert answer.headers["Location"] == "/privacy/"
    assert '<html lang="de">' in text(client, "/jobs/")


def test_thanks_know_nothing_of_the_person(client: Client) -> None:
    job = world.a_job(title="Welder", answer_days=10)
    html = text(client, reverse("careers:thanks", args=[job.slug]))
    assert "You hear from us within 10 days" in html
    assert "six months" in html
    Job.objects.update(is_published=False)
    assert "Welder" not in text(client, reverse("careers:thanks", args=[job.slug]))
    text(client, reverse("careers:speculative_thanks"))


@pytest.mark.parametrize(
    ("months", "words"), [(6, "six months"), (1, "one month"), (3, "three months")]
)
def test_every_page_that_states_the_period_takes_it_from_the_setting(
    client: Client, settings: "Settings", months: int, words: str
) -> None:
    settings.ATS_RETENTION_MONTHS = settings.ATS_OPEN_MONTHS = months
    for path in ("/jobs/", "/apply/", "/apply/thanks/", "/privacy/"):
        html = text(client, path)
        assert words in html
        assert months == 6 or "six months" not in html


def test_the_notice_names_the_legal_basis_of_the_settings(
    client: Client, settings: "Settings"
) -> None:
    settings.ATS_LEGAL_BASIS_BDSG = False
    assert "BDSG" not in text(client, "/privacy/") + text(client, "/apply/")
    settings.ATS_LEGAL_BASIS_BDSG = True
    assert "section 26(1) BDSG" in text(client, "/privacy/")
    assert "section 26(1) BDSG" in text(client, "/apply/")


def test_privacy_and_imprint_name_who_is_responsible(client: Client, settings: "Settings") -> None:
    settings.ATS_OPERATOR = {
        "name": "Orchard Ltd",
        "address": "Orchard Ltd, 1 Apple Lane",
        "email": "hr@orchard.example",
        "data_protection_officer": "Perry Pear, dpo@orchard.example",
    }
    for path in ("/privacy/", "/imprint/"):
        html = text(client, path)
        for part in ("1 Apple Lane", "hr@orchard.example", "Perry Pear"):
            assert part in html
    assert "Art. 77" in text(client, "/privacy/")


def test_reading_sets_no_cookie_but_the_one_against_forged_forms(client: Client) -> None:
    job = world.a_job()
    for path in ("/jobs/", job.get_absolute_url(), "/apply/", "/privacy/", "/imprint/"):
        text(client, path)
    assert set(client.cookies) <= {"csrftoken"}


def test_pages_cost_the_same_for_one_job_and_for_many(client: Client) -> None:
    job = world.a_job()

    def cost(path: str) -> int:
        with CaptureQueriesContext(connection) as queries:
            text(client, path)
        return len(queries)

    form = reverse("careers:apply", args=[job.slug])
    paths = ["/jobs/", job.get_absolute_url(), form, "/apply/"]
    few = [cost(path) for path in paths]
    for _ in range(30):
        world.a_job()
    assert [cost(path) for path in paths] == few
    assert max(few) <= 2


@pytest.mark.parametrize("path", ["/jobs/", "/privacy/", "/imprint/", "/apply/thanks/"])
def test_pages_to_read_take_no_post(client: Client, path: str) -> None:
    assert client.post(path).status_code == 405
