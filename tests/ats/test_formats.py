"""Dates as they stand on pages and in mails."""

from datetime import UTC, datetime

import pytest
from django.utils.formats import date_format, get_format
from django.utils.translation import override

from candidates import mail
from candidates.models import Mail
from tests import world

MOMENT = datetime(2027, 5, 22, 9, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("language", "name", "text"),
    [
        ("de", "DATE_FORMAT", "22.\u00a0Mai 2027"),
        ("de", "DATETIME_FORMAT", "22.\u00a0Mai 2027, 09:05"),
        ("de", "MONTH_DAY_FORMAT", "22.\u00a0Mai"),
        ("de", "MAIL_DATE_FORMAT", "22. Mai 2027"),
        ("en", "DATE_FORMAT", "22 May 2027"),
        ("en", "MAIL_DATE_FORMAT", "22 May 2027"),
    ],
)
def test_a_date_keeps_its_day_and_month_together_but_not_in_mails(
    language: str, name: str, text: str
) -> None:
    with override(language):
        assert date_format(MOMENT, get_format(name)) == text


@pytest.mark.django_db
def test_the_text_of_a_mail_has_plain_spaces() -> None:
    application = world.an_application(status="rejected", language="de")
    _subject, body = mail.compose(application, Mail.Purpose.REJECTION)
    assert "\u00a0" not in body
    assert str(application.delete_on and application.delete_on.year) in body
