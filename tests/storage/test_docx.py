"""What a Word document must prove. Every file here is a real one, then changed by hand."""

import os
import struct
import zipfile
from collections.abc import Callable, Iterable
from io import BytesIO
from pathlib import Path

import pytest

from storage.filetypes import inspect
from storage.filetypes.ooxml import TYPE
from tests.storage.compound import compound
from tests.world import a_docx, a_pdf

Parts = dict[str, bytes]
Inspect = Callable[..., str]

RELS = "word/_rels/document.xml.rels"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
#: A program, packed as Windows does it.
PACKAGE = compound({"\x01Ole10Native": b"\x40\0\0\0\x02\0evil\0C:\\x\\evil.EXE\0"})
OLE = compound({"CONTENTS": b"something"})


@pytest.fixture
def verdict(tmp_path: Path) -> Inspect:
    """Judge bytes; returns the code."""

    def judge(content: bytes, name: str = "Anschreiben.docx") -> str:
        path = tmp_path / "upload"
        path.write_bytes(content)
        return inspect(path, name).code

    return judge


def the_parts() -> Parts:
    with zipfile.ZipFile(BytesIO(a_docx())) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def zipped(parts: Parts | Iterable[tuple[str, bytes]], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    file = BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, content in parts.items() if isinstance(parts, dict) else parts:
            archive.writestr(name, content)
    return file.getvalue()


def with_parts(**more: bytes) -> bytes:
    return zipped(the_parts() | more)


def replaced(part: str, old: bytes, new: bytes) -> bytes:
    parts = the_parts()
    assert old in parts[part]
    parts[part] = parts[part].replace(old, new)
    return zipped(parts)


def related(kind: str, target: str, mode: str = "External") -> bytes:
    relation = (
        f'<Relationship Id="rId99" Type="{OFFICE}/{kind}" Target="{target}" TargetMode="{mode}"/>'
    )
    return replaced(RELS, b"</Relationships>", f"{relation}</Relationships>".encode())


# Taken ----------------------------------------------------------------------------------------


def test_a_document_is_known_whatever_its_name(tmp_path: Path) -> None:
    path = tmp_path / "upload"
    path.write_bytes(a_docx())
    for name in ("cv.doc", "cv.rtf", "cv.exe", "cv", "", "\ud800"):
        assert inspect(path, name) == (True, "ok", TYPE, ".docx")


@pytest.mark.parametrize("first", sorted(the_parts()))
def test_parts_may_stand_in_any_order(verdict: Inspect, first: str) -> None:
    parts = the_parts()
    ordered = {first: parts.pop(first)} | dict(reversed(parts.items()))
    assert verdict(zipped(ordered)) == "ok"
    assert verdict(zipped(ordered, zipfile.ZIP_STORED)) == "ok"


def test_a_document_that_was_streamed_is_taken(verdict: Inspect) -> None:
    """Google Docs writes sizes after the entries, and folders of their own."""

    class Stream(BytesIO):
        def seekable(self) -> bool:
            return False

        def tell(self) -> int:
            raise OSError

    file = Stream()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.mkdir("word")
        for name, content in the_parts().items():
            archive.writestr(name, content)
    assert verdict(file.getvalue()) == "ok"


def libreoffice(parts: Parts) -> Parts:
    """Order and names as LibreOffice writes them: relations first, types last."""
    types = parts.pop("[Content_Types].xml")
    return {"_rels/.rels": parts.pop("_rels/.rels"), **parts, "[Content_Types].xml": types}


def an_absolute_target(parts: Parts) -> Parts:
    rels = parts["_rels/.rels"].replace(b'Target="word/', b'Target="/word/')
    return parts | {"_rels/.rels": rels}


def another_main_part(parts: Parts) -> Parts:
    """Word 365 sometimes calls it document2.xml."""
    moved = {
        name.replace("word/document.xml", "word/document2.xml").replace(
            "document.xml.rels", "document2.xml.rels"
        ): content.replace(b"word/document.xml", b"word/document2.xml")
        for name, content in parts.items()
    }
    assert "word/document2.xml" in moved
    return moved


def with_utf_16(parts: Parts) -> Parts:
    item = '<?xml version="1.0" encoding="UTF-16"?><a>ü</a>'.encode("utf-16")
    return parts | {"customXml/item1.xml": item}


def with_an_equation(parts: Parts) -> Parts:
    return parts | {
        "word/embeddings/oleObject1.bin": compound({"Equation Native": b"\x1c" + bytes(60)})
    }


@pytest.mark.parametrize(
    "change", [libreoffice, an_absolute_target, another_main_part, with_utf_16, with_an_equation]
)
def test_what_other_programs_write_is_taken(
    verdict: Inspect, change: Callable[[Parts], Parts]
) -> None:
    assert verdict(zipped(change(the_parts()))) == "ok"


@pytest.mark.parametrize(
    ("kind", "target"),
    [
        ("hyperlink", "https://example.org/portfolio"),
        ("image", "file:///C:/Users/Jane/photo.jpg"),
        ("attachedTemplate", "file:///C:\\Users\\Jane\\AppData\\Templates\\Modern%20resume.dotx"),
        ("attachedTemplate", "Normal.dotm"),
        ("attachedTemplate", "file:///Users/jane/Library/Templates/Resume.dotx"),
        ("attachedTemplate", "file://localhost/Users/jane/Normal.dotm"),
        ("attachedTemplate", "Macintosh%20HD:Users:jane:Normal.dotm"),
        ("attachedTemplate", "../Templates/Resume.dotx"),
    ],
)
def test_links_and_one_s_own_template_are_normal(verdict: Inspect, kind: str, target: str) -> None:
    assert verdict(related(kind, target)) == "ok"


# Refused: what runs or loads ------------------------------------------------------------------


def test_a_renamed_docm_is_refused(verdict: Inspect) -> None:
    old = b"vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
    new = b"vnd.ms-word.document.macroEnabled.main+xml"
    assert verdict(replaced("[Content_Types].xml", old, new)) == "docx-macro"


@pytest.mark.parametrize("name", ["word/vbaProject.bin", "word/VBAPROJECT.BIN", "x/vbaProject.bin"])
def test_macros_are_refused(verdict: Inspect, name: str) -> None:
    assert verdict(with_parts(**{name: OLE})) == "docx-macro"


def test_macros_in_an_embedded_sheet_are_refused(verdict: Inspect) -> None:
    content = compound({"_VBA_PROJECT_CUR/VBA/dir": b"x"})
    assert verdict(with_parts(**{"word/embeddings/oleObject1.bin": content})) == "docx-macro"


@pytest.mark.parametrize(
    ("kind", "target"),
    [
        ("attachedTemplate", "https://evil.example/t.dotm"),
        ("attachedTemplate", "file://evil.example/share/t.dotm"),
        ("attachedTemplate", "\\\\evil.example\\share\\t.dotm"),
        ("attachedTemplate", "mhtml:https://evil.example/t.dotm"),
        ("attachedTemplate", "file:////evil.example/share/t.dotm"),
        ("attachedTemplate", "file:///%5C%5Cevil.example/share/t.dotm"),
        ("oleObject", "https://evil.example/x.html!"),
        ("oleObject", "file:///C:/Users/Jane/table.xlsx"),
        ("frame", "https://evil.example/x.html"),
        ("subDocument", "https://evil.example/x.docx"),
    ],
)
def test_what_loads_itself_from_elsewhere_is_refused(
    verdict: Inspect, kind: str, target: str
) -> None:
    assert verdict(related(kind, target)) == "docx-external"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("word/evil.exe", b"anything"),
        ("word/media/image1.png", b"MZ\x90\x00" + b"\0" * 60),
        ("word/media/run.VBS", b"x"),
        ("word/embeddings/oleObject1.bin", PACKAGE),
    ],
)
def test_programs_are_refused(verdict: Inspect, name: str, content: bytes) -> None:
    assert verdict(with_parts(**{name: content})) == "docx-program"


@pytest.mark.parametrize("part", ["word/document.xml", "docProps/core.xml", RELS])
def test_a_dtd_is_refused(verdict: Inspect, part: str) -> None:
    lines = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 9))
    dtd = f'<!DOCTYPE x [<!ENTITY l0 "lol">{lines}]>'.encode()
    parts = the_parts()
    head, _, rest = parts[part].partition(b"?>")
    parts[part] = head + b"?>" + dtd + rest
    assert verdict(zipped(parts)) == "docx-broken"


def test_an_encrypted_document_is_refused(verdict: Inspect) -> None:
    locked = compound({"EncryptionInfo": b"x", "EncryptedPackage": b"x" * 600})
    assert verdict(locked) == "doc-password"
    marked = bytearray(a_docx())
    marked[6] |= 1
    assert verdict(bytes(marked)) == "docx-password"


# Refused: what is not what it says ------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "main"),
    [
        ("spreadsheetml", "sheet"),
        ("wordprocessingml", "template"),
        ("presentationml", "presentation"),
    ],
)
def test_other_office_files_are_refused(verdict: Inspect, kind: str, main: str) -> None:
    content = replaced(
        "[Content_Types].xml",
        b"wordprocessingml.document.main+xml",
        f"{kind}.{main}.main+xml".encode(),
    )
    assert verdict(content) == "disguised"
    assert verdict(content, "Tabelle") == "type-not-accepted"


@pytest.mark.parametrize("missing", ["word/document.xml", "_rels/.rels"])
def test_a_document_without_its_parts_is_broken(verdict: Inspect, missing: str) -> None:
    parts = the_parts()
    del parts[missing]
    assert verdict(zipped(parts)) == "docx-broken"


@pytest.mark.parametrize("part", ["word/document.xml", "[Content_Types].xml", "word/styles.xml"])
def test_broken_xml_is_refused(verdict: Inspect, part: str) -> None:
    assert verdict(zipped(the_parts() | {part: b"<a><b></a>"})) == "docx-broken"


def test_a_main_part_that_is_no_document_is_broken(verdict: Inspect) -> None:
    assert verdict(with_parts(**{"word/document.xml": b"<html/>"})) == "docx-broken"


@pytest.mark.parametrize(
    "name",
    ["../evil.xml", "/etc/passwd", "word/../../x", "C:/x", "word\\x", "word//x", "a\x01b", "x\n"],
)
def test_paths_that_lead_outside_are_refused(verdict: Inspect, name: str) -> None:
    assert verdict(with_parts(**{name: b"<a/>"})) == "docx-broken"


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("name", ["word/document.xml", "word/Document.xml"])
def test_two_parts_of_one_name_are_refused(verdict: Inspect, name: str) -> None:
    parts = the_parts()
    assert verdict(zipped([*parts.items(), (name, b"<a/>")])) == "docx-broken"


def test_bytes_before_and_after_are_refused(verdict: Inspect) -> None:
    content = a_docx()
    assert verdict(content + b"<script>alert(1)</script>") == "disguised"
    assert verdict(content + a_pdf()) == "disguised"
    for before in (b"MZ\x90\x00", b"#!/bin/sh\n", b"GIF89a"):
        assert verdict(before + content) == "disguised"


def test_a_comment_that_is_another_file_is_refused(verdict: Inspect) -> None:
    for comment in (b"<script>alert(1)</script>", b"%" * 500):
        file = BytesIO(a_docx())
        with zipfile.ZipFile(file, "a") as archive:
            archive.comment = comment
        assert verdict(file.getvalue()) == "disguised"


def test_a_document_that_is_a_pdf_as_well_is_refused(verdict: Inspect) -> None:
    parts = {"customXml/a.bin": a_pdf()} | the_parts()
    assert verdict(zipped(parts, zipfile.ZIP_STORED)) == "disguised"


def test_an_entry_that_the_directory_does_not_name_first_is_refused(verdict: Inspect) -> None:
    """Programs that read from the front see another file than those that read the directory."""
    hidden = zipped({"evil.xml": b"<a/>"})
    hidden = hidden[: hidden.index(b"PK\x01\x02")]
    content = a_docx()
    at = content.index(b"PK\x01\x02")
    moved = bytearray(hidden + content)
    for start in range(len(moved) - 46):
        if moved[start : start + 4] == b"PK\x01\x02":
            (offset,) = struct.unpack_from("<L", moved, start + 42)
            struct.pack_into("<L", moved, start + 42, offset + len(hidden))
    end = moved.rindex(b"PK\x05\x06")
    struct.pack_into("<L", moved, end + 16, at + len(hidden))
    assert zipfile.ZipFile(BytesIO(bytes(moved))).testzip() is None
    assert verdict(bytes(moved)) == "docx-broken"


def test_names_that_differ_between_header_and_directory_are_refused(verdict: Inspect) -> None:
    content = a_docx()
    at = content.index(b"word/document.xml")
    assert verdict(content[:at] + b"word/evilment.xml" + content[at + 17 :]) == "docx-broken"


@pytest.mark.parametrize("size", [100, 2_000, 20_000])
def test_a_document_that_is_cut_off_is_refused(verdict: Inspect, size: int) -> None:
    assert verdict(a_docx()[:size]) in {"docx-broken", "disguised"}


# Refused: bombs -------------------------------------------------------------------------------


def zeros(megabytes: int) -> bytes:
    return b"\0" * (megabytes * 1024 * 1024)


def test_a_bomb_is_refused(verdict: Inspect) -> None:
    assert verdict(with_parts(**{"word/media/image1.bmp": zeros(70)})) == "docx-bomb"
    spaces = b"<a>" + b" " * 70_000_000 + b"</a>"
    assert verdict(with_parts(**{"customXml/item1.xml": spaces})) == "docx-bomb"


@pytest.mark.parametrize(
    "xml",
    [
        b"<b>" * 1_000_000,
        b"<b " + b" ".join(b'a%x=""' % number for number in range(400_000)) + b"/>",
        b"<b>" + b"".join(b"<a%x/>" % number for number in range(200_000)) + b"</b>",
    ],
    ids=["depth", "attributes", "names"],
)
def test_xml_that_fills_the_parser_s_memory_is_refused(verdict: Inspect, xml: bytes) -> None:
    assert verdict(with_parts(**{"customXml/item1.xml": xml})) == "docx-bomb"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_long_document_is_no_bomb(verdict: Inspect, encoding: str) -> None:
    declared = f'<?xml version="1.0" encoding="{encoding}"?>'
    picture = f"{declared}<a>{os.urandom(1_500_000).hex()}</a>".encode(encoding)
    words = '<b c="d">text</b>' * 300_000
    text = f"{declared}<a>{words}</a>".encode(encoding)
    parts = {"customXml/item1.xml": picture, "customXml/item2.xml": text}
    assert verdict(with_parts(**parts)) == "ok"


def test_a_bomb_of_many_parts_is_refused(verdict: Inspect) -> None:
    parts = {f"word/media/image{n}.bmp": zeros(8) for n in range(8)}
    assert verdict(with_parts(**parts)) == "docx-bomb"


def test_a_bomb_that_says_it_is_small_is_refused(verdict: Inspect) -> None:
    content = bytearray(with_parts(**{"word/media/image1.bmp": zeros(70)}))
    at = content.rindex(b"word/media/image1.bmp") - 46
    local = content.index(b"word/media/image1.bmp") - 30
    struct.pack_into("<L", content, at + 24, 10)
    struct.pack_into("<L", content, local + 22, 10)
    assert verdict(bytes(content)) == "docx-bomb"


def test_entries_that_share_their_bytes_are_refused(verdict: Inspect) -> None:
    content = with_parts(**{"word/media/image1.bmp": zeros(1)})
    directory = content.rindex(b"PK\x01\x02")
    end = content.rindex(b"PK\x05\x06")
    last = content[directory:end]
    copies = b"".join(last.replace(b"image1", b"imag%02d" % n) for n in range(10, 90))
    grown = bytearray(content[:end] + copies + content[end:])
    new_end = end + len(copies)
    (count,) = struct.unpack_from("<H", content, end + 10)
    (size,) = struct.unpack_from("<L", content, end + 12)
    struct.pack_into("<HHL", grown, new_end + 8, count + 80, count + 80, size + len(copies))
    assert verdict(bytes(grown)) == "docx-bomb"


def test_very_many_entries_are_refused(verdict: Inspect) -> None:
    parts = the_parts() | {f"word/{n}": b"" for n in range(4_100)}
    assert verdict(zipped(parts, zipfile.ZIP_STORED)) == "docx-bomb"
