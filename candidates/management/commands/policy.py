import json
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from candidates import policy


class Command(BaseCommand):
    help = "Checks each clause of the privacy policy on data and settings. Ends with 0 if all hold."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        results = policy.check(timezone.now())
        broken = [result for result in results if not result.holds]
        if options["json"]:
            clauses = [result.as_dict() for result in results]
            said = {"clauses": clauses, "broken": len(broken)}
            self.stdout.write(json.dumps(said, ensure_ascii=False))
        else:
            self.stdout.write("\n".join(line for result in results for line in lines(result)))
            self.stdout.write(f"{len(results) - len(broken)} of {len(results)} clauses hold")
        if broken:
            sys.exit(1)


def lines(result: policy.Result) -> list[str]:
    clause = result.clause
    sign = "holds " if result.holds else "BROKEN"
    said = [f"{sign} {clause.number:>4} {clause.name}: {clause.sentence()}"]
    return said if result.holds else [*said, f"            {result.why}"]
