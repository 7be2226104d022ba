"""What a PDF must prove. Every file here is a real one, made on the spot."""

import zlib
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pikepdf
import pytest
from pikepdf import Array, AttachedFileSpec, Dictionary, Encryption, Name, Object, Pdf, Stream

from storage.filetypes import inspect
from storage.filetypes.pdf import TYPE
from storage.filetypes.pdf_inside import AT_A_TIME, BOOK
from tests.world import a_docx, a_pdf

Inspect = Callable[..., str]


@pytest.fixture
def verdict(tmp_path: Path) -> Inspect:
    """Judge bytes; returns the code."""

    def judge(content: bytes, name: str = "Lebenslauf.pdf") -> str:
        path = tmp_path / "upload"
        path.write_bytes(content)
        return inspect(path, name).code

    return judge


def changed(change: Callable[[Pdf], object], encryption: Encryption | None = None) -> bytes:
    """Return a PDF of two pages after a change."""
    file = BytesIO()
    with pikepdf.open(BytesIO(a_pdf())) as document:
        document.add_blank_page()
        change(document)
        document.save(file, encryption=encryption or False)
    return file.getvalue()


def action(kind: str, **more: object) -> Object:
    return Dictionary({"/S": Name(f"/{kind}")} | {f"/{key}": more[key] for key in more})


EXE = b"MZ\x90\x00" + b"\0" * 100


def script() -> Object:
    return action("JavaScript", JS="app.alert('hello')")


def embed(document: Pdf, name: str, content: bytes) -> None:
    details = {"description": "", "mime_type": "text/plain", "creation_date": "", "mod_date": ""}
    document.attachments[name] = AttachedFileSpec(document, content, filename=name, **details)


def annotate(document: Pdf, **entries: object) -> None:
    link = {"/Type": Name.Annot, "/Subtype": Name.Link, "/Rect": [0, 0, 9, 9]}
    note = Dictionary(link | {f"/{key}": value for key, value in entries.items()})
    document.pages[0].obj.Annots = Array([document.make_indirect(note)])


def names(document: Pdf, tree: str, *values: object) -> None:
    document.Root.Names = Dictionary({f"/{tree}": Dictionary({"/Names": Array(values)})})


def opening(document: Pdf, first: object) -> None:
    document.Root.OpenAction = first


# Taken ----------------------------------------------------------------------------------------


def with_plain_actions(document: Pdf) -> None:
    page = document.pages[0].obj
    opening(document, action("GoTo", D=Array([page, Name.Fit]), Next=action("Named", N="/Print")))


def with_a_form_field_s_script(document: Pdf) -> None:
    annotate(document, Subtype=Name.Widget, FT=Name.Tx, T="sum", AA=Dictionary(F=script()))
    document.Root.AcroForm = Dictionary(Fields=document.pages[0].obj.Annots)


def with_links(document: Pdf) -> None:
    annotate(document, A=action("URI", URI="https://example.org/portfolio"))


def with_a_link_to_a_document(document: Pdf) -> None:
    annotate(document, A=action("Launch", F="Zeugnisse.pdf"))


def with_an_invoice_s_xml(document: Pdf) -> None:
    embed(document, "factur-x.xml", b"<?xml version='1.0'?><a/>")


def with_empty_trees(document: Pdf) -> None:
    names(document, "JavaScript")


def with_a_static_form(document: Pdf) -> None:
    template = b'<event activity="click"><script>1</script></event><field/>'
    document.Root.AcroForm = Dictionary(XFA=Array(["template", Stream(document, template)]))


@pytest.mark.parametrize(
    "change",
    [
        with_plain_actions,
        with_a_form_field_s_script,
        with_links,
        with_a_link_to_a_document,
        with_an_invoice_s_xml,
        with_empty_trees,
        with_a_static_form,
        lambda document: opening(document, Array([document.pages[0].obj, Name.Fit])),
    ],
)
def test_a_normal_pdf_is_taken(verdict: Inspect, change: Callable[[Pdf], None]) -> None:
    assert verdict(changed(change)) == "ok"


@pytest.mark.parametrize(
    "before",
    [
        b"\n" * 900,
        b"\xef\xbb\xbf",
        b"\x1b%-12345X@PJL JOB\r\n@PJL ENTER LANGUAGE = PDF\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Type: application/pdf\r\n\r\n",
        b"some printer wrote this " * 37,
    ],
)
def test_leading_bytes_are_normal(verdict: Inspect, before: bytes) -> None:
    assert verdict(before + a_pdf()) == "ok"


@pytest.mark.parametrize("after", [b"\r\n\r\n", b"\0" * 5_000, b"\x1b%-12345X", b"\n-- \nsent by"])
def test_trailing_bytes_are_normal(verdict: Inspect, after: bytes) -> None:
    assert verdict(a_pdf() + after) == "ok"


@pytest.mark.parametrize("strength", [2, 3, 4, 6])
def test_a_password_for_changes_only_is_normal(verdict: Inspect, strength: int) -> None:
    weak = {"aes": False, "metadata": False} if strength < 4 else {}
    encryption = Encryption(owner="secret", user="", R=strength, **weak)  # type: ignore[arg-type]
    assert verdict(changed(lambda document: None, encryption)) == "ok"


def test_a_lost_table_of_contents_is_found_again(verdict: Inspect) -> None:
    content = a_pdf()
    at = content.rindex(b"startxref")
    assert verdict(content[:at] + b"startxref\n7\n%%EOF") == "ok"


def test_a_pdf_is_known_whatever_its_name(tmp_path: Path) -> None:
    path = tmp_path / "upload"
    path.write_bytes(a_pdf())
    for name in ("CV.PDF", "cv.exe", "cv", "", "\ud800"):
        assert inspect(path, name) == (True, "ok", TYPE, ".pdf")


def test_a_click_may_go_in_circles(verdict: Inspect) -> None:
    def circle(document: Pdf) -> None:
        first = document.make_indirect(action("Hide", T="a"))
        first.Next = first
        annotate(document, A=first)

    assert verdict(changed(circle)) == "ok"


def test_bookmarks_may_go_in_circles(verdict: Inspect) -> None:
    assert verdict(changed(bookmark)) == "ok"


def bookmark(document: Pdf, **entry: object) -> None:
    """Add a table of contents of one entry that follows itself."""
    first = document.make_indirect(Dictionary({f"/{key}": entry[key] for key in entry}))
    first.Next = first
    document.Root.Outlines = Dictionary(First=first, Last=first)


def a_book(last: Callable[[Pdf], object] = lambda document: None) -> bytes:
    """Return a PDF of so many pages that it is read in pieces; `last` changes it."""
    file = BytesIO()
    with Pdf.new() as document:
        for _ in range(BOOK + AT_A_TIME):
            document.add_blank_page()
        last(document)
        document.save(file)
    return file.getvalue()


def test_a_book_is_looked_through_to_its_last_page(verdict: Inspect) -> None:
    def last_page(document: Pdf) -> None:
        document.pages[-1].obj.AA = Dictionary(O=script())

    assert verdict(a_book()) == "ok"
    assert verdict(a_book(last_page)) == "pdf-active"
    assert verdict(a_book(lambda document: opening(document, script()))) == "pdf-active"


# Refused --------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["Launch", "SubmitForm", "ImportData", "GoToR", "URI", "GoToE"])
def test_nothing_may_run_on_opening(verdict: Inspect, kind: str) -> None:
    assert verdict(changed(lambda document: opening(document, action(kind, F="x")))) == "pdf-active"


def hidden_behind_others(document: Pdf) -> None:
    last = action("Named", N="/Print", Next=Array([action("GoTo"), script()]))
    opening(document, action("GoTo", Next=last))


def in_a_name_tree_s_depth(document: Pdf) -> None:
    leaf = document.make_indirect(Dictionary(Names=Array(["a", script()])))
    middle = document.make_indirect(Dictionary(Kids=Array([leaf])))
    document.Root.Names = Dictionary(JavaScript=Dictionary(Kids=Array([middle])))


def in_a_form_that_starts(document: Pdf) -> None:
    template = zlib.compress(b'<event activity="initialize"><script>1</script></event>')
    stream = Stream(document, template)
    stream.Filter = Name.FlateDecode
    document.Root.AcroForm = Dictionary(XFA=stream)


@pytest.mark.parametrize(
    "change",
    [
        lambda document: opening(document, script()),
        lambda document: opening(document, document.make_indirect(script())),
        lambda document: names(document, "JavaScript", "a", script()),
        lambda document: document.Root.__setattr__("AA", Dictionary(WC=script())),
        lambda document: document.pages[1].obj.__setattr__("AA", Dictionary(O=script())),
        lambda document: annotate(document, AA=Dictionary(PV=script())),
        hidden_behind_others,
        in_a_name_tree_s_depth,
        in_a_form_that_starts,
    ],
)
def test_no_script_may_run_on_opening(verdict: Inspect, change: Callable[[Pdf], None]) -> None:
    assert verdict(changed(change)) == "pdf-active"


def test_actions_that_go_in_circles_end(verdict: Inspect) -> None:
    def circle(document: Pdf) -> None:
        first = document.make_indirect(action("GoTo"))
        first.Next = first
        opening(document, first)

    assert verdict(changed(circle)) == "pdf-broken"


@pytest.mark.parametrize(
    ("name", "content"),
    [("Zeugnis.exe", b"text"), ("Zeugnis.JS .", b"text"), ("Zeugnis.txt", EXE), ("a.sh", b"#!")],
)
def test_no_program_may_be_embedded(verdict: Inspect, name: str, content: bytes) -> None:
    assert verdict(changed(lambda document: embed(document, name, content))) == "pdf-program"
    locked = Encryption(owner="secret", user="")
    hidden = changed(lambda document: embed(document, name, content), locked)
    assert verdict(hidden) == "pdf-program"


def test_no_program_may_be_pinned_to_a_page(verdict: Inspect) -> None:
    def pin(document: Pdf) -> None:
        file = document.make_indirect(Stream(document, EXE))
        annotate(
            document,
            Subtype=Name.FileAttachment,
            FS=Dictionary(Type=Name.Filespec, F="a.txt", EF=Dictionary(F=file)),
        )

    assert verdict(changed(pin)) == "pdf-program"


def test_no_program_may_be_associated(verdict: Inspect) -> None:
    def associate(document: Pdf) -> None:
        file = document.make_indirect(Stream(document, EXE))
        specification = Dictionary(Type=Name.Filespec, F="a.txt", EF=Dictionary(F=file))
        document.Root.AF = Array([specification])

    assert verdict(changed(associate)) == "pdf-program"


def test_no_bookmark_may_start_a_program(verdict: Inspect) -> None:
    launch = action("Launch", F="setup.exe")
    assert verdict(changed(lambda document: bookmark(document, A=launch))) == "pdf-program"


def test_no_click_may_start_a_program(verdict: Inspect) -> None:
    shell = Dictionary(F="cmd", P="/c calc")
    for launch in (action("Launch", F="setup.exe"), action("Launch", Win=shell)):
        content = changed(lambda document, launch=launch: annotate(document, A=launch))  # type: ignore[misc]
        assert verdict(content) == "pdf-program"


@pytest.mark.parametrize("strength", [3, 6])
def test_a_password_for_opening_is_refused(verdict: Inspect, strength: int) -> None:
    weak = {"aes": False, "metadata": False} if strength < 4 else {}
    encryption = Encryption(owner="secret", user="secret", R=strength, **weak)  # type: ignore[arg-type]
    assert verdict(changed(lambda document: None, encryption)) == "pdf-password"


def test_an_empty_password_of_the_owner_opens_nothing(verdict: Inspect) -> None:
    """qpdf opens such a file as its owner would; readers ask for the other password."""
    assert verdict(changed(lambda document: None, Encryption(owner="", user="secret"))) == (
        "pdf-password"
    )


def test_a_pdf_without_pages_is_refused(verdict: Inspect) -> None:
    def empty(document: Pdf) -> None:
        del document.pages[:]

    assert verdict(changed(empty)) == "pdf-no-pages"


@pytest.mark.parametrize(
    "content",
    [
        b"%PDF-",
        b"%PDF-1.7\n",
        b"%PDF-1.7\n%%EOF\n",
        a_pdf()[:200],
        b"%PDF-1.4" + b"\xff" * 9_000,
        a_pdf()[:-60],
    ],
)
def test_what_cannot_be_opened_is_refused(verdict: Inspect, content: bytes) -> None:
    assert verdict(content) == "pdf-broken"


@pytest.mark.parametrize(
    "content",
    [
        b"MZ\x90\x00" + a_pdf(),
        b"\x7fELF" + a_pdf(),
        b"#!/bin/sh\nexit\n" + a_pdf(),
        b"\n\n<html><script>1</script>" + a_pdf(),
        b"GIF89a" + a_pdf(),
        b"PK\x03\x04" + a_pdf(),
        b"/*" + a_pdf() + b"*/alert(1)",
        a_pdf() + a_docx(),
        a_pdf() + b"<script>alert(1)</script>",
        a_pdf() + b"\nMZ\x90\x00",
    ],
)
def test_a_pdf_that_is_something_else_as_well_is_refused(verdict: Inspect, content: bytes) -> None:
    assert verdict(content) == "disguised"


def test_a_zip_whose_comment_ends_a_pdf_is_refused(verdict: Inspect) -> None:
    """The whole of a PDF can be a zip's comment, after entries that come first in a stream."""
    content = a_pdf()
    at = content.index(b"stream\n") + 7
    rest = content[at:]
    ends = b"PK\x05\x06" + b"\0" * 16 + len(rest).to_bytes(2, "little")
    assert verdict(content[:at] + ends + rest) == "disguised"


def test_a_header_too_far_in_is_none(verdict: Inspect) -> None:
    assert verdict(b"\n" * 1_100 + a_pdf()) in {"disguised", "text-broken"}


def test_a_stream_that_unpacks_without_end_costs_little(verdict: Inspect) -> None:
    packed = zlib.compress(zlib.compress(b"\0" * 50_000_000))

    def bomb(document: Pdf) -> None:
        stream = Stream(document, packed)
        stream.Filter = Array([Name.FlateDecode, Name.FlateDecode])
        document.pages[0].obj.Contents = stream

    assert verdict(changed(bomb)) in {"ok", "pdf-broken"}
