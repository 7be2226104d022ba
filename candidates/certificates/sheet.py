"""The sheet of paper that a certificate is drawn on. To import what draws takes a web process a
quarter of a second and 15 MB, so whoever needs it does it when it is time.
"""

from importlib.resources import files

from fpdf import FPDF
from fpdf.enums import WrapMode, XPos, YPos

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
