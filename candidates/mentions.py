"""Who is meant by "@Katrin", "@Katrin Voss" or "@katrin.voss" in a note."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from candidates.models import User
from storage.folding import fold

#: Where a mention begins: at the start of a word, so that no address in a text is one.
SIGN = re.compile(r"(?<![^\s(\[„“\"'‘/])@(?=\w)")
WORD = re.compile(r"[\w'’-]+(?:\.[\w'’-]+)*")
#: What goes on after a name that is a longer one: "@Kat" is not in "@Katrin" or "@kat.voss".
GOES_ON = re.compile(r"\w|[.’'-]\w")
LONGEST = 200


@dataclass
class Mentioned:
    """Whom a text mentions, and what in it names nobody or more than one."""

    people: list[User] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    #: The word, and who it may be.
    unclear: list[tuple[str, list[User]]] = field(default_factory=list)


def find(text: str, people: Iterable[User]) -> Mentioned:
    """Return who of these people is mentioned, each once, in the text's order."""
    names, found = _names(people), Mentioned()
    for sign in SIGN.finditer(text):
        rest = text[sign.end() : sign.end() + LONGEST]
        meant = _meant(fold(rest), names)
        if len(meant) == 1:
            found.people += [user for user in meant if user not in found.people]
        elif word := WORD.match(rest):
            if meant:
                found.unclear.append((word.group(), meant))
            else:
                found.unknown.append(word.group())
    return found


def _names(people: Iterable[User]) -> dict[str, list[User]]:
    """Return what each may be called, folded: the whole name, the first, the mailbox."""
    names: dict[str, list[User]] = {}
    for user in people:
        mailbox = user.email.partition("@")[0]
        for name in {fold(each) for each in (user.get_full_name(), user.first_name, mailbox)}:
            if name:
                names.setdefault(name, []).append(user)
    return names


def _meant(rest: str, names: dict[str, list[User]]) -> list[User]:
    """Return those whose name a text begins with, by the longest name that does."""
    fitting = [
        name for name in names if rest.startswith(name) and not GOES_ON.match(rest[len(name) :])
    ]
    return names[max(fitting, key=len)] if fitting else []
