"""The history of an application: one line of time, its tabs, its pages, and its size."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from candidates import history, record
from candidates.models import Application, Read, User
from tests import world

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english"), pytest.mark.once("sqlite")]


@pytest.fixture
def katrin() -> User:
    return world.a_user("recruiter", first_name="Katrin", last_name="Voss")


@pytest.fixture
def hr(client: Client, katrin: User) -> Client:
    return world.log_in(client, katrin)


def a_life(application: Application, by: User, *, rounds: int, text: str = "Notiz") -> int:
    """Give an application so many lines of each kind, three of a moment; return their number."""
    for n in range(rounds):
        at = world.NOW + timedelta(minutes=n // 3)
        mail = {"purpose": "receipt", "language": "de", "to": "k@post.example", "body": text}
        application.events.create(kind="moved", at=at, by=by, detail="Sichtung", reason=text)
        application.mails.create(subject="Betreff", created_at=at, send_at=at, **mail)
        application.notes.create(by=by, at=at, text=text)
        application.document_reads.create(by=by, at=at, document="Lebenslauf.pdf")
    return rounds * 4


def lines(application: Application, user: User, tab: history.Tab) -> list[str]:
    """Return the keys of all lines of a tab, page after page."""
    row = record.read(Application.objects.filter(pk=application.pk), user).get()
    found: list[str] = []
    after: str | None = ""
    while after is not None:
        page = history.page(row, user, tab=tab, after=after, whole="")
        found += [line.key for line in page.lines]
        after = page.after
    return found


def shown(client: Client, application: Application, **query: str) -> str:
    response = client.get(application.get_absolute_url(), query)
    assert response.status_code == 200
    return response.content.decode()


def test_each_line_stands_once_in_the_order_of_time_whatever_the_pages(katrin: User) -> None:
    application = world.an_application()
    number = a_life(application, katrin, rounds=30)
    found = lines(application, katrin, history.Tab.ALL)
    assert len(found) == len(set(found)) == number > 2 * history.SIZE
    for tab, table in (("notes", "note"), ("mails", "mail"), ("reads", "read")):
        own = [key for key in found if key.startswith(table)]
        assert lines(application, katrin, history.Tab(tab)) == own


def test_tabs_say_how_many_there_are_and_stand_in_the_address(hr: Client, katrin: User) -> None:
    application = world.an_application()
    a_life(application, katrin, rounds=2)
    html = shown(hr, application, document="x")
    page = application.get_absolute_url()
    tabs = re.findall(r'<a href="([^"]*)"(?: aria-current="page")?>(All|\w+ \d+)</a>', html)
    assert tabs == [
        (f"{page}?document=x", "All"),
        (f"{page}?document=x&amp;history=notes", "Notes 2"),
        (f"{page}?document=x&amp;history=mails", "Mails 2"),
        (f"{page}?document=x&amp;history=reads", "Reads 3"),
    ]
    html = shown(hr, application, history="reads")
    assert "downloaded Lebenslauf.pdf" in html
    assert "opened the application" in html
    assert "moved to Sichtung" not in html


def test_a_page_with_300_long_lines_stays_below_150_kb(hr: Client, katrin: User) -> None:
    application = world.an_application()
    a_life(application, katrin, rounds=75, text="Ünd sö wéiter. " * 300)
    for tab in history.Tab.values:
        html = shown(hr, application, history=tab)
        assert len(html.encode()) < 150_000


def test_a_long_text_is_cut_and_read_on_one_at_a_time(hr: Client, katrin: User) -> None:
    application = world.an_application()
    note = application.notes.create(by=katrin, at=world.NOW, text="wort " * 400 + "Ende")
    application.notes.create(by=katrin, at=world.NOW, text="wort " * 400 + "Schluss")
    html = shown(hr, application)
    assert "Ende" not in html
    assert html.count("Read on") == 2
    html = shown(hr, application, whole=f"note.{note.pk}")
    assert "Ende" in html
    assert "Schluss" not in html


def test_what_was_mailed_and_came_in_can_be_read_in_its_line(hr: Client) -> None:
    application = world.an_application()
    mails: list[dict[str, Any]] = [
        {"purpose": "receipt", "body": "We have it.", "send_at": world.NOW},
        {"purpose": "reply", "body": "Thank <you>.", "state": "received", "send_at": world.NOW},
    ]
    for mail in mails:
        application.mails.create(
            language="en", to=application.email, subject="Hello", created_at=world.NOW, **mail
        )
    html = shown(hr, application, history="mails")
    assert "We have it." in html
    assert "Thank &lt;you&gt;." in html


@pytest.mark.parametrize(
    "query",
    [
        {"history": "x"},
        {"after": "x"},
        {"after": "1.2"},
        {"after": "9" * 40 + ".9.9"},
        {"after": "-9.-9.-9"},
        {"whole": "note.x"},
        {"whole": "²"},
        {"whole": "note.²"},
        {"whole": "note." + "9" * 40},
        {"history": "notes", "after": "0.0.0"},
    ],
)
def test_garbage_in_the_address_breaks_nothing(
    hr: Client, katrin: User, query: dict[str, str]
) -> None:
    application = world.an_application()
    a_life(application, katrin, rounds=1)
    assert "History" in shown(hr, application, **query)


# The read log -------------------------------------------------------------------------------


def test_opening_an_application_is_a_line_of_the_read_log_once_in_ten_minutes(
    hr: Client, katrin: User
) -> None:
    application = world.an_application()
    assert "Reads 1" in shown(hr, application)
    shown(hr, application, history="reads")
    read = Read.objects.get()
    assert (read.application, read.by, read.document) == (application, katrin, "")
    Read.objects.update(at=timezone.now() - timedelta(minutes=11))
    shown(hr, application)
    other = world.log_in(Client(), world.a_user("privacy_officer"))
    shown(other, application)
    assert Read.objects.count() == 3


def test_what_nobody_looks_at_is_no_read(hr: Client, katrin: User) -> None:
    application = world.an_application()
    path = application.get_absolute_url()
    hr.head(path)
    hr.get(path, headers={"sec-purpose": "prefetch"})
    hr.post(reverse("hr:move", args=[application.pk]))
    secret = world.an_application(world.a_job(is_confidential=True))
    assert hr.get(secret.get_absolute_url()).status_code == 404
    assert not Read.objects.exists()


# What stands beside it ----------------------------------------------------------------------


def test_who_introduced_the_person_stands_beside_the_source(hr: Client) -> None:
    application = world.an_application(source="agency", introduced_by="Zeitwerk <GmbH>")
    assert "Agency, from Zeitwerk &lt;GmbH&gt;" in shown(hr, application)


def test_previous_and_next_lead_on_in_the_list_and_what_is_done_keeps_it(hr: Client) -> None:
    job = world.a_job()
    first, second, third = (
        world.an_application(job, received_at=world.NOW - timedelta(days=9 - n)) for n in range(3)
    )
    html = shown(hr, second, **{"from": "board"})
    assert f'data-key="k" href="{first.get_absolute_url()}?from=board"' in html
    assert f'data-key="j" href="{third.get_absolute_url()}?from=board"' in html
    action = re.search(r'action="([^"]*/move/[^"]*)"', html)
    assert action
    stage = job.stages.get(position=2)
    data = {"stage": stage.pk, "seen": second.stage_id}
    response = hr.post(action[1].replace("&amp;", "&"), data)
    html = hr.get(response["Location"]).content.decode()
    assert f'data-key="j" href="{third.get_absolute_url()}?from=board"' in html
    listed = {"from": "list", "job": job.slug, "status": "open"}
    html = shown(hr, second, **listed)
    assert f'href="{reverse("hr:applications")}?job={job.slug}&amp;status=open"' in html
