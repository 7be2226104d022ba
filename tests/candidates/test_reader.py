"""The reader beside an application: its tabs, its pages, its words, and who gets a page."""

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from candidates.models import Application
from storage import preview
from storage.models import Attachment, Words
from tests import world

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.usefixtures("attachment_store"),
    pytest.mark.once("sqlite"),
]


@pytest.fixture
def hr(client: Client) -> Client:
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    return world.log_in(client, world.a_user("recruiter"))


def read(client: Client, application: Application, **query: Any) -> str:
    response = client.get(application.get_absolute_url(), query)
    assert response.status_code == 200
    return response.content.decode()


def a_document(application: Application, name: str = "Lebenslauf.pdf", **fields: Any) -> Attachment:
    """Create an attachment that is prepared, with three pages."""
    text = fields.pop("text", "Sieben Jahre Python")
    defaults = {"pages": 3, "preparation": Attachment.Preparation.READY}
    document = world.an_attachment(application, name, b"%PDF-", **defaults | fields)
    Words.objects.create(attachment=document, text=text)
    return document


def page_of(document: Attachment, number: int = 1) -> str:
    return reverse("hr:page", args=[document.pk, number])


def test_each_page_is_a_picture_with_its_words_for_who_cannot_see_it(hr: Client) -> None:
    document = a_document(world.an_application())
    assert document.application
    html = read(hr, document.application)
    for number in (1, 2, 3):
        assert f'src="{page_of(document, number)}" alt="Page {number} of 3: Lebenslauf.pdf"' in html
    assert "3 pages" in html
    assert "Download Lebenslauf.pdf, 1 KB" in html
    assert "Sieben Jahre Python" not in html
    assert "Sieben Jahre Python" in read(
        hr, document.application, document=document.pk, **{"as": "text"}
    )


def test_tabs_lead_to_the_other_documents(hr: Client) -> None:
    application = world.an_application()
    first = a_document(application)
    second = a_document(application, "Zeugnis <2>.pdf", created_at=world.NOW)
    page = application.get_absolute_url()
    html = read(hr, application)
    assert f'<a href="{page}?document={first.pk}" aria-current="page">Lebenslauf.pdf</a>' in html
    assert f'<a href="{page}?document={second.pk}">Zeugnis &lt;2&gt;.pdf</a>' in html
    html = read(hr, application, document=second.pk)
    assert f'<a href="{page}?document={second.pk}" aria-current="page">' in html
    assert page_of(first) not in html


@pytest.mark.parametrize("value", ["", "x", "00000000-0000-0000-0000-000000000000"])
def test_an_address_that_names_no_document_opens_the_first(hr: Client, value: str) -> None:
    document = a_document(world.an_application())
    assert document.application
    assert page_of(document) in read(hr, document.application, document=value)


def test_a_document_of_somebody_else_is_not_opened(hr: Client) -> None:
    application = world.an_application()
    a_document(application)
    other = a_document(world.an_application())
    html = read(hr, application, document=other.pk)
    assert page_of(other) not in html
    assert reverse("hr:attachment", args=[other.pk]) not in html


def test_without_pages_the_words_are_shown_and_escaped(hr: Client) -> None:
    application = world.an_application()
    a_document(application, "Brief.docx", pages=0, text="Sehr geehrte\n\n<b>Frau</b> Weiß")
    html = read(hr, application)
    assert "<p>Sehr geehrte</p>" in html
    assert "&lt;b&gt;Frau&lt;/b&gt; Weiß" in html
    assert "<figure" not in html


def test_of_many_pages_each_look_shows_some_and_leads_to_the_next(hr: Client) -> None:
    document = a_document(world.an_application(), pages=112)
    assert document.application
    shown: list[str] = []
    first: int | None = 1
    while first:
        html = read(hr, document.application, document=document.pk, pages=first)
        shown += re.findall(rf"{document.pk}/pages/(\d+)/", html)
        further = re.search(r"pages=(\d+)\" hx-get", html)
        first = int(further[1]) if further else None
    assert shown == [str(number) for number in range(1, 113)]


@pytest.mark.parametrize("pages", ["0", "-3", "x", "²", "9" * 40])
def test_a_page_that_is_garbage_breaks_nothing(hr: Client, pages: str) -> None:
    document = a_document(world.an_application())
    assert document.application
    assert "Lebenslauf.pdf" in read(hr, document.application, pages=pages)


def test_of_a_very_long_text_the_beginning_is_shown(hr: Client) -> None:
    document = a_document(world.an_application(), "Buch.docx", pages=0, text="ä" * 150_000)
    assert document.application
    html = read(hr, document.application)
    assert "This is the beginning of a long text." in html
    assert len(html.encode()) < 150_000


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        (
            {"preparation": "waiting", "pages": 0, "content_type": "text/plain"},
            "This document is being prepared.",
        ),
        ({"verdict": "pending"}, "Waits for the virus scan."),
        ({"preparation": "failed", "pages": 0}, "This document cannot be shown here."),
        (
            {"preparation": "failed", "pages": 0, "content_type": "image/jpeg"},
            "No safe copy of this picture could be made",
        ),
        (
            {"preparation": "waiting", "pages": 0, "content_type": "image/jpeg"},
            "This document is being prepared.",
        ),
    ],
)
def test_what_cannot_be_seen_says_why(hr: Client, fields: dict[str, Any], said: str) -> None:
    document = world.an_attachment(world.an_application(), content=b"%PDF-", **fields)
    assert document.application
    html = read(hr, document.application)
    assert said in html
    assert "<figure" not in html
    can_be_had = fields.get("content_type") != "image/jpeg" and "verdict" not in fields
    assert (reverse("hr:attachment", args=[document.pk]) in html) == can_be_had


def test_the_first_page_of_a_pdf_is_there_before_anything_is_prepared(hr: Client) -> None:
    document = world.an_attachment(world.an_application())
    assert document.application
    html = read(hr, document.application)
    assert html.count("<figure") == 1
    assert "This is the first page. The others are being prepared" in html
    assert hr.get(page_of(document)).status_code == 200
    assert hr.get(page_of(document, 2)).status_code == 404


# Pages --------------------------------------------------------------------------------------------


def test_a_page_is_a_picture_that_no_browser_keeps_or_runs(hr: Client) -> None:
    document = world.an_attachment(world.an_application())
    preview.prepare(now=world.NOW)
    response = hr.get(page_of(document))
    assert response.status_code == 200
    assert response.content[:4] + response.content[8:12] == b"RIFFWEBP"
    expected = {
        "Content-Type": "image/webp",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "Cache-Control": "private, no-store",
        "Cross-Origin-Resource-Policy": "same-origin",
    }
    assert {name: response[name] for name in expected} == expected
    assert hr.get(page_of(document, 2)).status_code == 404


def test_a_picture_is_shown_by_its_copy(hr: Client) -> None:
    picture = world.an_attachment(
        world.an_application(), "Zeugnis.heic", world.a_photo("HEIF"), content_type="image/heic"
    )
    assert hr.get(page_of(picture)).status_code == 404
    preview.prepare(now=world.NOW)
    response = hr.get(page_of(picture))
    content = b"".join(response)
    assert response["Content-Type"] == "image/jpeg"
    assert content[:3] == b"\xff\xd8\xff"
    assert b"Quastenflosser" not in content
    download = hr.get(reverse("hr:attachment", args=[picture.pk]))
    assert "Zeugnis.jpg" in download["Content-Disposition"]
    assert b"Quastenflosser" not in b"".join(download)


def test_a_page_whose_object_has_gone_is_not_there(hr: Client) -> None:
    document = a_document(world.an_application())
    world.store().erase(document.key)
    assert hr.get(page_of(document)).status_code == 404
