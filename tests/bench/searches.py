"""Searching in names and addresses, and in the texts of attachments, over the indexed query."""

from collections.abc import Iterator
from urllib.parse import quote

from django.db import connection

from tests.bench import floors
from tests.bench.databases import RECRUITER
from tests.bench.figures import Figure
from tests.bench.pages import against_floor
from tests.bench.place import Place, session

ROUNDS = 60
#: Of a search's 95th percentile over its floor's.
NAMES, TEXTS = 3, 8


def measure(place: Place) -> Iterator[Figure]:
    cookie = session(RECRUITER)
    with place.web() as web:
        for kind, word, ratio in [*in_names(), *in_texts()]:
            path = f"/hr/applications/?q={quote(word)}"
            work = f"search in {kind}: {word}"
            yield against_floor(place, web, cookie, work, kind, path, rounds=ROUNDS, ratio=ratio)


def in_names() -> list[tuple[str, str, int]]:
    """Return words of three letters and more, from those in many names to one in an address.

    None of them begins a word of a text: page and floor have the same hits.
    """
    from candidates.models import Application

    folded = Application.objects.order_by("id").values_list("folded", flat=True)[:50]
    last = next(each for each in map(str.split, folded) if not _begins_in_text(each[1][:4]))
    words = ["ann", "mül", last[1][:4], last[1], last[-1]]
    return [("names", word, NAMES) for word in dict.fromkeys(words)]


def _begins_in_text(word: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT EXISTS ({floors.SAID})", [word])
        return bool(cursor.fetchone()[0])


def in_texts() -> list[tuple[str, str, int]]:
    """Return words of the made-up language: in every tenth text, in one of hundreds, in few."""
    from candidates.demo import lexicon

    return [("texts", lexicon.words()[rank].casefold(), TEXTS) for rank in (100, 1_000, 20_000)]
