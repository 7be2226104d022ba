"""Verify, export and replay the record of deletions."""

import sys
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from candidates import ledger
from candidates.ledger import Fault
from storage.backends import StorageError

FORMATS: dict[str, Callable[[], Iterator[bytes]]] = {
    "csv": ledger.as_csv,
    "json": ledger.as_json,
}


class Command(BaseCommand):
    help = "Verifies, exports and replays the record of deletions."

    def add_arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True, metavar="verify|export|replay")
        verify = verbs.add_parser(
            "verify", help="read the chain, or a file, and name what is wrong"
        )
        verify.add_argument("file", nargs="?", type=Path, metavar="FILE")
        export = verbs.add_parser("export", help="write the lines for the data protection officer")
        kinds = export.add_mutually_exclusive_group()
        kinds.add_argument("--format", choices=sorted(FORMATS), default="csv")
        kinds.add_argument(
            "--from-storage", action="store_true", help="write the storage's copy, for a replay"
        )
        export.add_argument("--output", type=Path, metavar="FILE", help="a new file")
        replay = verbs.add_parser("replay", help="erase again what a file says is gone")
        replay.add_argument("file", type=Path, metavar="FILE")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            getattr(self, options["verb"])(**options)
        except StorageError as error:
            raise CommandError(f"The storage does not answer: {error.code}.") from error

    def verify(self, *, file: Path | None, **options: Any) -> None:
        faults = self._verify_file(file) if file else self._verify_all()
        for fault in faults:
            self.stdout.write(str(fault))
        if faults:
            sys.exit(1)

    def _verify_all(self) -> list[Fault]:
        faults = ledger.check(now=timezone.now())
        if not faults:
            self.stdout.write("The ledger holds: no line is changed, missing or out of place.")
        elif behind := ledger.behind():
            self.stdout.write(str(behind))
        return faults

    def _verify_file(self, file: Path) -> list[Fault]:
        try:
            done = ledger.verify_file(file)
        except OSError as error:
            raise CommandError(f"{file} cannot be read: {error.strerror}.") from error
        if not done.faults:
            self.stdout.write(f"The file holds, from line {done.first} to line {done.last}.")
        return done.faults

    def export(self, *, output: Path | None, **options: Any) -> None:
        pieces = ledger.from_storage() if options["from_storage"] else FORMATS[options["format"]]()
        if output is None:
            for piece in pieces:
                self.stdout.write(piece.decode(), ending="")
            return
        try:
            with output.open("xb") as file:
                file.writelines(pieces)
        except FileExistsError as error:
            raise CommandError(f"{output} is there already. Name a new file.") from error
        except OSError as error:
            raise CommandError(f"{output} cannot be written: {error.strerror}.") from error

    def replay(self, *, file: Path, **options: Any) -> None:
        try:
            done = ledger.replay(file, now=timezone.now())
        except ledger.NotReplayed as error:
            raise CommandError(str(error)) from error
        self.stdout.write(str(done))
        if left := ledger.behind():
            raise CommandError(str(left))
