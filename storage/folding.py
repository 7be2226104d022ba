"""Words as they are compared in a search: whoever types "oberm" finds Obermüller."""

import re
import unicodedata

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
    spelt = unicodedata.normalize("NFC", text.casefold()).translate(SPELT)
    return " ".join(dict.fromkeys([fold(text), fold(spelt)]))
