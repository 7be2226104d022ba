"""The search: what is found by which words, and what never is."""

from typing import Any

import pytest
from django.http import QueryDict
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode

from candidates import access, purge, search
from candidates.forms.filters import FilterForm
from candidates.models import Application, User
from storage import folding
from storage.models import Attachment, Words
from tests import world

pytestmark = pytest.mark.django_db


@pytest.fixture
def recruiter() -> User:
    return world.a_user("recruiter")


def found(user: User, words: str, **query: str) -> set[Application]:
    form = FilterForm.of(QueryDict(urlencode({"q": words, **query})), user)
    assert not form.ignored()
    return set(form.narrow(access.applications(user), now=timezone.now()))


def a_text(application: Application, text: str, **fields: Any) -> Words:
    """Give an application a document that says this."""
    document = world.an_attachment(application, content=b"%PDF-", **fields)
    return Words.objects.create(attachment=document, text=text)


@pytest.mark.parametrize(
    "words",
    [
        "Özgür",
        "ozgur",
        "OEZGUER",
        "gür yıld",
        "yildirim ozg",
        "Yıldırım, Özgür",
        "oezguer.y@post.example",
        "post.example",
        "öz",
        "Y",
    ],
)
def test_names_and_addresses_are_found_whatever_the_accents_and_the_spelling(
    recruiter: User, words: str
) -> None:
    wanted = world.an_application(
        first_name="Özgür", last_name="Yıldırım", email="oezguer.y@post.example"
    )
    world.an_application(first_name="Anna", last_name="Berg", email="anna@web.example")
    assert found(recruiter, words) == {wanted}


@pytest.mark.parametrize(
    "words",
    [
        "Kubernetes",
        "kuber",
        "übermäßig",
        "uebermaessig",
        "UBERMASSIG",
        "node.js",
        "Straßenbau",
    ],
)
def test_words_of_documents_are_found_from_their_beginning(recruiter: User, words: str) -> None:
    wanted = world.an_application()
    a_text(wanted, "Betrieb von Kubernetes (übermäßig), Node.js; Straßenbau\n2019–2024")
    a_text(world.an_application(), "Pflege und Betreuung")
    assert found(recruiter, words) == {wanted}


@pytest.mark.parametrize("words", ["ernetes", "kubernetesx", "bau", "js", "19"])
def test_neither_the_middle_of_a_words_text_nor_its_short_words_are_found(
    recruiter: User, words: str
) -> None:
    a_text(world.an_application(), "Kubernetes Straßenbau js 2019")
    assert found(recruiter, words) == set()


def test_every_word_must_stand_somewhere_in_a_name_or_in_one_of_the_documents(
    recruiter: User,
) -> None:
    both = world.an_application(last_name="Obermüller")
    a_text(both, "Schweißen")
    a_text(both, "Führerschein")
    a_text(world.an_application(last_name="Obermeier"), "Schweißen")
    assert found(recruiter, "oberm schwei führer") == {both}


@pytest.mark.parametrize(
    "words", ["%", "100%", "a_b", "'; DROP", "\\", "it's", '"x"', "a:*&b", "(x"]
)
def test_signs_of_the_database_are_searched_for_like_any_other(recruiter: User, words: str) -> None:
    a_text(world.an_application(), "Käthe")
    form = FilterForm.of(QueryDict(urlencode({"q": words})), recruiter)
    assert list(form.narrow(access.applications(recruiter), now=world.NOW)) == (
        list(access.applications(recruiter)) if form.ignored() else []
    )


def test_nobody_finds_what_they_may_not_see(recruiter: User) -> None:
    manager = world.a_user("hiring_manager")
    officer = world.a_user("privacy_officer")
    mine = world.an_application(world.a_job(hiring_team=[manager]))
    secret = world.an_application(world.a_job(is_confidential=True))
    restricted = world.an_application(restricted_at=world.NOW)
    own = world.an_application(email=recruiter.email)
    for application in (mine, secret, restricted, own):
        a_text(application, "Kubernetes")
    assert found(recruiter, "kubernetes") == {mine}
    assert found(manager, "kubernetes") == {mine}
    assert found(officer, "kubernetes") == {mine, secret, restricted, own}


@pytest.mark.parametrize("verdict", ["pending", "quarantined"])
def test_what_the_scanner_has_not_passed_is_not_searched(recruiter: User, verdict: str) -> None:
    a_text(world.an_application(), "Kubernetes", verdict=verdict)
    assert found(recruiter, "kubernetes") == set()


def test_the_documents_of_an_employee_are_not_searched(recruiter: User) -> None:
    hired = world.an_application(status="hired")
    words = a_text(hired, "Kubernetes")
    Attachment.objects.filter(pk=words.pk).update(
        application=None, employee=world.an_employee(application=hired), came_from=hired
    )
    assert found(recruiter, "kubernetes") == set()


def test_what_a_purge_took_is_found_no_more(recruiter: User) -> None:
    gone = world.an_application(status="rejected", decided_on=world.TODAY.replace(month=3))
    a_text(gone, "Quastenflosser")
    purge.run(now=world.NOW)
    assert not Application.objects.filter(pk=gone.pk).exists()
    assert not Words.objects.exists()
    assert found(recruiter, "quastenflosser") == set()


def test_a_corrected_name_is_found_by_its_new_spelling_alone(recruiter: User) -> None:
    application = world.an_application(last_name="Maier")
    application.last_name = "Krüger"
    application.save(update_fields=["last_name"])
    assert (found(recruiter, "maier"), found(recruiter, "krueger")) == (set(), {application})


def test_search_and_filters_narrow_together(recruiter: User) -> None:
    job = world.a_job()
    here = world.an_application(job, last_name="Krüger")
    world.an_application(last_name="Krüger")
    assert found(recruiter, "krüger", job=job.slug, status="open") == {here}


@pytest.mark.parametrize("words", ["!!", "a b c d e f g h i", "x" * 201, "\x00abc"])
def test_words_that_cannot_be_searched_for_are_said(recruiter: User, words: str) -> None:
    form = FilterForm.of(QueryDict(urlencode({"q": words})), recruiter)
    assert form.ignored()


def test_the_list_says_in_which_document_the_words_stand(client: Client, recruiter: User) -> None:
    a_text(world.an_application(), "Kubernetes", name="Zeugnis.pdf")
    response = world.log_in(client, recruiter).get(reverse("hr:applications"), {"q": "kuber"})
    assert "in Zeugnis.pdf" in response.content.decode()


def test_the_words_searched_for_are_in_no_log_and_no_session(
    client: Client, recruiter: User, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG", logger="ats")
    hr = world.log_in(client, recruiter)
    hr.get(reverse("hr:applications"), {"q": "quastenflosser"})
    hr.get(reverse("hr:export", args=["csv"]), {"q": "quastenflosser"})
    assert "/hr/applications/" in caplog.text
    assert "quastenflosser" not in caplog.text + str(dict(hr.session)) + str(hr.cookies)


# Words ------------------------------------------------------------------------------------


def test_a_vocabulary_has_each_word_once_in_both_spellings_and_no_short_ones() -> None:
    text = "Müller und Müller GmbH & Co. KG,\nMünchen – C++ und 3D-Druck"
    assert folding.vocabulary(text) == "muller mueller und gmbh munchen muenchen druck"


def test_a_vocabulary_never_outgrows_what_an_index_takes(recruiter: User) -> None:
    text = " ".join(f"{chr(0x10400 + n % 40)}{n:07}" for n in range(60_000))
    words = folding.vocabulary(text)
    assert folding.MOST - 100 < len(words.encode()) <= folding.MOST
    application = world.an_application()
    a_text(application, "ä" * 5_000 + text)
    assert found(recruiter, "ä" * 100) == {application}


def test_terms_are_folded_and_each_is_there_once() -> None:
    assert [term.text for term in search.terms(" “Müller”, muller  node.js A. ")] == [
        "muller",
        "node.js",
        "a",
    ]
