"""What is left of erased applications: numbers by month, with nobody in them."""

from django.db import models


class Tally(models.Model):
    """How many erased applications of a month were of this job, source, stage and outcome."""

    #: The first day of the month in which they were received.
    month = models.DateField()
    #: The job's slug, which outlives the job; empty for speculative applications.
    job = models.CharField(max_length=80, blank=True)
    source = models.CharField(max_length=10)
    #: The name of the last stage that they reached; empty for speculative applications.
    stage = models.CharField(max_length=60, blank=True)
    #: Their last status.
    outcome = models.CharField(max_length=10)
    count = models.PositiveIntegerField()

    class Meta:
        ordering = ["month", "job", "source", "stage", "outcome"]
        constraints = [
            models.UniqueConstraint(
                fields=["month", "job", "source", "stage", "outcome"], name="tally_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.month} {self.job} {self.outcome}"


class Duration(models.Model):
    """How many erased applications of a month and job were decided within so many days."""

    month = models.DateField()
    job = models.CharField(max_length=80, blank=True)
    #: The upper end of the class, in days; see `statistics.CLASSES`.
    days = models.PositiveSmallIntegerField()
    count = models.PositiveIntegerField()

    class Meta:
        ordering = ["month", "job", "days"]
        constraints = [
            models.UniqueConstraint(fields=["month", "job", "days"], name="duration_once"),
        ]

    def __str__(self) -> str:
        return f"{self.month} {self.job} {self.days}"
