"""Jobs and the stages of their pipelines."""

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

if TYPE_CHECKING:
    from .users import User


class Job(models.Model):
    """An advertised position, with its hiring team."""

    class Kind(models.TextChoices):
        FULL_TIME = "full-time", _("Full time")
        PART_TIME = "part-time", _("Part time")
        EITHER = "either", _("Full or part time")
        TRAINEE = "trainee", _("Vocational training")

    slug = models.SlugField(_("address on the web"), unique=True, max_length=80)
    title = models.CharField(_("title"), max_length=120)
    language = models.CharField(_("language"), max_length=2, choices=settings.LANGUAGES)
    team = models.CharField(_("team"), max_length=80)
    place = models.CharField(_("place"), max_length=80)
    kind = models.CharField(_("type"), max_length=20, choices=Kind)
    description = models.TextField(_("description"), help_text=_("Markdown."))
    answer_days = models.PositiveSmallIntegerField(_("answer within days"), default=14)
    is_published = models.BooleanField(_("published"), default=False)
    is_confidential = models.BooleanField(
        _("confidential"), default=False, help_text=_("Only the hiring team sees it.")
    )
    hiring_team: "models.ManyToManyField[User, models.Model]" = models.ManyToManyField(
        settings.AUTH_USER_MODEL, blank=True, related_name="jobs", verbose_name=_("hiring team")
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        ordering = ["title", "pk"]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("careers:job", args=[self.slug])

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
