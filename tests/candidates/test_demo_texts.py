"""What the demo makes up, without a database: people, times, documents."""

from datetime import date, datetime, timedelta
from io import BytesIO
from random import Random

import pikepdf
import pytest
from docx import Document
from pytest_django import Settings

from candidates import retention
from candidates.demo import documents, lives
from candidates.demo.build import plan
from candidates.demo.clock import earliest_decision
from candidates.demo.jobs import ADVERTS, Advert
from candidates.demo.people import HELD
from tests.world import NOW

DAYS = [date(2026, 1, 1) + timedelta(days=n) for n in range(3 * 365)]


def test_the_same_moment_gives_the_same_people() -> None:
    assert list(plan(Random(6), NOW)) == list(plan(Random(6), NOW))


def test_no_two_people_share_an_address_and_all_are_invented() -> None:
    lives = [case.life for case in plan(Random(6), NOW)]
    assert len({life.email for life in lives}) == len(lives)
    assert all(life.email.isascii() and life.email.endswith(".example") for life in lives)
    assert all(not life.phone or " 555 " in life.phone for life in lives)


@pytest.mark.parametrize("months", [1, 2, 6])
def test_on_no_day_is_anything_in_breach_or_in_the_future(settings: Settings, months: int) -> None:
    settings.ATS_RETENTION_MONTHS = months
    for day in [*DAYS[::5], date(2026, 8, 31), date(2028, 2, 29), date(2026, 12, 30)]:
        now = datetime(day.year, day.month, day.day, 0, 10, tzinfo=retention.zone())
        for case in plan(Random(6), now):
            assert case.received <= case.ended <= now
            if not case.applicant.is_open and case.applicant.days != HELD:
                decided = retention.local_date(case.ended)
                assert retention.delete_on(decided, months=months) >= day


def test_the_earliest_decision_is_kept_and_the_day_before_is_not() -> None:
    for day in DAYS:
        earliest = earliest_decision(day, months=6)
        before = earliest - timedelta(days=1)
        assert retention.delete_on(before, months=6) < day
        assert retention.delete_on(earliest, months=6) >= day


@pytest.mark.parametrize(
    ("name", "printed"),
    [
        ("Jürgen Weiß", "Jürgen Weiß"),
        ("Emre Yıldırım", "Emre Yildirim"),
        ("Nguyễn Thị Mai", "Nguyen Thi Mai"),
        ("Ewa Zielińska", "Ewa Zielinska"),
        ("Željko Đorđević", "Željko Dordevic"),
        ("Łukasz – „ja“ …", "Lukasz – „ja“ …"),
    ],
)
def test_letters_that_the_built_in_fonts_lack_become_their_nearest(name: str, printed: str) -> None:
    assert documents.printable(name) == printed


def test_three_documents_open_and_belong_to_their_person() -> None:
    life = next(case.life for case in plan(Random(6), NOW) if case.life.last_name == "Yıldırım")
    cv, letter, reference = documents.documents(life, 3)
    assert (cv.name, letter.name) == ("Lebenslauf_Yıldırım.pdf", "Anschreiben.docx")
    for file in (cv, reference):
        with pikepdf.open(BytesIO(file.content)) as pdf:
            assert 1 <= len(pdf.pages) <= 2
            assert str(pdf.docinfo["/Author"]) == "Emre Yıldırım"
    text = "\n".join(each.text for each in Document(BytesIO(letter.content)).paragraphs)
    assert text.startswith("Emre Yıldırım")
    assert "Bewerbung: Backend-Entwicklung Python" in text


@pytest.mark.parametrize("advert", ADVERTS, ids=lambda advert: str(advert.slug))
def test_each_job_says_what_it_pays_and_has_a_field_of_applicants(advert: Advert) -> None:
    assert "Euro" in advert.description or "EUR" in advert.description
    assert len(lives.texts(advert.slug)["tasks"]) >= 4
