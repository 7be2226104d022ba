"""What those who work here think of an application: notes and scorecards. Gone with it."""

from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from .applications import Application

if TYPE_CHECKING:
    from .users import User


class Notes(models.QuerySet["Note"]):
    def seen_by(self, user: "User") -> Self:
        """Return those that a person may read: private ones are their writer's alone."""
        return self.filter(Q(is_private=False) | Q(by=user))


class Note(models.Model):
    """What somebody noted about an application. The applicant may have a copy of it."""

    application = models.ForeignKey(Application, models.CASCADE, related_name="notes")
    by: "models.ForeignKey[User | None, User | None]" = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    at = models.DateTimeField()
    text = models.TextField(_("note"))
    #: Only its writer reads it here; it goes into the applicant's full copy all the same.
    is_private = models.BooleanField(_("only for me"), default=False)

    objects = Notes.as_manager()

    class Meta:
        ordering = ["-at", "-pk"]
        indexes = [models.Index(fields=["application", "-at"], name="note_history")]

    def __str__(self) -> str:
        return self.text[:60]


class Mention(models.Model):
    """Somebody whom a note is meant for. It waits on their page Today until they have seen it."""

    note = models.ForeignKey(Note, models.CASCADE, related_name="mentions")
    user: "models.ForeignKey[User, User]" = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="mentions"
    )
    seen_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint("note", "user", name="mention_once_a_note"),
        ]
        indexes = [
            models.Index(
                fields=["user"], condition=Q(seen_at__isnull=True), name="mention_waiting"
            ),
        ]

    def __str__(self) -> str:
        return str(self.user)


class Scorecard(models.Model):
    """One person's judgement of an application, by the criteria of its job."""

    application = models.ForeignKey(Application, models.CASCADE, related_name="scorecards")
    by: "models.ForeignKey[User | None, User | None]" = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    at = models.DateTimeField()
    text = models.TextField(_("in words"), blank=True)

    class Meta:
        ordering = ["at", "pk"]
        constraints = [
            models.UniqueConstraint("application", "by", name="scorecard_once_a_person"),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d}"


class Grade(models.Model):
    """How well one criterion is met, on a scorecard."""

    class Value(models.IntegerChoices):
        NOT_MET = 1, _("not met")
        PARTLY = 2, _("partly met")
        MET = 3, _("met")
        EXCEEDED = 4, _("more than met")

    scorecard = models.ForeignKey(Scorecard, models.CASCADE, related_name="grades")
    #: The criterion as it was called then: the job's may change.
    criterion = models.CharField(max_length=80)
    value = models.PositiveSmallIntegerField(choices=Value)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint("scorecard", "criterion", name="grade_once_a_criterion"),
            models.CheckConstraint(condition=Q(value__range=(1, 4)), name="grade_is_one_of_four"),
        ]

    def __str__(self) -> str:
        return f"{self.criterion}: {self.get_value_display()}"
