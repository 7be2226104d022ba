"""What a verdict's code says to a person: what is wrong, then what to do."""

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from storage.filetypes.formats import promised

#: Formats as a sentence names them.
NOUNS = {
    "application/pdf": _("a PDF"),
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": _(
        "a Word document (.docx)"
    ),
    "application/msword": _("a Word document (.doc)"),
    "application/rtf": _("an RTF document"),
    "application/vnd.oasis.opendocument.text": _("an OpenDocument text (.odt)"),
    "text/plain": _("a text file"),
    "image/jpeg": _("a JPEG picture"),
    "image/png": _("a PNG picture"),
    "image/webp": _("a WebP picture"),
    "image/heic": _("a HEIC picture"),
}

#: Refusals that any family may make.
COMMON = {
    "ok": _("This file is fine."),
    "empty": _("This file is empty. Check it on your device and choose it again."),
    "too-large": _(
        "This file is larger than %(max_file_mb)s MB. Save it with smaller pictures, or as "
        "several files, and choose it again."
    ),
    "type-not-accepted": _(
        "We can take PDF, Word (.docx, .doc), OpenDocument (.odt), RTF and text files, and JPEG, "
        "PNG, WebP and HEIC pictures. Save this document as a PDF and choose that."
    ),
    "misnamed": _(
        "By its name this file is %(promised)s, but in truth it is %(found)s. Save it as a PDF, "
        "or give its name the right ending, and choose it again."
    ),
    "disguised": _(
        "This file is not what it seems to be. Open your document, save it as a PDF and choose "
        "that."
    ),
    "disguised-as": _(
        "By its name this file is %(promised)s, but it is something else. Open your document, save "
        "it as a PDF and choose that."
    ),
    "unreadable": _("We could not read this file. Save it as a new PDF and choose that."),
}

# Word, OpenDocument and RTF have their faults in common.
_BROKEN = _(
    "This document is damaged. Open it in Word or LibreOffice, save it as a new file or as a PDF, "
    "and choose that."
)
_BOMB = _("This document unpacks to far more than it should. Save it as a PDF and choose that.")
_PASSWORD = _("This document needs a password to open. Save it without one and choose it again.")
_MACRO = _("This document holds macros. Save it as a PDF and choose that.")
_EXTERNAL = _(
    "This document loads parts of itself from elsewhere. Save it as a PDF and choose that."
)
_PROGRAM = _(
    "This document holds a program or an object that could be one. Remove it, or save the "
    "document as a PDF, and choose that."
)
_ACTIVE = _(
    "This document runs something by itself when it is opened. Save it as a PDF and choose that."
)

SENTENCES = COMMON | {
    "pdf-broken": _(
        "This PDF is damaged or not complete. Make the PDF again from your document and choose "
        "the new one."
    ),
    "pdf-no-pages": _(
        "This PDF has no pages. Make the PDF again from your document and choose the new one."
    ),
    "pdf-password": _(
        "This PDF needs a password to open. Save it without one and choose it again."
    ),
    "pdf-active": _(
        "This PDF runs a script or another action when it is opened. Print it to a new PDF and "
        "choose that."
    ),
    "pdf-program": _("This PDF holds or starts a program. Print it to a new PDF and choose that."),
    "docx-broken": _BROKEN,
    "docx-bomb": _BOMB,
    "docx-password": _PASSWORD,
    "docx-macro": _MACRO,
    "docx-external": _EXTERNAL,
    "docx-program": _PROGRAM,
    "docx-active": _ACTIVE,
    "doc-broken": _BROKEN,
    "doc-old": _(
        "This document is of a version of Word before 1997. Open it in Word or LibreOffice, save "
        "it as a PDF and choose that."
    ),
    "doc-password": _PASSWORD,
    "doc-macro": _MACRO,
    "doc-external": _EXTERNAL,
    "doc-program": _PROGRAM,
    "doc-active": _ACTIVE,
    "odt-broken": _BROKEN,
    "odt-bomb": _BOMB,
    "odt-password": _PASSWORD,
    "odt-macro": _MACRO,
    "odt-external": _EXTERNAL,
    "odt-program": _PROGRAM,
    "odt-active": _ACTIVE,
    "rtf-broken": _BROKEN,
    "rtf-bomb": _BOMB,
    "rtf-macro": _MACRO,
    "rtf-external": _EXTERNAL,
    "rtf-program": _PROGRAM,
    "rtf-active": _ACTIVE,
    "text-broken": _(
        "This text file holds characters that are no text. Open it, save it as a PDF and choose "
        "that."
    ),
    "text-script": _(
        "This text file holds a script or a web page. Save what is to be read as a PDF and choose "
        "that."
    ),
    "image-broken": _(
        "This picture is damaged or not complete. Take it again, or open it and save it as a new "
        "file, and choose that."
    ),
    "image-too-many-pixels": _(
        "This picture has more than 50 megapixels. Save it in a smaller size and choose it again."
    ),
}


def sentence(code: str, *, name: str = "", kind: str = "") -> str:
    """Return what the code says, in the language of the moment.

    `name` is what the file is called, `kind` its type (`Verdict.type`): some sentences name both.
    """
    said = promised(name)
    if code == "disguised" and said:
        code = "disguised-as"
    elif code == "misnamed" and not (said and kind in NOUNS):
        code = "disguised"
    return str(SENTENCES.get(code, SENTENCES["unreadable"])) % {
        "max_file_mb": settings.ATS_MAX_FILE_MB,
        "promised": NOUNS[said.type] if said else "",
        "found": NOUNS.get(kind, ""),
    }
