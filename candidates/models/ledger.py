"""The record of deletions, free of persons, and the pulses of the jobs."""

from datetime import datetime

from django.db import models
from django.utils.translation import gettext_lazy as _


class LedgerLine(models.Model):
    """One deletion. Written in the deleting transaction; never changed."""

    class Kind(models.TextChoices):
        APPLICATION = "application", _("Application")
        EMPLOYEE = "employee", _("Employee")

    class Rule(models.TextChoices):
        RETENTION = "retention", _("retention period over")
        HOLD_ENDED = "hold-ended", _("hold ended after the retention period")
        NOT_STARTED = "not-started", _("did not start, retention period over")
        HANDED_OVER = "handed-over", _("handed over")
        LEFT = "left", _("left")

    day = models.DateField()
    kind = models.CharField(max_length=20, choices=Kind)
    #: HMAC-SHA-256 of the record's id under ATS_LEDGER_KEY, in hex.
    record = models.CharField(max_length=64)
    rows = models.PositiveIntegerField()
    objects_count = models.PositiveIntegerField()
    rule = models.CharField(max_length=20, choices=Rule)
    policy_version = models.CharField(max_length=20)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.day} {self.kind} {self.record[:8]}"


class Heartbeats(models.QuerySet["Heartbeat"]):
    def beat(self, name: str, now: datetime) -> None:
        """Remember that the job of this name ended well at this moment."""
        self.bulk_create(
            [Heartbeat(name=name, at=now)],
            update_conflicts=True,
            unique_fields=["name"],
            update_fields=["at"],
        )


class Heartbeat(models.Model):
    """When a job last ended well; a dead job is seen by its silence."""

    name = models.CharField(max_length=40, primary_key=True)
    at = models.DateTimeField()

    objects = Heartbeats.as_manager()

    def __str__(self) -> str:
        return self.name
