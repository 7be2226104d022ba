"""The careers pages: what strangers see, in both languages, at a constant price."""

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone, translation

from candidates import pipeline, retention
from candidates.adverts import pay
from candidates.models import Application, Job
from tests import world

if TYPE_CHECKING:
    from pytest_django.fixtures import Settings

pytestmark = [pytest.mark.django_db, pytest.mark.once("sqlite")]
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
    words = ("<h2>Bakery", "Baker<", "Confectioner", "<h2>Workshop", "Welder")
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


def test_a_job_that_never_was_published_is_unknown(client: Client) -> None:
    draft = world.a_job(is_published=False, published_on=None)
    for name in ("careers:job", "careers:apply", "careers:thanks"):
        text(client, reverse(name, args=[draft.slug]), 404)


@pytest.mark.parametrize(
    ("now", "takes"),
    [
        ("2026-09-30T23:59:59+02:00", True),
        ("2026-09-30T21:59:59+00:00", True),
        ("2026-10-01T00:00:00+02:00", False),
        ("2026-09-30T22:00:00+00:00", False),
    ],
)
def test_a_job_closes_when_its_last_day_has_ended_here(now: str, takes: bool) -> None:
    job = world.a_job(apply_until=date(2026, 9, 30))
    moment = datetime.fromisoformat(now)
    today = retention.local_date(moment)
    assert Job.objects.taking(today).exists() is takes
    assert job.is_taking(today) is takes
    if takes:
        assert submitted(job, moment).job == job
    else:
        with pytest.raises(pipeline.JobClosed):
            submitted(job, moment)


def submitted(job: Job, now: datetime) -> Application:
    return pipeline.submit(
        pipeline.Person("Mira", "Okonkwo", "mira@post.example", ""),
        job=job,
        attachments=[],
        session="",
        submission=uuid4(),
        language="de",
        now=now,
    )


def test_a_job_past_its_last_day_is_closed_on_every_page(client: Client) -> None:
    today = retention.local_date(timezone.now())
    job = world.a_job(title="Welder", apply_until=today)
    form = reverse("careers:apply", args=[job.slug])
    person = {"first_name": "Mira", "last_name": "Okonkwo", "email": "mira@post.example"}
    assert "Welder" in text(client, "/jobs/")
    text(client, form)
    Job.objects.update(apply_until=today - timedelta(days=1))
    assert "Welder" not in text(client, "/jobs/") + text(client, "/jobs/feed.xml")
    assert job.slug not in text(client, "/sitemap.xml")
    assert "Applications were taken until" in text(client, job.get_absolute_url(), 410)
    text(client, form, 410)
    answer = client.post(form, person | {"submission": uuid4()}, headers=EN)
    assert answer.status_code == 410
    assert "Mira" in answer.text
    assert "Welder" not in text(client, reverse("careers:thanks", args=[job.slug]))
    assert not Application.objects.exists()


def test_publishing_again_keeps_the_first_day() -> None:
    job = world.a_job(is_published=False, published_on=None)
    job.publish(date(2026, 9, 1))
    Job.objects.update(is_published=False)
    job.publish(date(2026, 9, 20))
    job.refresh_from_db()
    assert (job.is_published, job.published_on) == (True, date(2026, 9, 1))


def test_a_closed_job_offers_those_of_its_team_first_and_then_of_its_place(client: Client) -> None:
    gone = world.a_job(team="Bakery", place="Leipzig", is_published=False)
    world.a_job(title="Accountant", team="Accounts", place="Ulm")
    world.a_job(title="Welder", team="Workshop", place="Leipzig")
    world.a_job(title="Turner", team="Workshop", place="Ulm")
    world.a_job(title="Baker", team="Bakery", place="Ulm")
    html = text(client, gone.get_absolute_url(), 410)
    order = [html.index(title) for title in ("Baker<", "Welder<", "Turner<", "Accountant<")]
    assert order == sorted(order)
    assert html.count("<h2>Workshop") == 1


def test_the_page_of_a_job_shows_the_nearest_others(client: Client) -> None:
    job = world.a_job(title="Baker", team="Bakery", place="Leipzig")
    for number in range(5):
        world.a_job(title=f"Welder {number}", team="Workshop", place="Ulm")
    world.a_job(title="Turner", team="Workshop", place="Leipzig")
    world.a_job(title="Confectioner", team="Bakery", place="Ulm")
    html = text(client, job.get_absolute_url())
    shown = html[html.index("Other positions") :]
    order = [shown.index(title) for title in ("Confectioner<", "Turner<", "Welder 0<", "Welder 1<")]
    assert order == sorted(order)
    assert "Welder 2" not in shown


@pytest.mark.parametrize(
    ("fields", "english", "german"),
    [
        (
            {"pay_from": 62_000, "pay_to": 78_000},
            "62,000 to 78,000 euros a year",
            "62.000 bis 78.000 Euro im Jahr",
        ),
        (
            {"pay_from": 3_400, "pay_to": 3_400, "pay_period": "month", "pay_currency": "CHF"},
            "3,400 Swiss francs a month",
            "3.400 Schweizer Franken im Monat",
        ),
        (
            {"pay_from": 17, "pay_to": None, "pay_period": "hour"},
            "from 17 euros an hour",
            "ab 17 Euro in der Stunde",
        ),
        (
            {"pay_from": None, "pay_to": 50_000},
            "up to 50,000 euros a year",
            "bis zu 50.000 Euro im Jahr",
        ),
    ],
)
def test_pay_is_said_in_words(
    client: Client, fields: dict[str, Any], english: str, german: str
) -> None:
    job = world.a_job(**fields)
    for path in (job.get_absolute_url(), "/jobs/"):
        assert english in text(client, path)
    with translation.override("de"):
        assert pay.in_words(job) == german


def test_of_pay_that_is_not_set_nothing_is_said(client: Client) -> None:
    job = world.a_job(pay_from=None, pay_to=None)
    html = text(client, job.get_absolute_url()) + text(client, "/jobs/")
    assert "before tax" not in html
    assert 'class="pay"' not in html


def test_one_click_opens_a_mail_that_names_the_job(client: Client, settings: "Settings") -> None:
    settings.ATS_MAIL_ADDRESS = "jobs@orchard.example"
    job = world.a_job(title="R&D, 100 %?", slug="research")
    link = "mailto:jobs+research@orchard.example?subject=Application%3A%20R%26D%2C%20100%20%25%3F"
    form = reverse("careers:apply", args=[job.slug])
    assert f'href="{link}"' in text(client, job.get_absolute_url())
    assert f'href="{link}"' in text(client, form)
    general = "mailto:jobs+apply@orchard.example?subject=Application%20without%20a%20position"
    assert f'href="{general}"' in text(client, "/jobs/")
    assert f'href="{general}"' in text(client, "/apply/")


def test_a_job_says_its_last_day_and_from_where_it_can_be_done(client: Client) -> None:
    job = world.a_job(is_remote=True, country="DE", apply_until=date(2099, 9, 30))
    html = text(client, job.get_absolute_url())
    assert "until 30 September 2099" in html
    assert "remotely, from anywhere in Germany" in html


def test_a_description_holds_no_html_but_that_of_markdown(client: Client) -> None:
    job = world.a_job(
        description="# You\n\n<script>alert(1)</script> [x](javascript:alert(1)) ![i](https://a.example/i.png)"
    )
    html = text(client, job.get_absolute_url())
    assert "<script>alert" not in html
    assert 'href="javascript:' not in html
    assert "<img" not in html
    assert html.count("<h1") == 1


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


def test_the_switch_needs_no_cookie_and_leads_to_no_other_site() -> None:
    client = Client(enforce_csrf_checks=True, headers=EN)
    switch, elsewhere = reverse("set_language"), "https://evil.example/jobs/"
    answer = client.post(switch, {"language": "de", "next": "/privacy/"})
    assert answer.headers["Location"] == "/privacy/"
    assert set(client.cookies) == {"django_language"}
    for target in (elsewhere, "//evil.example/", "/\\evil.example/", "javascript:alert(1)"):
        answer = client.post(switch, {"language": "en", "next": target})
        assert answer.headers["Location"] == "/"
    answer = client.post(switch, {"language": "en"}, headers={"referer": elsewhere})
    assert answer.headers["Location"] == "/"
    assert client.get(switch + "?language=de&next=//evil.example/").headers["Location"] == "/"


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


def test_privacy_and_imprint_name_processors_and_the_authority_of_the_settings(
    client: Client, settings: "Settings"
) -> None:
    for path in ("/privacy/", "/imprint/"):
        html = text(client, path)
        assert "those who run our servers" in html
        assert "for instance that of the place where you live (Art. 77 GDPR)" in html
    settings.ATS_PROCESSORS = ["Hosting Ltd, 2 Rack Row", "Mails & Co"]
    settings.ATS_SUPERVISORY_AUTHORITY = "Data Commissioner of Saxony, https://dpa.example"
    for path in ("/privacy/", "/imprint/"):
        html = text(client, path)
        for part in (
            "Hosting Ltd, 2 Rack Row; Mails &amp; Co",
            "Commissioner of Saxony",
            "Art. 77",
        ):
            assert part in html


def test_reading_sets_no_cookie_and_the_form_only_the_one_against_forged_forms(
    client: Client,
) -> None:
    job = world.a_job()
    notices = ("/privacy/", "/imprint/", "/accessibility/")
    for path in ("/jobs/", "/jobs/?q=a", job.get_absolute_url(), "/jobs/feed.xml", *notices):
        text(client, path)
    assert client.get("/").status_code == 302
    assert not client.cookies
    text(client, reverse("careers:apply", args=[job.slug]))
    assert set(client.cookies) == {"csrftoken"}


def test_pages_cost_the_same_for_one_job_and_for_many(client: Client) -> None:
    job = world.a_job()

    def cost(path: str) -> int:
        with CaptureQueriesContext(connection) as queries:
            text(client, path)
        return len(queries)

    form = reverse("careers:apply", args=[job.slug])
    machines = ["/jobs/feed.xml", "/sitemap.xml"]
    found = "/jobs/?q=koln&team=Station+Süd&place=Köln&kind=full-time"
    paths = ["/jobs/", found, job.get_absolute_url(), form, "/apply/", *machines]
    few = [cost(path) for path in paths]
    for _ in range(30):
        world.a_job()
    assert [cost(path) for path in paths] == few
    assert max(few) <= 2


@pytest.mark.parametrize("path", ["/jobs/", "/privacy/", "/imprint/", "/apply/thanks/"])
def test_pages_to_read_take_no_post(client: Client, path: str) -> None:
    assert client.post(path).status_code == 405
