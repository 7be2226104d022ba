"""What a verdict's code says to a person: what is wrong, then what to do."""

from django.conf import settings
from django.utils.translation import gettext_lazy as _

SENTENCES = {
    "ok": _("This file is fine."),
    "empty": _("This file is empty. Check it on your device and choose it again."),
    "too-large": _(
        "This file is larger than %(max_file_mb)s MB. Save it with smaller pictures, or as "
        "several files, and choose it again."
    ),
    "type-not-accepted": _(
        "We can take PDF and Word (.docx) files. Save this document as a PDF and choose that."
    ),
    "disguised": _(
        "This file is not the PDF or Word document that it seems to be. Open your document, "
        "save it as a PDF and choose that."
    ),
    "unreadable": _("We could not read this file. Save it as a new PDF and choose that."),
    "pdf-broken": _(
        "This PDF is damaged or not complete. Make the PDF again from your document and choose "
        "the new one."
    ),
    "pdf-no-pages": _(
        "This PDF has no pages. Make the PDF again from your document and choose the new one."
    ),
    "pdf-password": _(
        "This PDF opens only with a password. Save it without one and choose it again."
    ),
    "pdf-active": _(
        "This PDF runs a script or another action when it is opened. Print it to a new PDF and "
        "choose that."
    ),
    "pdf-program": _("This PDF holds or starts a program. Print it to a new PDF and choose that."),
    "docx-broken": _(
        "This Word document is damaged. Open it in Word or LibreOffice, save it as a new file "
        "or as a PDF, and choose that."
    ),
    "docx-bomb": _(
        "This Word document unpacks to far more than it should. Save it as a PDF and choose that."
    ),
    "docx-password": _(
        "This document opens only with a password. Save it without one and choose it again."
    ),
    "docx-macro": _(
        "This Word document holds macros. Save it as a plain Word document (.docx) or as a PDF "
        "and choose that."
    ),
    "docx-external": _(
        "This Word document loads parts of itself from elsewhere. Save it as a PDF and choose that."
    ),
    "docx-program": _(
        "This Word document holds a program. Remove it, or save the document as a PDF, and "
        "choose that."
    ),
}


def sentence(code: str) -> str:
    """Return what the code says, in the language of the moment."""
    text = str(SENTENCES.get(code, SENTENCES["unreadable"]))
    return text % {"max_file_mb": settings.ATS_MAX_FILE_MB} if code == "too-large" else text
