"""Pictures as phones, scanners and editors write them, and what hides behind them."""

import struct
import zlib
from binascii import crc32
from collections.abc import Iterator
from functools import cache
from io import BytesIO

import pillow_heif
from PIL import Image

from tests.storage.corpus.sample import HEIC, JPEG, PNG, WEBP, Sample, good
from tests.world import a_docx, a_pdf

NAMES = {"JPEG": "Foto.jpg", "PNG": "Foto.png", "WEBP": "Foto.webp", "HEIF": "Foto.heic"}
TYPES = {"JPEG": JPEG, "PNG": PNG, "WEBP": WEBP, "HEIF": HEIC}

pillow_heif.register_heif_opener()


@cache
def saved(
    kind: str, mode: str = "RGB", size: tuple[int, int] = (64, 48), **options: object
) -> bytes:
    file = BytesIO()
    Image.new(mode, size, 90).save(file, kind, **options)
    return file.getvalue()


def film(kind: str) -> bytes:
    file = BytesIO()
    frames = [Image.new("RGB", (32, 32), colour) for colour in ("red", "green", "blue")]
    frames[0].save(file, kind, save_all=True, append_images=frames[1:])
    return file.getvalue()


def chunk(kind: bytes, content: bytes) -> bytes:
    body = kind + content
    return struct.pack(">I", len(content)) + body + struct.pack(">I", crc32(body))


def png(*, size: tuple[int, int] = (4, 4), more: bytes = b"", data: bytes = b"") -> bytes:
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", *size, 8, 0, 0, 0, 0))
    data = data or zlib.compress(bytes(20))
    return b"\x89PNG\r\n\x1a\n" + head + more + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def segment(marker: int, content: bytes) -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", len(content) + 2) + content


def with_segment(marker: int, content: bytes) -> bytes:
    picture = saved("JPEG")
    return picture[:2] + segment(marker, content) + picture[2:]


def resized(size: tuple[int, int]) -> bytes:
    """A JPEG whose header states another size."""
    picture = bytearray(saved("JPEG"))
    at = picture.index(b"\xff\xc0") + 5
    struct.pack_into(">HH", picture, at, size[1], size[0])
    return bytes(picture)


def drawn(**options: object) -> bytes:
    """A JPEG of many lines that are not alike."""
    file = BytesIO()
    Image.radial_gradient("L").convert("RGB").save(file, "JPEG", **options)
    return file.getvalue()


def with_brands(content: bytes, brand: bytes) -> bytes:
    """A HEIC whose header names another brand, and no other."""
    length = int.from_bytes(content[:4], "big")
    return content[:8] + (brand + bytes(4) + brand * 9)[: length - 8] + content[length:]


def good_ones() -> Iterator[tuple[str, str, bytes]]:
    yield "JPEG", "a camera", saved("JPEG", quality=95)
    yield "JPEG", "progressive", saved("JPEG", progressive=True)
    yield "JPEG", "a grey scan", saved("JPEG", "L")
    yield "JPEG", "for print", saved("JPEG", "CMYK")
    yield "JPEG", "place and camera", with_segment(0xE1, b"Exif\0\0MM\0*\0\0\0\x08\0\0\0\0\0\0")
    yield (
        "JPEG",
        "damaged metadata",
        with_segment(0xE1, b"Exif\0\0II*\0\xff\xff\xff\xff" + bytes(9)),
    )
    yield "JPEG", "colours", saved("JPEG", icc_profile=bytes(3_000))
    yield "JPEG", "a thumbnail", with_segment(0xE1, b"Exif\0\0" + saved("JPEG"))
    yield "JPEG", "a film in its tail", saved("JPEG") + b"\0\0\0\x18ftypmp42" + bytes(900)
    yield "JPEG", "a depth in its tail", saved("JPEG") + saved("JPEG", "L")
    yield "JPEG", "zeros in its tail", saved("JPEG") + bytes(900)
    yield "JPEG", "two pictures", film("MPO")
    yield "JPEG", "no end", drawn()[:-2]
    yield "JPEG", "nearly no end", drawn()[:-9]
    yield "PNG", "an editor", saved("PNG", "RGBA")
    yield "PNG", "a palette", saved("PNG", "P")
    yield "PNG", "16 bits", saved("PNG", "I;16")
    yield "PNG", "a film", film("PNG")
    yield "PNG", "metadata", png(more=chunk(b"eXIf", b"MM\0*" + bytes(9)) + chunk(b"tEXt", b"a\0b"))
    yield "PNG", "damaged metadata", png(more=chunk(b"tEXt", b"a\0b")[:-1] + b"x")
    yield "WEBP", "lossy", saved("WEBP", quality=70)
    yield "WEBP", "lossless", saved("WEBP", lossless=True)
    yield "WEBP", "transparent", saved("WEBP", "RGBA")
    yield "WEBP", "a film", film("WEBP")
    yield "WEBP", "colours", saved("WEBP", icc_profile=bytes(300))
    yield "HEIF", "a phone", saved("HEIF", quality=60)
    yield "HEIF", "transparent", saved("HEIF", "RGBA")
    yield "HEIF", "a phone's tail", saved("HEIF") + b"\0\0\1\2SEFT"
    yield "HEIF", "a neutral brand", with_brands(saved("HEIF"), b"mif1")
    yield "PNG", "49 megapixels", png(size=(7_000, 7_000))


def bad_ones() -> Iterator[tuple[str, str, str, bytes]]:
    for kind in NAMES:
        yield kind, "image-broken", "cut off", saved(kind)[:-30]
    yield "JPEG", "image-broken", "half of one", drawn()[: len(drawn()) // 2]
    yield "JPEG", "image-broken", "half of all layers", drawn(progressive=True)[:-900]
    yield (
        "JPEG",
        "image-broken",
        "12 bits",
        saved("JPEG").replace(b"\xff\xc0\0\x11\x08", b"\xff\xc1\0\x11\x0c"),
    )
    yield (
        "HEIF",
        "disguised",
        "a neutral brand of another codec",
        with_brands(saved("HEIF").replace(b"hvc1", b"av01"), b"mif1"),
    )
    yield "JPEG", "image-broken", "only a beginning", b"\xff\xd8\xff\xe0"
    yield "PNG", "image-broken", "no picture", png().replace(b"IDAT", b"IDAx")
    yield "JPEG", "image-broken", "no width", resized((0, 48))
    yield "PNG", "image-too-many-pixels", "a bomb", png(size=(50_000, 50_000))
    yield "PNG", "image-too-many-pixels", "50.1 megapixels", png(size=(7_080, 7_080))
    yield "JPEG", "image-too-many-pixels", "a bomb", resized((60_000, 60_000))
    yield "JPEG", "disguised", "a page after", saved("JPEG") + b"<html><script>1</script></html>"
    yield "JPEG", "disguised", "an archive after", saved("JPEG") + a_docx()
    yield "PNG", "disguised", "a program after", saved("PNG") + b"MZ\x90\x00" + bytes(90)
    yield "JPEG", "disguised", "a script in a comment", with_segment(0xFE, b"<?php system(1);?>")
    yield "PNG", "disguised", "a script in a chunk", png(more=chunk(b"tEXt", b"a\0<script>1"))
    yield "WEBP", "disguised", "a PDF after", saved("WEBP") + a_pdf()
    yield "JPEG", "disguised", "another kind of picture", saved("GIF", "P")
    yield "PNG", "disguised", "a program", b"\x7fELF" + bytes(90)
    yield "HEIF", "disguised", "another codec", saved("HEIF").replace(b"heic", b"avif")


def samples() -> Iterator[Sample]:
    for kind, why, content in good_ones():
        yield good(why, NAMES[kind], content, TYPES[kind])
    for kind, code, why, content in bad_ones():
        yield Sample(why, NAMES[kind], content, code)
    yield good("a phone's habit", "IMG_0001.JPG", saved("HEIF"), HEIC)
    yield good("a PNG called .jpg", "Foto.jpeg", saved("PNG"), PNG)
    yield good("a WebP called .png", "Foto.png", saved("WEBP"), WEBP)
    yield Sample("a JPEG called .pdf", "Scan.pdf", saved("JPEG"), "misnamed")
    yield Sample("another kind of picture", "Foto.gif", saved("GIF", "P"), "type-not-accepted")
    yield Sample("another kind of picture", "Foto.bmp", saved("BMP"), "type-not-accepted")
