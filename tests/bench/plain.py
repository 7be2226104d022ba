"""A template's context as plain dictionaries: all that it reads is noted once, and given again.

What a page costs beyond its template and its rows is ours; drawing the same template from these
is its floor. Nothing is left out: what is drawn from them is the page, byte by byte.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import date, time, timedelta, tzinfo
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

from django.utils.functional import Promise

#: What is given again as it is.
LEAVES = (
    str,
    bytes,
    int,
    float,
    Decimal,
    date,
    time,
    timedelta,
    tzinfo,
    UUID,
    Enum,
    type(None),
    Promise,
    type,
)


class Plain(dict[Any, Any]):
    """A dictionary whose values are read as attributes too, and what it says of itself."""

    said = ""

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None

    def __str__(self) -> str:
        return self.said

    def __html__(self) -> str:
        return self.said

    def __bool__(self) -> bool:
        return bool(self.get("__bool__", True))

    def __iter__(self) -> Iterator[Any]:
        return iter(self.get("__iter__", ()))


class Answers:
    """A method: what it answered to which arguments."""

    def __init__(self) -> None:
        self.by_arguments: dict[Any, Any] = {}

    def __call__(self, *args: Any) -> Any:
        return self.by_arguments[args]


class Noted:
    """An object that notes what is read of it: `tree` is what is given again."""

    def __init__(self, real: Any) -> None:
        object.__setattr__(self, "_real", real)
        object.__setattr__(self, "_seen", {})
        object.__setattr__(self, "tree", Plain())

    @property
    def __class__(self) -> Any:  # isinstance() asks here
        return type(self._real)

    def __getattribute__(self, name: str) -> Any:
        if name in {"_real", "_seen", "tree", "_note", "__class__"}:
            return object.__getattribute__(self, name)
        if name == "do_not_call_in_templates":
            raise AttributeError(name)
        return self._note(name, getattr(self._real, name))

    def _note(self, key: Any, value: Any) -> Any:
        if key not in self._seen:
            self._seen[key], self.tree[key] = noted(value)
        return self._seen[key]

    def __getitem__(self, key: Any) -> Any:
        return self._note(key, self._real[key])

    def __str__(self) -> str:
        self.tree.said = text = str(self._real)
        return text

    def __html__(self) -> str:
        self.tree.said = text = (
            self._real.__html__() if hasattr(self._real, "__html__") else str(self._real)
        )
        return text

    def __bool__(self) -> bool:
        self.tree["__bool__"] = bool(self._real)
        return bool(self._real)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._note("__iter__", list(self._real)))

    def __eq__(self, other: object) -> bool:
        return bool(self._real == other)

    def __hash__(self) -> int:
        return hash(self._real)


def noted(value: Any) -> tuple[Any, Any]:
    """Return what notes the reads of a value, and what will be given again of it."""
    if isinstance(value, (LEAVES, Plain)):
        return value, value
    if isinstance(value, Mapping):
        pairs = {key: noted(each) for key, each in value.items()}
        return {k: live for k, (live, _t) in pairs.items()}, {k: t for k, (_l, t) in pairs.items()}
    is_method = callable(value) and not getattr(value, "do_not_call_in_templates", False)
    if is_method and not hasattr(value, "__html__"):
        return _noted_call(value)
    if hasattr(value, "__iter__") and not hasattr(value, "__html__"):
        pairs_ = [noted(each) for each in value]
        return [live for live, _tree in pairs_], [tree for _live, tree in pairs_]
    live = Noted(value)
    return live, live.tree


def _noted_call(method: Callable[..., Any]) -> tuple[Any, Answers]:
    answers = Answers()

    def call(*args: Any) -> Any:
        live, tree = noted(method(*args))
        answers.by_arguments[args] = tree
        return live

    return call, answers
