"""Applications, each with the data of its person in it, and their history."""

import uuid
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Case, F, Q, Value, When
from django.db.models.functions import Coalesce, Lower
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from candidates import retention
from candidates.legal import LegalBasis
from candidates.status import CLOSED, Status
from storage.folding import fold, spellings

from .jobs import Job, Stage

if TYPE_CHECKING:
    from .users import User


#: Where those stand that do not wait any more, or have no day of deletion yet: at the end.
LAST_MOMENT = datetime.max.replace(microsecond=0, tzinfo=UTC)
WAITS = Case(When(status=Status.OPEN, then="stage_since"), default=Value(LAST_MOMENT))
ERASED = Coalesce("delete_on", Value(date.max))
#: A forecast counts for the decision that it was made after: what was opened again meanwhile and
#: decided anew nobody has foreseen.
NEVER_FORESEEN = Q(foreseen_on__isnull=True) | Q(foreseen_on__lt=F("decided_on"))


class Applications(models.QuerySet["Application"]):
    def open(self) -> Self:
        return self.filter(status=Status.OPEN)

    def unopened(self) -> Self:
        """Return the open ones that none of those who decide has opened."""
        return self.open().filter(first_opened_at__isnull=True)

    def closed(self) -> Self:
        return self.filter(delete_on__isnull=False)

    def held(self, now: datetime) -> Self:
        """Return those that a hold keeps from the purge at this moment."""
        return self.filter(models.Exists(self._holds(now)))

    def past(self, now: datetime) -> Self:
        """Return those whose deletion day has come, held or not."""
        return self.filter(delete_on__lte=retention.local_date(now))

    def due(self, now: datetime) -> Self:
        """Return those that the purge must erase now."""
        return self.past(now).exclude(models.Exists(self._holds(now)))

    def unrestricted(self) -> Self:
        """Return those that others than the privacy officer may see too."""
        return self.filter(restricted_at__isnull=True)

    def same_address(self, application: "Application") -> Self:
        """Return the other applications of the same e-mail address; found, never merged."""
        return self.filter(email__iexact=application.email).exclude(pk=application.pk)

    @staticmethod
    def _holds(now: datetime) -> models.QuerySet[Any]:
        from .holds import Hold

        return Hold.objects.in_force(now).filter(application=models.OuterRef("pk"))


class Application(models.Model):
    """One person's application to one job, or to none (speculative), with that person's data."""

    class Source(models.TextChoices):
        FORM = "form", _("Form")
        EMAIL = "email", _("E-mail")
        #: Entered by somebody here, from what came otherwise.
        PAPER = "paper", _("On paper")
        REFERRAL = "referral", _("Referral")
        AGENCY = "agency", _("Agency")

    class Early(models.TextChoices):
        """By which request an application is erased before its time."""

        REQUEST = "request", _("Erasure (Art. 17)")
        OBJECTION = "objection", _("Objection (Art. 21)")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    #: Made with the form: a form that is sent twice makes one application.
    submission = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    # Indexes of the lists begin with each of both.
    job = models.ForeignKey(
        Job, models.PROTECT, null=True, related_name="applications", db_index=False
    )
    stage = models.ForeignKey(
        Stage, models.PROTECT, null=True, related_name="applications", db_index=False
    )

    first_name = models.CharField(_("first name"), max_length=100)
    last_name = models.CharField(_("last name"), max_length=100)
    email = models.EmailField(_("e-mail"))
    phone = models.CharField(_("phone"), max_length=40, blank=True)
    language = models.CharField(_("language"), max_length=2, choices=settings.LANGUAGES)
    #: Names and address as the search compares them: small letters, no accents.
    folded = models.TextField(default="", editable=False)

    source = models.CharField(_("source"), max_length=10, choices=Source, default=Source.FORM)
    #: Who referred or placed the person, for one that they did not send (Art. 14(2)(f) GDPR).
    introduced_by = models.CharField(_("introduced by"), max_length=120, blank=True)
    legal_basis = models.CharField(_("legal basis"), max_length=10, choices=LegalBasis)
    policy_version = models.CharField(_("privacy policy"), max_length=20)
    received_at = models.DateTimeField(_("received"))
    #: When one of those who decide first opened it.
    first_opened_at = models.DateTimeField(_("first opened"), null=True)
    #: When the application came to its stage, so how long it has waited there.
    stage_since = models.DateTimeField(_("in this stage since"))

    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.OPEN)
    decided_on = models.DateField(_("decided on"), null=True)
    delete_on = models.DateField(_("erased on"), null=True)
    #: When a request made it due at once, ahead of its clock, and which kind of request that was.
    early_at = models.DateTimeField(null=True)
    early = models.CharField(max_length=10, choices=Early, blank=True)
    #: From when only the privacy officer sees it (Art. 18, Art. 21 GDPR); None: not restricted.
    restricted_at = models.DateTimeField(_("restricted"), null=True)
    #: The day on which a purge found that the next day's would take it; see `purge.brake`.
    foreseen_on = models.DateField(null=True)
    #: Whether the person wants a certificate by mail when it has been erased.
    wants_certificate = models.BooleanField(_("certificate wished for"), default=False)
    #: The months that the clock was started with, so that a shorter setting finds longer clocks.
    retention_months = models.PositiveSmallIntegerField(null=True)

    #: The fields that make `folded`.
    NAMING = frozenset({"first_name", "last_name", "email"})

    objects = Applications.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    status__in=sorted(CLOSED),
                    decided_on__isnull=False,
                    delete_on__isnull=False,
                    retention_months__isnull=False,
                )
                | Q(
                    status=Status.OPEN,
                    decided_on__isnull=True,
                    delete_on__isnull=True,
                    retention_months__isnull=True,
                ),
                name="application_clock_runs_while_closed",
            ),
            models.CheckConstraint(
                condition=Q(delete_on__isnull=True)
                | Q(delete_on__gt=F("decided_on"), retention_months__range=(1, 6))
                | Q(
                    delete_on__gte=F("decided_on"),
                    retention_months__range=(1, 6),
                    early_at__isnull=False,
                ),
                name="application_clock_is_six_months_at_most",
            ),
            models.CheckConstraint(
                condition=Q(early="", early_at__isnull=True)
                | (~Q(early="") & Q(early_at__isnull=False, delete_on__isnull=False)),
                name="application_erased_early_has_its_time",
            ),
            models.CheckConstraint(
                condition=Q(job__isnull=False, stage__isnull=False)
                | Q(job__isnull=True, stage__isnull=True),
                name="application_has_a_stage_with_a_job",
            ),
        ]
        indexes = [
            # The purge looks here and nowhere else; open applications cost it nothing.
            models.Index(
                fields=["delete_on", "id", "job"],
                condition=Q(delete_on__isnull=False),
                name="application_due",
            ),
            models.Index(
                fields=["job"],
                condition=Q(restricted_at__isnull=False),
                name="application_restricted",
            ),
            models.Index(
                fields=["retention_months", "decided_on"],
                condition=Q(delete_on__isnull=False),
                name="application_clock",
            ),
            # What a purge must still foresee of the next day: nothing, once it has.
            models.Index(
                fields=["delete_on", "id"],
                condition=Q(delete_on__isnull=False) & NEVER_FORESEEN,
                name="application_unforeseen",
            ),
            # The board and the lists, in their orders.
            models.Index(
                fields=["stage", "stage_since", "id"],
                condition=Q(status=Status.OPEN),
                name="application_board",
            ),
            models.Index(
                fields=["job", "delete_on", "id"],
                condition=Q(delete_on__isnull=False),
                name="application_drawer",
            ),
            models.Index(
                fields=["stage_since", "id"],
                condition=Q(status=Status.OPEN),
                name="application_waiting",
            ),
            models.Index(
                fields=["-received_at", "-id"],
                condition=Q(status=Status.OPEN, first_opened_at__isnull=True),
                name="application_unopened",
            ),
            models.Index(fields=["-received_at", "-id"], name="application_list"),
            models.Index(fields=["job", "-received_at", "-id"], name="application_job_list"),
            models.Index(fields=["status", "-received_at", "-id"], name="application_status_list"),
            models.Index(fields=["stage", "-received_at", "-id"], name="application_stage_list"),
            models.Index(
                fields=["-received_at", "-id"],
                condition=Q(delete_on__isnull=False),
                name="application_closed_list",
            ),
            models.Index(
                fields=["status", "delete_on", "id"],
                condition=Q(delete_on__isnull=False),
                name="application_status_due",
            ),
            models.Index(WAITS, "received_at", "id", name="application_waiting_list"),
            models.Index(ERASED, "received_at", "id", name="application_erased_list"),
            models.Index(Lower("last_name"), Lower("first_name"), "id", name="application_names"),
            models.Index(models.functions.Upper("email"), name="application_email"),
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save it; what the search compares follows name and address."""
        fields = kwargs.get("update_fields")
        if fields is None or not self.NAMING.isdisjoint(fields):
            self.folded = self.as_searched()
            kwargs["update_fields"] = fields if fields is None else [*fields, "folded"]
        super().save(*args, **kwargs)

    def get_absolute_url(self) -> str:
        return reverse("hr:application", args=[self.pk])

    def as_searched(self) -> str:
        """Return what `folded` must be. Whoever inserts rows without `save` sets it."""
        return f"{spellings(self.name)} {fold(self.email)}"

    @property
    def name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()  # who writes a mail may show one only

    def get_status_display(self) -> str:  # type: ignore[no-redef]
        """Return the status in words. Django's own looks through all choices anew for each row."""
        return str(Status(self.status).label)

    @property
    def is_open(self) -> bool:
        return self.status == Status.OPEN

    @property
    def title(self) -> str:
        """The job's title, or that it is a speculative application."""
        return self.job.title if self.job else str(_("Speculative application"))

    def is_being_erased(self, now: datetime) -> bool:
        """Whether its last day has come, by the clock or by a request, held or not."""
        return self.delete_on is not None and retention.is_due(
            self.delete_on, today=retention.local_date(now)
        )

    def close(self, status: Status, *, on: date) -> None:
        """Set a closed status and start the clock. Does not save; only the verbs call it."""
        months = settings.ATS_RETENTION_MONTHS
        self.status = status
        self.decided_on = on
        self.delete_on = retention.delete_on(on, months=months)
        self.retention_months = months

    def mark_opened(self, now: datetime) -> None:
        """Note when one of those who decide first opened it. The first moment stays.

        Only of an open one: a closed one may be due, and must not be locked by who looks at it.
        """
        unopened = Application.objects.open().filter(pk=self.pk, first_opened_at__isnull=True)
        unopened.update(first_opened_at=now)

    def reopen(self) -> None:
        """Set the status to open and stop the clock. Does not save; only the verbs call it."""
        self.status = Status.OPEN
        self.decided_on = self.delete_on = self.retention_months = None


class Event(models.Model):
    """What was done to an application, by whom and when. Gone with it."""

    class Kind(models.TextChoices):
        RECEIVED = "received", _("Application received")
        MOVED = "moved", _("moved to another stage")
        ASSIGNED = "assigned", _("moved to another job")
        REJECTED = "rejected", _("rejected")
        REOPENED = "reopened", _("reopened")
        #: Before anybody outside could know of it.
        UNDONE = "undone", _("rejection undone")
        WITHDRAWN = "withdrawn", _("withdrawn")
        HIRED = "hired", _("hired")
        HIRE_UNDONE = "hire-undone", _("hire undone")
        QUARANTINED = "quarantined", _("infected document removed")
        HELD = "held", _("deletion held")
        HOLD_RENEWED = "hold-renewed", _("hold renewed")
        HOLD_ENDED = "hold-ended", _("hold ended")
        REQUESTED = "requested", _("request received")
        GRANTED = "granted", _("request granted")
        ANSWERED = "answered", _("request answered")
        REFUSED = "refused", _("request refused")
        EARLY = "early", _("to be erased at once")
        CORRECTED = "corrected", _("details corrected")
        ADDED = "added", _("documents added")
        REMOVED = "removed", _("document removed")
        WROTE = "wrote", _("mail from the applicant")
        RELEASED = "released", _("copy of all data released")

    application = models.ForeignKey(Application, models.CASCADE, related_name="events")
    kind = models.CharField(max_length=20, choices=Kind)
    at = models.DateTimeField()
    by: "models.ForeignKey[User | None, User | None]" = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    #: The stage or job that it went to, the number of documents, or the name of a removed one;
    #: never a link to a row.
    detail = models.CharField(max_length=200, blank=True)
    reason = models.TextField(blank=True)

    class Meta:
        ordering = ["-at", "-pk"]
        indexes = [
            models.Index(fields=["application", "-at"], name="event_history"),
            # The privacy officer's list.
            models.Index(
                fields=["-at", "-id"], condition=Q(kind="reopened"), name="event_reopened"
            ),
        ]

    def __str__(self) -> str:
        return self.get_kind_display()
