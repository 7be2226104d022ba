"""Names that files come with, and what is kept of them."""

import unicodedata
from collections.abc import Iterator

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import settings as hypothesis
from hypothesis import strategies as st

from storage.uploads import clean_name
from tests.world import rounds


@pytest.fixture(autouse=True, scope="module")
def _in_english() -> Iterator[None]:
    with translation.override("en"):
        yield


@pytest.mark.parametrize(
    ("name", "clean"),
    [
        ("Lebenslauf.pdf", "Lebenslauf.pdf"),
        ("Käthe Großmann – Zeugnis (2).pdf", "Käthe Großmann – Zeugnis (2).pdf"),
        ("履歴書.pdf", "履歴書.pdf"),
        ("Ze\u0308bra.pdf", "Zëbra.pdf"),
        ("C:\\Users\\Jane\\cv.pdf", "cv.pdf"),
        ("/etc/passwd", "passwd.pdf"),
        ("../../cv.pdf", "cv.pdf"),
        ("..\\..\\cv.pdf", "cv.pdf"),
        ("cv\x00.pdf", "cv.pdf"),
        ("cv.pdf\x00.exe", "cv.pdf"),
        ("cv\r\nSet-Cookie: a=b.pdf", "cv Set-Cookie_ a=b.pdf"),
        ("cv\u202efdp.exe", "cvfdp.pdf"),
        ("\u2066cv\u2069\u200b\ufeff.pdf", "cv.pdf"),
        ("cv\ud800\udfff.pdf", "cv.pdf"),
        ("\udcffcv.pdf", "cv.pdf"),
        ("cv\u2028\u2029\x85.pdf", "cv.pdf"),
        ("...cv.pdf", "cv.pdf"),
        (".htaccess", "htaccess.pdf"),
        ('a<b>c:d"e|f?g*h.pdf', "a_b_c_d_e_f_g_h.pdf"),
        ("cv.PDF", "cv.pdf"),
        ("cv.docx", "cv.pdf"),
        ("cv.pdf.exe", "cv.pdf"),
        ("Dr. Max", "Dr. Max.pdf"),
        ("Portfolio Node.js.pdf", "Portfolio Node.js.pdf"),
        ("cv. . .pdf", "cv.pdf"),
        ("", "document.pdf"),
        (".pdf", "document.pdf"),
        ("\u202e", "document.pdf"),
        ("/", "document.pdf"),
        ("x" * 300 + ".pdf", "x" * 146 + ".pdf"),
    ],
)
def test_a_name_is_cleaned_and_ends_as_its_file_truly_does(name: str, clean: str) -> None:
    assert clean_name(name, ".pdf") == clean


@pytest.mark.parametrize(
    ("name", "clean"),
    [
        ("setup.exe", "setup.exe"),
        ("C:\\a\\photo.jpeg", "photo.jpeg"),
        ("x" * 300 + ".jpeg", "x" * 145 + ".jpeg"),
        ("Makefile", "Makefile"),
        ("", "document"),
    ],
)
def test_of_a_refused_file_the_ending_stays(name: str, clean: str) -> None:
    assert clean_name(name) == clean


anything = st.text(st.characters(exclude_categories=[]), max_size=200)
parts = st.sampled_from(
    ["/", "\\", ".", "..", "C:", ".pdf", ".exe", "\x00", "\u202e", " ", "ä", "x" * 90]
)


@pytest.mark.soak
@hypothesis(max_examples=rounds(300, 20_000), deadline=None, derandomize=True)
@given(st.lists(anything | parts).map("".join), st.sampled_from(["", ".pdf", ".docx"]))
def test_every_clean_name_is_harmless_and_stays_as_it_is(name: str, extension: str) -> None:
    clean = clean_name(name, extension)
    assert 0 < len(clean) <= 150
    assert clean.endswith(extension)
    assert clean == unicodedata.normalize("NFC", clean) == clean.strip()
    assert not clean.startswith(".")
    assert not set(clean) & set('/\\<>:"|?*')
    assert not {unicodedata.category(character)[0] for character in clean} & {"C"}
    assert clean.encode()
    assert clean_name(clean, extension) == clean
