"""A person's own documents in their room: seen, fetched, added, removed, and gone for good."""

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from candidates import hiring, holds, ledger, pipeline, requests, room
from candidates.models import Application, Event, Hold, LedgerLine, Read, Request, User
from candidates.pipeline import ChangeNotAllowed
from storage import erasure, uploads
from storage.models import Attachment, Page, Tombstone, Words
from tests import machine, world
from tests.uploading import a_locked_pdf
from tests.world import NOW, TODAY, a_user, an_application, an_attachment, open_room, store

if TYPE_CHECKING:
    from pytest_django.fixtures import Settings

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.usefixtures("attachment_store", "english"),
    pytest.mark.once("postgres"),
]

FILES = "/my/files/"


@pytest.fixture
def application() -> Application:
    return an_application(language="en")


@pytest.fixture
def own(client: Client, application: Application) -> Client:
    return open_room(client, application)


def pdf(name: str = "CV.pdf") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, world.a_pdf(), "application/pdf")


def html(response: Any) -> str:
    return " ".join(response.content.decode().split())


def send(client: Client, *files: SimpleUploadedFile, **data: Any) -> HttpResponse:
    return client.post(FILES, data | {"attachments": list(files)})  # type: ignore[return-value]


def staged(response: HttpResponse) -> list[str]:
    return re.findall(r'name="staged" value="([^"{]+)"', html(response))


def names(application: Application) -> list[str]:
    return sorted(application.attachments.values_list("name", flat=True))


def take_away(application: Application, document: Attachment) -> int:
    return room.remove(application, attachment=document.pk, now=NOW)


# Seen and fetched -------------------------------------------------------------------------


def test_the_room_names_what_we_have_and_how_each_document_is(
    own: Client, application: Application
) -> None:
    scanned = an_attachment(application, "CV.pdf", scanned_at=NOW)
    pending = an_attachment(application, "Letter.pdf", verdict="pending")
    infected = an_attachment(application, "Virus.pdf", verdict="quarantined")
    an_attachment(application, "Me.jpg", b"\xff\xd8", content_type="image/jpeg")
    for page in ("/my/", FILES):
        said = html(own.get(page))
        assert "CV.pdf</a>" in said
        assert "The virus scan found nothing." in said
        assert "Waits for the virus scan. Nobody opens it before." in said
        assert "Locked away." in said
        assert "Is being prepared." in said
        assert f'href="{reverse("room:file", args=[scanned.pk])}"' in said
        for closed in (pending, infected):
            assert f'href="{reverse("room:file", args=[closed.pk])}"' not in said
    mine = html(own.get("/my/"))
    assert all(
        text in mine for text in (application.name, application.email, application.phone, " KB")
    )


def test_a_person_fetches_their_own_document_and_the_read_log_has_none_of_it(
    own: Client, application: Application
) -> None:
    document = an_attachment(application, "Lebenslauf „neu“.pdf", b"%PDF- mine")
    response = own.get(reverse("room:file", args=[document.pk]))
    assert b"".join(response) == b"%PDF- mine"
    assert response["Content-Disposition"].startswith("attachment; filename*=utf-8''Lebenslauf")
    assert response["Content-Type"] == "application/pdf"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert {"private", "no-store"} <= set(response["Cache-Control"].split(", "))
    assert response["Cross-Origin-Resource-Policy"] == "same-origin"
    assert not Read.objects.exists()
    application.refresh_from_db()
    assert application.first_opened_at is None


@pytest.mark.parametrize(
    ("fields", "status", "said"),
    [
        ({"verdict": "pending"}, 404, "waits for the virus scan"),
        ({"verdict": "quarantined"}, 404, "is locked away"),
        ({"name": "Me.jpg", "content_type": "image/jpeg"}, 404, "is being prepared"),
        (
            {"name": "Me.jpg", "content_type": "image/jpeg", "preparation": "failed"},
            404,
            "cannot be shown",
        ),
    ],
)
def test_what_is_not_clean_and_ready_is_a_page_that_says_why(
    own: Client, application: Application, fields: dict[str, Any], status: int, said: str
) -> None:
    document = an_attachment(application, **fields)
    response = own.get(reverse("room:file", args=[document.pk]))
    assert response.status_code == status
    assert said in html(response)


def test_a_storage_that_is_down_is_a_page_that_says_so(
    own: Client, application: Application, settings: "Settings"
) -> None:
    document = an_attachment(application)
    closed = f"http://127.0.0.1:{machine.free_port()}"
    options = {"bucket_name": "any", "endpoint_url": closed, "region_name": "x"}
    settings.STORAGES = settings.STORAGES | {
        "attachments": {"BACKEND": "storage.backends.Bucket", "OPTIONS": options}
    }
    response = own.get(reverse("room:file", args=[document.pk]))
    assert response.status_code == 503
    assert "Try again in a few minutes." in html(response)


def test_nobody_else_s_document_is_in_reach(own: Client) -> None:
    other = an_application()
    documents = [an_attachment(other), an_attachment(world.an_employee())]
    staged_one = an_attachment(None, staged_by="a" * 64)
    for pk in (*(document.pk for document in documents), staged_one.pk, uuid4()):
        assert own.get(reverse("room:file", args=[pk])).status_code == 404
        assert own.get(reverse("room:remove", args=[pk])).status_code == 404
        own.post(reverse("room:remove", args=[pk]))
    assert Attachment.objects.count() == 3


@pytest.mark.parametrize("page", ["files", "file", "remove", "details", "address"])
def test_without_a_key_there_is_no_page(client: Client, page: str) -> None:
    document = an_attachment(an_application())
    path = reverse(f"room:{page}", args=[document.pk] if page in {"file", "remove"} else [])
    for response in (client.get(path), client.post(path)):
        assert response.status_code in {403, 405}
        assert document.name not in html(response)
    assert Attachment.objects.filter(pk=document.pk).exists()


# Added ------------------------------------------------------------------------------------


def test_several_documents_are_added_at_once(own: Client, application: Application) -> None:
    response = send(own, pdf("CV.pdf"), pdf("Letter.pdf"))
    assert (response.status_code, response["Location"]) == (303, FILES)
    assert names(application) == ["CV.pdf", "Letter.pdf"]
    event = application.events.get()
    assert (event.kind, event.by, event.detail) == ("added", None, "2")
    assert "Your 2 documents are here." in html(own.get(FILES))


def test_a_refused_file_is_named_with_its_reason_and_the_good_ones_wait(
    own: Client, application: Application
) -> None:
    bad = SimpleUploadedFile("Locked.pdf", a_locked_pdf())
    response = send(own, pdf("CV.pdf"), bad, pdf("Letter.pdf"))
    assert response.status_code == 422
    assert "One thing to mend before you send" in html(response)
    assert "Locked.pdf" in html(response)
    tokens = staged(response)
    assert (len(tokens), names(application)) == (2, [])
    assert send(own, staged=tokens).status_code == 303
    assert names(application) == ["CV.pdf", "Letter.pdf"]


def test_files_can_be_put_up_one_after_the_other_and_taken_away_again(
    own: Client, application: Application
) -> None:
    first = staged(send(own, pdf("CV.pdf"), add="1"))
    both = staged(send(own, pdf("Letter.pdf"), add="1", staged=first))
    assert len(both) == 2
    rest = staged(send(own, staged=both, remove=both[0]))
    assert rest == both[1:]
    send(own, staged=rest)
    assert names(application) == ["Letter.pdf"]


def test_what_the_script_puts_up_is_added_by_its_tokens(
    own: Client, application: Application
) -> None:
    answer = own.post(reverse("careers:stage"), {"attachments": pdf()})
    assert send(own, staged=[answer.json()["token"]]).status_code == 303
    assert names(application) == ["CV.pdf"]


def test_a_second_click_adds_nothing_and_complains_of_nothing(
    own: Client, application: Application
) -> None:
    tokens = staged(send(own, pdf(), add="1"))
    for _click in range(2):
        assert send(own, staged=tokens).status_code == 303
    assert names(application) == ["CV.pdf"]
    assert application.events.count() == 1


def test_an_empty_form_asks_for_a_file(own: Client) -> None:
    response = send(own)
    assert response.status_code == 422
    assert "Choose a file first." in html(response)


def test_a_file_that_was_left_too_long_is_said(own: Client) -> None:
    tokens = staged(send(own, pdf(), add="1"))
    Attachment.objects.update(staged_until=timezone.now())
    response = send(own, staged=tokens)
    assert response.status_code == 422
    assert "Please add it again." in html(response)


def test_what_is_here_counts_towards_the_limit_and_the_page_says_what_is_left(
    own: Client, application: Application, settings: "Settings"
) -> None:
    settings.ATS_MAX_FILES = 4
    an_attachment(application, "A.pdf")
    an_attachment(application, "B.pdf", verdict="pending")
    an_attachment(application, "Virus.pdf", verdict="quarantined")  # out of reach
    page = html(own.get(FILES))
    assert "Up to 2 files" in page
    assert 'data-most="2"' in page
    response = send(own, pdf("C.pdf"), pdf("D.pdf"), pdf("E.pdf"))
    assert response.status_code == 422
    assert len(staged(response)) == 2
    assert "E.pdf: An application takes 4 files at most." in html(response)
    assert send(own, staged=staged(response)).status_code == 303
    full = html(own.get(FILES))
    assert 'id="attachments"' not in full
    assert "An application takes 4 files at most. Remove another one first" in full
    assert send(own, pdf("F.pdf")).status_code == 422
    assert application.attachments.count() == 5


def test_two_forms_at_once_do_not_pass_the_limit(
    application: Application, settings: "Settings"
) -> None:
    settings.ATS_MAX_FILES = 1
    files = [an_attachment(None, staged_by="a" * 64) for _ in range(2)]
    room.add(application, [files[0].pk], session="a" * 64, now=NOW)
    with pytest.raises(ChangeNotAllowed, match="takes one file"):
        room.add(application, [files[1].pk], session="a" * 64, now=NOW)
    assert application.attachments.get() == files[0]


def test_a_closed_application_takes_nothing_and_gives_nothing_away(client: Client) -> None:
    application = an_application(status="rejected", decided_on=timezone.localdate())
    document = an_attachment(application)
    own = open_room(client, application)
    page = html(own.get(FILES))
    assert "This application is closed." in page
    assert 'id="attachments"' not in page
    assert reverse("room:remove", args=[document.pk]) not in page
    refused = send(own, pdf())
    assert refused.status_code == 409
    assert "It takes no more documents." in html(refused)
    answer = own.post(reverse("room:remove", args=[document.pk]))
    assert answer.status_code == 409
    assert "erased with it, on its day" in html(answer)
    assert names(application) == ["Lebenslauf.pdf"]
    assert Attachment.objects.count() == 1


def test_a_rejection_that_has_not_been_told_changes_nothing(
    own: Client, application: Application
) -> None:
    document, now = an_attachment(application), timezone.now()
    later = now + pipeline.MAIL_DELAY
    pipeline.reject(application, by=a_user("recruiter"), reason="", now=now, mail_at=later)
    assert "closed" not in html(own.get(FILES))
    assert send(own, pdf()).status_code == 303
    assert own.post(reverse("room:remove", args=[document.pk])).status_code == 303
    assert names(application) == ["CV.pdf"]


# Removed ----------------------------------------------------------------------------------


def test_looking_removes_nothing_and_the_button_does(own: Client, application: Application) -> None:
    document = an_attachment(application, "Secret.pdf")
    path = reverse("room:remove", args=[document.pk])
    assert path in html(own.get(FILES))
    for _look in range(3):
        page = own.get(path)
        own.head(path)
    assert "<b>Secret.pdf</b>" in html(page)
    assert Attachment.objects.exists()
    response = own.post(path)
    assert (response.status_code, response["Location"]) == (303, FILES)
    assert "The document is erased." in html(own.get(FILES))
    assert not Attachment.objects.exists()
    again = own.post(path, follow=True)
    assert "This document was not here any more." in html(again)
    assert application.events.filter(kind=Event.Kind.REMOVED).count() == 1


def test_a_removed_document_goes_with_all_its_objects_words_and_its_name(
    application: Application,
) -> None:
    document = an_attachment(application, "Krankheit.pdf", view_key="attachments/view")
    other = an_attachment(application, "CV.pdf")
    Words.objects.create(attachment=document, text="Words")
    Page.objects.create(attachment=document, number=1, image=b"Page", drawn_at=NOW)
    for name in ("Krankheit.pdf", "CV.pdf"):
        application.document_reads.create(document=name, by=a_user("recruiter"), at=NOW)
    assert take_away(application, document) == 1
    assert set(Tombstone.objects.values_list("key", flat=True)) == set(document.keys)
    line = LedgerLine.objects.get()
    assert (line.kind, line.rule, line.rows, line.objects_count) == ("attachment", "request", 3, 2)
    assert line.record == ledger.keyed_hash(document.pk)
    erasure.work(now=NOW)
    assert list(store().keys("attachments/")) == [other.key]
    event = application.events.get()
    assert (event.kind, event.by, event.detail, event.reason) == ("removed", None, "1", "")
    assert sorted(application.document_reads.values_list("document", flat=True)) == [
        "CV.pdf",
        Read.REMOVED,
    ]
    assert not Words.objects.exists()
    assert not Page.objects.exists()
    assert names(application) == ["CV.pdf"]


def test_the_read_log_keeps_a_name_that_another_document_has_too(application: Application) -> None:
    documents = [an_attachment(application, "CV.pdf") for _ in range(2)]
    application.document_reads.create(document="CV.pdf", by=a_user("recruiter"), at=NOW)
    take_away(application, documents[0])
    assert application.document_reads.get().document == "CV.pdf"


def test_what_is_in_quarantine_stays_its_week(application: Application, own: Client) -> None:
    document = an_attachment(application, verdict="quarantined")
    assert own.get(reverse("room:remove", args=[document.pk])).status_code == 404
    assert take_away(application, document) == 0
    assert application.attachments.get() == document


def test_a_hold_of_the_officer_keeps_it_and_the_page_says_so(
    application: Application, own: Client
) -> None:
    document, now = an_attachment(application), timezone.now()
    until = timezone.localdate() + timedelta(days=30)
    officer = a_user("privacy_officer")
    claim = Hold.Kind.LEGAL_CLAIM
    holds.set_hold(application, kind=claim, reason="A claim", until=until, by=officer, now=now)
    response = own.post(reverse("room:remove", args=[document.pk]))
    assert response.status_code == 409
    assert "We have to keep this application as it is for now." in html(response)
    assert application.attachments.get() == document


@pytest.mark.parametrize("kind", [Request.Kind.ACCESS, Request.Kind.RESTRICTION])
def test_the_hold_of_a_person_s_own_request_does_not_bind_them(
    application: Application, kind: Request.Kind
) -> None:
    document = an_attachment(application)
    requests.register(application, kind, by=None, now=NOW)
    file = an_attachment(None, "New.pdf", staged_by="a" * 64)
    assert room.add(application, [file.pk], session="a" * 64, now=NOW) == 1
    assert take_away(application, document) == 1
    assert names(application) == ["New.pdf"]


def test_documents_that_went_to_the_employee_are_the_application_s_no_more(
    client: Client, application: Application
) -> None:
    moved, kept = an_attachment(application, "CV.pdf"), an_attachment(application, "Letter.pdf")
    hiring.hire(
        application,
        by=a_user("recruiter"),
        start_date=TODAY,
        job_title="Welder",
        personnel_number="1",
        attachments=[moved.pk],
        now=timezone.now(),
    )
    own = open_room(client, application)
    page = html(own.get(FILES))
    assert "Letter.pdf" in page
    assert "CV.pdf" not in page
    assert own.get(reverse("room:file", args=[moved.pk])).status_code == 404
    with pytest.raises(ChangeNotAllowed):
        take_away(application, moved)
    assert set(Attachment.objects.all()) == {moved, kept}


def test_what_has_been_erased_takes_and_gives_nothing(application: Application) -> None:
    document = an_attachment(application)
    Application.objects.filter(pk=application.pk).delete()
    with pytest.raises(ChangeNotAllowed, match="erased"):
        take_away(application, document)
    with pytest.raises(ChangeNotAllowed, match="erased"):
        room.add(application, [UUID(int=1)], session="a" * 64, now=NOW)


def test_the_workspace_says_that_the_applicant_did_it(
    client: Client, application: Application
) -> None:
    documents = [an_attachment(None, staged_by="a" * 64) for _ in range(2)]
    room.add(application, [file.pk for file in documents], session="a" * 64, now=NOW)
    take_away(application, documents[0])
    page = html(world.log_in(client, _recruiter()).get(application.get_absolute_url()))
    assert "The applicant added 2 documents" in page
    assert "The applicant removed a document" in page


def _recruiter() -> User:
    return a_user("recruiter")


def test_a_file_of_another_browser_is_not_added(application: Application) -> None:
    file = an_attachment(None, staged_by="b" * 64)
    with pytest.raises(uploads.UploadGone):
        room.add(application, [file.pk], session="a" * 64, now=NOW)
    assert not application.events.exists()
