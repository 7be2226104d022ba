"""PNG (third edition): chunks with checksums up to the last one."""

import struct
from binascii import crc32
from mmap import mmap

from storage.filetypes.pictures.size import Size, broken

SIGNATURE = b"\x89PNG\r\n\x1a\n"
PIECE = 1024 * 1024


def begins(head: bytes) -> bool:
    return head.startswith(SIGNATURE)


def measure(content: mmap) -> tuple[Size, int]:
    if content[8:16] != b"\0\0\0\rIHDR":
        raise broken()
    size = Size(*struct.unpack_from(">II", content, 16))
    at, data = len(SIGNATURE), 0
    while at + 12 <= len(content):
        length = int.from_bytes(content[at : at + 4], "big")
        kind = content[at + 4 : at + 8]
        end = at + 12 + length
        if end > len(content):
            break
        # Readers pass over chunks that they can do without, and damage in them.
        if kind[:1].isupper() and not _is_whole(content, at + 4, end - 4):
            break
        if kind == b"IEND":
            if not data:
                break
            return size, end
        data += length if kind == b"IDAT" else 0
        at = end
    raise broken()


def _is_whole(content: mmap, start: int, end: int) -> bool:
    checksum = 0
    for at in range(start, end, PIECE):
        checksum = crc32(content[at : min(at + PIECE, end)], checksum)
    return checksum == int.from_bytes(content[end : end + 4], "big")
