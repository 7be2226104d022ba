"""The applicants' documents: real PDFs and a real DOCX, made on the spot."""

import io
import unicodedata
from datetime import UTC, datetime, time
from typing import NamedTuple

from django.utils import translation
from django.utils.formats import date_format
from docx import Document
from docx.shared import Cm, Pt
from fpdf import FPDF
from fpdf.enums import XPos, YPos

from .lives import Life, Position, texts

#: The fonts that every PDF reader has know these letters and no others.
ENCODING = "cp1252"
LETTERS = str.maketrans({"ı": "i", "İ": "I", "ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "ḥ": "h"})
MARGIN, COLUMN = 24, 36


class File(NamedTuple):
    name: str
    content: bytes


def documents(life: Life, count: int) -> list[File]:
    """Return the first so many of CV, letter and reference."""
    words = texts(life.language)
    names = {"first": life.first_name, "last": life.last_name}
    made = [
        (words["cv_file"], cv),
        (words["letter_file"], letter),
        (words["reference_file"], reference),
    ]
    return [File(name.format(**names).replace(" ", "_"), make(life)) for name, make in made[:count]]


def printable(text: str) -> str:
    """Return the text with each letter that the built-in fonts lack replaced by its nearest."""
    return "".join(_nearest(letter) for letter in unicodedata.normalize("NFC", text))


def _nearest(letter: str) -> str:
    try:
        letter.encode(ENCODING)
    except UnicodeEncodeError:
        plain = unicodedata.normalize("NFKD", letter.translate(LETTERS))
        return plain.encode("ascii", "ignore").decode()
    return letter


class Sheet(FPDF):
    """An A4 sheet with a serif name, a narrow column of dates and a wide one of text."""

    def __init__(self, life: Life, title: str) -> None:
        super().__init__()
        self.core_fonts_encoding = ENCODING
        self.set_margins(MARGIN, MARGIN)
        self.c_margin = 0
        self.set_auto_page_break(True, MARGIN)
        self.set_title(f"{title} {life.name}")
        self.set_author(life.name)
        self.set_lang(life.language)
        self.set_creation_date(datetime.combine(life.day, time(12), tzinfo=UTC))
        self.add_page()

    def say(
        self, text: str, *, size: float = 10.5, style: str = "", family: str = "helvetica"
    ) -> None:
        self.set_font(family, style, size)
        self.multi_cell(
            0, size * 0.53, printable(text), align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT
        )

    def letterhead(self, life: Life) -> None:
        self.say(life.name, size=24, family="times")
        self.say(f"{life.profession}, {life.place}", size=11)
        self.say(" · ".join(part for part in (life.email, life.phone) if part), size=9)
        self.ln(4)

    def heading(self, text: str) -> None:
        self.ln(6)
        self.say(text, size=14, family="times", style="B")
        self.line(MARGIN, self.get_y() + 0.8, self.w - MARGIN, self.get_y() + 0.8)
        self.ln(3)

    def dated(self, when: str, text: str, *, style: str = "") -> None:
        """Write dates on the left and a text beside it."""
        self.set_font("helvetica", "", 9)
        self.cell(COLUMN, 5.6, printable(when))
        self.set_left_margin(MARGIN + COLUMN)
        self.say(text, style=style)
        self.set_left_margin(MARGIN)
        self.set_x(MARGIN)

    def content(self) -> bytes:
        return bytes(self.output())


def cv(life: Life) -> bytes:
    words = texts(life.language)
    sheet = Sheet(life, "CV")
    sheet.letterhead(life)
    sheet.heading(words["profile"])
    sheet.say(life.profile)
    sheet.heading(life.experience)
    for position in life.positions:
        sheet.dated(_years(position, words), position.employer, style="B")
        sheet.dated("", position.role)
        for task in position.tasks:
            sheet.dated("", f"– {task}")
        sheet.ln(3)
    sheet.heading(words["education"])
    sheet.dated(*life.education)
    sheet.heading(words["skills"])
    for skill in life.skills:
        sheet.dated("", skill)
    sheet.ln(8)
    sheet.say(f"{life.place}, {_date(life)}", size=9)
    return sheet.content()


def reference(life: Life) -> bytes:
    words = texts(life.language)
    sheet = Sheet(life, words["reference"])
    last = life.positions[-1]
    sheet.say(last.employer, size=11)
    sheet.ln(20)
    sheet.say(words["reference"], size=20, family="times")
    sheet.ln(6)
    for part in ("reference_tasks", "reference_praise", "reference_wishes"):
        sheet.say(words[part].format(name=life.name, task=last.tasks[0]), size=11)
        sheet.ln(4)
    return sheet.content()


def letter(life: Life) -> bytes:
    words = texts(life.language)
    document = Document()
    document.core_properties.author = life.name
    document.core_properties.created = datetime.combine(life.day, time(12))
    document.styles["Normal"].font.size = Pt(11)
    document.sections[0].left_margin = document.sections[0].right_margin = Cm(2.5)
    document.add_paragraph(f"{life.name}\n{life.place}\n{life.email}")
    document.add_paragraph(_date(life))
    subject = words["subject"].format(job=life.job) if life.job else words["speculative"]
    document.add_heading(subject, level=2)
    for part in ("greeting", "opening", "middle", "closing", "regards"):
        document.add_paragraph(words[part].format(profile=life.profile, task=life.best_task))
    document.add_paragraph(life.name)
    written = io.BytesIO()
    document.save(written)
    return written.getvalue()


def _years(position: Position, words: dict[str, str]) -> str:
    start, end = position.years
    return words["period" if end else "since"].format(start=start, end=end)


def _date(life: Life) -> str:
    with translation.override(life.language):
        return date_format(life.day, "DATE_FORMAT")
