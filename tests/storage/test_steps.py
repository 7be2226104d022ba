"""What each step makes of a file: clean pictures, drawn pages, words. All files are real ones."""

import struct
import zlib
from collections.abc import Iterator
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from fpdf import FPDF
from PIL import Image, ImageCms

from storage import bounded, preview
from storage.bounded import StepFailed
from storage.steps import Unreadable, doc
from storage.steps.rtf import text
from tests import world
from tests.storage.compound import compound, word_streams
from tests.world import a_docx, a_pdf, a_photo


@pytest.fixture
def place() -> Iterator[Path]:
    with bounded.workplace() as folder:
        yield folder


def run(place: Path, step: str, content: bytes, **arguments: Any) -> dict[str, Any]:
    (place / "in").write_bytes(content)
    return bounded.run(f"storage.steps.{step}", place, preview.COPYING, **arguments)


def made(place: Path, name: str) -> Image.Image:
    return Image.open(BytesIO((place / name).read_bytes()))


def colour(image: Image.Image, at: tuple[int, int]) -> tuple[int, ...]:
    found = image.convert("RGB").getpixel(at)
    assert isinstance(found, tuple)
    return found


# Pictures -----------------------------------------------------------------------------------------

#: What would say who took it, where, and with what; and markers of whole blocks of that.
TRACES = (b"Quastenflosser", b"Kamera", b"Exif", b"exif", b"xmpmeta", b"ns.adobe", b"GPS", b"eXIf")


@pytest.mark.parametrize(
    ("kind", "becomes"),
    [("JPEG", "JPEG"), ("PNG", "PNG"), ("WEBP", "JPEG"), ("HEIF", "JPEG")],
)
def test_a_copy_stands_upright_and_says_nothing_but_the_picture(
    place: Path, kind: str, becomes: str
) -> None:
    original = a_photo(kind)
    assert b"Quastenflosser" in original
    run(place, "images.reencode", original)
    for name, form in (("copy", becomes), ("view", "JPEG")):
        content = (place / name).read_bytes()
        assert [trace for trace in TRACES if trace in content] == []
        image = made(place, name)
        assert not image.getexif()
        # What was the upper left quarter is now the upper right one; HEIC turns otherwise.
        size, red, white = ((480, 640), (400, 100), (100, 100))
        if kind == "HEIF":
            size, red, white = ((640, 480), (100, 100), (400, 100))
        assert (image.format, image.size) == (form, size)
        assert colour(image, red)[0] > 150 > colour(image, red)[1]
        assert min(colour(image, white)) > 200


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_is_turned_upright(place: Path, orientation: int) -> None:
    original = a_photo(orientation=orientation)
    run(place, "images.reencode", original)
    image = made(place, "copy")
    from PIL import ImageOps

    expected = ImageOps.exif_transpose(Image.open(BytesIO(original)))
    assert image.size == expected.size
    for at in ((50, 50), (image.width - 50, 50), (50, image.height - 50)):
        assert all(
            abs(a - b) < 12 for a, b in zip(colour(image, at), colour(expected, at), strict=True)
        )


def test_colours_are_those_of_the_profile_that_came_with_them(place: Path) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    run(place, "images.reencode", a_photo(icc_profile=profile))  # useless, and no reason to fail
    assert made(place, "copy").info.get("icc_profile") is None
    run(place, "images.reencode", a_photo(icc_profile=b"no profile at all"))
    assert made(place, "copy").size == (480, 640)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "I;16"])
def test_every_kind_of_png_becomes_one_that_is_seen(place: Path, mode: str) -> None:
    file = BytesIO()
    Image.new("L", (60, 40), 128).convert(mode).save(file, "PNG")
    run(place, "images.reencode", file.getvalue())
    assert made(place, "copy").format == "PNG"
    assert made(place, "view").size == (60, 40)


def test_a_scan_of_16_bits_keeps_its_shades(place: Path) -> None:
    """Their values go to 65,535, and what is above 255 is not white."""
    file, shades = BytesIO(), Image.new("I;16", (3, 1))
    for at, value in enumerate((0, 128 * 257, 65_535)):
        shades.putpixel((at, 0), value)
    shades.resize((60, 40), Image.Resampling.NEAREST).save(file, "PNG")
    run(place, "images.reencode", file.getvalue())
    for name in ("copy", "view"):
        seen = [colour(made(place, name), (x, 20))[0] for x in (8, 30, 52)]
        assert all(abs(a - b) < 4 for a, b in zip(seen, (0, 128, 255), strict=True))


@pytest.mark.parametrize("mode", ["L", "CMYK"])
def test_grey_and_printed_jpegs_are_copied(place: Path, mode: str) -> None:
    file = BytesIO()
    Image.new(mode, (60, 40)).save(file, "JPEG")
    run(place, "images.reencode", file.getvalue())
    assert made(place, "copy").mode in {"L", "RGB"}


def test_what_is_transparent_stays_so_and_is_white_to_look_at(place: Path) -> None:
    for kind in ("PNG", "WEBP"):
        file = BytesIO()
        Image.new("RGBA", (60, 40), (0, 0, 0, 0)).save(file, kind)
        run(place, "images.reencode", file.getvalue())
        assert made(place, "copy").convert("RGBA").getpixel((5, 5)) == (0, 0, 0, 0)
        assert colour(made(place, "view"), (5, 5)) == (255, 255, 255)


def test_a_tail_behind_the_picture_is_not_copied(place: Path) -> None:
    for kind in ("JPEG", "PNG", "WEBP"):
        run(place, "images.reencode", a_photo(kind) + b"<script>alert(1)</script>PK\x03\x04")
        assert b"<script" not in (place / "copy").read_bytes()


def test_a_picture_that_ends_too_early_is_shown_as_far_as_it_goes(place: Path) -> None:
    file = BytesIO()
    Image.effect_noise((800, 600), 90).convert("RGB").save(file, "JPEG")
    run(place, "images.reencode", file.getvalue()[: len(file.getvalue()) // 2])
    assert made(place, "copy").size == (800, 600)


def test_damaged_metadata_is_no_reason(place: Path) -> None:
    original = bytearray(a_photo(xmp=b""))
    at = original.index(b"Exif\0\0") + 6
    original[at : at + 40] = bytes(range(40))
    run(place, "images.reencode", bytes(original))
    assert made(place, "copy").format == "JPEG"


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("JPEG", {"progressive": True, "subsampling": 0}),
        ("PNG", {"compress_level": 1}),
        ("WEBP", {"method": 0}),
        ("HEIF", {"quality": 30, "enc_params": {"preset": "ultrafast"}}),
    ],
)
@pytest.mark.soak
def test_fifty_megapixels_fit_into_the_bounds(
    place: Path, kind: str, options: dict[str, Any]
) -> None:
    size = (8160, 6120) if world.rounds(0, 1) else (4080, 3060)
    run(place, "images.reencode", a_photo(kind, size, **options))
    # So much of a progressive JPEG does not fit: it is read at half its size.
    assert set(made(place, "copy").size) in ({*size}, {size[0] // 2, size[1] // 2})


@pytest.mark.parametrize("content", [b"", b"\xff\xd8\xff", b"GIF89a" + bytes(50), bytes(500)])
def test_what_is_no_picture_of_ours_is_refused(place: Path, content: bytes) -> None:
    with pytest.raises(StepFailed) as failure:
        run(place, "images.reencode", content)
    assert failure.value.code == "unreadable"


def test_a_picture_that_claims_to_be_enormous_is_refused_before_it_is_read(place: Path) -> None:
    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    png = b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in ((b"IHDR", header), (b"IDAT", zlib.compress(bytes(10))), (b"IEND", b""))
    )
    with pytest.raises(StepFailed) as failure:
        run(place, "images.reencode", png)
    assert failure.value.code == "unreadable"


# PDF ----------------------------------------------------------------------------------------------


def test_a_pdf_is_counted_read_and_drawn(place: Path) -> None:
    document = FPDF()
    document.set_font("Helvetica", size=12)
    for number in (1, 2, 3):
        document.add_page()
        document.multi_cell(0, 8, f"Käthe Großmann, Seite {number}")
    content = bytes(document.output())
    assert run(place, "pdf.read", content)["pages"] == 3
    words = (place / "words").read_text()
    assert words.splitlines() == [f"Käthe Großmann, Seite {n}" for n in (1, 2, 3)]
    run(place, "pdf.page", content, number=3)
    page = made(place, "page")
    assert (page.format, page.width) == ("WEBP", 1472)
    extrema = page.convert("L").getextrema()
    assert extrema[0] < 100, "something is drawn"  # type: ignore[operator]
    for number in (0, 4):
        with pytest.raises(StepFailed):
            run(place, "pdf.page", content, number=number)


def test_what_was_typed_into_a_form_is_drawn(place: Path) -> None:
    document = pikepdf.Pdf.new()
    document.add_blank_page(page_size=(200, 200))
    appearance = pikepdf.Stream(document, b"0 0 0 rg 0 0 100 100 re f")
    appearance.Type, appearance.Subtype = pikepdf.Name.XObject, pikepdf.Name.Form
    appearance.BBox = [0, 0, 100, 100]
    field = document.make_indirect(
        pikepdf.Dictionary(
            Type=pikepdf.Name.Annot,
            Subtype=pikepdf.Name.Widget,
            FT=pikepdf.Name.Tx,
            T="name",
            V="Käthe",
            F=4,
            Rect=[20, 20, 120, 120],
            AP=pikepdf.Dictionary(N=appearance),
        )
    )
    document.pages[0].Annots = pikepdf.Array([field])
    document.Root.AcroForm = pikepdf.Dictionary(Fields=pikepdf.Array([field]))
    file = BytesIO()
    document.save(file)
    run(place, "pdf.page", file.getvalue(), number=1)
    assert max(colour(made(place, "page"), (500, 1000))) < 60


def test_a_page_of_odd_size_is_drawn_within_bounds(place: Path) -> None:
    for size in ((3, 14_400), (14_400, 3), (14_400, 14_400)):
        document, file = pikepdf.Pdf.new(), BytesIO()
        document.add_blank_page(page_size=size)
        document.save(file)
        run(place, "pdf.page", file.getvalue(), number=1)
        page = made(place, "page")
        assert page.width * page.height <= 6_100_000


def test_what_pdfium_cannot_open_qpdf_may_mend(place: Path) -> None:
    content = a_pdf()
    cut = content[: content.index(b"xref")] + b"trailer\n<</Root 99 0 R>>\nstartxref\n0\n%%EOF"
    assert run(place, "pdf.read", cut)["pages"] == 1


# Words --------------------------------------------------------------------------------------------


def test_the_words_of_a_word_document(place: Path) -> None:
    run(place, "words.docx", a_docx("Anschreiben von Käthe\tGroßmann\nZweite Zeile"))
    assert (place / "words").read_text() == "Anschreiben von Käthe\tGroßmann\nZweite Zeile"


def test_the_words_of_an_odt(place: Path) -> None:
    from zipfile import ZipFile

    file = BytesIO()
    with ZipFile(file, "w") as archive:
        archive.writestr(
            "content.xml",
            '<o:document xmlns:o="urn:oasis:names:tc:opendocument:xmlns:office:1.0"'
            ' xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0">'
            "<text:h>Käthe<text:s/>Großmann</text:h><text:p>Sehr <text:span>geehrte</text:span>"
            "<text:line-break/>Damen</text:p></o:document>",
        )
    run(place, "words.odt", file.getvalue())
    assert (place / "words").read_text() == "Käthe Großmann\nSehr geehrte\nDamen"


@pytest.mark.parametrize(
    "content",
    [
        "Käthe Großmann".encode(),
        "Käthe Großmann".encode("latin-1"),
        "Käthe Großmann".encode("utf-16"),
        b"\xfe\xff" + "Käthe Großmann".encode("utf-16-be"),
        "Käthe Großmann".encode("utf-8-sig"),
    ],
)
def test_the_words_of_a_text_in_any_encoding(place: Path, content: bytes) -> None:
    run(place, "words.txt", content)
    assert (place / "words").read_text() == "Käthe Großmann"


def a_doc_in_pieces(*pieces: str) -> bytes:
    """Return a Word document whose text lies in these pieces, in one byte a character or two."""
    streams = word_streams("".join(pieces))
    document, places, bounds = streams["WordDocument"].ljust(6_000, b"\0"), b"", [0]
    for piece in pieces:
        is_narrow = piece.isascii()
        place = 2 * len(document) | 1 << 30 if is_narrow else len(document)
        places += struct.pack("<HIH", 0, place, 0)
        document += piece.encode("cp1252" if is_narrow else "utf-16-le")
        bounds.append(bounds[-1] + len(piece))
    numbers = struct.pack(f"<{len(bounds)}I", *bounds)
    fast = b"\x01\x02\0ab"
    table = fast + b"\x02" + struct.pack("<I", len(numbers + places)) + numbers + places
    block = bytearray(document)
    struct.pack_into("<II", block, 0x01A2, len(streams["1Table"]), len(table))
    more = {"WordDocument": bytes(block), "1Table": streams["1Table"] + table}
    return compound(streams | more)


def test_the_words_of_a_doc(place: Path) -> None:
    document = a_doc_in_pieces(
        "Anschreiben\rZelle\x07", "Käthe Großmann, Łódź\r", "Seite \x13 PAGE \x13 x \x15\x14 7\x15."
    )
    run(place, "doc.words", document)
    assert (place / "words").read_text() == "Anschreiben\nZelle\tKäthe Großmann, Łódź\nSeite  7."


def test_the_words_of_a_doc_without_a_table(place: Path) -> None:
    streams = word_streams("Käthe Großmann")
    block = bytearray(streams["WordDocument"])
    struct.pack_into("<II", block, 0x18, 1_536, 1_536 + len("Käthe Großmann"))
    run(place, "doc.words", compound(streams | {"WordDocument": bytes(block)}))
    assert (place / "words").read_text() == "Käthe Großmann"


@pytest.mark.parametrize("change", [(0x01A2, 2**31), (0x01A6, 2**32 - 1), (0x01A6, 7), (0x18, 9)])
def test_a_damaged_doc_is_unreadable_or_has_other_words(
    place: Path, change: tuple[int, int]
) -> None:
    document = bytearray(a_doc_in_pieces("Anschreiben", "Großmann"))
    at = document.index(b"\xec\xa5")
    struct.pack_into("<I", document, at + change[0], change[1])
    (place / "in").write_bytes(document)
    with suppress(Unreadable):
        doc.words(place)


def test_the_words_of_rtf() -> None:
    document = (
        rb"{\rtf1\ansi\ansicpg1252\deff0{\fonttbl{\f0 Arial;}}{\*\generator Riched20;}"
        rb"{\info{\author Secret}}\pard K\'e4the \b Gro\u223?mann\b0\par "
        rb"\uc1\u-10179?\u-8704? fertig\line{\field{\*\fldinst HYPERLINK x}{\fldrslt Netz}}\tab 1}"
    )
    assert text(document, longest=1_000) == "Käthe Großmann\n😀 fertig\nNetz\t1"


def test_words_are_cut_and_without_what_no_database_takes(place: Path) -> None:
    run(place, "words.txt", ("a\u202e\0b" * 300_000).encode())
    words = (place / "words").read_text()
    assert len(words) == 200_000
    assert set(words) == {"a", "b"}


@pytest.mark.parametrize("step", ["words.docx", "words.odt", "pdf.read", "words.rtf", "words.txt"])
@pytest.mark.parametrize("content", [b"", b"PK\x03\x04" + bytes(99), b"{\\rtf1" + b"{" * 9_999])
def test_rubbish_costs_a_step_at_most(place: Path, step: str, content: bytes) -> None:
    with suppress(StepFailed):
        run(place, step, content)
