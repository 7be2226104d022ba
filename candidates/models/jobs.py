"""Jobs and the stages of their pipelines."""

from datetime import date
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

if TYPE_CHECKING:
    from .users import User


class Jobs(models.QuerySet["Job"]):
    def taking(self, today: date) -> Self:
        """Return those that take applications: published, and not past their last day."""
        in_time = Q(apply_until__isnull=True) | Q(apply_until__gte=today)
        return self.filter(in_time, is_published=True)

    def drafts(self) -> Self:
        """Return those that never were published."""
        return self.filter(is_published=False, published_on__isnull=True)

    def published(self) -> Self:
        """Return those that are published, also past their last day."""
        return self.filter(is_published=True)

    def closed(self) -> Self:
        """Return those that were published and are no longer."""
        return self.filter(is_published=False, published_on__isnull=False)


class Job(models.Model):
    """An advertised position, with its hiring team."""

    class Kind(models.TextChoices):
        FULL_TIME = "full-time", _("Full time")
        PART_TIME = "part-time", _("Part time")
        EITHER = "either", _("Full or part time")
        TRAINEE = "trainee", _("Vocational training")

    class PayPeriod(models.TextChoices):
        HOUR = "hour", _("an hour")
        MONTH = "month", _("a month")
        YEAR = "year", _("a year")

    #: Also in the job's mail address, so no longer than the 64 characters before an @ allow.
    slug = models.SlugField(_("address on the web"), unique=True, max_length=50)
    title = models.CharField(_("title"), max_length=120)
    language = models.CharField(_("language"), max_length=2, choices=settings.LANGUAGES)
    team = models.CharField(_("team"), max_length=80)
    #: As people say it; the postal address below is for search engines.
    place = models.CharField(_("place"), max_length=80)
    street = models.CharField(_("street"), max_length=120, blank=True)
    postal_code = models.CharField(_("postal code"), max_length=20, blank=True)
    locality = models.CharField(_("town"), max_length=80, blank=True)
    country = models.CharField(_("country"), max_length=2, default="DE")
    #: Whether all of the work can be done from anywhere in the country.
    is_remote = models.BooleanField(_("from anywhere"), default=False)
    kind = models.CharField(_("type"), max_length=20, choices=Kind)
    description = models.TextField(_("description"), help_text=_("Markdown."))
    #: What it pays at least and at most, before taxes (Directive (EU) 2023/970, Art. 5).
    pay_from = models.PositiveIntegerField(_("pay from"), null=True, blank=True)
    pay_to = models.PositiveIntegerField(_("pay to"), null=True, blank=True)
    pay_currency = models.CharField(_("currency"), max_length=3, default="EUR")
    pay_period = models.CharField(
        _("pay for"), max_length=10, choices=PayPeriod, default=PayPeriod.YEAR
    )
    answer_days = models.PositiveSmallIntegerField(_("answer within days"), default=14)
    is_published = models.BooleanField(_("published"), default=False)
    published_on = models.DateField(_("published on"), null=True, blank=True)
    #: The last day on which applications are taken; None: until it is no longer published.
    apply_until = models.DateField(_("apply until"), null=True, blank=True)
    is_confidential = models.BooleanField(
        _("confidential"), default=False, help_text=_("Only the hiring team sees it.")
    )
    hiring_team: "models.ManyToManyField[User, models.Model]" = models.ManyToManyField(
        settings.AUTH_USER_MODEL, blank=True, related_name="jobs", verbose_name=_("hiring team")
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    objects = Jobs.as_manager()

    class Meta:
        ordering = ["title", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(pay_to__isnull=True) | Q(pay_from__lte=F("pay_to")),
                name="job_pay_from_is_at_most_pay_to",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("careers:job", args=[self.slug])

    def is_taking(self, today: date) -> bool:
        """Return whether it takes applications: `Jobs.taking` for one row."""
        return self.is_published and (self.apply_until is None or today <= self.apply_until)

    @property
    def is_draft(self) -> bool:
        return not self.is_published and self.published_on is None

    @property
    def is_closed(self) -> bool:
        return not self.is_published and self.published_on is not None

    @property
    def names_its_pay(self) -> bool:
        """Whether it names a range, as Art. 5(1) of Directive (EU) 2023/970 asks for."""
        return self.pay_from is not None and self.pay_to is not None

    def publish(self, on: date) -> None:
        """Publish it. The first day that it was published on stays that day."""
        self.is_published = True
        self.published_on = self.published_on or on
        self.save(update_fields=["is_published", "published_on"])

    def first_stage(self) -> "Stage":
        """Return the stage that applications enter. Raises `Stage.DoesNotExist` without one."""
        return self.stages.earliest("position")


#: The names of a new job's stages, in their order; HR may change both.
DEFAULT_STAGES = (
    pgettext_lazy("stage", "Received"),
    pgettext_lazy("stage", "Screening"),
    pgettext_lazy("stage", "Interview"),
    pgettext_lazy("stage", "Offer"),
)


class Stage(models.Model):
    """A step of one job's pipeline, ordered, named by HR."""

    job = models.ForeignKey(Job, models.CASCADE, related_name="stages")
    name = models.CharField(_("name"), max_length=60)
    position = models.PositiveSmallIntegerField(_("position"))

    class Meta:
        ordering = ["job", "position"]
        constraints = [
            models.UniqueConstraint("job", "position", name="stage_has_its_own_position"),
            models.UniqueConstraint("job", "name", name="stage_has_its_own_name"),
        ]

    def __str__(self) -> str:
        return self.name


class Criterion(models.Model):
    """What a job asks for, by which scorecards judge its applications."""

    job = models.ForeignKey(Job, models.CASCADE, related_name="criteria")
    name = models.CharField(_("name"), max_length=80)
    position = models.PositiveSmallIntegerField(_("position"))

    class Meta:
        ordering = ["job", "position"]
        constraints = [
            models.UniqueConstraint("job", "position", name="criterion_has_its_own_position"),
            models.UniqueConstraint("job", "name", name="criterion_has_its_own_name"),
        ]

    def __str__(self) -> str:
        return self.name
