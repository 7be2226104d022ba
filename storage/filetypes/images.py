"""Pictures: JPEG, PNG, WebP and HEIC, by their headers and structure. No pixel is decoded here.

Proves: the structure is whole up to the picture's end, a common library finds a picture in it,
and it is not larger than re-encoding can bear. Damaged metadata is normal. Refuses what is another
file as well; metadata and other tails go when the picture is re-encoded.
"""

import warnings
from collections.abc import Callable
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import NamedTuple

import pillow_heif
from PIL import Image, ImageFile, UnidentifiedImageError

from storage.filetypes import programs
from storage.filetypes.family import Kind, Refusal
from storage.filetypes.pictures import heic, jpeg, png, webp
from storage.filetypes.pictures.size import Size

#: libmagic tells pictures apart as well as we do.
TYPE = ""
REFUSALS = frozenset({"image-broken", "image-too-many-pixels"})

MAX_PIXELS = 50_000_000

pillow_heif.register_heif_opener()
#: Damage in chunks that a PNG's reader can do without is none. For the whole process.
ImageFile.LOAD_TRUNCATED_IMAGES = True


class Picture(NamedTuple):
    kind: Kind
    begins: Callable[[bytes], bool]
    #: Returns the picture's size and where it ends, or raises `Refusal("image-broken")`.
    measure: Callable[[mmap], tuple[Size, int]]
    #: The names under which Pillow opens it.
    formats: list[str]


PICTURES = (
    Picture(Kind("image/jpeg", ".jpg"), jpeg.begins, jpeg.measure, ["JPEG"]),
    Picture(Kind("image/png", ".png"), png.begins, png.measure, ["PNG"]),
    Picture(Kind("image/webp", ".webp"), webp.begins, webp.measure, ["WEBP"]),
    Picture(Kind("image/heic", ".heic"), heic.begins, heic.measure, ["HEIF"]),
)
PROPOSED = frozenset(picture.kind.type for picture in PICTURES)


def claims(path: Path, head: bytes) -> bool:
    return any(picture.begins(head) for picture in PICTURES)


def warm_up() -> None:
    Image.preinit()
    Image.init()


def prove(path: Path, name: str) -> Kind:
    with path.open("rb") as file, mmap(file.fileno(), 0, access=ACCESS_READ) as content:
        head = content[:256]
        picture = next((picture for picture in PICTURES if picture.begins(head)), None)
        if picture is None:
            raise Refusal("image-broken")
        size, end = picture.measure(content)
        _check_size(size)
        # The header that we read may say less than the library finds.
        _check_size(_opened(path, picture))
        _check_tail(content, end)
    return picture.kind


def _check_size(size: Size) -> None:
    if size.width < 1 or size.height < 1:
        raise Refusal("image-broken")
    if size.width * size.height > MAX_PIXELS:
        raise Refusal("image-too-many-pixels")


def _opened(path: Path, picture: Picture) -> Size:
    """Return the size that the library which will re-encode it sees."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # damaged metadata, and sizes that we judge ourselves
            with Image.open(path, formats=picture.formats) as image:
                return Size(*image.size)
    except Image.DecompressionBombError as error:
        raise Refusal("image-too-many-pixels") from error
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, EOFError) as error:
        raise Refusal("image-broken") from error


def _check_tail(content: mmap, end: int) -> None:
    """Refuse a picture that is something else as well. Phones hide films and depths in tails."""
    tail = content[end : end + 64].lstrip(b"\0\r\n\t ")
    if tail.startswith(programs.OTHER_STARTS) or programs.ends_as_zip(content):
        raise Refusal("disguised")
    if programs.holds_script(content):
        raise Refusal("disguised")
