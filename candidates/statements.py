"""Statements that are built once, and asked again for each page.

To build a statement of a dozen parts takes Django longer than the database takes to answer it, and
to plan it takes PostgreSQL longer too. What is kept is the question, never an answer. It is kept by
the roles of who asks, and their id and address are filled in: for a person who has lost a role
another one is asked, and what has been deleted is not in the next answer.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import lru_cache, wraps
from typing import Any, Concatenate, ParamSpec, Self, TypeVar

from django.db import connection
from django.db.models import QuerySet
from django.db.models.sql import Query

from candidates import access
from candidates.access import Role
from candidates.models import User

Rest = ParamSpec("Rest")
Asked = TypeVar("Asked", bound="Statement")
#: How many statements of a sort are kept, a few kilobytes each: for each set of roles a few.
KEPT = 64

#: Whom a statement is built for, where whoever asks is filled in later.
SOME_USER, SOME_ADDRESS = -(10**9), "someone@nowhere.invalid"
#: To build a statement with, where the moment is filled in later.
SOME_MOMENT = datetime(1, 1, 2, tzinfo=UTC)


def some_ids(number: int) -> range:
    """Return so many ids that nothing has, to build a statement with, and to be filled in later."""
    return range(-number, 0)


@dataclass(frozen=True)
class Statement:
    sql: str
    params: Sequence[Any] = ()

    def filled(self, values: Mapping[Any, Any]) -> Self:
        """Return the statement with these values instead of `SOME_MOMENT` and the like."""
        filling = {_adapted(key): _adapted(value) for key, value in values.items()}
        return replace(self, params=[filling.get(each, each) for each in self.params])

    def settled(self) -> Self:
        """Return the statement with its values in its text, but for those that are filled in.

        So the database knows them when it makes one plan for whatever is filled in, and which
        indexes have just the rows that are asked for.
        """
        connection.ensure_connection()
        quote = connection.schema_editor().quote_value
        values = iter(self.params)
        left: list[Any] = []

        def written(found: re.Match[str]) -> str:
            if found[0] == "%%":
                return "%%"
            value = next(values)
            if _is_open(value):
                left.append(value)
                return "%s"
            return str(quote(value))

        return replace(self, sql=re.sub("%[%s]", written, self.sql), params=left)

    def rows(self) -> list[tuple[Any, ...]]:
        """Ask the database, and return what it answers."""
        with _cursor() as cursor:
            cursor.execute(self.sql, self.params)
            rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows


@dataclass(frozen=True)
class Values(Statement):
    """A statement of a queryset of plain values, which have the types of its columns."""

    query: Query = field(kw_only=True)
    converters: Mapping[int, Any] = field(kw_only=True)

    @classmethod
    def of(cls, rows: QuerySet[Any]) -> Self:
        compiler = rows.query.get_compiler(connection=connection)
        sql, params = compiler.as_sql()
        converters = compiler.get_converters([column for column, *_rest in compiler.select])
        return cls(sql, params, query=rows.query, converters=converters)

    def rows(self) -> list[tuple[Any, ...]]:
        compiler = self.query.get_compiler(connection=connection)
        return [tuple(row) for row in compiler.apply_converters(super().rows(), self.converters)]


def _cursor() -> Any:
    """Return a cursor whose statements PostgreSQL plans once, as long as the connection lasts."""
    if connection.vendor != "postgresql":
        return connection.cursor()
    from django.db.backends.postgresql.base import ServerBindingCursor

    connection.ensure_connection()
    its = connection.connection
    usual, its.cursor_factory = its.cursor_factory, ServerBindingCursor
    try:
        return connection.cursor()
    finally:
        its.cursor_factory = usual


def _is_open(value: Any) -> bool:
    """Whether a value stands for one that is filled in later, as ids less than 0 do.

    One with a percent sign stays too, which would be taken for a place to fill.
    """
    if isinstance(value, str):
        return value in {SOME_ADDRESS, _adapted(SOME_MOMENT)} or "%" in value
    return bool(value < 0) if isinstance(value, int) else value == SOME_MOMENT


def _adapted(value: Any) -> Any:
    """Return a value as the database's parameters have it."""
    return connection.ops.adapt_datetimefield_value(value) if isinstance(value, datetime) else value


def kept(
    build: Callable[Concatenate[User, Rest], Asked],
) -> Callable[Concatenate[User, Rest], Asked]:
    """Decorate what builds a statement for a user, so that it is built once for a user's roles.

    It is kept by its other arguments too, which are days and never moments.
    """

    @lru_cache(KEPT)
    def built(_database: str, roles: frozenset[Role], *rest: Any) -> Asked:
        someone = access.with_roles(User(pk=SOME_USER, email=SOME_ADDRESS), roles)
        return build(someone, *rest).settled()  # type: ignore[call-arg]

    def statement(user: User, /, *rest: Any) -> Asked:
        email = connection.ops.prep_for_iexact_query(user.email)
        asked = built(connection.vendor, access.roles(user), *rest)
        return asked.filled({SOME_USER: user.pk, SOME_ADDRESS: email})

    return wraps(build)(statement)  # type: ignore[return-value]
