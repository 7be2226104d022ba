"""The full copy on the officer's desk and in the applicant's room, and what is had at once."""

import json
import zipfile
from io import BytesIO
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from candidates import copies, requests
from candidates.models import AccessCopy, Application, Event, Request, User
from tests import machine, world
from tests.candidates.test_request_pages import of, path

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.once("sqlite"),
    pytest.mark.usefixtures("attachment_store", "english"),
]


@pytest.fixture
def officer() -> User:
    return world.a_user("privacy_officer", first_name="Miriam", last_name="Falk")


@pytest.fixture
def desk(officer: User) -> Client:
    return of(officer)


@pytest.fixture
def application() -> Application:
    found = world.an_application(language="en")
    found.events.create(
        kind=Event.Kind.REJECTED,
        at=timezone.now(),
        by=world.a_user("recruiter", first_name="Katrin", last_name="Voss"),
        reason="Anna Roth fits better.",
    )
    return found


@pytest.fixture
def asked(application: Application) -> Request:
    return requests.register(application, Request.Kind.ACCESS, by=None, now=timezone.now())


@pytest.fixture
def room(application: Application) -> Client:
    return world.open_room(Client(), application)


def shown(client: Client, asked: Request) -> dict[str, Any]:
    """Open the page of a copy; return what its form would send."""
    response = client.get(path("copy", asked))
    assert response.status_code == 200
    return {"seen": response.context["seen"], "words": "", "leave_out": []}


def event_id(application: Application) -> str:
    return f"event-{application.events.get(kind='rejected').pk}"


# The officer --------------------------------------------------------------------------------


def test_the_page_of_a_request_leads_to_its_copy(desk: Client, asked: Request) -> None:
    page = desk.get(path("request", asked)).content.decode()
    assert f'class="btn primary" href="{path("copy", asked)}"' in page
    assert path("answer_request", asked) in page


def test_the_officer_sees_everything_with_roles_for_names(desk: Client, asked: Request) -> None:
    page = desk.get(path("copy", asked)).content.decode()
    main = page[page.index("<main") :]
    for words in ("Käthe", "Anna Roth fits better.", "Recruiter", "Your application"):
        assert words in main
    assert "Voss" not in main


def test_a_preview_strikes_and_counts_and_stores_nothing(
    desk: Client, asked: Request, application: Application
) -> None:
    sent = shown(desk, asked) | {"words": "anna roth\n"}
    page = desk.post(path("copy", asked), sent).content.decode()
    assert "█████ fits better." in page
    assert "words blacked out in 1 place" in page
    sent |= {"leave_out": [event_id(application)]}
    page = desk.post(path("copy", asked), sent).content.decode()
    assert "fits better" not in page
    assert "1 entry left out" in page
    assert f'value="{event_id(application)}" checked' in page
    asked.refresh_from_db()
    assert (asked.state, AccessCopy.objects.count()) == ("open", 0)


@pytest.mark.parametrize(
    ("words", "error"),
    [
        ("Käthe", "own name"),
        ("Roth\nGROSSMANN", "own name"),
        ("R", "too short"),
        ("??", "too short"),
    ],
)
def test_what_cannot_be_struck_is_said_and_nothing_is_lost(
    desk: Client, asked: Request, application: Application, words: str, error: str
) -> None:
    sent = shown(desk, asked) | {"words": words, "leave_out": [event_id(application)]}
    for verb in ("copy", "release_copy"):
        response = desk.post(path(verb, asked), sent)
        page = response.content.decode()
        assert response.status_code == 422
        assert error in page
        assert words in page
        assert f'value="{event_id(application)}" checked' in page


def test_a_release_is_asked_for_once_more_and_then_done(
    desk: Client, asked: Request, application: Application, officer: User
) -> None:
    sent = shown(desk, asked) | {"words": "Anna Roth"}
    question = desk.post(path("release_copy", asked), sent)
    assert question.status_code == 200
    assert "It cannot be taken back" in question.content.decode()
    assert AccessCopy.objects.count() == 0
    done = desk.post(path("release_copy", asked), sent | {"sure": "yes"}, follow=True)
    page = done.content.decode()
    assert "The copy is released." in page
    assert "copy is ready, to be fetched until" in page
    assert path("refuse_request", asked) not in page
    copy = AccessCopy.objects.get()
    assert "█████ fits better." in str(copy.content)
    assert "Roth" not in str(copy.content)
    asked.refresh_from_db()
    assert (asked.state, asked.decided_by) == ("released", officer)
    assert "copy is ready" in desk.get("/hr/requests/").content.decode()
    assert (
        "released the copy of all data" in desk.get(application.get_absolute_url()).content.decode()
    )


def test_what_came_meanwhile_is_shown_before_it_is_released(
    desk: Client, asked: Request, application: Application
) -> None:
    sent = shown(desk, asked) | {"words": "Anna Roth", "sure": "yes"}
    application.events.create(kind=Event.Kind.REOPENED, at=timezone.now(), reason="Meanwhile")
    response = desk.post(path("release_copy", asked), sent)
    page = response.content.decode()
    assert response.status_code == 409
    assert "Something has changed since you looked" in page
    assert "Meanwhile" in page
    assert "█████ fits better." in page, "the strikes are still there"
    assert AccessCopy.objects.count() == 0
    again = sent | {"seen": response.context["seen"]}
    assert desk.post(path("release_copy", asked), again).status_code == 302


def test_of_two_releases_one_is_told(desk: Client, asked: Request) -> None:
    sent = shown(desk, asked) | {"sure": "yes"}
    assert desk.post(path("release_copy", asked), sent).status_code == 302
    assert desk.post(path("release_copy", asked), sent).status_code == 409
    assert desk.get(path("copy", asked)).status_code == 302
    assert AccessCopy.objects.count() == 1


def test_other_requests_have_no_copy(desk: Client, application: Application) -> None:
    other = requests.register(application, Request.Kind.ERASURE, by=None, now=timezone.now())
    assert desk.get(path("copy", other)).status_code == 404
    assert desk.post(path("release_copy", other), {"sure": "yes"}).status_code == 404


def test_other_applications_of_the_address_are_named(
    desk: Client, asked: Request, application: Application
) -> None:
    other = world.an_application(email=application.email)
    page = desk.get(path("copy", asked)).content.decode()
    assert "1 other application of this address" in page
    assert other.get_absolute_url() in page


# The room -----------------------------------------------------------------------------------


def unpacked(response: Any) -> dict[str, bytes]:
    content = response.getvalue()
    assert len(content) == int(response["Content-Length"])
    with zipfile.ZipFile(BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def released(asked: Request, officer: User) -> AccessCopy:
    now = timezone.now()
    content = copies.compile(asked.application, now)
    return requests.release(
        asked, strikes=copies.Strikes(), seen=copies.digest(content), by=officer, now=now
    )


def test_what_they_gave_is_had_at_once(room: Client, application: Application) -> None:
    document = world.an_attachment(application)
    response = room.get("/my/download/")
    assert response.status_code == 200
    assert response["Content-Type"] == "application/zip"
    assert response["Content-Disposition"].startswith('attachment; filename="Application 20')
    assert "no-store" in response["Cache-Control"]
    files = unpacked(response)
    assert set(files) == {f"files/{document.name}", "index.html", "data.json"}
    assert Request.objects.count() == 0


def test_without_the_room_there_is_nothing(client: Client) -> None:
    assert client.get("/my/download/").status_code == 403
    assert client.get("/my/copy/").status_code == 403
    assert client.post("/my/copy/").status_code == 403


def test_there_is_no_copy_before_it_is_released(room: Client, asked: Request) -> None:
    assert room.get("/my/copy/").status_code == 404
    page = room.get("/my/").content.decode()
    assert "You get our answer by" in page
    assert "/my/copy/" not in page


def test_the_room_offers_to_ask_for_the_copy(room: Client) -> None:
    page = room.get("/my/").content.decode()
    assert 'href="/my/download/"' in page
    assert 'href="/my/requests/access/"' in page


def test_the_copy_is_fetched_by_a_button_and_that_answers(
    room: Client, asked: Request, application: Application, officer: User
) -> None:
    document = world.an_attachment(application)
    released(asked, officer)
    assert 'href="/my/copy/"' in room.get("/my/").content.decode()
    for _ in range(3):
        assert "Download the copy" in room.get("/my/copy/").content.decode()
        assert room.head("/my/copy/").status_code == 200
    asked.refresh_from_db()
    assert asked.state == "released", "looking changes nothing"
    response = room.post("/my/copy/")
    files = unpacked(response)
    assert set(files) == {f"files/{document.name}", "index.html", "data.json"}
    assert json.loads(files["data.json"])["format"] == "halbjahr-copy-1"
    page = files["index.html"].decode()
    assert "Anna Roth fits better." in page
    assert "Voss" not in page
    assert "no-store" in response["Cache-Control"]
    asked.refresh_from_db()
    assert asked.state == "answered"
    assert unpacked(room.post("/my/copy/")) == files, "as often as they like"
    assert "stays here until everything is erased" in room.get("/my/").content.decode()


def test_a_download_that_breaks_off_has_not_been_fetched(
    room: Client, asked: Request, application: Application, officer: User
) -> None:
    world.an_attachment(application, content=b"x" * 300_000)
    released(asked, officer)
    response: Any = room.post("/my/copy/")
    next(response.streaming_content)
    response._iterator.close()  # as a server does whose client has gone
    asked.refresh_from_db()
    assert (asked.state, asked.copy.fetched_at) == ("released", None)


def test_while_the_storage_is_down_a_page_says_so_and_nothing_is_fetched(
    room: Client, asked: Request, application: Application, officer: User, settings: Any
) -> None:
    world.an_attachment(application)
    released(asked, officer)
    closed = f"http://127.0.0.1:{machine.free_port()}"
    options = {"bucket_name": "any", "endpoint_url": closed, "region_name": "x"}
    settings.STORAGES = settings.STORAGES | {
        "attachments": {"BACKEND": "storage.backends.Bucket", "OPTIONS": options}
    }
    for response in (room.get("/my/download/"), room.post("/my/copy/")):
        assert response.status_code == 503
        assert "Try again in a few minutes." in response.content.decode()
    asked.refresh_from_db()
    assert asked.state == "released"
