"""`/uploads/`: what the script of the form is answered."""

import re
import sys
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from django.contrib.sessions.models import Session
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from candidates.models import Application
from candidates.tasks import clean
from storage import uploads
from storage.filetypes import sandbox
from storage.models import Attachment, Tombstone
from tests import world

if TYPE_CHECKING:
    from pytest_django.fixtures import Settings

pytestmark = [pytest.mark.django_db, pytest.mark.once("postgres")]

EN = {"accept-language": "en", "accept": "application/json"}
MIRA = {
    "first_name": "Mira",
    "last_name": "Okonkwo",
    "email": "mira.okonkwo@posteo.example",
    "made": world.a_stamp(),
}


def a_file(name: str = "CV.pdf", content: bytes | None = None) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, world.a_pdf() if content is None else content)


def put(client: Client, *files: SimpleUploadedFile, **headers: str) -> HttpResponse:
    data = {"attachments": list(files or [a_file()])}
    return client.post("/uploads/", data, headers=EN | headers)  # type: ignore[return-value]


def told(answer: Any) -> Any:
    return answer.json()


def test_a_good_file_gets_a_token_with_which_the_form_sends_it(client: Client) -> None:
    answer = put(client, a_file("C:\\CV\u202e.pdf"))
    assert answer.status_code == 201
    assert "no-store" in answer["Cache-Control"]
    row = Attachment.objects.get()
    assert told(answer) == {
        "token": str(row.pk),
        "name": "CV.pdf",
        "size": row.size,
        "verdict": "clean",
    }
    assert client.post("/apply/", {**MIRA, "staged": str(row.pk)}).status_code == 303
    assert Application.objects.get().attachments.get() == row


def test_a_refused_file_is_told_with_its_sentence_and_leaves_nothing(client: Client) -> None:
    answer = put(client, a_file("Zeug\x00nis.pdf", b"MZ\x90\x00"))
    assert answer.status_code == 422
    assert told(answer).keys() == {"code", "message", "name"}
    assert (told(answer)["code"], told(answer)["name"]) == ("disguised", "Zeugnis.pdf")
    assert len(told(answer)["message"]) > 30
    assert not Attachment.objects.exists()


def test_sentences_come_in_the_language_of_the_page(client: Client) -> None:
    english = put(client, a_file(content=b""))
    german = put(client, a_file(content=b""), **{"accept-language": "de"})
    assert told(english)["code"] == told(german)["code"] == "empty"
    assert told(english)["message"] != told(german)["message"]


@pytest.mark.parametrize("files", [[], ["A.pdf", "B.pdf"]])
def test_it_takes_one_file_at_a_time(client: Client, files: list[str]) -> None:
    answer = client.post("/uploads/", {"attachments": [a_file(name) for name in files]}, headers=EN)
    assert (answer.status_code, told(answer)["code"]) == (400, "one-file")
    assert "sessionid" not in client.cookies


def test_tokens_are_of_no_use_to_others(client: Client) -> None:
    token = told(put(client))["token"]
    other = Client()
    put(other)
    assert other.post(f"/uploads/{token}/remove/").status_code == 204
    assert other.post("/apply/", {**MIRA, "staged": token}).status_code == 422
    assert Attachment.objects.count() == 2
    assert not Application.objects.exists()


def test_a_file_can_be_taken_away_again(client: Client) -> None:
    first, second = told(put(client))["token"], told(put(client))["token"]
    for _ in range(2):
        assert client.post(f"/uploads/{first}/remove/").status_code == 204
    assert client.post(f"/uploads/{uuid4()}/remove/").status_code == 204
    assert str(Attachment.objects.get().pk) == second
    assert Tombstone.objects.count() == 1


def test_what_is_sent_cannot_be_taken_away(client: Client) -> None:
    token = told(put(client))["token"]
    client.post("/apply/", {**MIRA, "staged": token})
    assert client.post(f"/uploads/{token}/remove/").status_code == 204
    assert Application.objects.get().attachments.count() == 1


def test_of_more_than_a_few_forms_take_a_session_loses_the_oldest(
    client: Client, settings: "Settings"
) -> None:
    settings.ATS_MAX_FILES = 1
    others = told(put(Client()))["token"]
    tokens = [told(put(client))["token"] for _ in range(5)]
    kept = {str(pk) for pk in Attachment.objects.values_list("pk", flat=True)}
    assert kept == {others, *tokens[2:]}
    assert Tombstone.objects.count() == 2


def test_files_stay_with_a_browser_in_which_somebody_logs_in(client: Client) -> None:
    token = told(put(client))["token"]
    before = client.session.session_key
    world.log_in(client, world.a_user("recruiter"))
    assert client.session.session_key != before
    assert client.post("/apply/", {**MIRA, "staged": token}).status_code == 303
    assert str(Application.objects.get().attachments.get().pk) == token


def test_files_do_not_stay_with_a_browser_in_which_somebody_logs_out(client: Client) -> None:
    world.log_in(client, world.a_user("recruiter"))
    token = told(put(client))["token"]
    client.logout()
    assert client.post("/apply/", {**MIRA, "staged": token}).status_code == 422


def test_a_session_that_ended_meanwhile_is_told_beside_the_files_and_loses_no_other(
    client: Client,
) -> None:
    token = told(put(client))["token"]
    Session.objects.all().delete()
    form = {**MIRA, "staged": token, "attachments": a_file("Zeugnis.pdf")}
    answer = client.post("/apply/", form, headers=EN)
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "A file from before" in page
    assert "mira.okonkwo@posteo.example" in page
    kept = re.findall(r'name="staged" value="([\w-]+)"', page)[0]
    assert client.post("/apply/", {**MIRA, "staged": kept}).status_code == 303
    assert Application.objects.get().attachments.get().name == "Zeugnis.pdf"


@pytest.mark.parametrize("python", ["missing", "/bin/false"])
def test_where_no_parser_can_be_started_no_file_is_refused_for_it(
    client: Client, monkeypatch: pytest.MonkeyPatch, python: str
) -> None:
    sandbox._close()
    with monkeypatch.context() as patch:
        patch.setattr(sys, "executable", python)
        answer = put(client)
        assert (answer.status_code, told(answer)["code"]) == (503, "storage-down")
        page = client.post("/apply/", {**MIRA, "attachments": a_file()}, headers=EN)
        assert (page.status_code, "Mira" in page.content.decode()) == (503, True)
    assert put(client).status_code == 201


def test_the_session_lives_as_long_as_its_files(client: Client) -> None:
    put(client)
    left = Session.objects.get().expire_date - timezone.now()
    assert timedelta(hours=23) < left <= uploads.STAGED_FOR
    assert client.cookies["sessionid"]["httponly"]


def test_one_that_is_logged_in_stays_so_no_longer_for_it(client: Client) -> None:
    world.log_in(client, world.a_user("recruiter"))
    put(client)
    assert client.session.get_expiry_age() <= 12 * 60 * 60


def test_a_form_of_no_origin_is_refused_with_a_sentence() -> None:
    answer = put(Client(enforce_csrf_checks=True))
    assert answer.status_code == 403
    assert told(answer)["code"] == "http-403"
    assert "Allow cookies" in told(answer)["message"]
    assert not Attachment.objects.exists()


def test_the_token_of_the_page_lets_a_file_in() -> None:
    client = Client(enforce_csrf_checks=True)
    page = client.get("/apply/").content.decode()
    token = re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', page)[-1]
    assert put(client, **{"x-csrftoken": token}).status_code == 201


def test_a_body_beyond_all_bounds_is_refused_with_a_sentence(
    client: Client, settings: "Settings"
) -> None:
    settings.ATS_MAX_FILES = 0
    answer = put(client, a_file(content=bytes(3_000_000)))
    assert (answer.status_code, told(answer)["code"]) == (413, "http-413")


def test_a_storage_that_is_down_is_told_and_may_be_tried_again(
    client: Client, settings: "Settings"
) -> None:
    options = {"bucket_name": "none", "endpoint_url": "http://127.0.0.1:9", "region_name": "eu"}
    settings.STORAGES = settings.STORAGES | {
        "attachments": {"BACKEND": "storage.backends.Bucket", "OPTIONS": options}
    }
    answer = put(client)
    assert (answer.status_code, told(answer)["code"]) == (503, "storage-down")


def test_what_is_never_sent_becomes_a_tombstone(client: Client) -> None:
    put(client)
    Attachment.objects.update(staged_until=timezone.now())
    clean()
    assert not Attachment.objects.exists()
    assert Tombstone.objects.count() == 1


@pytest.mark.parametrize("method", ["get", "put", "delete"])
def test_other_methods_are_refused(client: Client, method: str) -> None:
    for path in ("/uploads/", f"/uploads/{uuid4()}/remove/"):
        assert getattr(client, method)(path).status_code == 405
