"""JPEG (ITU-T T.81, annex B): segments up to the end of the image.

Some writers forget the end, and viewers do not mind. Then the lines that are there are counted.
"""

import re
from io import BytesIO
from mmap import mmap

from PIL import Image, ImageFile

from storage.filetypes.pictures.size import Size, broken

#: Frames that common decoders know: baseline, extended, progressive, and the same in arithmetic.
FRAMES = {0xC0, 0xC1, 0xC2, 0xC9, 0xCA}
OTHER_FRAMES = {0xC3, 0xC5, 0xC6, 0xC7, 0xCB, 0xCD, 0xCE, 0xCF}
SCAN, END = 0xDA, 0xD9
#: The least size that a decoder draws at, and the lines of a row of blocks there.
EIGHTH, LAST_LINES = 8, 2
#: The next marker in a scan's data: no stuffed zero, no restart.
MARKER = re.compile(rb"\xff+([^\x00\xff\xd0-\xd7])")


def begins(head: bytes) -> bool:
    return head.startswith(b"\xff\xd8\xff")


def measure(content: mmap) -> tuple[Size, int]:
    size, scanned, at = None, False, 2
    while match := MARKER.search(content, at):
        marker, at = match[1][0], match.end()
        if marker == END:
            break
        length = int.from_bytes(content[at : at + 2], "big")
        if length < 2 or at + length > len(content):
            raise broken()
        if marker in OTHER_FRAMES:
            raise broken()
        if marker in FRAMES and size is None:
            frame = content[at + 3 : at + 7]
            size = Size(int.from_bytes(frame[2:], "big"), int.from_bytes(frame[:2], "big"))
        scanned = scanned or marker == SCAN
        at += length
    else:
        at = len(content)
        if scanned and not _is_nearly_whole(content):
            raise broken()
    if size is None or not scanned:
        raise broken()
    return size, at


def _is_nearly_whole(content: mmap) -> bool:
    """Say whether a picture without an end has all its lines but those of the last blocks.

    It is drawn at an eighth of its size. What no line was found for stays black.
    """
    try:
        image = Image.open(BytesIO(content[:]), formats=["JPEG"])
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        return False
    if "progressive" in image.info:
        return False  # comes in layers: every line is there, and none is known to be whole
    image.draft(None, (image.width // EIGHTH or 1, image.height // EIGHTH or 1))
    lenient, ImageFile.LOAD_TRUNCATED_IMAGES = ImageFile.LOAD_TRUNCATED_IMAGES, False
    try:
        image.load()
    except OSError:
        found = image.im.getbbox()
        return found is not None and image.height - found[3] <= LAST_LINES
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = lenient
    return True
