"""Certificates of deletion that are on their way."""

from django.conf import settings
from django.db import models

from .ledger import LedgerLine


class CertificateMail(models.Model):
    """The address that a certificate still has to reach: the last that is erased of a person.

    Written in the deleting transaction, gone once the mail server has taken the certificate, and
    at `keep_until` in any case.
    """

    line = models.OneToOneField(LedgerLine, models.CASCADE, related_name="certificate_mail")
    to = models.EmailField()
    language = models.CharField(max_length=2, choices=settings.LANGUAGES)
    #: The end of the deletion day: from then on the address itself is in breach.
    keep_until = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField()
    #: What went wrong last, as a code without personal data.
    error = models.CharField(max_length=60, blank=True)

    class Meta:
        ordering = ["next_try_at", "pk"]
        indexes = [models.Index(fields=["keep_until"], name="certificate_mail_end")]

    def __str__(self) -> str:
        return str(self.pk)
