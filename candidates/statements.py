"""Statements that are built once, and asked again for each page.

To build a statement of a dozen parts takes Django longer than the database takes to answer it. What
is kept is the question, never an answer, and it is kept by who asks: for a person who has lost a
role another one is built, and what has been deleted is not in the next answer.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import lru_cache, wraps
from typing import Any, Concatenate, NamedTuple, ParamSpec, Self

from django.db import connection
from django.db.models import QuerySet
from django.db.models.sql import Query

from candidates import access
from candidates.access import Role
from candidates.models import User

Rest = ParamSpec("Rest")
#: How many statements of a sort are kept, a few kilobytes each: for each person a few variants.
KEPT = 256


class Asker(NamedTuple):
    """All of a user that a statement may depend on, since this is what it is kept by."""

    pk: int
    email: str
    roles: frozenset[Role]

    def as_user(self) -> User:
        """Return a user of whom nothing else is known."""
        return access.with_roles(User(pk=self.pk, email=self.email), self.roles)


#: To build a statement with, where the moment is filled in later.
SOME_MOMENT = datetime(1, 1, 2, tzinfo=UTC)


def some_ids(number: int) -> range:
    """Return so many ids that nothing has, to build a statement with, and to be filled in later."""
    return range(-number, 0)


@dataclass(frozen=True)
class Statement:
    sql: str
    params: Sequence[Any] = ()

    def filled(self, values: Mapping[int, int] | Mapping[datetime, datetime]) -> Self:
        """Return the statement with these values instead of `some_ids` or `SOME_MOMENT`."""
        filling = {_adapted(key): _adapted(value) for key, value in values.items()}
        return replace(self, params=[filling.get(each, each) for each in self.params])

    def rows(self) -> list[tuple[Any, ...]]:
        """Ask the database, and return what it answers."""
        with connection.cursor() as cursor:
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


def _adapted(value: Any) -> Any:
    """Return a value as the database's parameters have it."""
    return connection.ops.adapt_datetimefield_value(value) if isinstance(value, datetime) else value


def kept(build: Callable[Concatenate[User, Rest], Any]) -> Callable[Concatenate[User, Rest], Any]:
    """Decorate what builds a statement for a user, so that it is built once.

    It is kept by its other arguments too, which are days and never moments.
    """

    @lru_cache(KEPT)
    def built(_database: str, asker: Asker, *rest: Any) -> Any:
        return build(asker.as_user(), *rest)  # type: ignore[call-arg]

    def statement(user: User, /, *rest: Any) -> Any:
        return built(connection.vendor, Asker(user.pk, user.email, access.roles(user)), *rest)

    return wraps(build)(statement)  # type: ignore[return-value]
