"""Holds: reasons why an application must not be purged yet, each with an end."""

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from candidates import retention

from .applications import Application

if TYPE_CHECKING:
    from .users import User


class Holds(models.QuerySet["Hold"]):
    def in_force(self, now: datetime) -> Self:
        """Return the holds that stop a purge at this moment."""
        return self.filter(until__gt=now)


class Hold(models.Model):
    """A reason to keep an application past its day, until a moment; lifting it means now."""

    class Kind(models.TextChoices):
        LEGAL_CLAIM = "claim", _("Legal claim")
        ACCESS_REQUEST = "access", _("Request for access")
        RESTRICTION = "restriction", _("Restriction")
        OTHER = "other", _("Other")

    application = models.ForeignKey(Application, models.CASCADE, related_name="holds")
    kind = models.CharField(_("kind"), max_length=20, choices=Kind)
    reason = models.TextField(_("reason"))
    set_by: "models.ForeignKey[User | None, User | None]" = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    set_at = models.DateTimeField(_("set"))
    until = models.DateTimeField(_("until"))

    objects = Holds.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(until__gte=F("set_at")), name="hold_ends_after_set"),
        ]
        indexes = [models.Index(fields=["application", "until"], name="hold_in_force")]

    def __str__(self) -> str:
        return self.get_kind_display()

    @property
    def last_day(self) -> date:
        """The last day on which the hold stops the purge."""
        return retention.local_date(self.until - timedelta(microseconds=1))
