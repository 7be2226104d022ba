"""Who applies by mail: name, address and language, as far as the mail shows them."""

import re

from django.conf import settings
from django.core.exceptions import ValidationError

from candidates.forms.apply import check_email
from candidates.intake import headers
from candidates.intake.letters import Letter
from candidates.models import Job
from candidates.pipeline import Person

#: Words that begin a last name of several.
PARTICLES = frozenset(
    {"af", "al", "bin", "da", "das", "de", "dei", "del", "della", "den", "der", "di", "dos", "du"}
    | {"el", "ibn", "la", "le", "ten", "ter", "van", "vom", "von", "zu", "zum", "zur"}
)
#: What portals and firms put behind a name.
ASIDE = re.compile(r"\s*(\(.*\)|\bvia\b.*|\|.*)$", re.IGNORECASE)
#: Small words that only one of the two languages has.
WORDS = {
    "de": {"und", "ich", "der", "die", "das", "nicht", "mit", "für", "eine", "bei", "ist", "auf"},
    "en": {"and", "the", "for", "with", "your", "you", "that", "have", "this", "are", "of", "my"},
}
LETTERS = re.compile(r"[^\W\d_]+")
#: How much of a text is looked at for its language, in characters.
ENOUGH = 5_000


def of(letter: Letter) -> Person | None:
    """Return the sender as a person who can be answered, or None."""
    sender = letter.sender
    if sender is None or len(sender.address) > 254:
        return None
    try:
        check_email(sender.address)
    except ValidationError:
        return None
    first, last = names(sender.name, sender.address)
    return Person(first_name=first[:100], last_name=last[:100], email=sender.address)


def names(shown: str, address: str) -> tuple[str, str]:
    """Return first and last name by the name that the mail shows, else by its address.

    One word stays alone: it is the first name, and the last is "".
    """
    name = "" if "@" in shown else ASIDE.sub("", shown)
    if name.count(",") == 1:
        last, first = (part.strip() for part in name.split(","))
        if first and last:
            return first, last
    words = name.replace(",", " ").split()
    spelt = by_address(address)
    if len(words) == 1 and len(spelt) > 1 and words[0].casefold() == spelt[0].casefold():
        words = [words[0], *spelt[1:]]
    return _split(words or spelt)


def by_address(address: str) -> list[str]:
    """Return the words before the @ as names are written: "amira.haddad84" is Amira Haddad."""
    local = address.rpartition("@")[0].partition("+")[0]
    words = [word.capitalize() for word in LETTERS.findall(local)]
    return words or [local[:100]]


def _split(words: list[str]) -> tuple[str, str]:
    if len(words) == 1:
        return words[0], ""
    start = next((n for n, word in enumerate(words) if n and word in PARTICLES), len(words) - 1)
    return " ".join(words[:start]), " ".join(words[start:])


def language(letter: Letter, job: Job | None) -> str:
    """Return the language to answer in: what the mail says, else its text's, else the job's."""
    known = [code for code, _name in settings.LANGUAGES]
    for name in ("Content-Language", "Accept-Language"):
        said = headers.first(letter.message, name).lower()[:2]
        if said in known:
            return said
    return guessed(letter.text) or (job.language if job else settings.LANGUAGE_CODE)


def guessed(text: str) -> str | None:
    """Return the language that a text's small words are of, or None if they do not tell."""
    words = [word.lower() for word in LETTERS.findall(text[:ENOUGH])]
    counts = {code: sum(word in small for word in words) for code, small in WORDS.items()}
    best, second = sorted(counts, key=counts.__getitem__, reverse=True)[:2]
    is_clear = counts[best] >= 3 and counts[best] >= 2 * counts[second]
    return best if is_clear else None
