"""The web application as it is measured: `gunicorn tests.bench.app`, with floors beside its pages.

Each answer says in `X-Queries` how many statements it cost, and in `X-Database` how many
milliseconds they took. What is asked for with the header `X-Floor: NAME` is answered by that floor:
one statement written by hand, and the page's own template drawn from plain dictionaries, which the
first such request reads off the page itself.
"""

import threading
from collections.abc import Callable, Iterable
from time import perf_counter
from typing import Any
from urllib.parse import parse_qsl

import django.shortcuts
from django.db import connection
from django.db.backends.signals import connection_created
from django.template import Context
from django.template.loader import get_template

from ats.wsgi import application as real
from candidates import paging
from candidates.views import page as frame
from tests.bench import bare, floors
from tests.bench.plain import noted

Start = Callable[..., Any]

_here = threading.local()
_lock = threading.Lock()
_drawings: dict[str, tuple[Any, dict[str, Any]]] = {}


class Uncommon(Exception):
    """A page that was to be noted was not drawn by `views.page`, or shows other rows."""


def count(execute: Callable[..., Any], *arguments: Any) -> Any:
    start = perf_counter()
    try:
        return execute(*arguments)
    finally:
        _here.queries = getattr(_here, "queries", 0) + 1
        _here.seconds = getattr(_here, "seconds", 0.0) + perf_counter() - start


def _counts() -> list[tuple[str, str]]:
    return [
        ("X-Queries", str(_here.queries)),
        ("X-Database", f"{_here.seconds * 1000:.3f}"),
    ]


def _listen(connection: Any, **_kwargs: Any) -> None:
    if count not in connection.execute_wrappers:  # it may have been lost and made again
        connection.execute_wrappers.append(count)


connection_created.connect(_listen)


def application(environ: dict[str, Any], start: Start) -> Iterable[bytes]:
    _here.queries, _here.seconds = 0, 0.0
    name = environ.get("HTTP_X_FLOOR", "")
    if name == "submit":
        return bare.application(environ, start)
    if name:
        return _floor(name, environ, start)

    def counted(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
        return start(status, headers + _counts(), *rest)

    return real(environ, counted)


def _floor(name: str, environ: dict[str, Any], start: Start) -> Iterable[bytes]:
    key = f"{name} {environ['PATH_INFO']}?{environ['QUERY_STRING']}"
    if key not in _drawings:
        with _lock:
            _drawings[key] = _noted(environ)
    template, tree = _drawings[key]
    sql, params = floors.statement(
        name, environ["PATH_INFO"], dict(parse_qsl(environ["QUERY_STRING"]))
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        columns = [column.name for column in cursor.description]
        rows = [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]
    if "page" in tree and len(tree["page"].rows) != len(rows[: paging.SIZE]):
        raise Uncommon(key)
    body = template.render(as_context(tree)).encode()
    headers = [("Content-Type", "text/html"), ("X-Rows", str(len(rows))), *_counts()]
    start("200 OK", [*headers, ("Content-Length", str(len(body)))])
    return [body]


def as_context(values: dict[str, Any]) -> Context:
    context = Context(values)
    context.request = values["request"]  # type: ignore[attr-defined]  # as tags expect it
    return context


def _ignored(*_answer: Any) -> Callable[[bytes], object]:
    return bytes


def _noted(environ: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    """Draw a page as it is, and return its template with all that it has read."""
    kept: list[tuple[Any, dict[str, Any]]] = []
    draw = django.shortcuts.render

    def note(request: Any, name: Any, context: Any, **options: Any) -> Any:
        chosen: Any = get_template(name)
        processors = chosen.backend.engine.template_context_processors
        beside = {k: v for each in processors for k, v in each(request).items()}
        live, tree = noted(beside | context | {"request": request})
        chosen.template.render(as_context(live))
        kept.append((chosen.template, tree))
        return draw(request, name, context, **options)

    vars(frame)["render"] = note
    try:
        own = {**environ}
        del own["HTTP_X_FLOOR"]
        b"".join(real(own, _ignored))
    finally:
        vars(frame)["render"] = draw
    if not kept:
        raise Uncommon(environ["PATH_INFO"])
    return kept[0]
