"""OpenDocument texts: as LibreOffice, Word, Google Docs and older offices write them."""

import zipfile
from collections.abc import Iterator
from io import BytesIO

from tests.storage.compound import compound
from tests.storage.corpus.docx import PACKAGE
from tests.storage.corpus.sample import ODT, Sample, good

OFFICE = "urn:oasis:names:tc:opendocument:xmlns:office:1.0"
SPACES = (
    f'xmlns:office="{OFFICE}" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" '
    'xmlns:draw="urn:oasis:names:tc:opendocument:xmlns:drawing:1.0" '
    'xmlns:script="urn:oasis:names:tc:opendocument:xmlns:script:1.0" '
    'xmlns:meta="urn:oasis:names:tc:opendocument:xmlns:meta:1.0" '
    'xmlns:xlink="http://www.w3.org/1999/xlink"'
)
MANIFEST_PART = "META-INF/manifest.xml"
MANIFEST = "urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"


def content(body: str = "", scripts: str = "", doctype: str = "") -> bytes:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>{doctype}<office:document-content {SPACES}>'
        f"<office:scripts>{scripts}</office:scripts><office:body><office:text>"
        f"<text:p>Lebenslauf</text:p>{body}</office:text></office:body></office:document-content>"
    ).encode()


def manifest(inside: str = "", doctype: str = "") -> bytes:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>{doctype}<manifest:manifest '
        f'xmlns:manifest="{MANIFEST}"><manifest:file-entry manifest:full-path="/" '
        f'manifest:media-type="{ODT}">{inside}</manifest:file-entry></manifest:manifest>'
    ).encode()


def meta(inside: str = "") -> bytes:
    inside = f"<office:meta>{inside}</office:meta>"
    return f"<office:document-meta {SPACES}>{inside}</office:document-meta>".encode()


def odt(
    parts: dict[str, bytes] | None = None,
    *,
    kind: str = ODT,
    body: str = "",
    mimetype_last: bool = False,
    mimetype: bool = True,
    method: int = zipfile.ZIP_DEFLATED,
) -> bytes:
    all_parts = {
        "content.xml": content(body),
        "styles.xml": f"<office:document-styles {SPACES}/>".encode(),
        "meta.xml": meta(),
        MANIFEST_PART: manifest(),
    } | (parts or {})
    file = BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        if mimetype and not mimetype_last:
            archive.writestr("mimetype", kind, zipfile.ZIP_STORED)
        for name, part in all_parts.items():
            archive.writestr(name, part)
        if mimetype and mimetype_last:
            archive.writestr("mimetype", kind)
    return file.getvalue()


def linked(tag: str, target: str) -> str:
    return f'<{tag} xlink:type="simple" xlink:href="{target}"/>'


def good_ones() -> Iterator[tuple[str, bytes]]:
    yield (
        "LibreOffice",
        odt({"Configurations2/accelerator/": b"", "Thumbnails/thumbnail.png": b"p"}),
    )
    yield "Google Docs", odt(mimetype_last=True)
    yield "LibreOffice, keys as usual", odt({"Configurations2/accelerator/current.xml": b""})
    yield "a small program", odt(mimetype=False)
    yield "all in one", odt({"content.xml": content().replace(b"document-content", b"document")})
    yield "Word", odt({"media/image1.jpeg": b"\xff\xd8\xff" + bytes(90)})
    yield "nothing packed", odt(method=zipfile.ZIP_STORED)
    doctype = (
        '<!DOCTYPE manifest:manifest PUBLIC "-//OpenOffice.org//DTD Manifest 1.0//EN" "M.dtd">'
    )
    yield "OpenOffice 2", odt({MANIFEST_PART: manifest(doctype=doctype)})
    yield (
        "an equation of OpenOffice",
        odt({"Object 1/content.xml": b'<!DOCTYPE m:math PUBLIC "a" "b"><m:math xmlns:m="m"/>'}),
    )
    yield "an embedded sheet", odt({"Object 1": compound({"Workbook": bytes(5_000)})})
    yield (
        "lists of no macros",
        odt({"Basic/script-lc.xml": b"<a/>", "Basic/Standard/script-lb.xml": b"<a/>"}),
    )
    yield "a link", odt(body=linked("text:a", "https://example.org"))
    yield "a film", odt(body=linked("draw:plugin", "Media/film.mp4"))
    yield (
        "its own template",
        odt({"meta.xml": meta(linked("meta:template", "/C:/Users/Jane/cv.ott"))}),
    )
    yield "a picture", odt(body=linked("draw:image", "Pictures/1.png"))
    yield "pages laid out", odt({"layout-cache": bytes(90), "manifest.rdf": b"<a/>"})


def bad_ones() -> Iterator[tuple[str, str, bytes]]:
    call = "vnd.sun.star.script:Standard.M.Main?language=Basic&amp;location=document"
    listens = f'<script:event-listener xlink:href="{call}"/>'
    listens = f"<office:event-listeners>{listens}</office:event-listeners>"
    yield "odt-macro", "a module", odt({"Basic/Standard/Module1.xml": b"<a/>"})
    yield "odt-macro", "a script", odt({"Scripts/python/evil.py": b"import os"})
    yield "odt-macro", "a call on opening", odt({"content.xml": content(scripts=listens)})
    yield "odt-macro", "a script in the text", odt(body="<text:script>1</text:script>")
    locked = "<manifest:encryption-data/>"
    yield "odt-password", "encrypted", odt({MANIFEST_PART: manifest(locked)})
    yield "odt-password", "encrypted parts", _locked()
    yield (
        "odt-password",
        "encrypted, as LibreOffice does it",
        odt({"content.xml": bytes(range(256)) * 9, MANIFEST_PART: manifest(locked)}),
    )
    yield (
        "odt-external",
        "a section",
        odt(body=linked("text:section-source", "https://e.example/a")),
    )
    yield "odt-external", "an object on a share", odt(body=linked("draw:object-ole", "//evil/a"))
    yield (
        "odt-external",
        "a template",
        odt({"meta.xml": meta(linked("meta:template", "http://evil.example/t.ott"))}),
    )
    yield "odt-active", "DDE", odt(body='<office:dde-source office:dde-application="cmd"/>')
    yield "odt-active", "an applet", odt(body=linked("draw:applet", "a.class"))
    yield "odt-program", "a program", odt({"Pictures/a.exe": b"x"})
    yield "odt-program", "a packed program", odt({"Object 1": PACKAGE})
    yield "odt-broken", "cut off", odt()[:600]
    yield "odt-broken", "no content", odt({"content.xml": b""})
    yield "odt-broken", "no list", odt({MANIFEST_PART: b""})
    yield "odt-broken", "no closing tags", odt({"content.xml": content()[:-20]})
    yield (
        "odt-broken",
        "entities",
        odt({"content.xml": b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'}),
    )
    yield "odt-bomb", "a bomb", odt({"Pictures/a.bmp": bytes(60_000_000)})
    yield "odt-bomb", "deep", odt({"content.xml": content("<a>" * 1_200 + "</a>" * 1_200)})
    yield "disguised", "a sheet", odt(kind="application/vnd.oasis.opendocument.spreadsheet")
    sheet = manifest().replace(b".text", b".spreadsheet")
    yield "disguised", "a sheet of a small program", odt({MANIFEST_PART: sheet}, mimetype=False)
    yield "disguised", "a book", odt(kind="application/epub+zip")


def _locked() -> bytes:
    locked = bytearray(odt())
    locked[6] |= 1
    return bytes(locked)


def samples() -> Iterator[Sample]:
    for why, part in good_ones():
        yield good(why, "Lebenslauf.odt", part, ODT)
    for code, why, part in bad_ones():
        yield Sample(why, "Lebenslauf.odt", part, code)
    yield Sample("an odt called .docx", "cv.docx", odt(), "misnamed")
    yield Sample("a sheet", "Tabelle.ods", odt(kind=f"{ODT[:-4]}sheet"), "type-not-accepted")
