"""Striking what belongs to others out of a full copy (Art. 15(4) GDPR). Nothing is stored here.

What is struck stays to be seen as struck, so that its person knows that there was something.
"""

import re
from collections.abc import Iterable
from copy import deepcopy
from dataclasses import dataclass
from typing import Any
from unicodedata import normalize

from candidates.copies.full import Json
from candidates.models import Application

#: What stands for a struck word: the same for each, since its length would tell of it.
BAR = "█████"
#: Why, as `data.json` has it.
LAW = "Art. 15(4) GDPR"
#: Letters that are written as others in capitals, or where a keyboard has none.
SHARP = re.compile("ß|ss", re.IGNORECASE)


@dataclass(frozen=True)
class Strikes:
    """What the privacy officer strikes."""

    #: The ids of the entries whose free text is left out.
    entries: frozenset[str] = frozenset()
    #: Names and words that are struck wherever they stand.
    words: tuple[str, ...] = ()


@dataclass(frozen=True)
class Struck:
    """A copy without what was struck, and how much that was."""

    content: Json
    entries: int
    places: int


def ids(content: Json) -> frozenset[str]:
    """Return the ids of all entries of a compiled copy, which can be struck."""
    sections = content["sections"]
    return frozenset(entry["id"] for section in sections for entry in section["entries"])


def strike(content: Json, strikes: Strikes) -> Struck:
    """Return a compiled copy with its strikes; the given one stays as it is."""
    content = deepcopy(content)
    found = _pattern(strikes.words)
    entries = [entry for section in content["sections"] for entry in section["entries"]]
    left_out = sum(_leave_out(entry) for entry in entries if entry["id"] in strikes.entries)
    places = sum(_black_out(entry, found) for entry in entries) if found else 0
    return Struck(content, left_out, places)


def _leave_out(entry: dict[str, Any]) -> bool:
    free = [fact for fact in entry["facts"] if fact["is_free"]]
    for fact in free:
        fact |= {"value": None, "text": "", "struck": LAW}
    if free:
        entry["struck"] = LAW
    return bool(free)


def _black_out(entry: dict[str, Any], found: re.Pattern[str]) -> int:
    """Strike words in an entry's title and free texts; return in how many places."""
    entry["title"], in_title = found.subn(BAR, entry["title"])
    free = [fact for fact in entry["facts"] if fact["is_free"] and fact["text"]]
    places: int = sum(_black_out_fact(fact, found) for fact in free)
    if places or in_title:
        entry["blacked"] = LAW
    return places


def _black_out_fact(fact: dict[str, Any], found: re.Pattern[str]) -> int:
    fact["text"], places = found.subn(BAR, fact["text"])
    fact["value"] = fact["text"]
    return places


def owns(application: Application, word: str) -> bool:
    """Whether a word is in the person's own name, address or number: theirs cannot be struck."""
    found = _pattern([word])
    own = (application.name, application.email, application.phone)
    return found is not None and any(found.search(normalize("NFC", text)) for text in own)


def _pattern(words: Iterable[str]) -> re.Pattern[str] | None:
    """Return what finds any of these as whole words, in either case, also across lines."""
    # Longer ones first: "Anna Roth" before "Anna".
    wanted = sorted({word for word in map(_tidy, words) if word}, key=len, reverse=True)
    if not wanted:
        return None
    parts = "|".join(_flexible(word) for word in wanted)
    return re.compile(rf"(?<!\w)(?:{parts})(?!\w)", re.IGNORECASE)


def _tidy(word: str) -> str:
    return " ".join(normalize("NFC", word).split())


def _flexible(word: str) -> str:
    words = [
        "(?:ß|ss)".join(re.escape(part) for part in SHARP.split(part)) for part in word.split()
    ]
    return r"\s+".join(words)
