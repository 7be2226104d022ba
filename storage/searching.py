"""Finding attachments by the words of their texts, as `Words.folded` has them.

PostgreSQL has an index of them, and a function that is certain to use it: left alone, it reads
and takes apart every text once a word stands in many of them. On SQLite, which is for small
firms, each text is looked through.
"""

from collections.abc import Iterable
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import BooleanField, F, Func, QuerySet, Subquery
from django.db.models.sql.compiler import SQLCompiler

#: What PostgreSQL makes of a column of words. Its own parser is not asked, which would cut some
#: words differently; without positions, which nothing here asks for. The index has it too.
LEXEMES = "array_to_tsvector(array_remove(string_to_array(folded, ' '), ''))"

#: What stands in the schema of a PostgreSQL.
SCHEMA = (
    # Long texts lie beside their rows, so that thousands of rows are read at once.
    "ALTER TABLE storage_words SET (toast_tuple_target = 128)",
    f"CREATE INDEX words_search ON storage_words USING gin (({LEXEMES}))",
    f"""
    CREATE FUNCTION owners_of_words(wanted tsquery) RETURNS SETOF uuid
    LANGUAGE plpgsql STABLE ROWS 1000
    SET enable_seqscan = off SET work_mem = '32MB' SET plan_cache_mode = force_custom_plan
    AS $$ BEGIN RETURN QUERY
        SELECT attachment.application_id
        FROM storage_words JOIN storage_attachment attachment ON attachment.id = attachment_id
        WHERE {LEXEMES} @@ wanted
        AND attachment.application_id IS NOT NULL AND attachment.verdict = 'clean';
    END $$
    """,  # noqa: S608
)
WITHOUT = ("DROP FUNCTION IF EXISTS owners_of_words", "DROP INDEX IF EXISTS words_search")


class BeginsWord(Func):
    """Whether words that begin like each of these stand in a folded column.

    The words must be of letters and digits alone; see `folding.long_words`.
    """

    output_field = BooleanField()

    def __init__(self, column: str, words: Iterable[str]) -> None:
        super().__init__(F(column))
        self.words = tuple(words)

    @property
    def identity(self) -> tuple[Any, ...]:
        return (*super().identity, self.words)

    def as_sql(  # type: ignore[override]
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **context: Any
    ) -> tuple[str, list[Any]]:
        column, params = compiler.compile(self.source_expressions[0])
        sql = " AND ".join([f"(' ' || {column} LIKE %s)"] * len(self.words))
        return f"({sql})", [each for word in self.words for each in (*params, f"% {word}%")]


class OrOwners(Subquery):
    """The ids of a query, and of the owners of all texts with words that begin so; PostgreSQL."""

    def __init__(self, ids: QuerySet[Any, Any], words: Iterable[str]) -> None:
        super().__init__(ids)
        self.wanted = " & ".join(f"'{word}':*" for word in words)

    def as_sql(  # type: ignore[override]
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **context: Any
    ) -> tuple[str, tuple[Any, ...]]:
        template = "(%(subquery)s UNION ALL SELECT owners_of_words(%%s::tsquery))"
        sql, params = super().as_sql(compiler, connection, template=template, **context)
        return sql, (*params, self.wanted)
