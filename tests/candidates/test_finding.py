"""Finding jobs: each filter stands in the address, and what is found is said in a sentence."""

import re
from urllib.parse import urlencode

import pytest
from django.test import Client

from candidates.models import Job
from tests import world

pytestmark = [pytest.mark.django_db, pytest.mark.once("postgres")]
EN = {"accept-language": "en"}


@pytest.fixture(autouse=True)
def _three_jobs() -> None:
    world.a_job(
        title="Bäckerei Köln",
        team="Backstube",
        place="Köln",
        kind=Job.Kind.EITHER,
        description="Brötchen und Crème brûlée.",
    )
    world.a_job(
        title="Welder",
        team="Workshop",
        place="Leipzig oder Ulm",
        kind=Job.Kind.FULL_TIME,
        description="Steel.",
    )
    world.a_job(
        title="Python",
        team="Code",
        place="Kulmbach",
        kind=Job.Kind.TRAINEE,
        is_remote=True,
        description="Django.",
    )


def found(client: Client, **query: str) -> tuple[set[str], str]:
    """Return the titles that are listed for a query, and the sentence about them."""
    html = client.get(f"/jobs/?{urlencode(query)}", headers=EN).text
    titles = set(re.findall(r'<li class="job">\s*<span>\s*<a [^>]*>([^<]*)</a>', html))
    (sentence,) = re.findall(r'<p class="found">(.*?)</p>', html, re.DOTALL)
    return titles, " ".join(re.sub(r"<[^>]*>", "", sentence).split())


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ({"team": "Workshop"}, {"Welder"}),
        ({"place": "Köln"}, {"Bäckerei Köln"}),
        ({"place": "Ulm"}, {"Welder"}),
        ({"place": "*"}, {"Python"}),
        ({"kind": "full-time"}, {"Welder", "Bäckerei Köln"}),
        ({"kind": "part-time"}, {"Bäckerei Köln"}),
        ({"kind": "either"}, {"Bäckerei Köln"}),
        ({"kind": "trainee"}, {"Python"}),
        ({"kind": "no such"}, {"Welder", "Bäckerei Köln", "Python"}),
        ({"q": "STEEL"}, {"Welder"}),
        ({"q": "  welder   leipzig "}, {"Welder"}),
        ({"q": "welder köln"}, set()),
        ({"q": "Koln"}, {"Bäckerei Köln"}),
        ({"q": "köln"}, {"Bäckerei Köln"}),
        ({"q": "ko\u0308ln"}, {"Bäckerei Köln"}),
        ({"q": "koeln broetchen"}, {"Bäckerei Köln"}),
        ({"q": "creme brulee"}, {"Bäckerei Köln"}),
        ({"q": "backstube"}, {"Bäckerei Köln"}),
        ({"q": "vocational"}, {"Python"}),
        ({"q": "welder", "team": "Code"}, set()),
        ({"q": "", "team": "", "place": "", "kind": ""}, {"Welder", "Bäckerei Köln", "Python"}),
    ],
)
def test_a_query_finds(client: Client, query: dict[str, str], titles: set[str]) -> None:
    assert found(client, **query)[0] == titles


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ({"q": "steel"}, "One of three open positions matches your search. Show all positions"),
        (
            {"kind": "full-time"},
            "Two of three open positions match your search. Show all positions",
        ),
        ({"q": "e"}, "All three open positions match your search. Show all positions"),
        (
            {"q": "dentist"},
            "None of the three open positions matches your search. Take a word or a filter away, or"
            " see them all. Show all positions",
        ),
    ],
)
def test_what_was_found_is_said(client: Client, query: dict[str, str], sentence: str) -> None:
    assert found(client, **query)[1] == sentence


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ({"q": "steel"}, "The one open position matches your search. Show all positions"),
        (
            {"q": "dentist"},
            "The one open position does not match your search. Take a word or a filter away, or see"
            " them all. Show all positions",
        ),
    ],
)
def test_of_one_job_it_is_said_too(client: Client, query: dict[str, str], sentence: str) -> None:
    Job.objects.exclude(title="Welder").delete()
    assert found(client, **query)[1] == sentence


def test_what_was_asked_for_stands_in_the_form_again_even_if_there_is_none(
    client: Client,
) -> None:
    query = {"q": 'a "b" <c>', "team": "Gone & lost", "place": "*", "kind": "trainee"}
    html = client.get(f"/jobs/?{urlencode(query)}", headers=EN).text
    for part in (
        'value="a &quot;b&quot; &lt;c&gt;"',
        "<option selected>Gone &amp; lost</option>",
        '<option value="*" selected>From anywhere</option>',
        '<option value="trainee" selected>',
    ):
        assert part in html


@pytest.mark.parametrize(
    "query", ["q=%s" % ("a" * 5_000), "q=%F0%9F%92%A5&team=%5B%28", "place=%2A%28"]
)
def test_an_odd_query_is_answered(client: Client, query: str) -> None:
    assert client.get(f"/jobs/?{query}", headers=EN).status_code == 200
