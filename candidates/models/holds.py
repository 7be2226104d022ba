"""Holds: reasons why an application must not be purged yet, each with an end."""

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from candidates import retention

from .applications import Application
from .requests import Request

if TYPE_CHECKING:
    from .users import User


#: The end of a hold that stands until a request is answered: none that a calendar knows.
UNTIL_ANSWERED = datetime(9999, 1, 1, tzinfo=UTC)


class Holds(models.QuerySet["Hold"]):
    def in_force(self, now: datetime) -> Self:
        """Return the holds that stop a purge at this moment."""
        return self.filter(until__gt=now)

    def ending(self, now: datetime, *, within: timedelta) -> Self:
        """Return the holds in force that end by themselves within this time."""
        return self.in_force(now).filter(until__lte=now + within, until__lt=UNTIL_ANSWERED)


class Hold(models.Model):
    """A reason to keep an application past its day, until a moment; lifting it means now."""

    class Kind(models.TextChoices):
        LEGAL_CLAIM = "claim", _("Legal claim")
        ACCESS_REQUEST = "access", _("Request for access")
        RESTRICTION = "restriction", _("Restriction")
        OTHER = "other", _("Other")

    #: What a person's own request sets, and what an officer may set.
    OF_REQUESTS = (Kind.ACCESS_REQUEST, Kind.RESTRICTION)

    application = models.ForeignKey(Application, models.CASCADE, related_name="holds")
    kind = models.CharField(_("kind"), max_length=20, choices=Kind)
    reason = models.TextField(_("reason"))
    set_by: "models.ForeignKey[User | None, User | None]" = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    set_at = models.DateTimeField(_("set"))
    #: `UNTIL_ANSWERED` for the hold of a request; the moment of its lifting once it is lifted.
    until = models.DateTimeField(_("until"))
    #: The request that set it and ends it with its answer.
    request = models.ForeignKey(Request, models.CASCADE, null=True, related_name="holds")
    #: When the privacy officer was reminded of its end; a renewal forgets it.
    reminded_at = models.DateTimeField(null=True)

    objects = Holds.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(until__gte=F("set_at")), name="hold_ends_after_set"),
            # Only a request holds without an end: what nobody asked for must not be forgotten.
            models.CheckConstraint(
                condition=Q(until__lt=UNTIL_ANSWERED) | Q(request__isnull=False),
                name="hold_without_end_has_a_request",
            ),
        ]
        indexes = [
            models.Index(fields=["application", "until"], name="hold_in_force"),
            models.Index(fields=["until", "id"], name="hold_end"),
        ]

    def __str__(self) -> str:
        return self.get_kind_display()

    @property
    def has_end(self) -> bool:
        """Whether it ends on a day, and not with the answer to a request."""
        return self.until < UNTIL_ANSWERED

    @property
    def last_day(self) -> date:
        """The last day on which the hold stops the purge."""
        return retention.local_date(self.until - timedelta(microseconds=1))
