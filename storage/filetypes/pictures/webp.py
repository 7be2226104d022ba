"""WebP (RFC 9649): chunks in a RIFF file, lossy, lossless or a film of either."""

from mmap import mmap

from storage.filetypes.pictures.size import Size, broken

PICTURES = {b"VP8 ", b"VP8L", b"ANMF"}


def begins(head: bytes) -> bool:
    return head[:4] == b"RIFF" and head[8:12] == b"WEBP"


def measure(content: mmap) -> tuple[Size, int]:
    end = min(8 + int.from_bytes(content[4:8], "little"), len(content))
    at, sizes, whole = 12, [], False
    while at + 8 <= end:
        kind = content[at : at + 4]
        length = int.from_bytes(content[at + 4 : at + 8], "little")
        # Without the last byte, which only fills up, some writers end.
        if at + 8 + length > len(content):
            raise broken()
        whole = whole or kind in PICTURES
        if size := _size(kind, content[at + 8 : at + 24]):
            sizes.append(size)
        at += 8 + length + length % 2
    if not sizes or not whole:
        raise broken()
    return max(sizes, key=lambda size: size.width * size.height), min(at, len(content))


def _size(kind: bytes, head: bytes) -> Size | None:
    if kind == b"VP8X":
        return Size(_number(head[4:7]) + 1, _number(head[7:10]) + 1)
    if kind == b"ANMF":
        return Size(_number(head[6:9]) + 1, _number(head[9:12]) + 1)
    if kind == b"VP8L":
        if head[:1] != b"\x2f":
            raise broken()
        bits = _number(head[1:5])
        return Size((bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1)
    if kind == b"VP8 ":
        if head[3:6] != b"\x9d\x01\x2a":
            raise broken()
        return Size(_number(head[6:8]) & 0x3FFF, _number(head[8:10]) & 0x3FFF)
    return None


def _number(content: bytes) -> int:
    return int.from_bytes(content, "little")
