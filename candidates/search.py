"""Finding applications by words: in names and addresses, and in the texts of attachments.

Each word must be found. One of three letters and more is found anywhere in a name or an address,
and where a word of a text begins; a shorter one only where a name begins. Accents and case do not
count, and umlauts are found in both of their spellings. Who searches gives the applications that
may be seen: nothing else is ever looked at.
"""

import re
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import CharField, OuterRef, Q, QuerySet, Subquery
from django.db.models.expressions import RawSQL
from django.utils.functional import cached_property

from candidates.models import Application
from candidates.models.applications import Applications
from storage.folding import FEWEST, fold, long_words
from storage.models import Attachment, Words
from storage.searching import BeginsWord, OrOwners

#: What stands around a word and is none of it.
EDGES = re.compile(r"^\W+|\W+$")


@dataclass(frozen=True)
class Term:
    """One word of a search, folded: "obermuller", "node.js", "anna@post.example"."""

    text: str

    @property
    def is_short(self) -> bool:
        return len(self.text) < FEWEST

    @cached_property
    def parts(self) -> list[str]:
        """Its parts that texts are searched for; a text must have all of them."""
        return long_words(self.text)

    def in_name(self) -> Q:
        if not self.is_short:
            return Q(folded__contains=self.text)
        starts = (Q(folded__contains=f"{edge}{self.text}") for edge in " -")
        return Q(folded__startswith=self.text) | next(starts) | next(starts)


def terms(words: str) -> list[Term]:
    """Return what was searched for, each word once."""
    found = (EDGES.sub("", word) for word in fold(words).split())
    return [Term(text) for text in dict.fromkeys(found) if text]


def matching(applications: Applications, found: list[Term]) -> Applications:
    """Return those of the applications in which every word stands."""
    for term in found:
        applications = applications.filter(_has(term))
    return applications


def _has(term: Term) -> Q:
    names = Application.objects.filter(term.in_name()).order_by().values("pk")
    if not term.parts:
        return Q(pk__in=names)
    # Each side by its own index; "or" would read every row.
    if connection.vendor == "postgresql":
        return Q(pk__in=OrOwners(names, term.parts))
    return Q(pk__in=_found(names.union(_owners(term), all=True)))


def _found(ids: QuerySet[Any, Any]) -> RawSQL:
    """Ask SQLite for ids now, and return what stands for them in a statement.

    It has no index of words. What reads every text is asked once so, and not for the rows of a
    page and again for their number.
    """
    sql, params = ids.query.sql_with_params()
    with connection.cursor() as cursor:
        question = f"WITH found(id) AS ({sql}) SELECT json_group_array(id) FROM found"  # noqa: S608
        cursor.execute(question, params)
        (found,) = cursor.fetchone()
    return RawSQL("SELECT value FROM json_each(%s)", [found])


def _owners(term: Term) -> QuerySet[Words, Any]:
    """Return the applications of the texts in which a word stands."""
    stands = Words.objects.filter(BeginsWord("folded", term.parts))
    owned = stands.filter(attachment__application__isnull=False)
    read = owned.filter(attachment__verdict=Attachment.Verdict.CLEAN)
    return read.order_by().values("attachment__application")


def with_place(applications: Applications, found: list[Term]) -> Applications:
    """Add `found_in`, the name of the first document in which one of the words stands, or None."""
    read = Attachment.objects.servable().filter(application=OuterRef("pk"))
    stands = Q()
    for term in found:
        if term.parts:
            stands |= Q(BeginsWord("words__folded", term.parts))
    first = read.filter(stands).order_by("created_at", "pk") if stands else read.none()
    names = Subquery(first.values("name")[:1], output_field=CharField())
    return applications.annotate(found_in=names)
