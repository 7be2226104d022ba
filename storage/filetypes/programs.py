"""What starts a program: by ending, for people who click; by first bytes, for systems that look.

And what hides behind another file: the ends that make one file two.
"""

import re
from mmap import mmap

from storage.filetypes.formats import ending

_PROGRAMS = (
    "apk app appref-ms application bat chm cmd com cpl dll exe gadget hta inf iso jar js jse "
    "lnk msc msh msi msp one pif ps1 psm1 reg scf scr sct sh swf url vb vbe vbs vhd vhdx ws wsc "
    "wsf wsh xll"
)
_MACROS = "docm dotm potm ppam ppsm pptm sldm xla xlam xlm xlsb xlsm xltm"
ENDINGS = frozenset(_PROGRAMS.split())
#: Office files that may hold macros say so by their ending.
MACRO_ENDINGS = frozenset(_MACROS.split())

STARTS = (
    b"MZ",  # Windows
    b"\x7fELF",
    b"#!",
    b"\xca\xfe\xba\xbe",  # Java, and macOS for two processors
    b"\xfe\xed\xfa\xce",
    b"\xfe\xed\xfa\xcf",
    b"\xce\xfa\xed\xfe",
    b"\xcf\xfa\xed\xfe",
    b"L\x00\x00\x00\x01\x14\x02\x00",  # a Windows shortcut
    b"FWS",
    b"CWS",
    b"ZWS",
)

#: What a browser or server would run, wherever it stands.
MARKUP = re.compile(rb"<(script|html|!doctype|svg|body|iframe)[\s>/]|<\?php|<script", re.IGNORECASE)
#: What runs in a picture, too, where markup is only somebody's metadata.
SCRIPT = re.compile(rb"<script[\s>/]|<\?php|<html[\s>]|<iframe[\s>]", re.IGNORECASE)
#: How another file begins after the end of this one.
OTHER_STARTS = (
    *STARTS,
    *(b"PK\x03\x04", b"PK\x05\x06", b"Rar!\x1a", b"7z\xbc\xaf\x27\x1c", b"%PDF-", b"{\\rtf"),
    *(b"\xd0\xcf\x11\xe0", b"\x1f\x8b\x08"),
)
ARCHIVE_STARTS = (b"PK\x03\x04", b"PK\x05\x06", b"Rar!\x1a", b"7z\xbc\xaf\x27\x1c", b"\x7fELF")
#: The end of a zip file's directory, and the longest comment after it.
ZIP_END, ZIP_END_SIZE, LONGEST_COMMENT = b"PK\x05\x06", 22, 65_535


def is_named_like_one(name: str) -> bool:
    return ending(name) in ENDINGS


def is_named_like_macros(name: str) -> bool:
    return ending(name) in MACRO_ENDINGS


def starts_like_one(head: bytes) -> bool:
    return head.startswith(STARTS)


def holds_markup(content: bytes | mmap) -> bool:
    return MARKUP.search(content) is not None


def holds_script(content: bytes | mmap) -> bool:
    return SCRIPT.search(content) is not None


def ends_as_zip(content: bytes | mmap) -> bool:
    """Say whether a zip file's directory, with its comment, ends where the file ends."""
    at = content.find(ZIP_END, max(0, len(content) - ZIP_END_SIZE - LONGEST_COMMENT))
    while at >= 0:
        stated = content[at + ZIP_END_SIZE - 2 : at + ZIP_END_SIZE]
        if at + ZIP_END_SIZE + int.from_bytes(stated, "little") == len(content):
            return True
        at = content.find(ZIP_END, at + 1)
    return False
