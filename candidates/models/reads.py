"""The read log: who opened which application, who took which document away, and when."""

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import Q

from .applications import Application
from .employees import Employee

if TYPE_CHECKING:
    from .users import User


class Read(models.Model):
    """One opening of an application, or one download of a document.

    Gone with the application or employee that it was of then.
    """

    #: In the place of the name of a document that its person has removed.
    REMOVED = "–"

    application = models.ForeignKey(
        Application, models.CASCADE, null=True, related_name="document_reads"
    )
    employee = models.ForeignKey(Employee, models.CASCADE, null=True, related_name="document_reads")
    #: Which one, by its name then: the document itself may change its owner or go before.
    #: "" for the application itself.
    document = models.CharField(max_length=150, blank=True)
    by: "models.ForeignKey[User | None, User | None]" = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    at = models.DateTimeField()

    class Meta:
        ordering = ["-at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(application__isnull=False, employee__isnull=True)
                | Q(application__isnull=True, employee__isnull=False),
                name="read_has_one_owner",
            ),
        ]
        indexes = [
            models.Index(fields=["application", "-at"], name="read_of_application"),
            models.Index(fields=["employee", "-at"], name="read_of_employee"),
            models.Index(fields=["-at", "-id"], name="read_log"),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M}"
