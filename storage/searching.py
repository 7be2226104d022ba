"""Finding attachments by the words of their texts, as `Words.folded` has them."""

from collections.abc import Iterable
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import BooleanField, F, Func
from django.db.models.sql.compiler import SQLCompiler

#: What PostgreSQL makes of a column of words. Its own parser is not asked, which would cut some
#: words differently; without positions, which nothing here asks for. The index has it too.
LEXEMES = "array_to_tsvector(array_remove(string_to_array(%s, ' '), ''))"


class BeginsWord(Func):
    """Whether words that begin like each of these stand in a folded column.

    The words must be of letters and digits alone; see `folding.long_words`. `by_index` is for many
    rows; a few that are known otherwise are read faster.
    """

    output_field = BooleanField()

    def __init__(self, column: str, words: Iterable[str], *, by_index: bool = True) -> None:
        super().__init__(F(column))
        self.words = tuple(words)
        self.by_index = by_index

    @property
    def identity(self) -> tuple[Any, ...]:
        return (*super().identity, self.words, self.by_index)

    def as_sql(  # type: ignore[override]
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **context: Any
    ) -> tuple[str, list[Any]]:
        column, params = compiler.compile(self.source_expressions[0])
        each = f"(' ' || {column} LIKE %s)"
        sql = " AND ".join([each] * len(self.words))
        return f"({sql})", [p for word in self.words for p in (*params, f"% {word}%")]

    def as_postgresql(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **context: Any
    ) -> tuple[str, list[Any]]:
        if not self.by_index:
            return self.as_sql(compiler, connection, **context)
        column, params = compiler.compile(self.source_expressions[0])
        query = " & ".join(f"'{word}':*" for word in self.words)
        return f"({LEXEMES % column} @@ %s::tsquery)", [*params, query]
