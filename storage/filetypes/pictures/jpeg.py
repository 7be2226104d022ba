"""JPEG (ITU-T T.81, annex B): segments up to the end of the image."""

import re
from mmap import mmap

from storage.filetypes.pictures.size import Size, broken

#: Frames that common decoders know: baseline, extended, progressive, and the same in arithmetic.
FRAMES = {0xC0, 0xC1, 0xC2, 0xC9, 0xCA}
OTHER_FRAMES = {0xC3, 0xC5, 0xC6, 0xC7, 0xCB, 0xCD, 0xCE, 0xCF}
SCAN, END = 0xDA, 0xD9
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
        raise broken()
    if size is None or not scanned:
        raise broken()
    return size, at
