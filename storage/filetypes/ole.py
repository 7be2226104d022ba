"""Word documents of 1997 to 2003 (.doc): a compound file with a Word document in it ([MS-DOC]).

Proves: the compound file opens, it has a Word document stream of that time with the table
stream that it names, and nothing else for a heart. Refuses passwords, macros, controls, DDE
fields, templates and objects elsewhere, and programs among its objects.
"""

import re
import struct
from mmap import ACCESS_READ, mmap
from pathlib import Path

import olefile

from storage.filetypes import embedded
from storage.filetypes.family import Kind, Refusal
from storage.filetypes.places import is_remote

#: libmagic tells other compound files apart, and names them better than we could.
TYPE = ""
DOC = "application/msword"
PROPOSED = frozenset({DOC})
REFUSALS = frozenset(
    f"doc-{fault}"
    for fault in ("active", "broken", "external", "macro", "old", "password", "program")
)

#: Of another program, or of Office's own encryption.
OTHERS = {"workbook", "book", "powerpoint document", "visiodocument", "__properties_version1.0"}
ENCRYPTED = {"encryptedpackage", "encryptioninfo"}

#: The file information block: wIdent, nFib, its flags, and where the names of other files are.
IDENT, WORD_97 = 0xA5EC, 0x00C0
ENCRYPTED_FLAG, TABLE_FLAG = 0x0100, 0x0200
ASSOCIATED = 0x9A + 8 * 32
#: Among the associated strings, the template.
TEMPLATE = 1
#: A field that talks to another program on opening, in narrow and in wide characters.
DDE = re.compile(rb"\x13\s*dde|\x13\0(\s\0)*d\0d\0e\0", re.IGNORECASE)


def claims(path: Path, head: bytes) -> bool:
    return head.startswith(embedded.OLE)


def prove(path: Path, name: str) -> Kind:
    with path.open("rb") as file, mmap(file.fileno(), 0, access=ACCESS_READ) as content:
        if not content[:8] == embedded.OLE:
            raise Refusal("doc-old")
        if content.find(embedded.VBA_TEXT) >= 0:
            raise Refusal("doc-macro")
    try:
        with olefile.OleFileIO(str(path)) as compound:
            _check_heart(compound)
            _check_word(compound)
            if fault := embedded.fault_of(compound):
                raise Refusal(f"doc-{fault}")
    except (OSError, IndexError, KeyError, ValueError, AttributeError, struct.error) as error:
        raise Refusal("doc-broken") from error
    return Kind(DOC, ".doc")


def _check_heart(compound: olefile.OleFileIO) -> None:
    paths = compound.listdir(True, True)
    first = {path[0].lower() for path in paths}
    if ENCRYPTED & first:
        raise Refusal("doc-password")
    if "worddocument" not in first:
        raise Refusal("type-not-accepted")
    if OTHERS & first:
        raise Refusal("disguised")
    if any(path[-1].lower() == "\x03ocxname" for path in paths):
        raise Refusal("doc-active")


def _check_word(compound: olefile.OleFileIO) -> None:
    text = compound.openstream("WordDocument").read()
    ident, version = struct.unpack_from("<HH", text)
    (flags,) = struct.unpack_from("<H", text, 10)
    if ident != IDENT or version < WORD_97:
        raise Refusal("doc-old")
    if flags & ENCRYPTED_FLAG:
        raise Refusal("doc-password")
    table = compound.openstream("1Table" if flags & TABLE_FLAG else "0Table").read()
    if DDE.search(text):
        raise Refusal("doc-active")
    if is_remote(_template(text, table)):
        raise Refusal("doc-external")


def _template(text: bytes, table: bytes) -> str:
    """Return the attached template, from the table of strings that go with the document."""
    at, size = struct.unpack_from("<II", text, ASSOCIATED)
    strings = table[at : at + size]
    if len(strings) < 6:
        return ""
    wide, count, _extra = struct.unpack_from("<HHH", strings)
    if wide != 0xFFFF:
        return ""
    at = 6
    for number in range(count):
        (length,) = struct.unpack_from("<H", strings, at)
        if number == TEMPLATE:
            return strings[at + 2 : at + 2 + 2 * length].decode("utf-16-le", "replace")
        at += 2 + 2 * length
    return ""
