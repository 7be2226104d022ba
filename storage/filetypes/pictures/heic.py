"""HEIC (ISO/IEC 23008-12): boxes, among them the one that says where the picture's data lie."""

from collections.abc import Iterator
from mmap import mmap

from storage.filetypes.pictures.size import Size, broken

#: Brands of pictures in HEVC. "mif1" and "msf1" alone do not say which codec; its items do.
HEVC = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"}
NEUTRAL = {b"mif1", b"mif2", b"msf1"}
HEVC_ITEM = b"hvc1"
#: Boxes of boxes on the way to the sizes.
WITHIN = {b"meta": 4, b"iprp": 0, b"ipco": 0}
#: If one of these is longer than what holds it, half of the picture is missing.
NEEDED = {b"ftyp", b"meta", b"mdat", b"idat", *WITHIN}
MAX_BOXES = 10_000

#: A box: its kind, where its content begins, where it ends.
Box = tuple[bytes, int, int]


def begins(head: bytes) -> bool:
    if head[4:8] != b"ftyp":
        return False
    length = int.from_bytes(head[:4], "big")
    brands = {head[at : at + 4] for at in range(16, min(length, len(head)) - 3, 4)}
    first = head[8:12]
    return first in HEVC or (first in NEUTRAL and (bool(brands & HEVC) or HEVC_ITEM in head))


def measure(content: mmap) -> tuple[Size, int]:
    sizes: list[Size] = []
    kinds, end, count = set(), 0, 0
    for kind, start, end in _boxes(content, 0, len(content)):
        kinds.add(kind)
        if kind == b"meta":
            for size in _sizes(content, start + 4, end):
                sizes.append(size)
                count += 1
                if count > MAX_BOXES:
                    raise broken()
    if not sizes or b"mdat" not in kinds | {b"idat"}:
        raise broken()
    return max(sizes, key=lambda size: size.width * size.height), end


def _boxes(content: mmap, at: int, end: int) -> Iterator[Box]:
    """Yield the boxes that lie side by side; refuse one that is longer than what holds it."""
    while at + 8 <= end:
        length = int.from_bytes(content[at : at + 4], "big")
        kind = content[at + 4 : at + 8]
        header = 8
        if length == 1:
            length, header = int.from_bytes(content[at + 8 : at + 16], "big"), 16
        if length == 0:
            length = end - at
        if not all(0x20 <= byte < 0x7F or byte == 0xA9 for byte in kind):
            return  # what phones hang on after the last box
        if length < header or at + length > end:
            if kind in NEEDED:
                raise broken()
            return
        yield kind, at + header, at + length
        at += length


def _sizes(content: mmap, start: int, end: int) -> Iterator[Size]:
    waiting = [(start, end)]
    while waiting:
        for kind, first, last in _boxes(content, *waiting.pop()):
            if kind in WITHIN:
                waiting.append((first + WITHIN[kind], last))
            elif kind == b"ispe":
                numbers = content[first + 4 : first + 12]
                yield Size(int.from_bytes(numbers[:4], "big"), int.from_bytes(numbers[4:], "big"))
