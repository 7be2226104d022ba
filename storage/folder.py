"""Attachments in a folder."""

import errno
import os
import stat
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from functools import partial
from io import BytesIO
from pathlib import Path
from shutil import copyfileobj
from typing import IO, Any, BinaryIO, cast
from uuid import uuid4

from django.core.files.storage import FileSystemStorage

from storage.store import (
    KEY,
    RECORD,
    Found,
    ObjectExists,
    ObjectMissing,
    StorageDown,
    StorageError,
    checked,
    checked_record,
    tried,
)

#: How a half-written file ends, beside the place where it is to lie. No key can end so. Each key
#: has one such name, so that it is found without a look at all others in the folder.
PART = ".part"
#: The file in a folder's root that says: this is it, and not the place of an absent volume.
MARK = ".halbjahr-storage"
#: What is wrong with one file rather than with the whole folder.
OF_ONE_FILE = {errno.EACCES, errno.EPERM, errno.EISDIR, errno.ENOTDIR, errno.EBUSY}


@contextmanager
def _file_errors() -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise ObjectMissing("missing") from error
    except OSError as error:
        kind = StorageError if error.errno in OF_ONE_FILE else StorageDown
        raise kind(_code(error)) from error


def _code(error: OSError) -> str:
    """Return the error's name, such as ENOSPC; its text would name the file."""
    return errno.errorcode.get(error.errno or 0, "OSError")


class Folder(FileSystemStorage):
    """Attachments as files below one folder, readable by this user alone.

    The folder bears a mark, see `mark`. Without it the storage is down: where a volume is not
    mounted no file is to be seen, and an erasure would count as done.
    """

    at_once = 500

    def __init__(self, location: str) -> None:
        super().__init__(
            location=location, file_permissions_mode=0o600, directory_permissions_mode=0o700
        )

    def mark(self) -> None:
        """Make the folder if need be and mark it as the one. Nothing else ever does."""
        root = Path(self.location)
        try:
            root.mkdir(mode=0o700, parents=True, exist_ok=True)
            (root / MARK).touch(mode=0o600)
            _sync(root)
        except OSError as error:
            raise StorageDown(_code(error)) from error

    def is_marked(self) -> bool:
        try:
            return Path(self.location, MARK).exists()
        except OSError as error:
            raise StorageDown(_code(error)) from error

    def rename_parts(self) -> None:
        """Give half-written files their one name, where former releases had a new one for each."""
        root = Path(self.location, "attachments")
        try:
            for part in root.glob(f"*{PART}-*"):
                part.replace(_part_of(part.with_name(part.name.partition(PART)[0])))
        except OSError as error:
            raise StorageDown(_code(error)) from error

    def has_attachments(self) -> bool:
        """Whether anything lies where keys lead, marked or not."""
        try:
            with os.scandir(Path(self.location, "attachments")) as found:
                return any(found)
        except FileNotFoundError:
            return False
        except OSError as error:
            raise StorageDown(_code(error)) from error

    def write(self, key: str, file: BinaryIO, *, content_type: str = "") -> None:
        target = self._place(key)
        self._put(target, file, part=_part_of(target), place=Path.replace)

    def open_object(self, key: str) -> BinaryIO:
        target = self._place(key)
        self._require_mark()
        with _file_errors():
            return target.open("rb")

    def erase(self, key: str) -> int:
        (answer,) = self.erase_each([key])
        if isinstance(answer, StorageError):
            raise answer
        return answer

    def erase_each(self, keys: Sequence[str]) -> list[int | StorageError]:
        try:
            self._require_mark()
            answers = {key: tried(self._unlink, key) for key in keys}
            erased = {key: n for key, n in answers.items() if not isinstance(n, StorageError)}
            self._sync_parents(key for key, n in erased.items() if n)
            answers |= {
                key: tried(partial(self._require_gone, n), key) for key, n in erased.items()
            }
            # Again, since the volume may have gone before the look that found nothing.
            self._require_mark()
        except StorageError as error:
            return [error] * len(keys)
        return [answers[key] for key in keys]

    def _unlink(self, key: str) -> int:
        with _file_errors():
            return sum(map(_removed, _places_of(self._path(key))))

    def _sync_parents(self, keys: Iterable[str]) -> None:
        with _file_errors():
            for folder in {self._path(key).rpartition("/")[0] for key in keys}:
                _sync(folder)

    def _require_gone(self, erased: int, key: str) -> int:
        with _file_errors():
            if any(_files_of(self._path(key))):
                raise StorageError("left-over")
        return erased

    def keys(self, prefix: str) -> Iterator[str]:
        yield from dict.fromkeys(found.key for found in self.found(prefix))

    def found(self, prefix: str) -> Iterator[Found]:
        self._require_mark()
        root = Path(self.location)
        for file in _files_below(root / prefix.rpartition("/")[0], root):
            name, part, _ = file.path.removeprefix(f"{root}/").partition(PART)
            if name.startswith(prefix) and name != MARK:
                # Gone since it was listed: then there is nothing to tell of.
                with suppress(ObjectMissing), _file_errors():
                    at = datetime.fromtimestamp(file.stat(follow_symlinks=False).st_mtime, UTC)
                    yield Found(name, at, is_half=bool(part))

    def is_left(self, key: str) -> bool:
        target = self._path(key)
        self._require_mark()
        with _file_errors():
            return any(_files_of(target))

    def missing(self, keys: Sequence[str]) -> list[str]:
        with _file_errors():
            gone = [key for key in keys if not self._place(key).is_file()]
        # Afterwards, since without its volume a folder lacks everything.
        self._require_mark()
        return gone

    def abandon(self, key: str, *, before: datetime) -> int:
        part = _part_of(self._place(key))
        self._require_mark()
        with suppress(ObjectMissing), _file_errors():
            if part.stat().st_mtime < before.timestamp():
                part.unlink()
                return 1
        return 0

    def check(self) -> None:
        self._require_mark()
        try:
            with tempfile.TemporaryFile(dir=self.location):
                pass
        except OSError as error:
            raise StorageDown(_code(error)) from error

    def create(self, key: str, content: bytes) -> None:
        target = Path(self.location, checked_record(key))
        # Two may write one record at once, each its own half.
        part = target.with_name(f"{target.name}{PART}-{uuid4().hex}")
        self._put(target, BytesIO(content), part=part, place=_link)

    def read_record(self, key: str) -> bytes:
        self._require_mark()
        with _file_errors():
            return Path(self.location, checked_record(key)).read_bytes()

    def records(self, prefix: str, *, after: str = "") -> Iterator[str]:
        self._require_mark()
        try:
            with os.scandir(Path(self.location, prefix)) as found:
                keys = sorted(key for each in found if (key := prefix + each.name) > after)
        except FileNotFoundError:
            keys = []
        except OSError as error:
            raise StorageDown(_code(error)) from error
        # Again, since the volume may have gone before the look that found nothing.
        self._require_mark()
        yield from filter(RECORD.fullmatch, keys)

    def _put(
        self, target: Path, file: BinaryIO, *, part: Path, place: Callable[[Path, Path], object]
    ) -> None:
        """Write a file beside its place, and put it there when it is whole."""
        self._require_mark()
        try:
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with _new_file(part) as out:
                copyfileobj(file, out)
                out.flush()
                os.fsync(out.fileno())
                place(part, target)
            _sync(target.parent)
        except FileExistsError as error:
            raise ObjectExists("exists") from error
        except OSError as error:
            raise StorageDown(_code(error)) from error

    def _require_mark(self) -> None:
        if not self.is_marked():
            raise StorageDown("no-mark")

    def _place(self, key: str) -> Path:
        return Path(self._path(key))

    def _path(self, key: str) -> str:
        """Return where a key's file lies, as text: a purge asks for many thousands."""
        return f"{self.location}/{checked(key)}"

    # Django's own API, with the same promises.

    def _save(self, name: str, content: IO[Any]) -> str:
        self.write(name, cast("BinaryIO", content))
        return name

    def delete(self, name: str) -> None:
        self.erase(name)

    def url(self, name: str | None) -> str:
        raise NotImplementedError("Attachments are only served through the application.")


def _files_below(folder: Path, root: Path) -> Iterator[os.DirEntry[str]]:
    """Yield every file and link below a folder, one after the other.

    A folder that cannot be read stops the listing: what is skipped would seem gone. But not one
    that no key leads to, such as a volume's own `lost+found`.
    """
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    yield from _files_below(Path(entry.path), root)
                else:
                    yield entry
    except FileNotFoundError:
        return
    except OSError as error:
        if folder == root or KEY.fullmatch(folder.relative_to(root).as_posix()):
            raise StorageDown(_code(error)) from error


def _link(part: Path, target: Path) -> None:
    """Give a file its name unless the name is taken: unlike a rename, a link never replaces."""
    target.hardlink_to(part)


@contextmanager
def _new_file(part: Path) -> Iterator[BinaryIO]:
    """Make a file that is nobody else's; its name is gone at the end of the block."""
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as out:
            yield out
    finally:
        with suppress(OSError):
            part.unlink()


def _part_of(target: Path) -> Path:
    return target.with_name(f"{target.name}{PART}")


def _files_of(target: str) -> Iterator[str]:
    """Yield the file of a key, and what an interrupted write has left of it."""
    for file in _places_of(target):
        try:
            if not stat.S_ISDIR(os.lstat(file).st_mode):
                yield file
        except (FileNotFoundError, NotADirectoryError):
            continue


def _places_of(target: str) -> tuple[str, str]:
    """Return where the file of a key lies, and what an interrupted write may have left of it."""
    return target, f"{target}{PART}"


def _removed(file: str) -> bool:
    """Remove a file, and return whether there was one."""
    try:
        os.unlink(file)  # noqa: PTH108  a purge has many thousands, and paths take longer
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return False
    return True


def _sync(folder: Path | str) -> None:
    """Make names in a folder survive a power cut: a rename, or a removal."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
