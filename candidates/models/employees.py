"""Employees: the records that hires make."""

import uuid
from datetime import date, datetime
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from candidates import retention

from .applications import Application

if TYPE_CHECKING:
    from .users import User


class Employees(models.QuerySet["Employee"]):
    def due(self, now: datetime) -> Self:
        """Return those who never started and whose deletion day has come."""
        return self.filter(delete_on__lte=retention.local_date(now))


class Employee(models.Model):
    """The record that a hire makes. It owns its data and its documents, not the application's."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    personnel_number = models.CharField(_("personnel number"), max_length=20, unique=True)
    first_name = models.CharField(_("first name"), max_length=100)
    last_name = models.CharField(_("last name"), max_length=100)
    email = models.EmailField(_("e-mail"))
    phone = models.CharField(_("phone"), max_length=40, blank=True)
    job_title = models.CharField(_("job title"), max_length=120)
    start_date = models.DateField(_("start"))

    #: Where the record came from, as long as that exists; never in the way of its purge.
    application = models.OneToOneField(
        Application, models.SET_NULL, null=True, related_name="employee"
    )
    applied_on = models.DateField(_("applied on"))
    applied_as = models.CharField(_("applied as"), max_length=120)
    hired_at = models.DateTimeField(_("hired"))
    hired_by: "models.ForeignKey[User | None, User | None]" = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )

    #: Set for someone who never started and whose application is gone: the clock runs here.
    decided_on = models.DateField(_("not started, decided on"), null=True)
    delete_on = models.DateField(_("erased on"), null=True)
    retention_months = models.PositiveSmallIntegerField(null=True)

    objects = Employees.as_manager()

    class Meta:
        ordering = ["last_name", "first_name", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    decided_on__isnull=False,
                    delete_on__isnull=False,
                    retention_months__range=(1, 6),
                )
                | Q(
                    decided_on__isnull=True,
                    delete_on__isnull=True,
                    retention_months__isnull=True,
                ),
                name="employee_clock_runs_while_not_started",
            ),
        ]
        indexes = [
            models.Index(
                fields=["delete_on", "id"],
                condition=Q(delete_on__isnull=False),
                name="employee_due",
            ),
            models.Index(fields=["last_name", "first_name", "id"], name="employee_list"),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("hr:employee", args=[self.pk])

    @property
    def name(self) -> str:
        return f"{self.first_name} {self.last_name}"

    @property
    def has_not_started(self) -> bool:
        """Whether the hire was undone after the application had been purged."""
        return self.delete_on is not None

    def start_clock(self, *, on: date) -> None:
        """Mark as "not started" and start the clock. Does not save."""
        months = settings.ATS_RETENTION_MONTHS
        self.decided_on = on
        self.delete_on = retention.delete_on(on, months=months)
        self.retention_months = months
