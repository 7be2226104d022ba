"""Texts of attachments made up for measuring: some words stand in all of them, most in few."""

from functools import cache
from random import Random

from storage.folding import vocabulary

#: Sentences in a text, which make about 2 KB, and words in each and in the language.
SENTENCES, WORDS = 7, 25
LANGUAGE = 30_000
#: Words of a long text in that language, which sentences are cut from.
SPOKEN = 500_000
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


@cache
def _folded() -> dict[str, str]:
    """Return all words, each as the search compares it."""
    return {word: vocabulary(word) for word in words()}


@cache
def _spoken() -> list[str]:
    """Return a long text. As in real ones the tenth word is ten times as frequent as the 100th."""
    language = words()
    said = [language[int(LANGUAGE ** (place / SPOKEN)) - 1] for place in range(SPOKEN)]
    Random(9).shuffle(said)  # noqa: S311
    return said


def text(rng: Random) -> tuple[str, str]:
    """Return a text and its words as the search compares them."""
    spoken, folded = _spoken(), _folded()
    starts = rng.choices(range(SPOKEN - WORDS), k=SENTENCES)
    chosen = [word for start in starts for word in spoken[start : start + WORDS]]
    return " ".join(chosen), " ".join([folded[word] for word in dict.fromkeys(chosen)])
