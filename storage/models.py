"""Attachments and tombstones: every object in storage has one of these rows, always."""

import uuid
from datetime import datetime
from typing import Any, Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from storage.folding import vocabulary

PDF = "application/pdf"
JPEG, PNG, WEBP, HEIC = "image/jpeg", "image/png", "image/webp", "image/heic"
#: What is only served as a copy of our own making: a picture says where it was taken.
PICTURES = frozenset({JPEG, PNG, WEBP, HEIC})


def new_key() -> str:
    """Return a random key that says nothing of the file or its person."""
    return f"attachments/{uuid.uuid4()}"


class Attachments(models.QuerySet["Attachment"]):
    def staged(self, session: str) -> Self:
        """Return what this browser session has put up and not yet sent."""
        return self.filter(staged_by=session, staged_until__isnull=False)

    def expired(self, now: datetime) -> Self:
        """Return staged files that were never sent."""
        return self.filter(staged_until__lte=now)

    def sendable(self) -> Self:
        """Return what may go with an application: also what the virus scan has yet to pass."""
        return self.filter(verdict__in=[Attachment.Verdict.CLEAN, Attachment.Verdict.PENDING])

    def waiting(self, now: datetime) -> Self:
        """Return what waits for the virus scan and whose pause is over."""
        due = Q(next_scan_at__isnull=True) | Q(next_scan_at__lte=now)
        return self.filter(due, verdict=Attachment.Verdict.PENDING)

    def quarantined(self) -> Self:
        """Return what the virus scanner found something in; it is out of everybody's reach."""
        return self.filter(verdict=Attachment.Verdict.QUARANTINED)

    def untold(self) -> Self:
        """Return those in quarantine of which their person has not been told."""
        return self.quarantined().filter(applicant_told_at__isnull=True)

    def servable(self) -> Self:
        """Return what may be shown and downloaded: of pictures only our own copies."""
        ready = Q(preparation=Attachment.Preparation.READY)
        return self.filter(ready | ~Q(content_type__in=PICTURES), verdict=Attachment.Verdict.CLEAN)

    def unprepared(self, now: datetime) -> Self:
        """Return those whose copies and words are to be made now."""
        due = Q(prepare_after__isnull=True) | Q(prepare_after__lte=now)
        return self.filter(
            due,
            preparation=Attachment.Preparation.WAITING,
            verdict=Attachment.Verdict.CLEAN,
            staged_until__isnull=True,
        )


class Attachment(models.Model):
    """A file of at most one application or employee; of none only while staged."""

    class Verdict(models.TextChoices):
        AWAITED = "awaited", _("not judged yet")
        CLEAN = "clean", _("clean")
        PENDING = "pending", _("waits for the virus scan")
        QUARANTINED = "quarantined", _("removed, infected")

    class Preparation(models.TextChoices):
        """How far the copies and the words of a file are; see `storage.preview`."""

        WAITING = "waiting", _("is being prepared")
        READY = "ready", _("ready")
        FAILED = "failed", _("cannot be shown")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    key = models.CharField(max_length=60, default=new_key, editable=False)
    application = models.ForeignKey(
        "candidates.Application", models.CASCADE, null=True, related_name="attachments"
    )
    employee = models.ForeignKey(
        "candidates.Employee", models.CASCADE, null=True, related_name="attachments"
    )
    #: For undoing a hire: the application that a document was moved from, while it exists.
    came_from = models.ForeignKey(
        "candidates.Application", models.SET_NULL, null=True, related_name="+"
    )
    #: A cleaned copy of the name that the file came with, its ending that of its true type.
    name = models.CharField(max_length=150)
    content_type = models.CharField(max_length=100, blank=True)
    size = models.PositiveIntegerField()
    verdict = models.CharField(max_length=20, choices=Verdict, default=Verdict.AWAITED)
    created_at = models.DateTimeField()
    #: Keyed hash of the browser session that put it up; only that session may send it.
    staged_by = models.CharField(max_length=64, blank=True)
    #: When a staged file goes if it is not sent.
    staged_until = models.DateTimeField(null=True)
    #: When the virus scanner last passed it; never, where none is set.
    scanned_at = models.DateTimeField(null=True)
    #: How often a scan has failed since then, and, while it waits, when the next one is due.
    scan_attempts = models.PositiveSmallIntegerField(default=0)
    next_scan_at = models.DateTimeField(null=True)
    #: What the scanner calls that which it found.
    finding = models.CharField(max_length=100, blank=True)
    quarantined_at = models.DateTimeField(null=True)
    #: When the applicant and when the privacy officer was told of the quarantine.
    applicant_told_at = models.DateTimeField(null=True)
    officer_told_at = models.DateTimeField(null=True)

    preparation = models.CharField(max_length=10, choices=Preparation, default=Preparation.WAITING)
    #: While somebody prepares it, when that one is taken for dead; after a failure, its pause.
    prepare_after = models.DateTimeField(null=True)
    prepare_attempts = models.PositiveSmallIntegerField(default=0)
    #: Its copy for viewing, where that is another: a JPEG of a picture, a PDF of other documents.
    view_key = models.CharField(  # noqa: DJ001  only what is not there can be there twice
        max_length=60, null=True, editable=False
    )
    #: Pages that can be drawn; none of a document that is shown by its words alone.
    pages = models.PositiveIntegerField(default=0)

    objects = Attachments.as_manager()

    class Meta:
        ordering = ["created_at", "pk"]
        constraints = [
            # A field that is unique by itself gets a second index on PostgreSQL, for beginnings.
            models.UniqueConstraint(fields=["key"], name="attachment_key"),
            models.UniqueConstraint(fields=["view_key"], name="attachment_view_key"),
            models.CheckConstraint(
                condition=Q(
                    application__isnull=True,
                    employee__isnull=True,
                    staged_until__isnull=False,
                )
                | Q(
                    application__isnull=False,
                    employee__isnull=True,
                    staged_until__isnull=True,
                    staged_by="",
                )
                | Q(
                    application__isnull=True,
                    employee__isnull=False,
                    staged_until__isnull=True,
                    staged_by="",
                ),
                name="attachment_has_one_owner_or_is_staged",
            ),
            # Its erasure is counted from there.
            models.CheckConstraint(
                condition=Q(verdict="quarantined", quarantined_at__isnull=False)
                | (~Q(verdict="quarantined") & Q(quarantined_at__isnull=True)),
                name="attachment_quarantine_has_its_time",
            ),
        ]
        indexes = [
            models.Index(
                fields=["staged_until"],
                condition=Q(staged_until__isnull=False),
                name="attachment_staged",
            ),
            models.Index(
                fields=["next_scan_at"],
                condition=Q(verdict="pending"),
                name="attachment_waiting",
            ),
            models.Index(
                fields=["quarantined_at"],
                condition=Q(verdict="quarantined"),
                name="attachment_quarantined",
            ),
            models.Index(
                fields=["created_at", "id"],
                condition=Q(preparation="waiting"),
                name="attachment_unprepared",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_picture(self) -> bool:
        return self.content_type in PICTURES

    @property
    def is_servable(self) -> bool:
        """Whether `Attachments.servable` has it."""
        ready = self.preparation == self.Preparation.READY or not self.is_picture
        return ready and self.verdict == self.Verdict.CLEAN

    @property
    def pages_to_see(self) -> int:
        """How many pages can be drawn: the first of a PDF before anything is prepared."""
        waits = self.preparation == self.Preparation.WAITING and self.content_type == PDF
        return 1 if waits else self.pages

    @property
    def keys(self) -> list[str]:
        """The keys of all its objects."""
        return [self.key, self.view_key] if self.view_key else [self.key]


class Words(models.Model):
    """The text of an attachment, for searching and for reading where no page can be drawn."""

    attachment = models.OneToOneField(
        Attachment, models.CASCADE, primary_key=True, related_name="words"
    )
    #: A paragraph a line, at most `steps.words.LONGEST` characters.
    text = models.TextField()
    #: Its words as the search compares them; see `folding.vocabulary`.
    folded = models.TextField(default="", editable=False)

    def __str__(self) -> str:
        return str(self.pk)

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save it; what the search compares follows the text."""
        fields = kwargs.get("update_fields")
        if fields is None or "text" in fields:
            self.folded = vocabulary(self.text)
            kwargs["update_fields"] = fields if fields is None else [*fields, "folded"]
        super().save(*args, **kwargs)


class Page(models.Model):
    """A page of an attachment, drawn: a cache that goes with its attachment, and after a week.

    In the row and not in storage, so that it is gone with the transaction that deletes it.
    """

    attachment = models.ForeignKey(Attachment, models.CASCADE, related_name="drawn_pages")
    #: From 1.
    number = models.PositiveIntegerField()
    #: WebP; empty if it could not be drawn, which is not to be tried at every look.
    image = models.BinaryField()
    drawn_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["attachment", "number"], name="page_once"),
        ]
        indexes = [models.Index(fields=["drawn_at"], name="page_age")]

    def __str__(self) -> str:
        return str(self.number)


class Tombstones(models.QuerySet["Tombstone"]):
    def ready(self, now: datetime) -> Self:
        """Return those whose pause after a failure is over."""
        return self.filter(next_try_at__lte=now)

    def workable(self, now: datetime) -> Self:
        """Return those whose object nobody can be writing any more."""
        return self.filter(Q(not_before__isnull=True) | Q(not_before__lte=now))

    def in_breach(self, now: datetime) -> Self:
        """Return those whose object should be gone by now."""
        return self.filter(breach_at__lte=now)


class Tombstone(models.Model):
    """Says that an object must go, until it is proven gone; then the row goes too.

    A copy's object begins with one: it must go unless an attachment names it by `not_before`.
    """

    key = models.CharField(max_length=60)
    created_at = models.DateTimeField()
    #: From this moment the object's existence breaks a promise.
    breach_at = models.DateTimeField()
    attempts = models.PositiveIntegerField(default=0)
    next_try_at = models.DateTimeField()
    #: Until then somebody may be writing the object, and erasing it would prove nothing.
    not_before = models.DateTimeField(null=True)
    #: What went wrong last, as a code without personal data.
    error = models.CharField(max_length=100, blank=True)

    objects = Tombstones.as_manager()

    class Meta:
        ordering = ["next_try_at", "pk"]
        constraints = [models.UniqueConstraint(fields=["key"], name="tombstone_key")]
        indexes = [
            models.Index(fields=["next_try_at", "id"], name="tombstone_ready"),
            models.Index(fields=["breach_at"], name="tombstone_breach"),
        ]

    def __str__(self) -> str:
        return self.key
