from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from django.core.mail import EmailMultiAlternatives, get_connection, send_mail
from django.http import Http404
from django.test import Client, RequestFactory
from django.urls import include, path

from ats import urls, views

if TYPE_CHECKING:
    from pytest_django.fixtures import Settings

urlpatterns = [
    path("", include(urls)),
    path("dev/mail/", views.dev_mails, name="dev_mails"),
    path("dev/mail/<str:name>/", views.dev_mail, name="dev_mail"),
    path("dev/mail/<str:name>/<int:number>/", views.dev_html, name="dev_html"),
]


@pytest.fixture
def mails(settings: "Settings", tmp_path: Path) -> Path:
    """A development server with two mails in one file."""
    settings.DEBUG = True
    settings.ROOT_URLCONF = __name__
    settings.EMAIL_BACKEND, settings.EMAIL_FILE_PATH = views.FILE_BACKEND, str(tmp_path)
    connection = get_connection()
    for subject in ("Ihre Bewerbung als Köchin", "Noch eine"):
        body = f"Grüße <b>&</b> https://localhost/my/x/\n\n{subject}"
        send_mail(subject, body, "a@a.example", ["käthe@b.example"], connection=connection)
    return tmp_path


def test_mails_are_listed_and_shown_as_text(mails: Path, client: Client) -> None:
    (file,) = mails.glob("*.log")
    listed = client.get("/dev/mail/").text
    assert listed.count(f"/dev/mail/{file.name}/") == 2
    assert "Ihre Bewerbung als Köchin" in listed
    shown = client.get(f"/dev/mail/{file.name}/").text
    assert "Grüße &lt;b&gt;&amp;&lt;/b&gt;" in shown
    assert '<a href="https://localhost/my/x/"' in shown
    assert "Noch eine" in shown


@pytest.mark.usefixtures("english")
def test_a_mail_in_html_is_shown_as_both(mails: Path, client: Client) -> None:
    message = EmailMultiAlternatives(
        "Both", "As text", "a@a.example", ["k@b.example"], reply_to=["jobs+x@a.example"]
    )
    message.attach_alternative(
        "<style>p { color: green }</style><p>As <b>HTML</b></p>", "text/html"
    )
    before = set(mails.glob("*.log"))
    message.send()
    (file,) = set(mails.glob("*.log")) - before
    shown = client.get(f"/dev/mail/{file.name}/").text
    assert "As text" in shown
    assert "jobs+x@a.example" in shown
    path = f"/dev/mail/{file.name}/0/"
    assert path in shown
    answer = client.get(path)
    assert "<p>As <b>HTML</b></p>" in answer.text
    assert "style-src 'unsafe-inline'" in answer["Content-Security-Policy"]
    assert client.get(f"/dev/mail/{file.name}/1/").status_code == 404


def test_a_mail_without_html_offers_none(mails: Path, client: Client) -> None:
    (file,) = mails.glob("*.log")
    assert f"/dev/mail/{file.name}/0/" not in client.get(f"/dev/mail/{file.name}/").text


@pytest.mark.parametrize(
    "name", ["../secret.log", "..%2fsecret.log", ".hidden.log", "secret", "no.log", "a\n.log"]
)
def test_no_other_file_can_be_read(mails: Path, name: str) -> None:
    (mails.parent / "secret.log").write_text("x")
    (mails / ".hidden.log").write_text("x")
    (mails / "secret").write_text("x")
    with pytest.raises(Http404):
        views.dev_mail(RequestFactory().get("/"), name)


def test_there_is_none_in_production(mails: Path, settings: "Settings") -> None:
    settings.DEBUG = False
    with pytest.raises(Http404):
        views.dev_mails(RequestFactory().get("/"))
    settings.DEBUG, settings.EMAIL_BACKEND = True, "django.core.mail.backends.smtp.EmailBackend"
    with pytest.raises(Http404):
        views.dev_mails(RequestFactory().get("/"))


def test_its_address_is_not_even_there_in_production(client: Client) -> None:
    assert client.get("/dev/mail/").status_code == 404
