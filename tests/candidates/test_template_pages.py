"""The pages on which templates and reasons are set up."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from candidates.models import MailTemplate, Reason
from tests.world import a_job, a_user, an_application, log_in

pytestmark = [pytest.mark.django_db, pytest.mark.once("sqlite"), pytest.mark.usefixtures("english")]

NEW = {"name": " Absage  kurz ", "purpose": "rejection", "language": "de"}
NEW |= {"subject": "Ihre Bewerbung: {job}", "body": "Guten Tag {name},\r\n\r\nnein."}


def logged_in(client: Client, role: str) -> Client:
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    return log_in(client, a_user(role))


@pytest.fixture
def hr(client: Client) -> Client:
    return logged_in(client, "recruiter")


@pytest.fixture
def administrator(client: Client) -> Client:
    return logged_in(client, "administrator")


def save(client: Client, template: MailTemplate | None = None, **data: Any) -> Any:
    url = template.get_absolute_url() if template else reverse("hr:new_template")
    return client.post(url, NEW | data)


def test_a_template_is_written_changed_and_deleted(hr: Client) -> None:
    assert save(hr)["Location"] == reverse("hr:templates")
    made = MailTemplate.objects.get(name="Absage kurz")
    assert made.body == "Guten Tag {name},\n\nnein."
    assert "Absage kurz" in hr.get(reverse("hr:templates")).content.decode()
    assert save(hr, made, name="Absage lang").status_code == 302
    delete = reverse("hr:delete_template", args=[made.pk])
    assert "Delete “Absage lang”" in hr.get(delete).content.decode()
    assert MailTemplate.objects.filter(name="Absage lang").exists()
    assert hr.post(delete)["Location"] == reverse("hr:templates")
    assert not MailTemplate.objects.filter(name="Absage lang").exists()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"body": "Guten Tag {nome}"}, "“{nome}” is not a placeholder"),
        ({"subject": "Ihre {job"}, "A curly bracket stands alone"),
        ({"body": ""}, "Write the text of the mail."),
        ({"name": " "}, "Give the template a name"),
        ({"name": "Absage"}, "of this name already"),
        ({"language": "fr"}, "not one of the available choices"),
        ({"purpose": "receipt"}, "not one of the available choices"),
    ],
)
def test_what_is_wrong_with_a_template_is_said_and_nothing_is_lost(
    hr: Client, wrong: dict[str, Any], said: str
) -> None:
    response = save(hr, **wrong)
    html = response.content.decode()
    assert response.status_code == 422
    assert said in html
    assert "nein." in html or wrong.get("body") is not None
    assert not MailTemplate.objects.filter(name="Absage kurz").exists()


def test_the_preview_has_the_data_of_an_application_that_one_sees(hr: Client) -> None:
    seen = an_application(a_job(title="Pflege"), first_name="Emre", last_name="")
    an_application(a_job(is_confidential=True), first_name="Geheim")
    an_application(first_name="Seán", language="en")
    response = save(hr, preview="text", body="{first_name}|{last_name}|{job}|{sender}", sample="x")
    html = response.content.decode()
    assert response.status_code == 200
    assert "Emre|<mark>{last_name}</mark>|Pflege|Jürgen Weiß" in html
    assert "Geheim" not in html
    assert "Seán" not in html
    assert str(seen.pk) in html
    assert not MailTemplate.objects.filter(name="Absage kurz").exists()


def test_an_administrator_sees_nobodys_data_in_the_preview(administrator: Client) -> None:
    application = an_application(first_name="Emre")
    html = save(administrator, preview="text", sample=application.pk).content.decode()
    assert "As Kim Beispiel would get it" in html
    assert "Guten Tag Kim Beispiel" in html
    assert "Emre" not in html


def test_the_list_of_reasons_is_what_the_lines_say(administrator: Client) -> None:
    url = reverse("hr:reasons")
    assert Reason.objects.all()[0].text in administrator.get(url).content.decode()
    lines = "  Second   degree \r\n\r\nExperience\r\nSecond degree\r\n"
    assert administrator.post(url, {"reasons": lines})["Location"] == url
    assert list(Reason.objects.values_list("text", flat=True)) == ["Second degree", "Experience"]
    administrator.post(url, {"reasons": ""})
    assert not Reason.objects.exists()


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("x" * 201, "a reason has 200 characters at most"),
        ("\n".join(map(str, range(51))), "51 reasons"),
    ],
)
def test_a_list_that_nobody_can_use_is_refused(
    administrator: Client, lines: str, said: str
) -> None:
    before = Reason.objects.count()
    response = administrator.post(reverse("hr:reasons"), {"reasons": lines})
    assert response.status_code == 422
    assert said in response.content.decode()
    assert Reason.objects.count() == before
