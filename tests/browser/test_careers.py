"""The careers pages in a real browser: what they weigh, whom they ask, what they leave there.

The live server sends static files as they are. In production whitenoise sends the files that
`collectstatic` has compressed, so these are weighed as gzip makes them. Pages are weighed whole:
Halbjahr does not compress them, and a proxy that does makes them lighter.
"""

import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from PIL import Image

from candidates.demo.jobs import ADVERTS
from tests import world

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Response
    from pytest_django.fixtures import Settings
    from pytest_django.live_server_helper import LiveServer

    from candidates.models import Job

LIGHT = 100_000
READING = ("/jobs/", "/jobs/?q=python", "/privacy/", "/imprint/", "/accessibility/")

pytestmark = pytest.mark.django_db(transaction=True)


class Watched:
    """A page, all that it loads, and whatever the browser reports of it."""

    def __init__(self, page: "Page") -> None:
        self.page = page
        self.answers: list[Response] = []
        self.reports: list[str] = []
        page.on("response", self.hear)
        page.on("console", lambda message: self.reports.append(message.text))
        page.on("pageerror", lambda error: self.reports.append(str(error)))
        page.add_init_script(
            "addEventListener('securitypolicyviolation', event =>"
            " console.log(event.violatedDirective))"
        )

    def hear(self, answer: "Response") -> None:
        self.answers.append(answer)

    def open(self, address: str) -> int:
        """Go there with nothing in the cache; return the bytes that came over the line."""
        self.answers.clear()
        self.page.goto(address, wait_until="networkidle")
        return sum(map(weight, self.answers))

    @property
    def hosts(self) -> set[str]:
        return {urlsplit(answer.url).netloc for answer in self.answers}


def weight(answer: "Response") -> int:
    """Return the bytes of an answer with its headers, static ones compressed."""
    if not answer.ok:
        return 0
    body = answer.body()
    size = len(gzip.compress(body, 9)) if "/static/" in answer.url else len(body)
    return size + sum(len(name) + len(value) + 4 for name, value in answer.headers.items())


@pytest.fixture
def watched(chromium: "Browser") -> Iterator[Watched]:
    context = chromium.new_context(viewport={"width": 390, "height": 844}, locale="en-GB")
    yield Watched(context.new_page())
    context.close()


@pytest.fixture
def job(settings: "Settings", tmp_path: Path) -> "Job":
    """The longest advert of the demo beside nine others, with the heaviest logo and a colour."""
    picture = Image.effect_noise((150, 150), 90)
    picture.save(tmp_path / "logo.png")
    settings.ATS_LOGO, settings.ATS_ACCENT = str(tmp_path / "logo.png"), ("#7a1f5c", "#e6a3cf")
    assert 15_000 < (tmp_path / "logo.png").stat().st_size < 30_000
    for _ in range(9):
        world.a_job()
    text = max((advert.description for advert in ADVERTS), key=len)
    return world.a_job(description=text, slug="job", is_remote=True)


def test_a_job_and_its_form_weigh_little_and_ask_nobody_else(
    live_server: "LiveServer", watched: Watched, job: "Job"
) -> None:
    for path in ("/jobs/job/", "/jobs/job/apply/", "/jobs/", "/apply/"):
        assert 5_000 < watched.open(live_server.url + path) < LIGHT, path
        assert watched.hosts == {urlsplit(live_server.url).netloc}
        assert any("look.css" in answer.url for answer in watched.answers)
        watched.page.context.new_cdp_session(watched.page).send("Network.clearBrowserCache")
    assert watched.reports == []


def test_the_browser_keeps_the_policy_with_structured_data_in_the_page(
    live_server: "LiveServer", watched: Watched, job: "Job"
) -> None:
    watched.open(f"{live_server.url}/jobs/job/")
    data = watched.page.locator("script[type='application/ld+json']")
    assert data.evaluate("element => JSON.parse(element.textContent)['@type']") == "JobPosting"
    assert "Content-Security-Policy".lower() in watched.answers[0].headers
    assert watched.reports == []
    # And the listener hears of what is forbidden.
    watched.page.evaluate(
        "const script = document.createElement('script'); script.textContent = '1';"
        "document.body.append(script)"
    )
    watched.page.wait_for_timeout(200)
    assert watched.reports != []


def test_no_cookie_comes_before_the_form_and_one_with_it(
    live_server: "LiveServer", watched: Watched, job: "Job"
) -> None:
    context = watched.page.context
    for path in ("/", *READING, "/jobs/job/", "/jobs/feed.xml"):
        if path.endswith(".xml"):
            watched.page.request.get(live_server.url + path)
        else:
            watched.open(live_server.url + path)
        assert watched.hosts == {urlsplit(live_server.url).netloc}
        assert context.cookies() == [], path
    watched.open(f"{live_server.url}/jobs/job/apply/")
    (cookie,) = context.cookies()
    assert (cookie["name"], cookie["expires"], cookie["httpOnly"]) == ("csrftoken", -1, True)


def test_the_switch_and_the_search_work_without_javascript(
    live_server: "LiveServer", chromium: "Browser", job: "Job"
) -> None:
    context = chromium.new_context(locale="en-GB", java_script_enabled=False)
    page = context.new_page()
    world.a_job(title="Welder", team="Workshop")
    page.goto(f"{live_server.url}/jobs/")
    page.get_by_label("Team").select_option("Workshop")
    page.get_by_role("button", name="Search").click()
    assert "team=Workshop" in page.url
    assert page.get_by_role("link", name="Welder").count() == 1
    page.get_by_role("button", name="Deutsch").click()
    assert "team=Workshop" in page.url
    assert page.locator("html").get_attribute("lang") == "de"
    page.locator(".found a").click()
    assert page.locator("li.job").count() == 11
    context.close()


def test_the_colour_and_the_logo_of_the_operator_show(
    live_server: "LiveServer", watched: Watched, job: "Job"
) -> None:
    watched.open(f"{live_server.url}/jobs/job/")
    page = watched.page
    assert page.locator(".logo").evaluate("logo => logo.complete && logo.naturalWidth") == 150
    button = page.locator(".btn.primary").first
    colour = "element => getComputedStyle(element).backgroundColor"
    for scheme, expected in (("light", "rgb(122, 31, 92)"), ("dark", "rgb(230, 163, 207)")):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        page.wait_for_timeout(300)
        assert button.evaluate(colour) == expected
