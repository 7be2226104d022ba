import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from candidates import ledger, purge, watch
from storage.backends import StorageError


class Command(BaseCommand):
    help = "Compares storage with the database both ways, and says what it found."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="print one JSON object")
        parser.add_argument(
            "--fix", action="store_true", help="have objects erased that no row names, 100 at most"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            swept = watch.compare(now=purge.database_now(), fix=options["fix"])
        except StorageError as error:
            raise CommandError(f"The storage does not answer: {error.code}.") from error
        except ledger.LedgerBehind as error:
            raise CommandError(str(error)) from error
        names = {"stray": swept.names, "missing": [str(pk) for pk in swept.attachments]}
        if options["json"]:
            self.stdout.write(json.dumps(swept.as_dict() | {"names": names}))
            return
        self.stdout.write(str(swept))
        for kind, found in names.items():
            for name in found:
                # Whatever lies there under whatever name, a terminal gets plain text.
                self.stdout.write(f"{kind} {ascii(name)[1:-1]}")
