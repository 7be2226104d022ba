"""The formats that we take: how each is called, by whom, and which belong together."""

from typing import NamedTuple


class Format(NamedTuple):
    """`group`: within one, a file may bear another member's ending; its name is corrected."""

    type: str
    extension: str
    group: str
    endings: tuple[str, ...]


WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"

FORMATS = (
    Format("application/pdf", ".pdf", "pdf", ("pdf",)),
    Format(WORD, ".docx", "word", ("docx",)),
    Format("application/msword", ".doc", "word", ("doc",)),
    Format("application/rtf", ".rtf", "word", ("rtf",)),
    Format("application/vnd.oasis.opendocument.text", ".odt", "odt", ("odt",)),
    Format("text/plain", ".txt", "text", ("txt", "text", "asc")),
    Format("image/jpeg", ".jpg", "image", ("jpg", "jpeg", "jpe", "jfif", "pjpeg")),
    Format("image/png", ".png", "image", ("png",)),
    Format("image/webp", ".webp", "image", ("webp",)),
    Format("image/heic", ".heic", "image", ("heic", "heif", "hif")),
)
BY_TYPE = {each.type: each for each in FORMATS}
BY_ENDING = {ending: each for each in FORMATS for ending in each.endings}


def ending(name: str) -> str:
    """Return what follows a name's last dot, as Windows sees it: without blanks and dots after."""
    _stem, dot, last = name.rstrip(". \0").rpartition(".")
    return last.lower() if dot else ""


def promised(name: str) -> Format | None:
    """Return the format that a name promises, if it is one of ours."""
    return BY_ENDING.get(ending(name))
