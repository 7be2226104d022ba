"""The outbox: mails are rows, written with the change that they tell of and sent by a job."""

import uuid
from datetime import datetime
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from .applications import Application

if TYPE_CHECKING:
    from .users import User


class Mails(models.QuerySet["Mail"]):
    def unsent(self) -> Self:
        """Return those of ours that no mail server has taken for certain."""
        return self.filter(state__in=[Mail.State.QUEUED, Mail.State.SENDING])

    def untried(self) -> Self:
        """Return those that nobody has begun to hand to a mail server."""
        return self.filter(state=Mail.State.QUEUED, attempts=0)

    def sendable(self, now: datetime) -> Self:
        """Return those whose time has come, and those whose sender died half-way."""
        return self.unsent().filter(send_at__lte=now)


class Mail(models.Model):
    """One mail to or from an applicant. Kept with the application, gone with it.

    A link to the applicant's room stands in `body` without its token; that enters at sending.
    """

    class Purpose(models.TextChoices):
        RECEIPT = "receipt", _("Receipt")
        REJECTION = "rejection", _("Rejection")
        REOPENED = "reopened", _("Reopening")
        ASSIGNED = "assigned", _("Another job")
        INFECTED = "infected", _("Infected document")
        REQUESTED = "requested", _("Request received")
        ANSWERED = "answered", _("Answer to a request")
        LINK = "link", _("Link to the room")
        ADDRESS = "address", _("Confirmation of an address")
        NEW_ADDRESS = "new-address", _("Change of the address")
        ERASURE = "erasure", _("Confirmation of an erasure")
        WITHDRAWN = "withdrawn", _("Withdrawal")
        DOCUMENTS = "documents", _("Documents")
        COPY = "copy", _("Copy of all data")
        #: To somebody whose application was entered here (Art. 14 GDPR).
        NOTICE = "notice", _("Notice of the application")
        #: Written by somebody here.
        MESSAGE = "message", _("Message")
        #: From the applicant.
        REPLY = "reply", _("Mail from the applicant")
        AUTOMATIC = "automatic", _("Automatic reply")

    class State(models.TextChoices):
        QUEUED = "queued", _("queued")
        SENDING = "sending", _("being sent")
        SENT = "sent", _("sent")
        #: Taken by a mail server, and returned later.
        BOUNCED = "bounced", _("returned as undeliverable")
        #: From the applicant.
        RECEIVED = "received", _("received")

    #: Purposes of mails that came in.
    INCOMING = (Purpose.REPLY, Purpose.AUTOMATIC)

    application = models.ForeignKey(Application, models.CASCADE, related_name="mails")
    purpose = models.CharField(max_length=20, choices=Purpose)
    language = models.CharField(max_length=2, choices=settings.LANGUAGES)
    #: Whose mailbox it goes to or came from.
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
    #: Who wrote it or had it sent; None: the system by itself, or the applicant.
    by: "models.ForeignKey[User | None, User | None]" = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    #: The mail that it replies to, while that is there: of an incoming one one of ours, or the
    #: reverse.
    answers = models.ForeignKey("self", models.SET_NULL, null=True, related_name="replies")
    #: When somebody here took note that it came back; until then it stands on Today.
    noted_at = models.DateTimeField(null=True)

    objects = Mails.as_manager()

    class Meta:
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["sent", "bounced"], sent_at__isnull=False)
                | Q(state__in=["queued", "sending", "received"], sent_at__isnull=True),
                name="mail_sent_has_its_time",
            ),
            models.CheckConstraint(
                condition=Q(state="received", purpose__in=["reply", "automatic"])
                | ~Q(Q(state="received") | Q(purpose__in=["reply", "automatic"])),
                name="mail_received_is_the_applicants",
            ),
        ]
        indexes = [
            models.Index(fields=["application", "-created_at"], name="mail_history"),
            models.Index(
                fields=["send_at"],
                condition=Q(state__in=["queued", "sending"]),
                name="mail_sendable",
            ),
            models.Index(
                fields=["sent_at"],
                condition=Q(state="bounced", noted_at__isnull=True),
                name="mail_returned",
            ),
        ]

    def __str__(self) -> str:
        return self.get_purpose_display()

    @property
    def is_incoming(self) -> bool:
        return self.purpose in self.INCOMING


class SeenMail(models.Model):
    """A mail that was taken in: it is not taken in twice. Gone with its application."""

    #: A keyed hash of the Message-ID, or of the whole mail where it has none.
    digest = models.CharField(max_length=64, unique=True)
    application = models.ForeignKey(Application, models.CASCADE, related_name="+")

    def __str__(self) -> str:
        return self.digest


class StrayMail(models.Model):
    """A mail that no application could be made of: a person reads it. Gone after 30 days."""

    class Reason(models.TextChoices):
        UNREADABLE = "unreadable", _("cannot be read")
        NO_SENDER = "no-sender", _("names no sender who can be answered")
        NO_JOB = "no-job", _("names no position")
        TOO_LARGE = "too-large", _("is too large")
        AUTOMATIC = "automatic", _("was sent by a machine")
        LIST = "list", _("came over a mailing list")
        UNKNOWN = "unknown", _("belongs to nothing here any more")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    digest = models.CharField(max_length=64, unique=True)
    reason = models.CharField(max_length=20, choices=Reason)
    received_at = models.DateTimeField()
    #: The whole mail as it came.
    raw = models.BinaryField()

    class Meta:
        ordering = ["-received_at", "-pk"]
        indexes = [models.Index(fields=["-received_at", "-id"], name="stray_mail_list")]

    def __str__(self) -> str:
        return self.get_reason_display()
