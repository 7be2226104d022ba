"""Texts of attachments made up for measuring: some words stand in all of them, most in few."""

from functools import cache
from random import Random

from storage.folding import vocabulary

#: Words in a text, and in the language that the texts are written in.
LENGTH = 320
LANGUAGE = 30_000
SYLLABLES = (
    *("al", "be", "dan", "er", "fü", "gra", "hol", "in", "ket", "lo", "mar", "nen", "or", "pel"),
    *("qua", "rit", "ser", "tung", "um", "ver", "wal", "zen", "schaft", "keit", "heit", "isch"),
    *("lich", "arbeit", "plan", "werk", "bau", "stelle", "pflege", "daten", "technik", "leitung"),
)


@cache
def words() -> list[str]:
    """Return the words of the language, the most frequent first; none stands there twice."""
    rng = Random(8)  # noqa: S311
    found: dict[str, None] = dict.fromkeys(["Lebenslauf", "Erfahrung", "Ausbildung", "Kenntnisse"])
    while len(found) < LANGUAGE:
        found["".join(rng.choices(SYLLABLES, k=rng.choice((2, 3, 3, 4)))).capitalize()] = None
    return list(found)


def text(rng: Random) -> tuple[str, str]:
    """Return a text and its words as the search compares them."""
    language = words()
    # As in real texts: the tenth word is ten times as frequent as the hundredth.
    chosen = (language[int(LANGUAGE ** rng.random()) - 1] for _ in range(LENGTH))
    said = " ".join(chosen)
    return said, vocabulary(said)
