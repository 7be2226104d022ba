"""What the jobs that nobody watches did, in numbers: no personal data."""

from typing import TYPE_CHECKING, Any, Self

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from .users import User


class Runs(models.QuerySet["Run"]):
    def of(self, job: "Run.Job") -> Self:
        """Return the runs of a job, the newest first."""
        return self.filter(job=job).order_by("-started_at", "-pk")


class Run(models.Model):
    """One run of a job. A row that stays "running" is that of one that died."""

    class Job(models.TextChoices):
        PURGE = "purge", _("Purge")
        SWEEP = "sweep", _("Comparison with storage")
        VERIFY = "verify", _("Check of the ledger")

    class State(models.TextChoices):
        RUNNING = "running", _("running")
        GOOD = "good", _("well")
        FAILED = "failed", _("with failures")
        #: The brake: nothing was deleted, and a person must confirm.
        STOPPED = "stopped", _("stopped before the first deletion")

    job = models.CharField(max_length=10, choices=Job)
    state = models.CharField(max_length=10, choices=State, default=State.RUNNING)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    #: What it found and did: names of numbers with their values, as `Outcome.as_dict()` gives.
    numbers: "models.JSONField[dict[str, Any], dict[str, Any]]" = models.JSONField(default=dict)
    #: Why it stopped or failed: codes.
    reasons: "models.JSONField[list[str], list[str]]" = models.JSONField(default=list)

    objects = Runs.as_manager()

    class Meta:
        ordering = ["-started_at", "-pk"]
        indexes = [models.Index(fields=["job", "-started_at"], name="run_newest")]

    def __str__(self) -> str:
        return f"{self.job} {self.started_at:%Y-%m-%d %H:%M} {self.state}"


class Confirmation(models.Model):
    """A privacy officer's word that so many records may go on this day, whatever the brake says."""

    day = models.DateField()
    #: The most that may be due for it to hold.
    count = models.PositiveIntegerField()
    by: "models.ForeignKey[User | None, User | None]" = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    at = models.DateTimeField()
    #: The reasons of the brake that the person saw: codes of `purge.brake`.
    reasons: "models.JSONField[list[str], list[str]]" = models.JSONField(default=list)

    class Meta:
        ordering = ["-at", "-pk"]
        indexes = [models.Index(fields=["day", "-at"], name="confirmation_of_day")]

    def __str__(self) -> str:
        return f"{self.day}: {self.count}"
