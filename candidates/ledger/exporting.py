"""Exports: the sealed lines for the data protection officer, the storage's copy for a replay."""

from collections.abc import Iterator

from . import chain, copies, files


def as_csv() -> Iterator[bytes]:
    """Yield all sealed lines as a table, piece by piece."""
    return files.as_csv(chain.stored())


def as_json() -> Iterator[bytes]:
    """Yield all sealed lines as a JSON document, piece by piece. `replay` and `verify` take it."""
    return files.as_json(chain.stored())


def from_storage() -> Iterator[bytes]:
    """Yield the lines of the storage's copies as they lie there: JSON Lines.

    Nothing of it is judged; `verify` and `replay` do that. Raises `StorageError`.
    """
    reached = 0
    for copy in copies.listed():
        lines = copies.content(copy).splitlines(keepends=True)
        # Two copiers that were at work at once may have written the same lines twice.
        yield b"".join(lines[max(reached + 1 - copy.first, 0) :])
        reached = max(reached, copy.last)
