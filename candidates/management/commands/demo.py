"""Fill an empty database with the demo, and say who can log in."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from candidates.demo import accounts
from candidates.demo.build import build, exists
from candidates.models import Application


class Command(BaseCommand):
    help = "Adds six jobs, some sixty applications with files, and a user of each role."

    def handle(self, *args: Any, **options: Any) -> None:
        known = accounts.Passwords.well_known()
        passwords = known if settings.DEBUG else accounts.Passwords.random()
        if settings.DEBUG and exists():
            self.stdout.write("The demo is here already; nothing was added.")
        elif not settings.DEBUG and (exists() or Application.objects.exists()):
            raise CommandError(
                "This database has jobs of the demo or applications in it, so the demo stays out. "
                "Use an empty database, or set ATS_DEBUG=true on a machine of your own."
            )
        else:
            built = build(timezone.now(), passwords)
            self.stdout.write(
                f"The demo is ready: {built.jobs} jobs, {built.applications} applications "
                f"with {built.files} files."
            )
            if built.receipts:
                self.stdout.write(
                    f"The job cluster sends {built.receipts} receipts at once: the links in them, "
                    f"at {settings.ATS_SITE_URL}/dev/mail/, open an applicant's room."
                )
        self.stdout.write(f"Log in at {settings.ATS_SITE_URL}/accounts/login/ as one of these:\n\n")
        self.stdout.write("\n".join(accounts.table(passwords)))
