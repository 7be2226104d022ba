"""What tests and pictures of the form need: files of every kind, and a line that can be cut."""

import re
from io import BytesIO
from random import Random
from typing import TYPE_CHECKING

import docx
import pikepdf
from PIL import Image

if TYPE_CHECKING:
    from playwright.sync_api import FilePayload, Locator, Page

MEGABYTE = 1_000_000


def a_large_pdf(size: int = MEGABYTE) -> bytes:
    """Return a PDF of one page that holds so much noise, which no compression shrinks."""
    file, noise = BytesIO(), Random(1).randbytes(size)
    with pikepdf.new() as pdf:
        pdf.add_blank_page().obj.Noise = pdf.make_stream(noise)
        pdf.save(file)
    return file.getvalue()


def a_locked_pdf(size: int = 96_000) -> bytes:
    """Return such a PDF that opens only with a password."""
    file, noise = BytesIO(), Random(1).randbytes(size)
    with pikepdf.new() as pdf:
        pdf.add_blank_page().obj.Noise = pdf.make_stream(noise)
        pdf.save(file, encryption=pikepdf.Encryption(user="secret", owner="secret"))
    return file.getvalue()


def a_large_docx(size: int) -> bytes:
    """Return a document with a picture of so much noise."""
    file, picture = BytesIO(), BytesIO()
    Image.frombytes("L", (1_000, size // 1_000), Random(1).randbytes(size)).save(picture, "PNG")
    document = docx.Document()
    document.add_picture(picture)
    document.save(file)
    return file.getvalue()


def payload(name: str, content: bytes) -> "FilePayload":
    return {"name": name, "mimeType": "application/octet-stream", "buffer": content}


def row(page: "Page", name: str) -> "Locator":
    return page.locator("#files li.file", has_text=name)


class Line:
    """The page's connection: no faster than this in bytes a second, or cut."""

    def __init__(self, page: "Page", *, speed: int = -1) -> None:
        self.session = page.context.new_cdp_session(page)
        self.set(speed=speed)

    def set(self, *, speed: int = -1, cut: bool = False) -> None:
        throughput = {"downloadThroughput": -1, "uploadThroughput": speed}
        self.session.send(
            "Network.emulateNetworkConditions", {"offline": cut, "latency": 0} | throughput
        )


def show_every_state(page: "Page") -> None:
    """Bring the form's files into each state that a file can have, for some seconds.

    The site's virus scanner must take what has at most `MEGABYTE`, and nothing larger.
    """
    from playwright.sync_api import expect

    chooser, line = page.locator("#attachments"), Line(page)
    chooser.set_input_files([payload("CV_Mira_Okonkwo.pdf", a_large_pdf(412_000))])
    expect(row(page, "CV_")).to_have_class(re.compile("good"))
    waiting = "Case_study_tram_tickets.docx"
    chooser.set_input_files([payload(waiting, a_large_docx(1_300_000))])
    expect(row(page, waiting)).to_have_class(re.compile("waits"))
    chooser.set_input_files([payload("Reference_Kranich_Logistik.pdf", a_locked_pdf())])
    expect(row(page, "Reference")).to_have_class(re.compile("refused"))
    line.set(speed=1_500_000)
    chooser.set_input_files([payload("IMG_4471.heic", bytes(3_100_000))])
    expect(row(page, "IMG_")).to_contain_text(re.compile(r"[34]\d %"), timeout=20_000)
    line.set(cut=True)
    expect(row(page, "IMG_")).to_have_class(re.compile("lost"))
    line.set(speed=1_000_000)
    chooser.set_input_files([payload("Portfolio_Okonkwo_2026.pdf", a_large_pdf(7_800_000))])
    expect(row(page, "Portfolio")).to_contain_text(re.compile(r"[67]\d %"), timeout=20_000)
    size = page.locator("#files").evaluate(
        """(files) => {
          const height = files.form.getBoundingClientRect().bottom - files.offsetTop;
          return { width: innerWidth, height: Math.ceil(height) + 40 + scrollY + 64 };
        }"""
    )
    page.set_viewport_size(size)
    page.locator("#files").evaluate("files => files.scrollIntoView()")
