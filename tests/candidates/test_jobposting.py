"""Structured data of jobs, held against what Google's documentation asks: docs/jobposting.md.

`faults` knows the documentation and nothing of our code.
"""

import json
import re
from collections.abc import Callable
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import pytest
from django.test import Client

from candidates.adverts import posting
from candidates.models import Job
from tests import world

if TYPE_CHECKING:
    from pytest_django.fixtures import Settings

pytestmark = [pytest.mark.django_db, pytest.mark.once("sqlite")]

# What the documentation says --------------------------------------------------------------

REQUIRED = {"datePosted", "description", "hiringOrganization", "title"}
RECOMMENDED = {
    "applicantLocationRequirements",
    "baseSalary",
    "directApply",
    "employmentType",
    "identifier",
    "jobLocationType",
    "validThrough",
}
EMPLOYMENT = {
    *("FULL_TIME", "PART_TIME", "CONTRACTOR", "TEMPORARY"),
    *("INTERN", "VOLUNTEER", "PER_DIEM", "OTHER"),
}
UNITS = {"HOUR", "DAY", "WEEK", "MONTH", "YEAR"}
ADDRESS = {
    *("streetAddress", "addressLocality", "addressRegion"),
    *("postalCode", "addressCountry"),
}
#: ISO 3166-1, alpha-2.
COUNTRIES = """
AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT
BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH
ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT
HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS
LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI
NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG
SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG
UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW
""".split()  # noqa: SIM905
#: ISO 4217, those of Europe and some more.
CURRENCIES = set("EUR CHF GBP SEK NOK DKK PLN CZK HUF RON BGN ISK USD CAD AUD JPY".split())  # noqa: SIM905


def faults(data: dict[str, Any]) -> list[str]:
    """Return what the documentation would object to, each in a few words."""
    found = [f"lacks {name}" for name in sorted(REQUIRED - set(data))]
    known = REQUIRED | RECOMMENDED | {"@context", "@type", "jobLocation"}
    found += [f"unknown {name}" for name in sorted(set(data) - known)]
    checks = {
        "@context": lambda value: value.rstrip("/") == "https://schema.org",
        "@type": lambda value: value == "JobPosting",
        "title": lambda value: is_text(value) and "<" not in value,
        "description": lambda value: is_text(value) and value != data.get("title"),
        "datePosted": is_day_or_time,
        "validThrough": lambda value: (
            is_day_or_time(value) and value[:10] >= data.get("datePosted", "")
        ),
        "hiringOrganization": is_organization,
        "identifier": is_identifier,
        "employmentType": lambda value: set(as_list(value)) <= EMPLOYMENT and value,
        "directApply": lambda value: isinstance(value, bool),
        "jobLocation": lambda value: all(map(is_place, as_list(value))),
        "jobLocationType": lambda value: value == "TELECOMMUTE",
        "applicantLocationRequirements": lambda value: all(map(is_area, as_list(value))),
        "baseSalary": is_salary,
    }
    found += [
        f"wrong {name}"
        for name, check in checks.items()
        if name in data and not holds(check, data[name])
    ]
    return found + faults_of_place(data)


def holds(check: Callable[[Any], Any], value: Any) -> bool:
    """Return whether a value is right; one that lacks a part or is of a wrong type is not."""
    try:
        return bool(check(value))
    except (AttributeError, KeyError, TypeError, ValueError):
        return False


def faults_of_place(data: dict[str, Any]) -> list[str]:
    remote = data.get("jobLocationType") == "TELECOMMUTE"
    if not remote:
        found = [] if "jobLocation" in data else ["lacks jobLocation"]
        odd = "applicantLocationRequirements" in data
        return [*found, *(["requirements of place without TELECOMMUTE"] if odd else [])]
    # A job that may be done elsewhere names at least one country, and its text says so.
    found = [] if "applicantLocationRequirements" in data else ["lacks a country"]
    says = re.search("remote|ortsunabhängig", data.get("description", ""))
    return [*found, *([] if says else ["text does not say that it is remote"])]


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def is_day_or_time(value: Any) -> bool:
    """ISO 8601; a time has its distance from UTC."""
    if re.fullmatch(r"\d{4}-\d\d-\d\d", value):
        return bool(date.fromisoformat(value))
    return datetime.fromisoformat(value).tzinfo is not None


def is_a(kind: str, value: Any, keys: set[str]) -> bool:
    return isinstance(value, dict) and value.get("@type") == kind and set(value) <= {*keys, "@type"}


def is_url(value: Any) -> bool:
    return bool(re.fullmatch(r"https?://[^\s/]+/\S*", value))


def is_organization(value: Any) -> bool:
    right = is_a("Organization", value, {"name", "sameAs", "logo"}) and is_text(value["name"])
    return right and all(is_url(value[key]) for key in ("sameAs", "logo") if key in value)


def is_identifier(value: Any) -> bool:
    right = is_a("PropertyValue", value, {"name", "value"})
    return right and is_text(value["name"]) and is_text(value["value"])


def is_place(value: Any) -> bool:
    address = value.get("address")
    right = is_a("Place", value, {"address"}) and is_a("PostalAddress", address, ADDRESS)
    known = {key: line for key, line in address.items() if key != "@type"}
    return right and all(map(is_text, known.values())) and known["addressCountry"] in COUNTRIES


def is_area(value: Any) -> bool:
    return is_a("Country", value, {"name"}) and value["name"] in COUNTRIES


def is_salary(value: Any) -> bool:
    amount = value.get("value")
    keys = {"value", "minValue", "maxValue", "unitText"}
    right = is_a("MonetaryAmount", value, {"currency", "value"})
    right = right and is_a("QuantitativeValue", amount, keys)
    right = right and value["currency"] in CURRENCIES and amount["unitText"] in UNITS
    if "value" in amount:
        return right and is_number(amount["value"]) and len(amount) == 3
    least, most = amount["minValue"], amount["maxValue"]
    return right and is_number(least) and is_number(most) and least < most


def is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value >= 0


def test_the_reader_of_the_rules_finds_each_fault() -> None:
    """A validator that accepts everything would show nothing."""
    good = posting.of(world.a_job(is_remote=True, apply_until=date(2026, 10, 1)))
    assert good is not None
    assert faults(good) == []
    broken: dict[str, Any] = {
        "title": "",
        "description": good["title"],
        "datePosted": "1.9.2026",
        "validThrough": "2026-10-01T23:59:59",
        "hiringOrganization": {"@type": "Organization"},
        "identifier": {"@type": "PropertyValue", "name": "x", "value": ""},
        "employmentType": ["FULLTIME"],
        "directApply": "yes",
        "jobLocation": {"@type": "Place", "address": {"@type": "PostalAddress"}},
        "jobLocationType": "REMOTE",
        "applicantLocationRequirements": {"@type": "Country", "name": "Deutschland"},
        "baseSalary": good["baseSalary"] | {"currency": "Euro"},
    }
    for name, value in broken.items():
        assert f"wrong {name}" in faults(good | {name: value}), name
    for name in REQUIRED:
        assert f"lacks {name}" in faults({k: v for k, v in good.items() if k != name})
    assert "unknown salary" in faults(good | {"salary": 1})


# What we say ------------------------------------------------------------------------------


def on_the_page(client: Client, job: Job) -> dict[str, Any] | None:
    """Return the data as a crawler reads it from the page."""
    html = client.get(job.get_absolute_url()).text
    blocks = re.findall(r'<script type="application/ld\+json">(.*?)</script>', html, re.DOTALL)
    assert len(blocks) <= 1
    return json.loads(blocks[0]) if blocks else None


def test_a_job_says_all_that_is_known(client: Client, settings: "Settings") -> None:
    settings.ATS_SITE_URL, settings.ATS_LOGO = "https://jobs.example.org", "/srv/logo.svg"
    settings.ATS_OPERATOR = settings.ATS_OPERATOR | {"name": "Orchard Ltd"}
    job = world.a_job(
        slug="nurse",
        title="Nurse",
        description="**Care**",
        kind=Job.Kind.EITHER,
        apply_until=date(2099, 9, 30),
    )
    data = on_the_page(client, job)
    assert data == {
        "@context": "https://schema.org/",
        "@type": "JobPosting",
        "title": "Nurse",
        "description": "<p><strong>Care</strong></p>\n",
        "identifier": {"@type": "PropertyValue", "name": "Orchard Ltd", "value": "nurse"},
        "datePosted": "2026-08-27",
        "validThrough": "2099-09-30T23:59:59+02:00",
        "hiringOrganization": {
            "@type": "Organization",
            "name": "Orchard Ltd",
            "logo": "https://jobs.example.org/brand/logo/",
        },
        "employmentType": ["FULL_TIME", "PART_TIME"],
        "directApply": True,
        "jobLocation": {
            "@type": "Place",
            "address": {
                "@type": "PostalAddress",
                "streetAddress": "Gleueler Straße 70",
                "postalCode": "50931",
                "addressLocality": "Köln",
                "addressCountry": "DE",
            },
        },
        "baseSalary": {
            "@type": "MonetaryAmount",
            "currency": "EUR",
            "value": {
                "@type": "QuantitativeValue",
                "minValue": 41_000,
                "maxValue": 48_500,
                "unitText": "YEAR",
            },
        },
    }
    assert faults(data) == []


def test_a_remote_job_names_its_country_and_its_text_says_it(client: Client) -> None:
    job = world.a_job(is_remote=True, country="AT", street="", postal_code="", locality="")
    data = on_the_page(client, job)
    assert data is not None
    assert faults(data) == []
    assert data["jobLocationType"] == "TELECOMMUTE"
    assert data["applicantLocationRequirements"] == {"@type": "Country", "name": "AT"}
    assert "jobLocation" not in data


@pytest.mark.parametrize("kind", Job.Kind.values)
@pytest.mark.parametrize("period", Job.PayPeriod.values)
@pytest.mark.parametrize("language", ["de", "en"])
@pytest.mark.parametrize("is_remote", [True, False])
def test_every_kind_of_job_keeps_to_the_rules(
    kind: str, period: str, language: str, is_remote: bool
) -> None:
    fields: dict[str, Any] = {
        "kind": kind,
        "pay_period": period,
        "language": language,
        "is_remote": is_remote,
    }
    data = posting.of(world.a_job(**fields))
    assert data is not None
    assert faults(data) == []


@pytest.mark.parametrize(
    ("fields", "missing"),
    [
        ({"pay_from": None}, "baseSalary"),
        ({"pay_to": None}, "baseSalary"),
        ({"pay_currency": "Eur"}, "baseSalary"),
        ({}, "validThrough"),
        ({}, "jobLocationType"),
        ({}, "applicantLocationRequirements"),
        ({"is_remote": True, "locality": ""}, "jobLocation"),
    ],
)
def test_what_is_not_known_is_left_out(fields: dict[str, Any], missing: str) -> None:
    data = posting.of(world.a_job(**fields))
    assert data is not None
    assert missing not in data
    assert faults(data) == []


@pytest.mark.parametrize(
    "fields",
    [
        {"locality": ""},
        {"country": "EU"},
        {"country": ""},
        {"is_remote": True, "country": "XX", "locality": ""},
        {"published_on": None},
        {"description": " "},
    ],
)
def test_without_what_is_required_nothing_is_said(client: Client, fields: dict[str, Any]) -> None:
    assert on_the_page(client, world.a_job(**fields)) is None


def test_one_amount_is_no_range() -> None:
    data = posting.of(world.a_job(pay_from=17, pay_to=17, pay_period="hour"))
    assert data is not None
    assert data["baseSalary"]["value"] == {
        "@type": "QuantitativeValue",
        "value": 17,
        "unitText": "HOUR",
    }
    assert faults(data) == []


def test_no_text_of_a_job_ends_the_element(client: Client) -> None:
    evil = "</script><script>alert(1)</script><!-- & \u2028"
    job = world.a_job(title=evil, description=evil)
    html = client.get(job.get_absolute_url()).text
    assert "<script>alert" not in html
    (block,) = re.findall(r'<script type="application/ld\+json">(.*?)</script>', html, re.DOTALL)
    assert not set("<>&\u2028") & set(block)
    assert json.loads(block)["title"] == evil


def test_a_closed_job_says_nothing_to_search_engines(client: Client) -> None:
    assert on_the_page(client, world.a_job(is_published=False)) is None


def test_the_countries_are_those_of_iso_3166() -> None:
    assert posting.countries() == set(COUNTRIES)


def test_the_documentation_of_what_we_say_names_each_property() -> None:
    from django.conf import settings

    words = (settings.BASE_DIR / "docs" / "jobposting.md").read_text()
    for name in REQUIRED | RECOMMENDED | {"jobLocation"}:
        assert f"`{name}`" in words
