"""Who may fetch which document: each role, own and foreign, in every state that a file can have."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from candidates import purge
from candidates.access import Role
from candidates.models import Application, Employee, LedgerLine, Read, User
from storage import erasure
from storage.models import Attachment, Page, Words
from tests import world
from tests.scanner import EICAR, Clamd

pytestmark = [pytest.mark.django_db, pytest.mark.once("postgres")]

ROLES = [None, *(role.value for role in Role)]
STATES = ("clean", "awaited", "staged", "pending", "quarantined", "deleted", "unknown")
CONTENT = b"%PDF- " + b"secret"
HALF_A_YEAR = timedelta(days=184)

#: Whose application the roles may read; nothing else than a clean file ever answers with 200.
READS = {
    "recruiter": {"own"},
    "hiring_manager": {"own"},
    "privacy_officer": {"own", "foreign"},
    "personnel": {"employee"},
}


def an_owner(whose: str, user: User) -> Application | Employee:
    """Make an application to a job of the user's, or to a confidential one of somebody else's."""
    if whose == "employee":
        return world.an_employee()
    if whose == "own":
        return world.an_application(world.a_job(hiring_team=[user]))
    team = [world.a_user("recruiter")]
    return world.an_application(world.a_job(hiring_team=team, is_confidential=True))


def a_file(state: str, owner: Application | Employee) -> UUID:
    if state == "unknown":
        return uuid4()
    now = timezone.now()
    if state == "staged":
        file = world.an_attachment(None, content=CONTENT, staged_by="a" * 64, pages=1)
    else:
        verdict = "clean" if state == "deleted" else state
        file = world.an_attachment(owner, content=CONTENT, verdict=verdict, pages=1)
    Page.objects.create(attachment=file, number=1, image=CONTENT, drawn_at=now)
    if state == "deleted":
        erasure.bury(Attachment.objects.filter(pk=file.pk), now=now, breach_at=now)
    return file.pk


@pytest.mark.parametrize("whose", ["own", "foreign", "employee"])
@pytest.mark.parametrize("role", ROLES)
def test_only_a_clean_file_of_a_record_that_one_may_read_is_fetched(
    client: Client, role: str | None, whose: str
) -> None:
    user = world.a_user(role)
    client.force_login(user)
    owner = an_owner(whose, user)
    expected = dict.fromkeys(STATES, 404)
    if whose in READS.get(role or "", set()):
        expected["clean"] = 200
    assert {state: status(client, a_file(state, owner)) for state in STATES} == expected


def status(client: Client, pk: UUID) -> int:
    """Return what GET and HEAD answer, for the file and for a page of it that was drawn before.

    No byte of it may come with anything but 200.
    """
    paths = [reverse("hr:attachment", args=[pk]), reverse("hr:page", args=[pk, 1])]
    codes = set()
    for path in paths:
        (code, body), (code_of_head, _) = answered(client.get(path)), answered(client.head(path))
        assert code_of_head == code
        assert (CONTENT in body) == (code == 200)
        codes.add(code)
    (code,) = codes
    return code


def answered(response: Any) -> tuple[int, bytes]:
    """Return the status and the body, read to its end."""
    body = b"".join(response) if response.streaming else response.content
    return response.status_code, body


@pytest.mark.parametrize("state", STATES)
def test_without_a_log_in_every_file_answers_alike(client: Client, state: str) -> None:
    pk = a_file(state, world.an_application())
    response = client.get(reverse("hr:attachment", args=[pk]))
    assert (response.status_code, response["Location"].partition("?")[0]) == (
        302,
        reverse("account_login"),
    )


def test_nobody_fetches_a_file_of_an_own_application(client: Client) -> None:
    for role in Role:
        cache.clear()
        user = world.a_user(role.value)
        client.force_login(user)
        application = world.an_application(world.a_job(hiring_team=[user]), email=user.email)
        assert status(client, a_file("clean", application)) == 404


# The scan before a download ---------------------------------------------------------------------


@pytest.fixture
def hr(client: Client) -> Client:
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    return world.log_in(client, world.a_user("recruiter"))


def fetch(client: Client, attachment: Attachment) -> tuple[int, bytes]:
    return answered(client.get(reverse("hr:attachment", args=[attachment.pk])))


def test_a_file_that_was_never_scanned_is_scanned_and_served(hr: Client, clamd: Clamd) -> None:
    document = world.an_attachment(world.an_application(), content=CONTENT)
    assert fetch(hr, document) == (200, CONTENT)
    document.refresh_from_db()
    assert document.scanned_at
    clamd.stop()
    assert fetch(hr, document) == (200, CONTENT)


@pytest.mark.parametrize("fault", ["pause", "stop"])
def test_without_a_scanner_it_waits_with_a_page_that_says_so(
    hr: Client, clamd: Clamd, fault: str
) -> None:
    document = world.an_attachment(world.an_application(), content=CONTENT)
    getattr(clamd, fault)()
    code, body = fetch(hr, document)
    assert code == 503
    assert b"This document waits for the virus scan" in body
    assert CONTENT not in body
    again, body = fetch(hr, document)
    assert again == 404
    assert b"This document waits for the virus scan" in body


def test_what_the_scanner_finds_then_is_not_served(hr: Client, clamd: Clamd) -> None:
    document = world.an_attachment(world.an_application(), content=EICAR.encode())
    code, body = fetch(hr, document)
    assert code == 404
    assert b"This document was removed" in body
    assert EICAR.encode() not in body
    document.refresh_from_db()
    assert document.verdict == "quarantined"


@pytest.mark.parametrize("state", ["awaited", "pending", "quarantined"])
def test_the_words_of_what_is_not_clean_stand_on_no_page(hr: Client, state: str) -> None:
    application = world.an_application()
    document = world.an_attachment(application, content=CONTENT, verdict=state)
    Words.objects.create(attachment=document, text="a secret word")
    path = reverse("hr:application", args=[application.pk])
    for query in ("", "?as=text", f"?document={document.pk}&as=text"):
        assert "a secret word" not in hr.get(path + query).content.decode()
    Attachment.objects.update(verdict="clean", quarantined_at=None)
    assert "a secret word" in hr.get(path + "?as=text").content.decode()


def test_a_file_whose_object_is_gone_is_still_said_to_be(
    hr: Client, clamd: Clamd, attachment_store: Any
) -> None:
    document = world.an_attachment(world.an_application(), content=CONTENT)
    attachment_store.erase(document.key)
    code, body = fetch(hr, document)
    assert code == 404
    assert b"This document is not there" in body


# The read log -----------------------------------------------------------------------------------


def logged() -> list[tuple[str, str, str]]:
    """Return what the read log has: whose record, which document, who took it."""
    return [
        (str(read.application or read.employee), read.document, str(read.by))
        for read in Read.objects.order_by("pk")
    ]


def test_each_download_stands_in_the_read_log_beside_the_opening(hr: Client) -> None:
    application = world.an_application(first_name="Mira", last_name="Okonkwo")
    document = world.an_attachment(application, "Lebenslauf.pdf", CONTENT)
    assert logged() == []
    path = reverse("hr:attachment", args=[document.pk])
    answered(hr.head(path))
    answered(hr.get(reverse("hr:application", args=[application.pk])))
    answered(hr.get(reverse("hr:attachment", args=[uuid4()])))
    opening = ("Mira Okonkwo", "", "Jürgen Weiß")
    assert logged() == [opening]
    assert fetch(hr, document) == fetch(hr, document) == (200, CONTENT)
    assert sorted(logged()) == [opening, *[("Mira Okonkwo", "Lebenslauf.pdf", "Jürgen Weiß")] * 2]


def test_a_download_of_an_employees_document_is_logged_with_the_employee(client: Client) -> None:
    world.log_in(client, world.a_user("personnel"))
    document = world.an_attachment(world.an_employee(), "Zeugnis.pdf", CONTENT)
    assert fetch(client, document) == (200, CONTENT)
    assert logged() == [("Özlem Schäfer", "Zeugnis.pdf", "Jürgen Weiß")]


@pytest.mark.parametrize("state", ["pending", "quarantined", "awaited"])
def test_what_is_not_handed_over_is_not_logged(hr: Client, state: str) -> None:
    document = world.an_attachment(world.an_application(), content=CONTENT, verdict=state)
    assert fetch(hr, document)[0] != 200
    assert logged() == []


def test_the_read_log_goes_with_the_application() -> None:
    application = world.an_application(status="withdrawn", decided_on=world.TODAY - HALF_A_YEAR)
    user = world.a_user("recruiter")
    application.document_reads.create(document="Lebenslauf.pdf", by=user, at=world.NOW)
    purge.run(now=world.NOW)
    assert not Read.objects.exists()
    line = LedgerLine.objects.get(kind=LedgerLine.Kind.APPLICATION)
    assert line.rows == 2
