"""Plain text (.txt): UTF-8, UTF-16 with or without its mark, or one of Latin-1's kin.

Proves: no control bytes but those that lay text out, one encoding throughout. Refuses what a
browser, a shell or an interpreter would run; who writes about HTML names its tags, too. There is
nothing at the beginning of a text that says so; this family is asked last.
"""

import codecs
import re
from mmap import ACCESS_READ, mmap
from pathlib import Path

from storage.filetypes.family import HEAD, Kind, Refusal
from storage.filetypes.formats import BY_ENDING, ending

TYPE = "text/plain"
PROPOSED: frozenset[str] = frozenset()
REFUSALS = frozenset({"text-broken", "text-script"})

UTF_16 = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
UTF_32 = (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)
#: Tab, line feed, vertical tab, form feed, return, and the DOS end of a file are normal.
CONTROL = re.compile(rb"[\x00-\x08\x0e-\x19\x1b-\x1f\x7f]")
CONTROL_CHARACTER = re.compile(r"[\x00-\x08\x0e-\x19\x1b-\x1f\x7f\ufffe\uffff]")
#: What makes a text a program. It comes to that soon.
SOON = 256 * 1024
SCRIPT = re.compile(
    rb"\A\s*(<\?|#!|%!ps|\{\\rt|rem [^\n]*\n@|mime-version:\s*1)"
    rb"|^[ \t]*@echo[ \t]+o(ff|n)|wscript\.(shell|createobject)|createobject\s*\(\s*[\"']"
    rb"|powershell(\.exe)?\s+-(e|en?c|ex|f|nop|w|c)\w*\s|invoke-expression\s*[($\"']|\biex\s*\(|new-object\s+net\.webclient"
    rb"|^(attribute vb_name|option explicit)",
    re.IGNORECASE | re.MULTILINE,
)
#: What a browser takes for a page: it begins with a tag, after blanks and comments.
COMMENT = re.compile(rb"\s*<!--.*?(?:-->|\Z)", re.DOTALL)
PAGE = re.compile(
    rb"\s*(<!doctype|</?(a|applet|article|b|base|basefont|bgsound|blockquote|body|br|button|center"
    rb"|code|dd|details|dir|div|dl|dt|em|embed|fieldset|font|footer|form|frame|frameset|h[1-6]|head"
    rb"|header|hr|html|i|iframe|image|img|input|isindex|kbd|layer|li|link|listing|main|marquee|math"
    rb"|menu|meta|nav|nobr|noscript|object|ol|option|p|plaintext|pre|s|script|select|small|source"
    rb"|span|strong|style|sub|sup|svg|table|tbody|td|template|textarea|th|thead|title|tr|tt|u|ul"
    rb"|var|video|xml|xmp|xss)[\s/>])",
    re.IGNORECASE,
)
#: Markup within a text: at the beginning of a line, or an element with its end.
WITHIN = re.compile(
    rb"^[ \t]*(<script[\s>/]|<\?php|<html[\s>]|<iframe[\s>])|<(script|html|iframe)\b.*?</\2",
    re.IGNORECASE | re.MULTILINE | re.DOTALL,
)
#: A server runs this wherever it begins a line.
SERVED = re.compile(rb"^[ \t]*<\?php\b", re.IGNORECASE | re.MULTILINE)
#: Texts with another ending are something else's source.
READ_AS_TEXT = {"", "asc", "log", "markdown", "md", "readme", "text", "txt"}
PIECE = 1024 * 1024


def claims(path: Path, head: bytes) -> bool:
    if head.startswith((*UTF_16, *UTF_32)):
        return True
    return not CONTROL.search(head) or _guess_utf_16(head) != ""


def prove(path: Path, name: str) -> Kind:
    with path.open("rb") as file, mmap(file.fileno(), 0, access=ACCESS_READ) as content:
        head = content[:1_024]
        if head.startswith(UTF_32):
            raise Refusal("text-broken")
        if wide := UTF_16.get(head[:2], "") or _guess_utf_16(head):
            _check_wide(content, wide)
        else:
            _check_narrow(content)
    last = ending(name)
    # "CV 2.0 final" has no ending.
    if last not in READ_AS_TEXT and last not in BY_ENDING and last.isalnum() and len(last) < 6:
        raise Refusal("type-not-accepted")
    return Kind(TYPE, ".txt")


def _guess_utf_16(head: bytes) -> str:
    """Return the encoding of UTF-16 that does not say so: half of its bytes are nearly all 0."""
    head = head[: len(head) & ~1]
    even, odd = head[::2].count(0), head[1::2].count(0)
    if len(head) >= 4 and odd > len(head) * 0.35 and not even:
        return "utf-16-le"
    return "utf-16-be" if len(head) >= 4 and even > len(head) * 0.35 and not odd else ""


def _runs(head: bytes) -> bool:
    """Say whether a browser would take a text for a page, or something else would run it."""
    at = 0
    while comment := COMMENT.match(head, at):
        at = comment.end()
    return bool(PAGE.match(head, at) or WITHIN.search(head[:HEAD]) or SCRIPT.search(head))


def _check_narrow(content: mmap) -> None:
    if CONTROL.search(content):
        raise Refusal("text-broken")
    head = content[:SOON].removeprefix(codecs.BOM_UTF8)
    if _runs(head) or SERVED.search(content):
        raise Refusal("text-script")
    if not (head.strip() or re.compile(rb"\S").search(content, SOON)):
        raise Refusal("empty")


def _check_wide(content: mmap, encoding: str) -> None:
    decoder = codecs.getincrementaldecoder(encoding)()
    said, tail = False, ""
    for at in range(0, len(content), PIECE):
        piece = content[at : at + PIECE]
        try:
            text = decoder.decode(piece, final=at + PIECE >= len(content))
        except UnicodeDecodeError as error:
            raise Refusal("text-broken") from error
        text = text.removeprefix("\ufeff") if at == 0 else text
        if CONTROL_CHARACTER.search(text):
            raise Refusal("text-broken")
        narrow = (tail + text).encode("utf-8", "replace")
        if (at == 0 and _runs(narrow[:SOON])) or SERVED.search(narrow):
            raise Refusal("text-script")
        said, tail = said or bool(text.strip()), text[-100:]
    if not said:
        raise Refusal("empty")
