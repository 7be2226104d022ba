import os
import sys
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from ats.logs import where
from candidates import intake, ledger
from candidates.intake.taking import MOST


class Command(BaseCommand):
    help = (
        "Takes in one mail from standard input. Ends with 0 once it is stored (or was before),"
        " 75 if it must be tried again, 65 if there is none."
    )
    #: A mail is waiting: whatever else is not as it should be is told elsewhere.
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        raw = sys.stdin.buffer.read(MOST + 1)
        if not raw.strip():
            self.stderr.write("There is no mail on standard input.")
            sys.exit(os.EX_DATAERR)
        try:
            ledger.raise_if_behind()
            self.stdout.write(str(intake.take_in(raw, now=timezone.now())))
        except Exception as error:  # noqa: BLE001  whatever it is, the mail server must keep it
            self.stderr.write(f"Not stored, to be tried again:{where(error)}")
            sys.exit(os.EX_TEMPFAIL)
