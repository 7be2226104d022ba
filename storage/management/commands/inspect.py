"""Say of files whether they would be taken as attachments, and what they are."""

import json
from argparse import ArgumentParser
from pathlib import Path
from time import perf_counter
from typing import Any

from django.core.management.base import BaseCommand

from storage import filetypes


class Command(BaseCommand):
    help = "Judge files as the application form does; one line of JSON a file."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("files", nargs="+", metavar="FILE", type=Path)

    def handle(self, *_args: Any, files: list[Path], **_options: Any) -> None:
        filetypes.warm_up()
        for file in files:
            self.stdout.write(json.dumps(judged(file)))


def judged(file: Path) -> dict[str, str | float]:
    """Return the verdict on one file; `ms` are the milliseconds that it took."""
    start = perf_counter()
    verdict = filetypes.inspect(file, file.name)
    return {
        "name": file.name,
        "verdict": "accepted" if verdict.accepted else "refused",
        "code": verdict.code,
        "type": verdict.type,
        "ms": round((perf_counter() - start) * 1000, 1),
    }
