"""Fill a database with many applications, for measuring."""

from argparse import ArgumentParser, ArgumentTypeError
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from candidates.demo.bulk import seed
from candidates.models import Application


def count(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise ArgumentTypeError("give a whole number, 0 or more")
    return int(text)


class Command(BaseCommand):
    help = "Adds many applications by bulk inserts, for measuring. For a database of its own."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--applications", type=count, required=True, metavar="N")
        parser.add_argument("--jobs", type=count, default=200, metavar="N")
        parser.add_argument(
            "--due", type=count, default=0, metavar="N", help="how many of them end today"
        )
        parser.add_argument(
            "--attachments",
            type=count,
            default=0,
            metavar="K",
            help="rows for each application, the first with a text of about 2 KB; "
            "there are no files behind them",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        wanted = {name: options[name] for name in ("applications", "jobs", "due", "attachments")}
        if wanted["due"] > wanted["applications"]:
            raise CommandError("--due is a part of --applications and cannot be more.")
        if not settings.DEBUG and Application.objects.exists():
            raise CommandError(
                "This database has applications in it, and invented ones must not mix with them. "
                "Use an empty database, or set ATS_DEBUG=true on a machine of your own."
            )
        took = seed(**wanted, now=timezone.now())
        self.stdout.write(
            f"{wanted['applications']} applications ({wanted['due']} due today) to "
            f"{wanted['jobs']} jobs, {wanted['attachments']} attachment rows each, "
            f"in {took.rows:.1f} s, and the text index in {took.text_index:.1f} s."
        )
