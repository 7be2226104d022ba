"""Zip files from strangers: listed by zipfile, but unpacked here, piece by piece.

zipfile believes the sizes that a file states of itself, stops at them, and inflates without a
limit; other programs do otherwise, so what it sees is not what they open.
"""

import struct
import zlib
from binascii import crc32
from collections.abc import Iterable, Iterator
from mmap import ACCESS_READ, mmap
from pathlib import Path
from types import TracebackType
from typing import Self
from zipfile import BadZipFile, ZipFile, ZipInfo

from storage.filetypes.family import Refusal

MB = 1024 * 1024
#: Bytes in memory at a time.
PIECE = MB
MAX_ENTRIES = 4_000
#: All entries together.
MAX_UNPACKED = 200 * MB
#: Below this, nobody asks how well something packs; above, more than a hundredfold is a bomb.
FREE = 50 * MB
MAX_RATIO = 100

LOCAL = struct.Struct("<4s5H3L2H")
#: Another name for an entry, behind a version and a checksum; some programs go by it.
OTHER_NAME, OTHER_NAME_AT = 0x7075, 5
ENCRYPTED, SIZES_FOLLOW, UTF8 = 0x1, 0x8, 0x800
STORED, DEFLATED = 0, 8
#: The end of the directory, without its comment.
END_SIZE = 22


class Archive:
    """A zip file that any two programs would read alike; otherwise `Refusal`.

    `kind` begins the refusals' codes: "docx" or "odt".
    """

    def __init__(self, path: Path, kind: str) -> None:
        self.kind = kind
        with path.open("rb") as file:
            self._bytes = mmap(file.fileno(), 0, access=ACCESS_READ)
        try:
            self.entries = self._listed(path)
            self._check_names()
            self._check_places()
        except BaseException:
            self._bytes.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bytes.close()

    def fault(self, what: str) -> Refusal:
        return Refusal(f"{self.kind}-{what}")

    def read(self, name: str, *, limit: int) -> bytes:
        """Return a whole entry, or refuse if it is longer than `limit` or there is none."""
        for entry in self.entries:
            if entry.filename.lower() == name.lower():
                pieces, left = [], limit
                for piece in self.unpack(entry):
                    left -= len(piece)
                    if left < 0:
                        raise self.fault("bomb")
                    pieces.append(piece)
                return b"".join(pieces)
        raise self.fault("broken")

    def unpack(self, entry: ZipInfo) -> Iterator[bytes]:
        """Yield an entry in pieces; refuse if it is not exactly what the directory says."""
        size = crc = 0
        for piece in self._inflated(entry):
            size += len(piece)
            if size > entry.file_size:
                raise self.fault("bomb")
            crc = crc32(piece, crc)
            yield piece
        if size != entry.file_size or crc != entry.CRC:
            raise self.fault("broken")

    def _listed(self, path: Path) -> list[ZipInfo]:
        # A lower limit for the memory that the list would take, before it is made.
        if _more_than(MAX_ENTRIES, b"PK\x01\x02", self._bytes):
            raise self.fault("bomb")
        try:
            with ZipFile(path) as listing:
                entries, comment = listing.infolist(), listing.comment
                end = listing.start_dir + sum(_directory_size(entry) for entry in entries)
        except (BadZipFile, EOFError, NotImplementedError, ValueError, struct.error) as error:
            raise self.fault("broken") from error
        # Gateways of mail leave blank bytes behind.
        tail = self._bytes[end:].rstrip(b"\0\r\n\x1a") if not comment else self._bytes[end:]
        # Nothing may follow but the directory's own end; a comment can hold another file.
        if not tail.startswith((b"PK\x05\x06", b"PK\x06\x06")) or len(tail) > 98 + 100:
            raise Refusal("disguised")
        at = tail.find(b"PK\x05\x06")
        if b"<" in comment or at < 0 or len(tail) > at + END_SIZE + len(comment):
            raise Refusal("disguised")
        return entries

    def _check_names(self) -> None:
        seen = set()
        for entry in self.entries:
            name = entry.filename
            steps = name.removesuffix("/").split("/")
            if (
                name != entry.orig_filename
                or any(step in {"", ".", ".."} for step in steps)
                or any(mark in name for mark in '\\:*?"<>|')
                or not name.isprintable()
                or name.lower() in seen
            ):
                raise self.fault("broken")
            seen.add(name.lower())

    def _check_places(self) -> None:
        """Every entry has bytes of its own, and none is there that the directory does not name."""
        if not self.entries or min(entry.header_offset for entry in self.entries) != 0:
            raise self.fault("broken")
        end = 0
        for entry in sorted(self.entries, key=lambda entry: entry.header_offset):
            if entry.header_offset < end:
                raise self.fault("bomb")
            if self._bytes.find(b"PK\x03\x04", end, entry.header_offset) >= 0:
                raise self.fault("broken")
            start = self._start(entry)
            end = start + entry.compress_size
            # Who reads from the front finds the end of a streamed entry only by unpacking it.
            is_endless = entry.flag_bits & SIZES_FOLLOW and entry.compress_type == STORED
            if is_endless and self._bytes.find(b"PK\x03\x04", start, end) >= 0:
                raise self.fault("broken")
        if end > len(self._bytes):
            raise self.fault("broken")

    def _start(self, entry: ZipInfo) -> int:
        """Return where an entry's bytes begin, if its two headers say the same of it."""
        at = entry.header_offset
        header = self._bytes[at : at + LOCAL.size]
        if len(header) < LOCAL.size:
            raise self.fault("broken")
        signature, _, flags, method, _, _, crc, packed, size, name_size, extra_size = LOCAL.unpack(
            header
        )
        at += LOCAL.size
        name = self._bytes[at : at + name_size].decode(
            "utf-8" if flags & UTF8 else "cp437", "replace"
        )
        if (flags | entry.flag_bits) & ENCRYPTED:
            raise self.fault("password")
        same = (signature, method, name) == (b"PK\x03\x04", entry.compress_type, entry.filename)
        if not flags & SIZES_FOLLOW and 0xFFFFFFFF not in (packed, size):
            stated = (entry.CRC, entry.compress_size, entry.file_size)
            same = same and (crc, packed, size) == stated
        extra = self._bytes[at + name_size : at + name_size + extra_size]
        others = {*_other_names(extra), *_other_names(entry.extra)}
        same = same and others <= {entry.filename.encode()}
        if not same or method not in (STORED, DEFLATED):
            raise self.fault("broken")
        return int(at + name_size + extra_size)

    def _inflated(self, entry: ZipInfo) -> Iterator[bytes]:
        packed = self._pieces(self._start(entry), entry.compress_size)
        if entry.compress_type == STORED:
            yield from packed
            return
        inflate = zlib.decompressobj(-zlib.MAX_WBITS)
        try:
            for rest in packed:
                piece = inflate.decompress(rest, PIECE)
                while piece:
                    yield piece
                    piece = inflate.decompress(inflate.unconsumed_tail, PIECE)
        except zlib.error as error:
            raise self.fault("broken") from error
        if not inflate.eof or inflate.unused_data:
            raise self.fault("broken")

    def _pieces(self, start: int, size: int) -> Iterator[bytes]:
        for at in range(start, start + size, PIECE):
            yield self._bytes[at : min(at + PIECE, start + size)]


class Budget:
    """What all entries together may unpack to."""

    def __init__(self, packed: int, kind: str) -> None:
        self.kind = kind
        self.most = min(MAX_UNPACKED, max(FREE, packed * MAX_RATIO))

    def spend(self, size: int) -> None:
        self.most -= size
        if self.most < 0:
            raise Refusal(f"{self.kind}-bomb")

    def spent(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        for piece in pieces:
            self.spend(len(piece))
            yield piece


def _other_names(extra: bytes) -> Iterator[bytes]:
    """Yield the names among an entry's extra fields."""
    at = 0
    while at + 4 <= len(extra):
        what, size = struct.unpack_from("<HH", extra, at)
        if what == OTHER_NAME:
            yield extra[at + 4 + OTHER_NAME_AT : at + 4 + size]
        at += 4 + size


def _directory_size(entry: ZipInfo) -> int:
    name = entry.orig_filename.encode("utf-8" if entry.flag_bits & UTF8 else "cp437")
    return 46 + len(name) + len(entry.extra) + len(entry.comment)


def _more_than(limit: int, mark: bytes, content: mmap) -> bool:
    at = -1
    for _ in range(limit + 1):
        at = content.find(mark, at + 1)
        if at < 0:
            return False
    return True


def holds_parts_of(path: Path, head: bytes) -> str:
    """Say of a zip file whether it would be an OOXML package ("ooxml"), an ODF one ("odf") or "".

    What is embedded may be either; so what comes first counts, as it does for its readers.
    """
    if not head.startswith(b"PK\x03\x04"):
        return ""
    if head[30:38] == b"mimetype":
        return "odf"
    with path.open("rb") as file, mmap(file.fileno(), 0, access=ACCESS_READ) as content:
        if content.find(b"[Content_Types].xml") >= 0:
            return "ooxml"
        return "odf" if content.find(b"META-INF/manifest.xml") >= 0 else ""
