"""What those who work here have set up for their work. Nothing of it is about an applicant."""

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from .mail import Mail
from .users import User


class MailTemplate(models.Model):
    """A text for mails of one purpose in one language, with placeholders like {first_name}."""

    PURPOSES = (Mail.Purpose.REJECTION, Mail.Purpose.MESSAGE)

    name = models.CharField(_("name"), max_length=80)
    purpose = models.CharField(
        _("purpose"), max_length=20, choices=[(each.value, each.label) for each in PURPOSES]
    )
    language = models.CharField(_("language"), max_length=2, choices=settings.LANGUAGES)
    subject = models.CharField(_("subject"), max_length=200)
    body = models.TextField(_("text"))

    class Meta:
        ordering = ["purpose", "language", "name", "pk"]
        constraints = [
            models.UniqueConstraint(
                "purpose", "language", "name", name="mail_template_has_its_own_name"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("hr:template", args=[self.pk])


class Reason(models.Model):
    """A reason for rejections that can be chosen. What was chosen is kept as text."""

    text = models.CharField(_("reason"), max_length=200, unique=True)
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    class Meta:
        ordering = ["position", "pk"]

    def __str__(self) -> str:
        return self.text


class SavedView(models.Model):
    """Filters of the list that somebody comes back to; never what they searched for."""

    user: "models.ForeignKey[User, User]" = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="views"
    )
    name = models.CharField(_("name"), max_length=60)
    #: As in the list's address: "job=…&status=open".
    query = models.CharField(max_length=500)

    class Meta:
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint("user", "name", name="saved_view_has_its_own_name"),
        ]

    def __str__(self) -> str:
        return self.name
