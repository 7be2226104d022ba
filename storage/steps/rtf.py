"""The text of RTF (Rich Text Format 1.9.1): groups, control words, and characters between them."""

import re

TOKEN = re.compile(
    rb"\\([a-z]{1,32})(-?\d{1,10})? ?"  # a control word
    rb"|\\'([0-9a-f]{2})"  # a byte of the code page
    rb"|\\([^a-z])"  # a control symbol
    rb"|([{}])"
    rb"|[\r\n]+"
    rb"|([^\\{}\r\n]+)",
    re.IGNORECASE,
)
#: Groups that hold no text of the document.
HIDDEN = {
    *(b"fonttbl", b"colortbl", b"stylesheet", b"info", b"pict", b"object", b"themedata"),
    *(b"colorschememapping", b"datastore", b"latentstyles", b"listtable", b"listoverridetable"),
    *(b"rsidtbl", b"generator", b"filetbl", b"revtbl", b"fldinst", b"xmlnstbl", b"template"),
    *(b"nonshppict", b"bkmkstart", b"bkmkend", b"annotation", b"atnid", b"atnauthor"),
}
SIGNS = {
    b"par": "\n",
    b"line": "\n",
    b"page": "\n",
    b"sect": "\n",
    b"row": "\n",
    b"cell": "\t",
    b"tab": "\t",
    b"emdash": "—",
    b"endash": "–",
    b"bullet": "•",
    b"lquote": "‘",
    b"rquote": "’",
    b"ldblquote": "“",
    b"rdblquote": "”",
}
SYMBOLS = {b"~": "\xa0", b"_": "-", b"\n": "\n", b"\r": "\n", b"{": "{", b"}": "}", b"\\": "\\"}


class Reader:
    """Reads one document; `found` is its text so far."""

    def __init__(self) -> None:
        self.found: list[str] = []
        self.length = 0
        #: Of each open group: whether it is hidden, and how many characters follow each \\u.
        self.groups: list[tuple[bool, int]] = []
        self.hidden, self.fallback = False, 1
        self.skip = 0
        self.code_page = "cp1252"

    def say(self, text: str) -> None:
        if self.skip:
            used = min(self.skip, len(text))
            self.skip, text = self.skip - used, text[used:]
        if text and not self.hidden:
            self.found.append(text)
            self.length += len(text)

    def brace(self, sign: bytes) -> None:
        self.skip = 0
        if sign == b"{":
            self.groups.append((self.hidden, self.fallback))
        elif self.groups:
            self.hidden, self.fallback = self.groups.pop()

    def word(self, name: bytes, number: int | None) -> None:
        if name in HIDDEN:
            self.hidden = True
        elif name == b"u" and number is not None:
            self.skip = 0
            self.say(chr(number % 65_536))
            self.skip = self.fallback
        elif name == b"uc" and number is not None:
            self.fallback = max(0, min(number, 16))
        elif name == b"ansicpg" and number is not None:
            self.code_page = f"cp{number}" if _is_known(f"cp{number}") else "cp1252"
        elif name == b"bin":
            self.hidden = True  # bytes that are no text; the rest of the group goes with them
        elif name in SIGNS:
            self.say(SIGNS[name])

    def decoded(self, data: bytes) -> str:
        return data.decode(self.code_page, "replace")


def text(data: bytes, *, longest: int) -> str:
    """Return the text, cut off where it is long enough."""
    reader = Reader()
    for match in TOKEN.finditer(data):
        name, number, byte, symbol, brace, run = match.groups()
        if brace:
            reader.brace(brace)
        elif name:
            reader.word(name.lower(), int(number) if number else None)
        elif byte:
            reader.say(reader.decoded(bytes.fromhex(byte.decode())))
        elif symbol == b"*":
            # Whoever does not know the word that follows skips the group; we know none.
            reader.hidden = True
        elif symbol:
            reader.say(SYMBOLS.get(symbol, ""))
        elif run:
            reader.say(reader.decoded(run))
        if reader.length > longest:
            break
    joined = "".join(reader.found)
    # Characters beyond the first plane are written as two.
    return joined.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _is_known(encoding: str) -> bool:
    try:
        "".encode(encoding)
    except LookupError:
        return False
    return True
