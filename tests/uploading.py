"""What tests and pictures of the form need: files of every kind, and a line that can be cut."""

import re
from io import BytesIO
from random import Random
from typing import TYPE_CHECKING

import pikepdf

if TYPE_CHECKING:
    from playwright.sync_api import FilePayload, Locator, Page, Route

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
    """Bring the form's files into each state that a file can have, for some seconds."""
    from playwright.sync_api import expect

    def wait_for(route: "Route") -> None:
        answer = {"token": "0" * 8, "name": waiting, "size": 1_300_000, "verdict": "pending"}
        route.fulfill(status=201, json=answer)

    chooser, line = page.locator("#attachments"), Line(page)
    chooser.set_input_files([payload("CV_Mira_Okonkwo.pdf", a_large_pdf(412_000))])
    expect(row(page, "CV_")).to_have_class(re.compile("good"))
    waiting = "Case_study_tram_tickets.docx"
    page.route("**/uploads/", wait_for)
    chooser.set_input_files([payload(waiting, bytes(1_300_000))])
    expect(row(page, waiting)).to_have_class(re.compile("waits"))
    page.unroute("**/uploads/")
    chooser.set_input_files([payload("Reference_Kranich_Logistik.pdf", a_locked_pdf())])
    expect(row(page, "Reference")).to_have_class(re.compile("refused"))
    line.set(speed=1_500_000)
    chooser.set_input_files([payload("IMG_4471.heic", bytes(3_100_000))])
    expect(row(page, "IMG_")).to_contain_text(re.compile(r"[34]\d %"))
    line.set(cut=True)
    expect(row(page, "IMG_")).to_have_class(re.compile("lost"))
    line.set(speed=1_000_000)
    chooser.set_input_files([payload("Portfolio_Okonkwo_2026.pdf", a_large_pdf(7_800_000))])
    expect(row(page, "Portfolio")).to_contain_text(re.compile(r"[67]\d %"))
    size = page.locator("#files").evaluate(
        """(files) => {
          const height = files.form.getBoundingClientRect().bottom - files.offsetTop;
          return { width: innerWidth, height: Math.ceil(height) + 40 + scrollY + 64 };
        }"""
    )
    page.set_viewport_size(size)
    page.locator("#files").evaluate("files => files.scrollIntoView()")
