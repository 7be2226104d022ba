"""The read log: who opened which application or file, and when."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from candidates import copies, requests
from candidates.models import Application, Read, Request, User
from tests import world
from tests.candidates.test_request_pages import of

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.usefixtures("attachment_store", "english"),
    pytest.mark.once("postgres"),
]

MINUTE = timedelta(minutes=1)


@pytest.fixture
def officer() -> User:
    return world.a_user("privacy_officer", first_name="Miriam", last_name="Falk")


@pytest.fixture
def desk(officer: User) -> Client:
    return of(officer)


def log(client: Client, **query: Any) -> str:
    response = client.get(reverse("hr:reads"), query)
    assert response.status_code == 200
    return response.content.decode()


def opened(by: User, last_name: str, **fields: Any) -> Read:
    application = world.an_application(last_name=last_name)
    return Read.objects.create(
        **{"application": application, "by": by, "at": timezone.now()} | fields
    )


def readers(application: Application) -> list[User | None]:
    reads = Read.objects.filter(application=application, document="")
    return [read.by for read in reads.order_by("at")]


# What is written --------------------------------------------------------------------------


@pytest.mark.parametrize("role", ["recruiter", "hiring_manager", "privacy_officer"])
@pytest.mark.parametrize("status", ["open", "rejected"])
def test_an_opening_is_written_once_for_each_look(role: str, status: str) -> None:
    user = world.a_user(role)
    application = world.an_application(world.a_job(hiring_team=[user]), status=status)
    client, other = of(user), of(world.a_user("privacy_officer"))
    client.get(application.get_absolute_url())
    client.get(application.get_absolute_url(), {"as": "text"})
    assert readers(application) == [user]
    other.get(application.get_absolute_url())
    assert len(readers(application)) == 2
    Read.objects.filter(by=user).update(at=timezone.now() - 11 * MINUTE)
    client.get(application.get_absolute_url())
    assert readers(application).count(user) == 2


def test_what_nobody_has_looked_at_is_not_written() -> None:
    application = world.an_application()
    path, client = application.get_absolute_url(), of(world.a_user("recruiter"))
    client.head(path)
    client.get(path, headers={"sec-purpose": "prefetch"})
    client.get("/hr/applications/")
    of(world.a_user("personnel")).get(path)
    assert not Read.objects.exists()


def test_the_desk_of_a_full_copy_is_an_opening_too(desk: Client, officer: User) -> None:
    application = world.an_application()
    asked = requests.register(application, Request.Kind.ACCESS, by=None, now=timezone.now())
    desk.get(reverse("hr:copy", args=[asked.pk]))
    assert readers(application) == [officer]


def test_a_download_is_a_line_of_its_own(desk: Client) -> None:
    application = world.an_application()
    document = world.an_attachment(application, "Zeugnis.pdf")
    desk.get(application.get_absolute_url())
    b"".join(desk.get(reverse("hr:attachment", args=[document.pk])))
    assert sorted(Read.objects.values_list("document", flat=True)) == ["", "Zeugnis.pdf"]


# The full copy ----------------------------------------------------------------------------


def test_the_applicants_copy_has_an_opening_as_day_and_role() -> None:
    recruiter = world.a_user("recruiter", first_name="Katrin", last_name="Voss")
    application = world.an_application(language="en")
    of(recruiter).get(application.get_absolute_url())
    content = copies.compile(application, timezone.now())
    (section,) = [each for each in content["sections"] if each["key"] == "reads"]
    (entry,) = section["entries"]
    today = timezone.localdate()
    assert entry["title"] == "Application opened"
    assert {fact["name"]: fact["value"] for fact in entry["facts"]} == {
        "at": today.isoformat(),
        "by": "recruiter",
    }
    assert "Voss" not in str(section)


def test_a_look_at_the_application_does_not_hold_up_the_release_of_its_copy() -> None:
    application = world.an_application(language="en")
    before = copies.digest(copies.compile(application, timezone.now()))
    of(world.a_user("privacy_officer")).get(application.get_absolute_url())
    assert copies.digest(copies.compile(application, timezone.now())) == before
    application.events.create(kind="moved", at=timezone.now(), detail="Interview")
    assert copies.digest(copies.compile(application, timezone.now())) != before


# The page ---------------------------------------------------------------------------------


def test_it_says_who_opened_or_took_what_and_when(desk: Client) -> None:
    by = world.a_user("recruiter", first_name="Katrin", last_name="Voss")
    read = opened(by, "Roth", document="Lebenslauf.pdf")
    opened(by, "Weiß", application=world.an_application(job=None, last_name="Weiß"))
    employee = world.an_employee(personnel_number="00012")
    Read.objects.create(employee=employee, document="Zeugnis.pdf", by=None, at=timezone.now())
    html = log(desk)
    for words in (
        "Katrin Voss",
        "Document taken: Lebenslauf.pdf",
        "Application opened: Speculative application",
        "Employee no. 00012",
        "Someone who is not here any more",
        f"{timezone.localtime(read.at):%H:%M}",
    ):
        assert words in html
    assert employee.last_name not in html


def test_restricted_applications_stand_there_and_the_own_does_not(
    desk: Client, officer: User
) -> None:
    by = world.a_user("recruiter")
    restricted = opened(by, "Heimlich").application
    assert restricted
    Application.objects.filter(pk=restricted.pk).update(restricted_at=timezone.now())
    mine = world.an_application(last_name="Eigenmann", email=officer.email.upper())
    opened(by, "", application=mine)
    html = log(desk)
    assert "Heimlich" in html
    assert "Eigenmann" not in html
    assert desk.get(reverse("hr:reads"), {"application": str(mine.pk)}).status_code == 404


def test_it_can_be_narrowed_to_a_person_a_day_and_an_application(desk: Client) -> None:
    katrin, jens = world.a_user("recruiter"), world.a_user("hiring_manager")
    midnight = world.NOW.replace(hour=0)
    one = opened(katrin, "Eins", at=midnight)
    opened(jens, "Zwei", at=midnight + timedelta(hours=24) - MINUTE)
    opened(katrin, "Drei", at=midnight - MINUTE)
    names = ("Eins", "Zwei", "Drei")
    expected = {
        (("person", katrin.pk),): (True, False, True),
        (("day", "2026-09-17"),): (True, True, False),
        (("day", "2026-09-17"), ("person", jens.pk)): (False, True, False),
        (("application", one.application_id),): (True, False, False),
        (("person", 10**30),): (True, True, True),
        (("day", "9999-12-31"),): (True, True, True),
        (("day", "0001-01-01"),): (True, True, True),
    }
    found = {query: log(desk, **dict(query)) for query in expected}
    assert {
        query: tuple(f"{name}</a>" in html for name in names) for query, html in found.items()
    } == expected
    assert "names a filter that does not exist: Day" in log(desk, day="9999-12-31")
    assert "Nobody has opened anything that fits" in log(desk, day="2026-09-18")


def test_it_is_paged_and_keeps_its_filters(desk: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    world.pages_of(2, monkeypatch)
    by = world.a_user("recruiter")
    rows = [opened(by, f"Nr-{n}", at=world.NOW + n * MINUTE) for n in range(5)]
    first = log(desk, person=by.pk)
    assert f"?person={by.pk}&amp;after={rows[3].pk}" in first
    second = log(desk, person=by.pk, after=rows[3].pk)
    assert [f"Nr-{n}<" in second for n in range(5)] == [False, True, True, False, False]


def test_an_empty_log_says_so(desk: Client) -> None:
    assert "Nobody has opened an application yet." in log(desk)


@pytest.mark.parametrize("rows", [3, 30])
def test_it_costs_the_same_whatever_its_length(
    desk: Client, rows: int, django_assert_num_queries: Any
) -> None:
    for n in range(rows):
        opened(world.a_user("recruiter"), f"Nr-{n}")
    with django_assert_num_queries(6):
        log(desk)
