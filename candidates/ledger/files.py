"""Files with lines of the ledger: as they are written, and as strictly as they are read.

JSON Lines is what storage has: lines in their canonical form, nothing else. The JSON document has
the same lines, with commas between them, and a first and a last line of its own. Every byte of
either is determined by the lines, so any that is changed is found.
"""

import csv
from collections.abc import Iterable, Iterator
from io import StringIO
from typing import BinaryIO

from . import chain
from .chain import Chain, Line
from .faults import Code, Fault

HEAD = b'{"ledger":"halbjahr","lines":[\n'
#: Cells that begin so are formulas to a spreadsheet.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")

#: A line, or None for bytes that are none, or what is wrong with the file as a whole.
Item = Line | Fault | None


def tail(count: int, hash: str) -> bytes:  # noqa: A002
    """Return the last line of the JSON document."""
    return f'],"count":{count},"last":"{hash}"}}\n'.encode()


# Writing --------------------------------------------------------------------------------------


def as_jsonl(lines: Iterable[Line]) -> Iterator[bytes]:
    for line in lines:
        yield line.bytes


def as_json(lines: Iterable[Line]) -> Iterator[bytes]:
    """Yield the JSON document, a line at a time."""
    yield HEAD
    count, hash, held = 0, chain.NOTHING, b""  # noqa: A001
    for line in lines:
        if held:
            yield held[:-1] + b",\n"
        count, hash, held = count + 1, line.hash, line.bytes  # noqa: A001
    yield held
    yield tail(count, hash)


def as_csv(lines: Iterable[Line]) -> Iterator[bytes]:
    """Yield a table with a heading, for people: no cell of it is a formula to a spreadsheet."""
    yield _row(Line._fields)
    for line in lines:
        yield _row(line)


def _row(cells: Iterable[str | int]) -> bytes:
    text = StringIO()
    csv.writer(text).writerow(_harmless(cell) for cell in cells)
    return text.getvalue().encode()


def _harmless(cell: str | int) -> str | int:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA) else cell


# Reading --------------------------------------------------------------------------------------


def read(file: BinaryIO) -> tuple[Chain, Iterator[Item]]:
    """Return what a file has, line by line, and the chain to follow it with, before its first line.

    Which of the two forms it is shows at its start. Only JSON Lines may begin anywhere.
    """
    head = file.readline(chain.LONGEST)
    if head == HEAD:
        return Chain(), _read_json(file)
    second = file.readline(chain.LONGEST)
    if line_or_none(head) is None and line_or_none(second) is None:
        return Chain(), iter([Fault(0, Code.NO_LEDGER)])
    return Chain(None), _read_jsonl(_raw(file, head, second))


def line_or_none(raw: bytes) -> Line | None:
    try:
        return chain.parse(raw)
    except chain.NotALine:
        return None


def _items(line: Line | None, raw: bytes) -> Iterator[Item]:
    """Yield a line; or as many times None as there were lines in what is none."""
    if line:
        yield line
        return
    for _each in range(max(raw.count(b'{"sequence":'), 1)):
        yield None


def _raw(file: BinaryIO, *before: bytes) -> Iterator[bytes]:
    yield from filter(None, before)
    while raw := file.readline(chain.LONGEST):
        yield raw


def _read_jsonl(rows: Iterator[bytes]) -> Iterator[Item]:
    last = 0
    for raw in rows:
        if not raw.endswith(b"\n") and len(raw) < chain.LONGEST:
            yield Fault(last, Code.TRUNCATED)
            return
        line = line_or_none(raw)
        last = line.sequence if line else last
        yield from _items(line, raw)


def _read_json(file: BinaryIO) -> Iterator[Item]:
    count, hash, end = 0, chain.NOTHING, b""  # noqa: A001
    last, is_last = 0, False
    for raw in _raw(file):
        if raw.startswith(b"]"):
            end = raw + file.read(1)
            break
        if is_last:  # no comma, and yet another line
            yield None
        is_last = not raw.endswith(b",\n")
        line = line_or_none(raw if is_last else raw[:-2] + b"\n")
        if line:
            last, hash = line.sequence, line.hash  # noqa: A001
        count += 1
        yield from _items(line, raw)
    if not end:
        yield Fault(last, Code.TRUNCATED)
    elif end != tail(count, hash) or (count and not is_last):
        yield Fault(last + 1, Code.BAD_END)
