"""The outbox: mails are rows, written with the change that they tell of and sent by a job."""

from datetime import datetime
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from .applications import Application


class Mails(models.QuerySet["Mail"]):
    def unsent(self) -> Self:
        """Return those that no mail server has taken for certain."""
        return self.exclude(state=Mail.State.SENT)

    def untried(self) -> Self:
        """Return those that nobody has begun to hand to a mail server."""
        return self.filter(state=Mail.State.QUEUED, attempts=0)

    def sendable(self, now: datetime) -> Self:
        """Return those whose time has come, and those whose sender died half-way."""
        return self.unsent().filter(send_at__lte=now)


class Mail(models.Model):
    """One mail to an applicant. Kept with the application, gone with it."""

    class Purpose(models.TextChoices):
        RECEIPT = "receipt", _("Receipt")
        REJECTION = "rejection", _("Rejection")
        REOPENED = "reopened", _("Reopening")
        ASSIGNED = "assigned", _("Another job")
        INFECTED = "infected", _("Infected document")
        REQUESTED = "requested", _("Request received")
        ANSWERED = "answered", _("Answer to a request")

    class State(models.TextChoices):
        QUEUED = "queued", _("queued")
        SENDING = "sending", _("being sent")
        SENT = "sent", _("sent")

    application = models.ForeignKey(Application, models.CASCADE, related_name="mails")
    purpose = models.CharField(max_length=20, choices=Purpose)
    language = models.CharField(max_length=2, choices=settings.LANGUAGES)
    to = models.EmailField()
    subject = models.CharField(max_length=200)
    body = models.TextField()
    created_at = models.DateTimeField()
    #: Not before this moment; after a failure, the moment of the next try.
    send_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=State, default=State.QUEUED)
    attempts = models.PositiveSmallIntegerField(default=0)
    #: What went wrong last, as a code without personal data ("SMTP 451", "timeout").
    error = models.CharField(max_length=60, blank=True)
    sent_at = models.DateTimeField(null=True)

    objects = Mails.as_manager()

    class Meta:
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state="sent", sent_at__isnull=False)
                | Q(state__in=["queued", "sending"], sent_at__isnull=True),
                name="mail_sent_has_its_time",
            ),
        ]
        indexes = [
            models.Index(fields=["application", "-created_at"], name="mail_history"),
            models.Index(fields=["send_at"], condition=~Q(state="sent"), name="mail_sendable"),
        ]

    def __str__(self) -> str:
        return self.get_purpose_display()
