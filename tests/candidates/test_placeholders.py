"""Placeholders in the texts of mails, the templates that come along, and which one is proposed."""

from datetime import timedelta

import pytest
from django.utils import translation
from pytest_django.fixtures import Settings

from candidates import mail, pipeline
from candidates.mail import Text, Unresolved, placeholders, shipped, templates
from candidates.models import Application, Mail, MailTemplate, Reason
from tests.world import NOW, a_job, a_user, an_application

pytestmark = [pytest.mark.django_db, pytest.mark.once("sqlite")]

REJECTION, MESSAGE = Mail.Purpose.REJECTION, Mail.Purpose.MESSAGE


def filled(body: str, application: Application, purpose: Mail.Purpose = MESSAGE) -> str:
    by = a_user("recruiter", first_name="Katrin", last_name="Voss")
    return mail.fill(Text("Hello", body), application, purpose=purpose, by=by).body.rstrip("\n")


def test_each_placeholder_is_filled_with_what_it_means(settings: Settings) -> None:
    settings.ATS_OPERATOR = settings.ATS_OPERATOR | {"name": "Musterwerk"}
    application = an_application(
        a_job(title="Ärztin {w/m/d}"), first_name="Seán", last_name="O'Neill", status="rejected"
    )
    places = "|".join(f"{{{name}}}" for name in placeholders.MEANINGS)
    assert filled(places, application, REJECTION).split("|") == [
        "Seán",
        "O'Neill",
        "Seán O'Neill",
        "Ärztin {w/m/d}",
        "14. September 2026",
        "17. März 2027",
        "http://localhost:8000/my/…/",
        "Katrin Voss",
        "Musterwerk",
    ]


def test_dates_are_those_of_the_applicants_language_whoever_writes() -> None:
    application = an_application(language="en")
    with translation.override("de"):
        assert filled("{received}", application) == "14 September 2026"


@pytest.mark.usefixtures("english")
@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("Dear {last_name},", "Nothing stands for “{last_name}” of Emre."),
        ("your application as {job}", "Nothing stands for “{job}” of Emre."),
        ("erased on {delete_on}", "Nothing stands for “{delete_on}” of Emre."),
        ("Dear {fist_name},", "“{fist_name}” is not a placeholder."),
        ("Dear {},", "“{}” is not a placeholder."),
        ("Dear {name", "A curly bracket stands alone"),
        ("Dear {{name}}", "A curly bracket stands alone"),
    ],
)
def test_what_stays_empty_or_is_none_refuses_the_mail_and_is_named(body: str, said: str) -> None:
    application = an_application(job=None, first_name="Emre", last_name="")
    with pytest.raises(Unresolved) as refused:
        filled(body, application)
    assert str(refused.value).startswith(said)


def test_what_an_applicant_entered_is_neither_filled_nor_broken_into_lines() -> None:
    application = an_application(first_name="{job}", last_name="Groß\r\nBcc: all@post.example")
    assert filled("Hello {name}!", application) == "Hello {job} Groß Bcc: all@post.example!"


def test_no_other_mail_names_the_day_of_deletion_while_the_rejection_is_secret() -> None:
    application, by = an_application(), a_user("recruiter")
    application = pipeline.reject(
        application, by=by, reason="No", now=NOW, mail_at=NOW + timedelta(days=1)
    )
    with pytest.raises(Unresolved):
        filled("{delete_on}", application)
    application.mails.update(state="sent", sent_at=NOW, attempts=1)
    assert filled("{delete_on}", application) == "17. März 2027"


# Templates --------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["de", "en"])
@pytest.mark.parametrize("speculative", [False, True])
def test_what_comes_along_has_a_rejection_for_everybody(language: str, speculative: bool) -> None:
    job = None if speculative else a_job(title="Pflege")
    application = an_application(job, language=language, last_name="", status="rejected")
    subject, body = mail.compose(application, REJECTION)
    assert ("Pflege" in subject) is not speculative
    assert "/my/…/" in body
    MailTemplate.objects.all().delete()
    assert mail.compose(application, REJECTION) == (subject, body), "what HR deleted"


def test_every_template_that_comes_along_resolves_for_whom_it_is_meant() -> None:
    by = a_user("recruiter")
    assert len(shipped.TEMPLATES) == MailTemplate.objects.count()
    for each in MailTemplate.objects.all():
        application = an_application(language=each.language, status="rejected")
        text, purpose = templates.text_of(each), Mail.Purpose(each.purpose)
        subject, body = mail.fill(text, application, purpose=purpose, by=by)
        assert "{" not in subject + body
        assert ("Guten Tag" if each.language == "de" else "Hello") in body


def test_the_first_template_that_fits_is_taken() -> None:
    application, by = an_application(job=None, status="rejected"), a_user("recruiter")
    found = templates.for_language("de", REJECTION)
    fitting = templates.fitting(found, application, purpose=REJECTION, by=by)
    assert found[0].name == "Absage"
    assert fitting
    assert fitting.name == "Absage auf eine Initiativbewerbung"


def test_what_is_there_is_not_overwritten() -> None:
    MailTemplate.objects.exclude(name="Absage").delete()
    MailTemplate.objects.update(body="Unsere Worte")
    Reason.objects.all().delete()
    Reason.objects.create(text="Unser Grund")
    shipped.lay(MailTemplate.objects, Reason.objects, language="de")
    assert MailTemplate.objects.get().body == "Unsere Worte"
    assert Reason.objects.get().text == "Unser Grund"


@pytest.mark.parametrize(
    ("language", "first"), [("de", "Eine andere"), ("en", "Another"), ("fr", "Another")]
)
def test_the_reasons_are_in_the_language_of_those_who_work_here(language: str, first: str) -> None:
    Reason.objects.all().delete()
    shipped.lay(MailTemplate.objects, Reason.objects, language=language)
    assert Reason.objects.all()[0].text.startswith(first)
