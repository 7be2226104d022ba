"""Tokens that open an applicant's room or confirm one act: only their hashes are kept."""

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from .applications import Application
from .mail import Mail


class Tokens(models.QuerySet["Token"]):
    def valid(self, now: datetime) -> Self:
        """Return those that still work."""
        return self.filter(Q(expires_at__isnull=True) | Q(expires_at__gt=now))


class Token(models.Model):
    """What a mail's link or reply address proves. Gone with the application.

    Those for the room and for replies work until they are replaced; those that confirm an act
    are deleted by that act, in its transaction.
    """

    class Purpose(models.TextChoices):
        ROOM = "room", _("opens the room")
        REPLY = "reply", _("address for replies")
        #: Of a mail to another address than the application's: who reads it may be anybody.
        RETURN = "return", _("address for what cannot be delivered")
        ADDRESS = "address", _("confirms a new address")
        ERASURE = "erasure", _("confirms an erasure")

    #: SHA-256 of the token: 256 random bits need no key.
    digest = models.CharField(max_length=64, unique=True)
    application = models.ForeignKey(Application, models.CASCADE, related_name="tokens")
    purpose = models.CharField(max_length=10, choices=Purpose)
    #: The mail that carried it: so a bounce names the mail that bounced. None after it is gone.
    mail: "models.ForeignKey[Mail | None, Mail | None]" = models.ForeignKey(
        Mail, models.SET_NULL, null=True, related_name="+"
    )
    #: The new address that is to be confirmed.
    address = models.EmailField(blank=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)

    objects = Tokens.as_manager()

    class Meta:
        indexes = [models.Index(fields=["expires_at"], name="token_end")]

    def __str__(self) -> str:
        return self.get_purpose_display()


class LostLink(models.Model):
    """Somebody asked for the link to their room. Gone as soon as a job has answered.

    The request writes this row whether or not the address is known, so that its answer and its
    time tell nothing.
    """

    email = models.EmailField()
    language = models.CharField(max_length=2)
    asked_at = models.DateTimeField()

    def __str__(self) -> str:
        return str(self.pk)


class Tries(models.Model):
    """How often something was tried from somewhere lately; see `limits`. Gone when it is over."""

    #: A keyed hash of what is limited and from where.
    digest = models.CharField(max_length=64, primary_key=True)
    count = models.PositiveIntegerField()
    ends_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["ends_at"], name="tries_end")]

    def __str__(self) -> str:
        return str(self.count)
