"""What machines are told of the jobs: RSS, the sitemap, robots.txt, tags in the heads of pages."""

import re
from datetime import date
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest
from django.test import Client

from tests import world

if TYPE_CHECKING:
    from pytest_django.fixtures import Settings

pytestmark = [pytest.mark.django_db, pytest.mark.once("sqlite")]
SITE = "https://jobs.example.org"
SITEMAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
EN = {"accept-language": "en"}


@pytest.fixture(autouse=True)
def _site(settings: "Settings") -> None:
    settings.ATS_SITE_URL = SITE
    settings.ATS_OPERATOR = settings.ATS_OPERATOR | {"name": "Orchard & Sons"}


def test_the_feed_is_rss_with_an_item_for_each_open_job(client: Client) -> None:
    world.a_job(is_published=False)
    world.a_job(
        slug="nurse",
        title="Nurse <senior> & \x0bmore",
        language="en",
        team="Ward",
        place="Leipzig",
        description="**Care** & _rest_",
        published_on=date(2026, 9, 1),
    )
    answer = client.get("/jobs/feed.xml", headers=EN)
    assert answer["Content-Type"] == "application/rss+xml; charset=utf-8"
    channel = ET.fromstring(answer.content).find("channel")
    assert channel is not None
    assert channel.findtext("title") == "Open positions at Orchard & Sons"
    assert channel.findtext("link") == f"{SITE}/jobs/"
    (item,) = channel.findall("item")
    assert item.findtext("title") == "Nurse <senior> & more"
    assert item.findtext("link") == item.findtext("guid") == f"{SITE}/jobs/nurse/"
    text = item.findtext("description") or ""
    assert text.startswith("<p>Leipzig<br>Full time<br>41,000 to 48,500 euros a year</p>")
    assert "<strong>Care</strong> &amp; <em>rest</em>" in text
    assert [each.text for each in item.findall("category")] == ["Ward", "Full time"]
    published = parsedate_to_datetime(item.findtext("pubDate") or "")
    assert published.isoformat() == "2026-09-01T00:00:00+02:00"


def test_each_item_is_in_the_language_of_its_job(client: Client) -> None:
    world.a_job(language="de", is_remote=True)
    channel = ET.fromstring(client.get("/jobs/feed.xml", headers=EN).content).find("channel")
    assert channel is not None
    assert "Vollzeit" in (channel.findtext("item/description") or "")
    assert channel.findtext("language") == "en"


def test_the_sitemap_has_the_open_jobs_and_where_to_apply_without_one(client: Client) -> None:
    world.a_job(is_published=False)
    world.a_job(slug="nurse", published_on=date(2026, 9, 1))
    world.a_job(slug="welder", published_on=None)
    answer = client.get("/sitemap.xml")
    assert answer["Content-Type"] == "application/xml"
    root = ET.fromstring(answer.content)
    assert root.tag == f"{SITEMAP}urlset"
    found = {url.findtext(f"{SITEMAP}loc"): url.findtext(f"{SITEMAP}lastmod") for url in root}
    assert found == {
        f"{SITE}/jobs/": None,
        f"{SITE}/apply/": None,
        f"{SITE}/jobs/nurse/": "2026-09-01",
        f"{SITE}/jobs/welder/": None,
    }
    assert f"Sitemap: {SITE}/sitemap.xml" in client.get("/robots.txt").text.splitlines()


def tags(client: Client, path: str) -> dict[str, str]:
    """Return the Open Graph tags, the description and the canonical address of a page."""
    html = client.get(path, headers=EN).text
    found = dict(re.findall(r'<meta (?:property|name)="([\w:]+)" content="([^"]*)">', html))
    canonical = re.findall(r'<link rel="canonical" href="([^"]*)">', html)
    return found | ({"canonical": canonical[0]} if canonical else {})


def test_a_job_tells_networks_what_it_is(client: Client) -> None:
    world.a_job(
        slug="nurse",
        title='The "Nurse"',
        language="de",
        description="# Du\n\nWir **pflegen** & <b>",
    )
    found = tags(client, "/jobs/nurse/?utm_source=x")
    assert found["og:title"] == "The &quot;Nurse&quot;"
    assert found["og:description"] == found["description"] == "Wir pflegen &amp; &lt;b&gt;"
    assert found["og:url"] == found["canonical"] == f"{SITE}/jobs/nurse/"
    assert found["og:site_name"] == "Orchard &amp; Sons"
    assert found["og:locale"] == "de_DE"
    assert found["og:type"] == "website"
    assert "og:image" not in found


def test_a_long_text_is_cut_for_its_description(client: Client) -> None:
    world.a_job(slug="nurse", description="word " * 200)
    assert len(tags(client, "/jobs/nurse/")["description"]) == 200


def test_a_filtered_list_has_the_address_of_the_whole(client: Client) -> None:
    found = tags(client, "/jobs/?q=a&team=b")
    assert found["canonical"] == found["og:url"] == f"{SITE}/jobs/"
    assert found["og:locale"] == "en_GB"


@pytest.mark.parametrize(("name", "shown"), [("a.png", True), ("a.webp", True), ("a.svg", False)])
def test_networks_get_the_logo_if_they_can_show_it(
    client: Client, settings: "Settings", tmp_path: Path, name: str, shown: bool
) -> None:
    settings.ATS_LOGO = str(tmp_path / name)
    image = tags(client, "/jobs/").get("og:image")
    assert image == (f"{SITE}/brand/logo/" if shown else None)


def test_pages_of_one_person_name_no_address_of_theirs(client: Client) -> None:
    job = world.a_job()
    for path in (f"/jobs/{job.slug}/apply/", f"/jobs/{job.slug}/apply/thanks/", "/nothing/"):
        assert not {"canonical", "og:url"} & set(tags(client, path))


def test_every_public_page_leads_to_the_feed_and_the_notices(client: Client) -> None:
    html = client.get("/privacy/", headers=EN).text
    assert '<link rel="alternate" type="application/rss+xml" href="/jobs/feed.xml"' in html
    for path in ("/privacy/", "/accessibility/", "/imprint/", "/my/lost/", "/jobs/feed.xml"):
        assert f'<a href="{path}">' in html
