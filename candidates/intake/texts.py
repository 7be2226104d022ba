"""Text out of bytes that say they are text, in whatever character set, as HTML or plain."""

import codecs
import html
import re
from itertools import islice

import nh3

from candidates.forms.apply import UNSTORABLE

#: How much of a mail's text is kept, and how much HTML is read for it, in characters.
MOST = 100_000
MOST_HTML = 1_000_000
#: How many tags of a mail's HTML are read: nested, each costs as much as there are around it.
MOST_TAGS = 20_000

#: Codecs of Python's that no mail means, some of them slow or with effects of their own.
NOT_MEANT = {"idna", "punycode", "undefined", "unicode-escape", "raw-unicode-escape"}
#: What says Latin-1 means the superset that Windows writes (https://encoding.spec.whatwg.org/).
AS_WINDOWS = {"ascii", "iso8859-1"}

#: Elements that end a line, and those of which nothing is to be read.
BREAKS = {"br", "p", "div", "li", "tr", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "pre"}
SILENT = {"script", "style", "title", "template", "noscript"}
BREAK = re.compile(r"<(?:br|/(?:p|div|tr|h[1-6]|blockquote|pre))>|<li>")
LINK = re.compile(r'<a href="([^"]*)">(.*?)</a>', re.DOTALL)
TAG = re.compile(r"<[^>]*>")


def decoded(content: bytes, charset: str = "") -> str:
    """Return the text of bytes whose character set is named wrongly, oddly or not at all.

    What is valid UTF-8 beyond ASCII is UTF-8, whatever it says: nothing else looks like it.
    """
    named = _codec(charset)
    tries = [named, "utf-8"] if content.isascii() else ["utf-8", named]
    for codec in filter(None, tries):
        try:
            return content.decode(codec)
        except (ValueError, LookupError):
            continue
    return content.decode("cp1252", "replace")


def _codec(charset: str) -> str:
    try:
        name = codecs.lookup(charset.strip(" \"'")).name
    except (LookupError, ValueError):
        return ""
    if name.replace("_", "-") in NOT_MEANT:
        return ""
    return "cp1252" if name in AS_WINDOWS else name


def until_tag(source: str, number: int) -> str:
    """Return HTML up to a tag: the first is number 0."""
    tag = next(islice(re.finditer("<", source), number, None), None)
    return source[: tag.start()] if tag else source


def from_html(source: str) -> str:
    """Return what a page of HTML says, its links behind their words."""
    page = nh3.clean(
        source[:MOST_HTML],
        tags=BREAKS | {"a"},
        clean_content_tags=SILENT,
        attributes={"a": {"href"}},
        link_rel=None,
    )
    page = " ".join(page.split())  # lines end where elements say so
    page = LINK.sub(_link, page)
    return html.unescape(TAG.sub("", BREAK.sub("\n", page)))


def _link(match: re.Match[str]) -> str:
    address, words = match.groups()
    bare = address.removeprefix("mailto:")
    return words if not bare or bare in words else f"{words} ({bare})"


def clean(text: str) -> str:
    """Return a text that any database takes: not too long, no two empty lines in a row."""
    text = UNSTORABLE.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    lines = "\n".join(line.rstrip() for line in text[:MOST].split("\n"))
    return re.sub(r"\n{3,}", "\n\n", lines).strip("\n")
