"""PDFs: what the usual producers write, what happens to files on their way, and tricks."""

import zlib
from collections.abc import Callable, Iterator
from io import BytesIO

import pikepdf
from pikepdf import Array, Dictionary, Encryption, Name, ObjectStreamMode, Pdf, Stream
from PIL import Image

from tests.storage.corpus.sample import PDF, Sample, good
from tests.world import a_docx, a_pdf

Change = Callable[[Pdf], object]
EXE = b"MZ\x90\x00" + bytes(100)


def pdf(change: Change = lambda document: None, **options: object) -> bytes:
    file = BytesIO()
    with pikepdf.open(BytesIO(a_pdf())) as document:
        document.add_blank_page()
        change(document)
        document.save(file, **options)  # type: ignore[arg-type]
    return file.getvalue()


def by_hand(*, newline: bytes = b"\n", header: bytes = b"%PDF-1.4", xref: bool = True) -> bytes:
    """Write a PDF byte by byte, with a classic table, as small tools do."""
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R>>",
        b"<</Length 8>>" + newline + b"stream" + b"\r\n" + b"q 1 g Q " + newline + b"endstream",
    ]
    out = header + newline + b"%\xe2\xe3\xcf\xd3" + newline
    places = []
    for number, content in enumerate(objects, start=1):
        places.append(len(out))
        out += b"%d 0 obj" % number + newline + content + newline + b"endobj" + newline
    start = len(out) if xref else 1
    if xref:
        out += b"xref" + newline + b"0 5" + newline + b"0000000000 65535 f\r\n"
        out += b"".join(b"%010d 00000 n\r\n" % place for place in places)
    out += b"trailer" + newline + b"<</Size 5/Root 1 0 R>>" + newline
    return out + b"startxref" + newline + b"%d" % start + newline + b"%%EOF" + newline


def action(kind: str, **more: object) -> pikepdf.Object:
    return Dictionary({"/S": Name(f"/{kind}")} | {f"/{key}": more[key] for key in more})


def script() -> pikepdf.Object:
    return action("JavaScript", JS="app.alert(1)")


def annotate(document: Pdf, **entries: object) -> None:
    link = {"/Type": Name.Annot, "/Subtype": Name.Link, "/Rect": [0, 0, 9, 9]}
    note = Dictionary(link | {f"/{key}": value for key, value in entries.items()})
    document.pages[0].obj.Annots = Array([document.make_indirect(note)])


def embed(document: Pdf, name: str, content: bytes, **filters: object) -> None:
    stream = document.make_indirect(Stream(document, content, **filters))
    file = Dictionary(Type=Name.Filespec, F=name, UF=name, EF=Dictionary(F=stream))
    document.Root.Names = Dictionary(EmbeddedFiles=Dictionary(Names=Array([name, file])))


def producer(name: str, creator: str = "") -> Change:
    def change(document: Pdf) -> None:
        document.docinfo["/Producer"] = name
        document.docinfo["/Creator"] = creator or name

    return change


def scanned() -> bytes:
    file = BytesIO()
    page = Image.new("RGB", (620, 877), (250, 250, 240))
    page.save(file, "PDF", save_all=True, append_images=[page, page], resolution=75)
    return file.getvalue()


def taken_out() -> bytes:
    """A page of a long document by itself, with the numbers that its objects had there."""
    content = by_hand(xref=False)
    for number in range(4, 0, -1):
        for mark in (b"%d 0 obj", b"%d 0 R"):
            content = content.replace(mark % number, mark % (number + 90_000))
    return content


def without_a_table() -> bytes:
    """What small tools write that know nothing of tables: objects, a trailer, the end."""
    content = by_hand(xref=False)
    at, end = content.index(b"startxref"), content.index(b"%%EOF")
    return content[:at] + content[end:]


def updated(times: int = 1) -> bytes:
    """Add further revisions at the end, as editors and signing programs do."""
    content = by_hand()
    for _ in range(times):
        at = len(content)
        last = content.rindex(b"startxref")
        before = int(content[last + 9 :].split()[0])
        content += b"4 0 obj\n<</Length 8>>\nstream\nq 0 g Q \nendstream\nendobj\n"
        table = len(content)
        content += b"xref\n4 1\n%010d 00000 n\r\n" % at
        content += b"trailer\n<</Size 5/Root 1 0 R/Prev %d>>\n" % before
        content += b"startxref\n%d\n%%%%EOF\n" % table
    return content


def with_a_form(document: Pdf) -> None:
    annotate(document, Subtype=Name.Widget, FT=Name.Tx, T="sum", AA=Dictionary(K=script()))
    document.Root.AcroForm = Dictionary(Fields=document.pages[0].obj.Annots, NeedAppearances=True)


def a_portfolio(document: Pdf) -> None:
    embed(document, "Zeugnis.pdf", a_pdf())
    document.Root.Collection = Dictionary(Type=Name.Collection, View=Name.D)


def with_an_outline(document: Pdf, **entry: object) -> None:
    with document.open_outline() as outline:
        outline.root += [pikepdf.OutlineItem("Ausbildung", 0), pikepdf.OutlineItem("Berufe", 1)]
    for key, value in entry.items():
        document.Root.Outlines.First.Next[f"/{key}"] = value


def with_ascii_85(document: Pdf) -> None:
    packed = pikepdf.Stream(document, b"GhVa~>")
    packed.Filter = Array([Name.ASCII85Decode])
    document.pages[0].obj.Contents = document.make_indirect(packed)


def opening(first: object) -> Change:
    return lambda document: setattr(document.Root, "OpenAction", first)


def good_ones() -> Iterator[tuple[str, bytes]]:
    modern = {"object_stream_mode": ObjectStreamMode.generate}
    classic = {"object_stream_mode": ObjectStreamMode.disable}
    yield "fpdf2", a_pdf()
    yield "pdfTeX", pdf(producer("pdfTeX-1.40.25", "TeX"), **modern, min_version="1.5")
    yield "Word", pdf(producer("Microsoft® Word für Microsoft 365"), **classic, min_version="1.7")
    yield "LibreOffice", pdf(producer("LibreOffice 7.4", "Writer"), **classic)
    yield "Chrome", pdf(producer("Skia/PDF m130", "Mozilla/5.0"), **classic, min_version="1.4")
    yield "Google Docs", pdf(producer("Skia/PDF m131 Google Docs Renderer"), **classic)
    yield "Quartz", pdf(producer("macOS Version 14.5 Quartz PDFContext"), **classic)
    yield "Acrobat, for the web", pdf(producer("Adobe PDF Library 17.0"), linearize=True)
    yield "Ghostscript", pdf(producer("GPL Ghostscript 10.00.0"), **classic, min_version="1.7")
    yield "ReportLab", pdf(with_ascii_85)
    yield "PDF 2.0", pdf(force_version="2.0")
    yield "PDF 1.3", pdf(force_version="1.3")
    yield "a scanner", scanned()
    yield "a small tool", by_hand()
    yield "a small tool on Windows", by_hand(newline=b"\r\n")
    yield "an old Mac", by_hand(newline=b"\r")
    yield "an odd version", by_hand(header=b"%PDF-1.")
    yield "updated once", updated()
    yield "signed four times", updated(4)
    yield "a lost table", by_hand(xref=False)
    yield "no table", without_a_table()
    yield "a page of a long document", taken_out()
    yield "a printer's commands", b"\x1b%-12345X@PJL ENTER LANGUAGE = PDF\r\n" + by_hand()
    yield "a byte order mark", b"\xef\xbb\xbf" + by_hand()
    yield "blank lines first", b"\r\n" * 400 + a_pdf()
    yield "a mail's last lines", a_pdf() + b"\r\n\r\n--\r\nGesendet von unterwegs"
    yield "zeros at the end", a_pdf() + bytes(3_000)
    for strength in (2, 3, 4, 6):
        weak = {"aes": False, "metadata": False} if strength < 4 else {}
        locked = Encryption(owner="secret", user="", R=strength, **weak)  # type: ignore[arg-type]
        yield f"an owner's password, R{strength}", pdf(encryption=locked)
    yield "a form with a script in a field", pdf(with_a_form)
    yield "a portfolio", pdf(a_portfolio)
    yield "a table of contents", pdf(with_an_outline)
    yield "an invoice's XML", pdf(lambda document: embed(document, "factur-x.xml", b"<a/>"))
    yield "a Word document within", pdf(lambda document: embed(document, "cv.docx", a_docx()))
    yield "a link", pdf(lambda each: annotate(each, A=action("URI", URI="https://e.example")))
    yield (
        "a link made of a launch",
        pdf(lambda document: annotate(document, A=action("Launch", F="www.beispiel.com"))),
    )
    yield (
        "opens at a page's width",
        pdf(lambda document: opening(Array([document.pages[0].obj, Name.FitH, 800]))(document)),
    )
    yield "asks to print", pdf(opening(action("Named", N=Name.Print)))


def bad_ones() -> Iterator[tuple[str, str, bytes]]:
    yield "pdf-active", "a script on opening", pdf(opening(script()))
    yield "pdf-active", "a launch on opening", pdf(opening(action("Launch", F="calc")))
    yield "pdf-active", "sends itself", pdf(opening(action("SubmitForm", F="https://e.example")))
    yield (
        "pdf-active",
        "a script behind a page",
        pdf(lambda document: setattr(document.pages[1].obj, "AA", Dictionary(O=script()))),
    )
    yield (
        "pdf-active",
        "a script with a name",
        pdf(
            lambda document: setattr(
                document.Root,
                "Names",
                Dictionary(JavaScript=Dictionary(Names=Array(["a", script()]))),
            )
        ),
    )
    yield (
        "pdf-active",
        "hidden from simple searches",
        pdf(opening(script())).replace(b"/JavaScript", b"/J#61vaScript"),
    )
    yield "pdf-program", "a program within", pdf(lambda each: embed(each, "cv.exe", b"x"))
    yield "pdf-program", "a program by its bytes", pdf(lambda each: embed(each, "cv.txt", EXE))
    yield "pdf-program", "macros within", pdf(lambda each: embed(each, "cv.docm", a_docx()))
    yield (
        "pdf-program",
        "a link that starts one",
        pdf(lambda each: annotate(each, A=action("Launch", F="setup.exe"))),
    )
    setup = action("Launch", F="setup.exe")
    yield "pdf-program", "a bookmark that starts one", pdf(lambda e: with_an_outline(e, A=setup))
    yield (
        "pdf-program",
        "a link that starts one later",
        pdf(lambda document: annotate(document, A=action("URI", URI="https://e", Next=setup))),
    )
    yield (
        "pdf-program",
        "a button that starts one",
        pdf(lambda each: annotate(each, AA=Dictionary(U=setup))),
    )
    for strength in (3, 6):
        weak = {"aes": False, "metadata": False} if strength < 4 else {}
        locked = Encryption(owner="o", user="u", R=strength, **weak)  # type: ignore[arg-type]
        yield "pdf-password", f"a password, R{strength}", pdf(encryption=locked)
    half = Encryption(owner="", user="u")
    yield "pdf-password", "a password, and none of the owner", pdf(encryption=half)
    yield "pdf-no-pages", "no page", pdf(lambda document: document.pages.__delitem__(slice(None)))
    yield (
        "pdf-no-pages",
        "no page in a list",
        by_hand().replace(b"/Kids[3 0 R]/Count 1", b"/Kids[]     /Count 0"),
    )
    yield "pdf-broken", "only a beginning", a_pdf()[:700]
    yield "pdf-broken", "only a header", b"%PDF-1.7\n%%EOF\n"
    yield "disguised", "a program first", EXE + a_pdf()
    yield "disguised", "an archive after", a_pdf() + a_docx()
    yield "disguised", "a page after", a_pdf() + b"<script>alert(1)</script>"
    yield "disguised", "a picture as well", b"GIF89a" + a_pdf()


def samples() -> Iterator[Sample]:
    for why, content in good_ones():
        yield good(why, "Lebenslauf.pdf", content, PDF)
    for code, why, content in bad_ones():
        yield Sample(why, "Lebenslauf.pdf", content, code)
    yield Sample("a PDF called a picture", "Foto.jpg", a_pdf(), "misnamed")
    yield Sample("a bomb in a stream", "cv.pdf", pdf(_bomb), "ok", PDF)


def _bomb(document: Pdf) -> None:
    """Nothing in it is unpacked for the verdict; readers stop at their own limits."""
    stream = Stream(document, zlib.compress(zlib.compress(bytes(20_000_000))))
    stream.Filter = Array([Name.FlateDecode, Name.FlateDecode])
    document.pages[0].obj.Contents = document.make_indirect(stream)
