"""On what an application is processed: stored with it, so that it can be told years later."""

from django.conf import settings
from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class LegalBasis(TextChoices):
    GDPR = "gdpr", _("Art. 6(1)(b) and (f) GDPR")
    GDPR_BDSG = "gdpr-bdsg", _("Art. 6(1)(b) and (f) GDPR, section 26(1) BDSG")


def basis() -> LegalBasis:
    """Return the legal basis that the settings name today."""
    return LegalBasis.GDPR_BDSG if settings.ATS_LEGAL_BASIS_BDSG else LegalBasis.GDPR
