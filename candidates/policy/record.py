"""The record of processing activities (Art. 30(1) GDPR), as a Word document from the clauses."""

from datetime import datetime
from io import BytesIO

from django.conf import settings
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from docx import Document

from candidates import retention

from .clauses import CLAUSES, Part


def document(now: datetime) -> bytes:
    """Return the record of processing in the language in force, as a DOCX."""
    paper = Document()
    paper.core_properties.author = settings.ATS_OPERATOR["name"]
    paper.core_properties.title = _("Record of processing activities")
    paper.add_heading(_("Record of processing activities"), 0)
    paper.add_paragraph(_("Applications and hiring, by Art. 30(1) GDPR"))
    for heading, paragraphs in contents():
        paper.add_heading(heading, 1)
        for paragraph in paragraphs:
            paper.add_paragraph(paragraph)
    paper.add_paragraph(_made_on(now))
    file = BytesIO()
    paper.save(file)
    return file.getvalue()


def contents() -> list[tuple[str, list[str]]]:
    """Return headings with their paragraphs, in the order of Art. 30(1)(a) to (g)."""
    return [
        (_("Controller and data protection officer (a)"), _said(Part.RESPONSIBLE)),
        (_("Purposes and legal basis (b)"), _said(Part.BASIS)),
        (_("Categories of persons and of data (c)"), [_persons(), *_said(Part.STORED)]),
        (_("Recipients (d)"), _said(Part.READERS)),
        (_("Transfers to third countries (e)"), [_transfers()]),
        (_("Time limits for erasure (f)"), _said(Part.TIME)),
        (_("Technical and organisational measures (g)"), [*_measures(), *_said(Part.TECHNICAL)]),
    ]


def _said(part: Part) -> list[str]:
    return [clause.sentence() for clause in CLAUSES if clause.part == part]


def _persons() -> str:
    return _("Applicants, and those of them who are hired until their record is handed over.")


def _transfers() -> str:
    return _(
        "None by this software. If the servers, the storage or the mail server are run by"
        " processors outside the European Economic Area, name them here."
    )


def _measures() -> list[str]:
    return [
        _("Access by roles, each only to the jobs of their own; log-in limits against guessing."),
        _(
            "Files are judged by their content, scanned for viruses where a scanner is set, and"
            " served only through the application."
        ),
        _(
            "A purge job every hour, a brake against mistakes, a proof by an independent reader,"
            " and a chained record of deletions, copied out of the database."
        ),
    ]


def _made_on(now: datetime) -> str:
    return _("Made from the settings in force on %(day)s, privacy policy %(version)s.") % {
        "day": date_format(retention.local_date(now)),
        "version": settings.ATS_POLICY_VERSION,
    }
