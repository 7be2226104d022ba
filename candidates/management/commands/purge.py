import json
import sys
from argparse import ArgumentParser
from datetime import date, datetime, time
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from candidates import purge, retention


def day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise CommandError(
            f"{text!r} is not a date. Write it as YYYY-MM-DD, such as 2026-09-17."
        ) from None


class Command(BaseCommand):
    help = "Erases what is due. Ends with 0 only if it was not stopped and nothing is in breach."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="say what is due, erase nothing")
        parser.add_argument("--today", metavar="YYYY-MM-DD", help="act as if it were this day")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        now = self._moment(options["today"], dry_run=options["dry_run"])
        exempt = settings.DEBUG and options["today"] is not None
        outcome = purge.run(now=now, dry_run=options["dry_run"], exempt=exempt)
        self.stdout.write(json.dumps(outcome.as_dict()) if options["json"] else str(outcome))
        for code in outcome.stopped:
            self.stderr.write(purge.brake.sentence(code))
        if outcome.breaches or outcome.stopped:
            sys.exit(1)

    def _moment(self, today: str | None, *, dry_run: bool) -> datetime:
        """Return the database's time, or the first moment of another day that was asked for."""
        now = purge.database_now()
        if today is None or day(today) == retention.local_date(now):
            return now
        if day(today) > retention.local_date(now) and not (dry_run or settings.DEBUG):
            raise CommandError(
                f"{today} has not come. Look ahead with --dry-run; erasing waits for the day."
            )
        return datetime.combine(day(today), time.min, tzinfo=retention.zone())
