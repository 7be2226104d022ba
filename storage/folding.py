"""Words as they are compared in a search: whoever types "oberm" finds Obermüller."""

import re
import unicodedata
from collections.abc import Iterator

ACCENTS = re.compile("[\u0300-\u036f]")
#: Letters that Unicode does not take apart.
WHOLE = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th"})
#: As Germans spell umlauts without a German keyboard.
SPELT = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue"})


def fold(text: str) -> str:
    """Return a text in small letters and without accents; white space becomes one blank."""
    plain = ACCENTS.sub("", unicodedata.normalize("NFKD", text.casefold()))
    return " ".join(plain.translate(WHOLE).split())


def spellings(text: str) -> str:
    """Return a folded text, and behind it the same with umlauts as two letters, if it has any."""
    return " ".join(dict.fromkeys([fold(text), fold(spelt(text))]))


def spelt(text: str) -> str:
    """Return a text in small letters, its umlauts as two letters each."""
    return unicodedata.normalize("NFC", text.casefold()).translate(SPELT)


# The words of a text --------------------------------------------------------------------------

#: Letters and digits that stand together.
WORD = re.compile(r"[^\W_]+")
#: The fewest letters by which a text is searched: shorter words stand in every one.
FEWEST = 3
#: The longest word that is told from others: no language needs more to tell its words apart.
LONGEST = 60
#: How much of a text's words is kept, in bytes; PostgreSQL indexes 1 MB at most.
MOST = 256 * 1024


def vocabulary(text: str) -> str:
    """Return the words of a text as a search compares them: each once, with blanks between.

    An umlaut's word stands there in both spellings. At most `MOST` bytes, from the beginning.
    """
    found: dict[str, None] = {}
    size = 0
    for word in _words(text):
        if word in found:
            continue
        size += len(word.encode()) + 1
        if size > MOST:
            break
        found[word] = None
    return " ".join(found)


def _words(text: str) -> Iterator[str]:
    """Yield the words of a text in their order, folded and cut, and their other spellings."""
    for each in dict.fromkeys(text.split()):
        for spelling in dict.fromkeys([fold(each), fold(spelt(each))]):
            yield from long_words(spelling)


def long_words(folded: str) -> list[str]:
    """Return the words of a folded text that are long enough to be searched for in texts."""
    return [word[:LONGEST] for word in WORD.findall(folded) if len(word) >= FEWEST]
