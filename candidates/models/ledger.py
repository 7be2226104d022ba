"""The record of deletions, free of persons, and the pulses of the jobs."""

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class LedgerLines(models.QuerySet["LedgerLine"]):
    def sealed(self) -> Self:
        """Return the lines of the chain, in its order."""
        return self.filter(sequence__isnull=False).order_by("sequence")

    def unsealed(self) -> Self:
        """Return the committed lines that the sealer has not numbered yet, oldest first."""
        return self.filter(sequence__isnull=True).order_by("pk")


class LedgerLine(models.Model):
    """One deletion, or the proof of some. Written in the deleting transaction; never changed.

    The sealer numbers and chains it once; from then on nothing of it may change.
    """

    class Kind(models.TextChoices):
        APPLICATION = "application", _("Application")
        EMPLOYEE = "employee", _("Employee")
        #: A file that went by itself.
        ATTACHMENT = "attachment", _("Document")
        #: What an independent reader found of that which a purge erased.
        PROOF = "proof", _("Proof")

    class Rule(models.TextChoices):
        RETENTION = "retention", _("retention period over")
        HOLD_ENDED = "hold-ended", _("hold ended after the retention period")
        NOT_STARTED = "not-started", _("did not start, retention period over")
        HANDED_OVER = "handed-over", _("handed over")
        LEFT = "left", _("left")
        REQUEST = "request", _("at the applicant’s request")
        OBJECTION = "objection", _("objection upheld")
        QUARANTINE = "quarantine", _("infected document")
        #: Of a proof: nothing was found, or something was.
        ABSENT = "absent", _("nothing is left")
        REMAINS = "remains", _("something is left")

    day = models.DateField()
    kind = models.CharField(max_length=20, choices=Kind)
    #: HMAC-SHA-256 of the record's id under ATS_LEDGER_KEY, in hex; of a proof, of its run's id.
    record = models.CharField(max_length=64)
    rows = models.PositiveIntegerField()
    objects_count = models.PositiveIntegerField()
    rule = models.CharField(max_length=20, choices=Rule)
    policy_version = models.CharField(max_length=20)
    written_at = models.DateTimeField(db_default=Now(), editable=False)

    #: The place in the chain, from 1; None until the sealer has come.
    sequence = models.PositiveBigIntegerField(unique=True, null=True)
    #: SHA-256 in hex of the line before, and of this one with it.
    previous = models.CharField(max_length=64, blank=True)
    hash = models.CharField(max_length=64, blank=True)
    #: Whether an object in storage has it, and whether and when a proof has confirmed it. Not in
    #: the hash.
    is_copied = models.BooleanField(default=False)
    is_proven = models.BooleanField(default=False)
    proven_on = models.DateField(null=True)

    objects = LedgerLines.as_manager()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(sequence__isnull=True, previous="", hash="", is_copied=False)
                | (Q(sequence__gte=1) & ~Q(previous="") & ~Q(hash="")),
                name="ledger_line_sealed_is_chained",
            ),
        ]
        indexes = [
            models.Index(
                fields=["id"], condition=Q(sequence__isnull=True), name="ledger_line_unsealed"
            ),
            models.Index(
                fields=["sequence"],
                condition=Q(is_copied=False, sequence__isnull=False),
                name="ledger_line_uncopied",
            ),
            models.Index(fields=["id"], condition=Q(is_proven=False), name="ledger_line_unproven"),
            models.Index(fields=["record"], name="ledger_line_record"),
        ]

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
