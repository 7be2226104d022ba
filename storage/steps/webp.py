"""Large WebP, read by its library itself: Pillow keeps four copies of it, this keeps one."""

import ctypes
from collections.abc import Iterator
from pathlib import Path

from PIL import Image, _webp  # noqa: F401  loads the library

ALPHA, ANIMATION = 0x10, 0x02
#: In a lossless stream, after its signature and two sizes of 14 bits.
LOSSLESS_ALPHA = 1 << 28


def large(path: Path, *, over: int, at_most: int) -> Image.Image | None:
    """Return the picture of a WebP of more than `over` pixels; None for any other file.

    None, too, where the library cannot be found or the picture moves: Pillow may try.
    """
    data = path.read_bytes()
    library = _library() if data[:4] == b"RIFF" and data[8:12] == b"WEBP" else None
    if library is None:
        return None
    width, height = ctypes.c_int(), ctypes.c_int()
    known = library.WebPGetInfo(
        data, ctypes.c_size_t(len(data)), ctypes.byref(width), ctypes.byref(height)
    )
    chunks = dict(_chunks(data))
    flags = chunks.get(b"VP8X", b"\0")[0]
    pixels = width.value * height.value
    if not known or flags & ANIMATION or not over < pixels <= at_most:
        return None
    has_alpha = bool(flags & ALPHA or _lossless_alpha(chunks.get(b"VP8L", b"")))
    image = _decoded(library, data, (width.value, height.value), has_alpha=has_alpha)
    if image is not None:
        names = {"icc_profile": b"ICCP", "exif": b"EXIF"}
        image.info = {name: chunks[tag] for name, tag in names.items() if tag in chunks}
    return image


def _decoded(
    library: ctypes.CDLL, data: bytes, size: tuple[int, int], *, has_alpha: bool
) -> Image.Image | None:
    mode = "RGBA" if has_alpha else "RGB"
    row = size[0] * len(mode)
    pixels = bytearray(row * size[1])
    into = (ctypes.c_ubyte * len(pixels)).from_buffer(pixels)
    decode = library.WebPDecodeRGBAInto if has_alpha else library.WebPDecodeRGBInto
    decode.restype = ctypes.c_void_p
    length, space = ctypes.c_size_t(len(data)), ctypes.c_size_t(len(pixels))
    if not decode(data, length, into, space, ctypes.c_int(row)):
        return None
    return Image.frombuffer(mode, size, pixels, "raw", mode, 0, 1)


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 12
    while at + 8 <= len(data):
        size = int.from_bytes(data[at + 4 : at + 8], "little")
        yield data[at : at + 4], data[at + 8 : at + 8 + size]
        at += 8 + size + size % 2


def _lossless_alpha(stream: bytes) -> bool:
    return bool(int.from_bytes(stream[1:5], "little") & LOSSLESS_ALPHA)


def _library() -> ctypes.CDLL | None:
    """Return the library that Pillow has loaded, wherever it lies."""
    try:
        lines = Path("/proc/self/maps").read_text().splitlines()
    except OSError:
        return None
    files = sorted({line.split(maxsplit=5)[-1] for line in lines if "/libwebp" in line})
    found = [file for file in files if Path(file).name.startswith(("libwebp-", "libwebp."))]
    return ctypes.CDLL(found[0]) if found else None
