"""The words of Word's binary documents of 1997 to 2003 ([MS-DOC]), where nothing else reads them.

The text lies in pieces, in one byte a character or in two; a table says where each piece is.
"""

import re
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import olefile

from storage.steps import Unreadable
from storage.steps.words import LONGEST, put

#: In the flags at 0x0A of the document's head: which of the two tables is its own.
FLAGS, SECOND_TABLE = 0x0A, 0x0200
#: Where the head says how the table of pieces begins and how long it is.
PIECES = 0x01A2
#: Where it says how the text begins and ends, if that is in one piece.
WHOLE = 0x18
#: In a piece's place: it has one byte a character, and the place counts twice.
NARROW = 1 << 30
#: A field is what it does and, behind the second sign, what it shows.
UNSEEN = re.compile("\x13[^\x13\x14\x15]*(?:\x14([^\x13\x14\x15]*))?\x15")
DEEPEST = 5
#: A cell's end, the end of a page, a hyphen that does not break.
SIGNS = str.maketrans({"\x07": "\t", "\x0c": "\n", "\x1e": "-", "\x1f": None})


def words(place: Path) -> dict[str, Any]:
    try:
        with olefile.OleFileIO(place / "in") as file:
            text = "".join(_pieces(file))
    except (OSError, struct.error, KeyError, IndexError, ValueError) as error:
        raise Unreadable from error
    for _ in range(DEEPEST):  # fields lie in fields
        text = UNSEEN.sub(lambda field: field[1] or "", text)
    return put(place, text.translate(SIGNS))


def _pieces(file: olefile.OleFileIO) -> Iterator[str]:
    document = file.openstream("WordDocument").read()
    (flags,) = struct.unpack_from("<H", document, FLAGS)
    start, length = struct.unpack_from("<II", document, PIECES)
    if not length:  # never saved fast, by programs that know of no other way
        begin, end = struct.unpack_from("<II", document, WHOLE)
        yield document[begin : min(end, begin + LONGEST)].decode("cp1252", "replace")
        return
    table = file.openstream("1Table" if flags & SECOND_TABLE else "0Table").read()
    left = LONGEST
    for begin, end, place in _table(table[start : start + length]):
        size = min(end - begin, left)
        if place & NARROW:
            at = (place & ~NARROW) // 2
            yield document[at : at + size].decode("cp1252", "replace")
        else:
            yield document[place : place + 2 * size].decode("utf-16-le", "replace")
        left -= size
        if left <= 0:
            return


def _table(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Yield each piece: its first character's number, the one behind its last, and its place."""
    at = 0
    while data[at] == 1:  # what formats text saved fast comes first
        at += 3 + struct.unpack_from("<H", data, at + 1)[0]
    (length,) = struct.unpack_from("<I", data, at + 1)
    count = (min(length, len(data) - at - 5) - 4) // 12
    bounds = struct.unpack_from(f"<{count + 1}I", data, at + 5)
    for number in range(count):
        (place,) = struct.unpack_from("<I", data, at + 5 + 4 * (count + 1) + 8 * number + 2)
        if bounds[number] < bounds[number + 1]:
            yield bounds[number], bounds[number + 1], place & 0x7FFFFFFF
