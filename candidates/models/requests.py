"""The register of requests of data subjects (Art. 15 to 21 GDPR), each with its deadline."""

import uuid
from datetime import date, timedelta
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from candidates import retention

from .applications import Application

if TYPE_CHECKING:
    from .users import User


class Requests(models.QuerySet["Request"]):
    def pending(self) -> Self:
        """Return those that nobody has answered for good."""
        return self.filter(state__in=Request.PENDING)

    def restricting(self) -> Self:
        """Return those on account of which only the privacy officer sees the application.

        An objection that was upheld goes on restricting until the application is gone.
        """
        pending = Q(kind__in=Request.RESTRICTING, state__in=Request.PENDING)
        return self.filter(pending | Q(kind=Request.Kind.OBJECTION, state=Request.State.ANSWERED))

    def late(self, today: date) -> Self:
        """Return those whose month is over and that nobody here has done their part for."""
        waiting = self.filter(state__in=[Request.State.OPEN, Request.State.GRANTED])
        return waiting.filter(due_on__lt=today)


class Request(models.Model):
    """What an applicant asks for under the GDPR. Kept with the application, gone with it."""

    class Kind(models.TextChoices):
        ACCESS = "access", _("Access (Art. 15)")
        CORRECTION = "correction", _("Correction (Art. 16)")
        ERASURE = "erasure", _("Erasure (Art. 17)")
        RESTRICTION = "restriction", _("Restriction (Art. 18)")
        OBJECTION = "objection", _("Objection (Art. 21)")

    class State(models.TextChoices):
        OPEN = "open", _("open")
        #: Only an erasure: the privacy officer agrees, a second person has not yet.
        GRANTED = "granted", _("waits for a second person")
        #: Only an access: the copy lies in the applicant's room and waits to be fetched.
        RELEASED = "released", _("copy is ready")
        ANSWERED = "answered", _("answered")
        REFUSED = "refused", _("refused")

    PENDING = (State.OPEN, State.GRANTED, State.RELEASED)
    RESTRICTING = (Kind.RESTRICTION, Kind.OBJECTION)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    application = models.ForeignKey(Application, models.CASCADE, related_name="requests")
    kind = models.CharField(_("kind"), max_length=20, choices=Kind)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.OPEN)
    #: What the person wrote, if anything.
    text = models.TextField(_("request"), blank=True)
    received_at = models.DateTimeField(_("received"))
    #: The last day for an answer: a month after the request came (Art. 12(3) GDPR).
    due_on = models.DateField(_("answer until"))
    #: Who entered it; nobody if the applicant asked in their own room.
    registered_by: "models.ForeignKey[User | None, User | None]" = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    #: The privacy officer who granted, answered or refused it.
    decided_by: "models.ForeignKey[User | None, User | None]" = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    decided_at = models.DateTimeField(_("decided"), null=True)
    #: The second person who agreed to an early erasure; nobody where 24 hours stood for one.
    confirmed_by: "models.ForeignKey[User | None, User | None]" = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    #: What the person was told: the answer, or the reason of a refusal (Art. 12(4) GDPR).
    answer = models.TextField(_("answer"), blank=True)

    objects = Requests.as_manager()

    class Meta:
        ordering = ["due_on", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state="open", decided_at__isnull=True)
                | (~Q(state="open") & Q(decided_at__isnull=False)),
                name="request_decided_has_its_time",
            ),
            models.CheckConstraint(
                condition=~Q(state="granted") | Q(kind="erasure"),
                name="request_waits_for_a_second_person_if_erasure",
            ),
            models.CheckConstraint(
                condition=~Q(state="released") | Q(kind="access"),
                name="request_is_released_if_access",
            ),
            # Asked twice is asked once.
            models.UniqueConstraint(
                fields=["application", "kind"],
                condition=Q(state__in=["open", "granted", "released"]),
                name="request_pending_once",
            ),
        ]
        indexes = [
            models.Index(
                fields=["due_on", "id"],
                condition=Q(state__in=["open", "granted", "released"]),
                name="request_pending",
            ),
            models.Index(fields=["application", "-received_at"], name="request_history"),
        ]

    def __str__(self) -> str:
        return self.get_kind_display()

    @property
    def was_done_by_person(self) -> bool:
        """Whether its person corrected their own details: officers always answer in words."""
        return self.state == self.State.ANSWERED and (
            self.kind == self.Kind.CORRECTION and not self.answer
        )

    @property
    def is_pending(self) -> bool:
        return self.state in self.PENDING


class AccessCopy(models.Model):
    """The full copy of a person's data (Art. 15 GDPR) as the privacy officer released it.

    Gone with its request, and so with the application.
    """

    request = models.OneToOneField(Request, models.CASCADE, related_name="copy")
    #: What was compiled, struck as the officer said, section by section; see `copies.compile`.
    content = models.JSONField()
    released_at = models.DateTimeField()
    #: Until when it can be fetched; then the request counts as answered all the same.
    fetch_until = models.DateTimeField()
    fetched_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return str(self.pk)

    @property
    def last_day(self) -> date:
        """The last day on which the request waits for its copy to be fetched."""
        return retention.local_date(self.fetch_until - timedelta(microseconds=1))
