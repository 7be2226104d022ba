from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand
from django.db import transaction
from django.utils import timezone
from django_q.models import Schedule

#: Each job by its name: what it runs and how often, in minutes.
JOBS = {
    "purge": ("candidates.tasks.purge_due", 60),
    "tombstones": ("candidates.tasks.work_tombstones", 1),
    "attachments": ("candidates.tasks.prepare_attachments", 1),
    "mails": ("candidates.tasks.send_mails", 1),
    "links": ("candidates.tasks.answer_lost_links", 1),
    "mailbox": ("candidates.tasks.poll_mail", 1),
    "certificates": ("candidates.tasks.send_certificates", 1),
    "scan": ("candidates.tasks.scan_pending", 1),
    "requests": ("candidates.tasks.confirm_waited", 60),
    "watch": ("candidates.tasks.watch_over", 60),
    "sweep": ("candidates.tasks.compare_storage", 24 * 60),
    "ledger": ("candidates.tasks.keep_ledger", 1),
    "verify": ("candidates.tasks.verify_ledger", 24 * 60),
    "clean": ("candidates.tasks.clean", 60),
    "beat": ("candidates.tasks.beat", 1),
}


class Command(BaseCommand):
    help = "Creates or updates the job schedules. Running it twice changes nothing."

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        for name, (func, minutes) in JOBS.items():
            self._keep_one(name, func, minutes)
        Schedule.objects.exclude(name__in=JOBS).filter(func__startswith="candidates.").delete()

    def _keep_one(self, name: str, func: str, minutes: int) -> None:
        """Make one schedule of this name what it should be; django-q2 would take several."""
        wanted = {"func": func, "schedule_type": Schedule.MINUTES, "minutes": minutes}
        first = Schedule.objects.filter(name=name).order_by("pk").first()
        if first is None:
            soon = timezone.now() + timedelta(seconds=5)
            Schedule.objects.create(name=name, repeats=-1, next_run=soon, **wanted)
            self.stdout.write(f"{name}: every {minutes} min, new")
            return
        Schedule.objects.filter(name=name).exclude(pk=first.pk).delete()
        Schedule.objects.filter(pk=first.pk).update(repeats=-1, **wanted)
        self.stdout.write(f"{name}: every {minutes} min")
