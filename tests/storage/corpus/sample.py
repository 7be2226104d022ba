"""One file of the corpus."""

from dataclasses import dataclass

PDF = "application/pdf"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
DOC = "application/msword"
ODT = "application/vnd.oasis.opendocument.text"
RTF = "application/rtf"
TEXT = "text/plain"
JPEG, PNG, WEBP, HEIC = "image/jpeg", "image/png", "image/webp", "image/heic"


@dataclass(frozen=True)
class Sample:
    """`why` says whose trait or trick it is; `type` is given for what must be taken."""

    why: str
    name: str
    content: bytes
    code: str = "ok"
    type: str = ""


def good(why: str, name: str, content: bytes, kind: str) -> Sample:
    return Sample(why, name, content, "ok", kind)
