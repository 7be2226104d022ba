"""A certificate on one sheet of paper."""

from datetime import date
from importlib.resources import files

from django.conf import settings
from django.urls import reverse
from django.utils import translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from fpdf import FPDF
from fpdf.enums import WrapMode, XPos, YPos

from .statement import Certificate

INK, INK_2, GREEN = (33, 31, 27), (96, 91, 82), (23, 84, 58)
FONT = "Source Serif Pro"
FONTS = files("font_source_serif_pro") / "files"
#: Millimetres.
MARGIN, LABEL, LINE = 28, 52, 6.4


class Sheet(FPDF):
    """An A4 page in the product's hand."""

    def __init__(self) -> None:
        super().__init__(format="A4")
        self.set_margins(MARGIN, MARGIN, MARGIN)
        self.set_auto_page_break(False)
        self.c_margin = 0
        self.add_font(FONT, "", str(FONTS / "SourceSerifPro-Regular.ttf"))
        self.add_font(FONT, "B", str(FONTS / "SourceSerifPro-Semibold.ttf"))
        self.add_page()

    def say(
        self, text: str, *, size: float, bold: bool = False, gap: float = 0, soft: bool = False
    ) -> None:
        """Write a paragraph of a size in points, `gap` millimetres below what is above."""
        self.set_y(self.get_y() + gap)
        self.set_font(FONT, "B" if bold else "", size)
        self.set_text_color(*(INK_2 if soft else INK))
        self.multi_cell(0, size * 0.53, text, align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def fact(self, label: str, value: str) -> None:
        top = self.get_y()
        self.set_font(FONT, "", 10.5)
        self.set_text_color(*INK_2)
        self.multi_cell(LABEL, LINE, label, align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        bottom = self.get_y()
        self.set_xy(MARGIN + LABEL, top)
        self.set_text_color(*INK)
        self.multi_cell(0, LINE, value, align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self.set_y(max(bottom, self.get_y()))

    def rule(self, *, gap: float) -> None:
        y = self.get_y() + gap
        self.set_draw_color(*INK)
        self.set_line_width(0.2)
        self.line(MARGIN, y, self.w - MARGIN, y)
        self.set_y(y + gap)

    def mark(self) -> None:
        """Draw the half circle."""
        self.set_draw_color(*GREEN)
        self.set_fill_color(*GREEN)
        self.set_line_width(0.5)
        self.circle(MARGIN + 4, MARGIN + 4, 4, style="D")
        self.solid_arc(MARGIN, MARGIN, 8, 90, 270, style="F")
        self.set_y(MARGIN + 18)

    def code(self, text: str) -> None:
        """Write the signed statement small, for pasting."""
        self.set_font("courier", "", 6.6)
        self.set_text_color(*INK_2)
        self.multi_cell(
            0, 2.9, text, align="L", wrapmode=WrapMode.CHAR, new_x=XPos.LMARGIN, new_y=YPos.NEXT
        )


def pdf(certificate: Certificate, language: str) -> bytes:
    """Return the certificate as a PDF of one page, in "de" or "en"."""
    sheet = Sheet()
    with translation.override(language):
        sheet.set_title(_("Certificate of deletion"))
        sheet.set_author(certificate.controller)
        sheet.set_lang(language)
        sheet.mark()
        _write(sheet, certificate)
    return bytes(sheet.output())


def _write(sheet: Sheet, certificate: Certificate) -> None:
    sheet.say(_("Certificate of deletion"), size=26, bold=True)
    sheet.say(_sentence(certificate), size=13, gap=6)
    sheet.rule(gap=6)
    for label, value in facts(certificate):
        sheet.fact(label, value)
    sheet.rule(gap=5)
    address = settings.ATS_SITE_URL + reverse("verify")
    sheet.say(_("To check this certificate, paste the lines below at %s.") % address, size=10)
    sheet.set_y(sheet.get_y() + 3)
    sheet.code(certificate.code())
    sheet.say(
        _("This certificate names no person, and neither does our record of deletions."),
        size=9,
        gap=4,
        soft=True,
    )


def _sentence(certificate: Certificate) -> str:
    return _(
        "%(controller)s has erased this record for good, with everything that belonged to it,"
        " and has then looked for it in every place where it had been and found nothing."
    ) % {"controller": certificate.controller}


def facts(certificate: Certificate) -> list[tuple[str, str]]:
    """Return what is certified, as labels and values in the language in force."""
    rows = ngettext("%d row in the database", "%d rows in the database", certificate.rows)
    objects = ngettext("%d object in storage", "%d objects in storage", certificate.objects)
    extent = f"{rows % certificate.rows}, {objects % certificate.objects}"
    return [
        (_("Erased"), certificate.kind_words),
        (_("On"), _day(certificate.erased_on)),
        (_("By the rule"), certificate.rule_words),
        (_("What it comprised"), extent),
        (_("Absence confirmed"), _day(certificate.proven_on)),
        (_("Checked"), _("database, storage, sessions, job queue")),
        (_("In backups until"), _day(certificate.backups_until)),
        (_("Reference"), certificate.record_words),
        (_("Line of the ledger"), str(certificate.line)),
        (_("Privacy policy"), certificate.policy),
    ]


def _day(day: date) -> str:
    return date_format(day)
