"""A certificate on one sheet of paper."""

from datetime import date
from typing import TYPE_CHECKING

from django.conf import settings
from django.urls import reverse
from django.utils import translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from .statement import Certificate

if TYPE_CHECKING:
    from .sheet import Sheet


def pdf(certificate: Certificate, language: str) -> bytes:
    """Return the certificate as a PDF of one page, in "de" or "en"."""
    from .sheet import Sheet

    sheet = Sheet()
    with translation.override(language):
        sheet.set_title(_("Certificate of deletion"))
        sheet.set_author(certificate.controller)
        sheet.set_lang(language)
        sheet.mark()
        _write(sheet, certificate)
    return bytes(sheet.output())


def _write(sheet: "Sheet", certificate: Certificate) -> None:
    sheet.say(_("Certificate of deletion"), size=26, bold=True)
    sheet.say(_sentence(certificate), size=13, gap=6)
    sheet.rule(gap=6)
    for label, value in facts(certificate):
        sheet.fact(label, value)
    sheet.rule(gap=5)
    address = settings.ATS_SITE_URL + reverse("verify")
    sheet.say(_("To check this certificate, paste the lines below at %s.") % address, size=10)
    sheet.set_y(sheet.get_y() + 3)
    sheet.code(certificate.code())
    sheet.say(
        _("This certificate names no person, and neither does our record of deletions."),
        size=9,
        gap=4,
        soft=True,
    )


def _sentence(certificate: Certificate) -> str:
    return _(
        "%(controller)s has erased this record for good, with everything that belonged to it,"
        " and has then looked for it in every place where it had been and found nothing."
    ) % {"controller": certificate.controller}


def facts(certificate: Certificate) -> list[tuple[str, str]]:
    """Return what is certified, as labels and values in the language in force."""
    rows = ngettext("%d row in the database", "%d rows in the database", certificate.rows)
    objects = ngettext("%d object in storage", "%d objects in storage", certificate.objects)
    extent = f"{rows % certificate.rows}, {objects % certificate.objects}"
    return [
        (_("Erased"), certificate.kind_words),
        (_("On"), _day(certificate.erased_on)),
        (_("By the rule"), certificate.rule_words),
        (_("What it comprised"), extent),
        (_("Absence confirmed"), _day(certificate.proven_on)),
        (_("Checked"), _("database, storage, sessions, job queue")),
        (_("In backups until"), _day(certificate.backups_until)),
        (_("Reference"), certificate.record_words),
        (_("Line of the ledger"), str(certificate.line)),
        (_("Privacy policy"), certificate.policy),
    ]


def _day(day: date) -> str:
    return date_format(day)
