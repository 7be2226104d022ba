"""Error pages: in the visitor's language, without the database, one for each cause."""

from typing import TYPE_CHECKING

import pytest
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.test import Client
from django.urls import path

from ats import errors, urls
from tests.world import a_user, log_in

if TYPE_CHECKING:
    from pytest_django.fixtures import Settings

EN = {"accept-language": "en"}


def breaks(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("row of kaethe@post.example")


def forbids(request: HttpRequest) -> HttpResponse:
    raise PermissionDenied


def lacks(request: HttpRequest) -> HttpResponse:
    raise Http404


for view in (breaks, forbids, lacks):
    view.login_required = False  # type: ignore[attr-defined]

urlpatterns = [
    *urls.urlpatterns,
    path("breaks/", breaks),
    path("forbids/", forbids),
    path("lacks/", lacks),
]
handler400, handler403, handler404, handler500 = (
    urls.handler400,
    urls.handler403,
    urls.handler404,
    urls.handler500,
)


@pytest.fixture
def visitor(settings: "Settings") -> Client:
    settings.ROOT_URLCONF = __name__
    return Client(raise_request_exception=False, headers=EN)


@pytest.mark.parametrize(
    ("address", "status", "says"),
    [
        ("/breaks/", 500, "not your fault"),
        ("/forbids/", 403, "ask your administrator for the role"),
        ("/lacks/", 404, "There is no such page"),
        ("/nowhere/", 404, "There is no such page"),
    ],
)
def test_every_error_has_a_page_that_says_what_to_do(
    visitor: Client, address: str, status: int, says: str
) -> None:
    # No database: pytest-django refuses it to a test that does not ask for it.
    response = visitor.get(address)
    assert response.status_code == status
    html = response.content.decode()
    assert says in html
    assert '<html lang="en">' in html
    assert "style=" not in html
    assert "kaethe" not in html


@pytest.mark.parametrize(("language", "lang"), [("de", "de"), ("en", "en"), ("fr", "de")])
def test_the_page_speaks_the_visitors_language(visitor: Client, language: str, lang: str) -> None:
    for address in ("/breaks/", "/nowhere/", "/a%00/"):
        response = visitor.get(address, headers={"accept-language": language})
        assert f'<html lang="{lang}">' in response.content.decode()


def test_a_language_of_the_last_visitor_does_not_stay(visitor: Client) -> None:
    visitor.get("/nowhere/", headers={"accept-language": "en"})
    assert '<html lang="de">' in visitor.get("/%00/", headers={"accept-language": "de"}).text


@pytest.mark.django_db
def test_a_form_without_its_token_is_told_to_be_sent_again() -> None:
    client = Client(enforce_csrf_checks=True, headers=EN)
    response = client.post("/accounts/login/", {"login": "a"})
    assert response.status_code == 403
    assert "safety token" in response.text
    assert "allow cookies" in response.text


@pytest.mark.django_db
def test_whoever_lacks_the_role_stays_logged_in_and_is_told(client: Client) -> None:
    log_in(client, a_user("recruiter"))
    response = client.get("/admin/", headers=EN, follow=True)
    assert response.status_code == 403
    assert "This page is not open to you" in response.text
    assert "login" not in client.get("/hr/").get("Location", "")


def test_a_page_that_cannot_be_made_becomes_plain_text(
    visitor: Client, settings: "Settings"
) -> None:
    settings.TEMPLATES = [settings.TEMPLATES[0] | {"DIRS": [], "APP_DIRS": False}]
    for address, status in (("/breaks/", 500), ("/nowhere/", 404), ("/forbids/", 403)):
        response = visitor.get(address)
        assert response.status_code == status
        assert "Please go back and try again." in response.text


def test_error_pages_are_not_kept(visitor: Client) -> None:
    assert visitor.get("/nowhere/")["Cache-Control"] == "no-store"


def test_every_handler_is_ours() -> None:
    for name in ("handler400", "handler403", "handler404", "handler429", "handler500"):
        module, function = getattr(urls, name).rsplit(".", 1)
        assert module == "ats.errors"
        assert callable(getattr(errors, function))
