"""The floors of pages: for each the one statement, written by hand, that gets what it shows.

They are for a recruiter on no hiring team, in a database without confidential jobs, restricted
applications or scorecards, so they ask after none of these; the pages do.
"""

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from candidates import retention
from storage.folding import fold

Statement = tuple[str, list[Any]]

#: What a line of the list shows.
LINE = """
    a.id, a.first_name, a.last_name, a.status, a.stage_since, a.received_at, a.decided_on,
    a.delete_on, a.early_at, a.stage_id, j.title, s.name,
    (SELECT max(h.until) FROM candidates_hold h WHERE h.application_id = a.id) AS held_until
"""
JOINED = """
    LEFT JOIN candidates_job j ON j.id = a.job_id LEFT JOIN candidates_stage s ON s.id = a.stage_id
"""


def statement(name: str, path: str, query: Mapping[str, str]) -> Statement:
    """Return the statement and its parameters for a page's address."""
    return STATEMENTS[name](path, query)


def board(path: str, _query: Mapping[str, str]) -> Statement:
    slug = path.strip("/").rpartition("/")[2]
    sql = """
        WITH job AS (SELECT id FROM candidates_job WHERE slug = %s),
        stage AS MATERIALIZED (
            SELECT s.id FROM candidates_stage s, job WHERE s.job_id = job.id
        ),
        counted AS (
            SELECT a.stage_id, count(*) AS n FROM candidates_application a
            WHERE a.stage_id IN (SELECT id FROM stage) AND a.status = 'open' GROUP BY 1
        ),
        closed AS (
            SELECT count(*) AS n FROM candidates_application a, job
            WHERE a.job_id = job.id AND a.delete_on IS NOT NULL
        )
        SELECT stage.id AS stage, counted.n, card.*, NULL AS delete_on
        FROM stage LEFT JOIN counted ON counted.stage_id = stage.id, LATERAL (
            SELECT a.id, a.first_name, a.last_name, a.source, a.stage_since, a.received_at,
                (SELECT count(*) FROM storage_attachment d WHERE d.application_id = a.id),
                (SELECT count(*) FROM candidates_note n WHERE n.application_id = a.id)
            FROM candidates_application a
            WHERE a.stage_id = stage.id AND a.status = 'open'
            ORDER BY a.stage_since, a.id LIMIT 25
        ) card
        UNION ALL
        SELECT NULL, closed.n, shelf.* FROM closed, LATERAL (
            SELECT a.id, a.first_name, a.last_name, a.status, NULL::timestamptz, a.received_at,
                NULL::bigint, NULL::bigint, a.delete_on
            FROM candidates_application a, job
            WHERE a.job_id = job.id AND a.delete_on IS NOT NULL
            ORDER BY a.delete_on, a.id LIMIT 10
        ) shelf
    """
    return sql, [slug]


def _end_of(day: str, *, days: int = 0) -> datetime:
    """Return when a day ends, or one that comes so many days later."""
    return retention.end_of(date.fromisoformat(day) + timedelta(days=days))


#: The conditions of the list, as its filters name them.
CONDITIONS: dict[str, Callable[[str], tuple[str, list[Any]]]] = {
    "job": lambda v: ("a.job_id = (SELECT id FROM candidates_job WHERE slug = %s)", [v]),
    "stage": lambda v: ("a.stage_id = %s", [int(v)]),
    "team": lambda v: ("j.team = %s", [v]),
    "source": lambda v: ("a.source = %s", [v]),
    "status": lambda v: (
        ("a.delete_on IS NOT NULL", [])
        if v == "closed"
        else ("a.status = 'open'", [])
        if v == "open"
        else ("a.delete_on IS NOT NULL AND a.status = %s", [v])
    ),
    "speculative": lambda _v: ("a.job_id IS NULL", []),
    "received_from": lambda v: ("a.received_at >= %s", [_end_of(v, days=-1)]),
    "received_to": lambda v: ("a.received_at < %s", [_end_of(v)]),
    "waiting": lambda v: ("a.status = 'open' AND a.stage_since < %s", [_end_of(v)]),
    "erased_from": lambda v: ("a.delete_on >= %s::date", [v]),
    "erased_to": lambda v: ("a.delete_on <= %s::date", [v]),
    "hold": lambda v: (
        ("" if v == "held" else "NOT ")
        + "EXISTS (SELECT FROM candidates_hold h WHERE h.application_id = a.id"
        " AND h.until > now())",
        [],
    ),
}


#: What indexes have of those that do not wait any more, or have no day of deletion yet.
WAITS = (
    "CASE WHEN a.status = 'open' THEN a.stage_since ELSE '9999-12-31 23:59:59+00'::timestamptz END"
)
ERASED = "coalesce(a.delete_on, '9999-12-31'::date)"


def order(query: Mapping[str, str]) -> tuple[tuple[str, ...], str]:
    """Return the expressions of an order, and which way they run."""
    status = query.get("status", "")
    match query.get("order"):
        case "oldest":
            return ("a.received_at", "a.id"), "ASC"
        case "name":
            return ("lower(a.last_name)", "lower(a.first_name)", "a.id"), "ASC"
        case "waiting" if status == "open":
            return ("a.stage_since", "a.id"), "ASC"
        case "deletion" if status not in {"", "open"}:
            return ("a.delete_on", "a.id"), "ASC"
        case "waiting":
            return (WAITS, "a.received_at", "a.id"), "ASC"
        case "deletion":
            return (ERASED, "a.received_at", "a.id"), "ASC"
    return ("a.received_at", "a.id"), "DESC"


def conditions(query: Mapping[str, str]) -> tuple[str, list[Any]]:
    """Return what follows WHERE for the filters of an address."""
    parts, params = ["TRUE"], []
    for name, value in query.items():
        if name in CONDITIONS:
            sql, values = CONDITIONS[name](value)
            parts.append(sql)
            params += values
    return " AND ".join(parts), params


def listed(_path: str, query: Mapping[str, str]) -> Statement:
    keys, way = order(query)
    where, params = conditions(query)
    edge, cursor = "", []
    if after := query.get("after"):
        sign = ">" if way == "ASC" else "<"
        names = ", ".join(keys)
        edge = (
            f" AND ({names}) {sign} (SELECT {names} FROM candidates_application a WHERE a.id = %s)"
        )
        cursor = [after]
    by = ", ".join(f"{key} {way}" for key in keys)
    sql = f"""
        SELECT {LINE}, (
            SELECT count(*) FROM (
                SELECT FROM candidates_application a {JOINED} WHERE {where} LIMIT 1001
            ) few
        ) AS total
        FROM candidates_application a {JOINED} WHERE {where}{edge} ORDER BY {by} LIMIT 51
    """
    return sql, [*params, *params, *cursor]


def application(path: str, _query: Mapping[str, str]) -> Statement:
    sql = """
        SELECT a.*, j.*, s.name, (
            SELECT json_agg(t) FROM candidates_stage t WHERE t.job_id = a.job_id
        ), (
            SELECT json_agg(e) FROM candidates_event e WHERE e.application_id = a.id
        ), (
            SELECT json_agg(d) FROM storage_attachment d WHERE d.application_id = a.id
        ), (
            SELECT json_agg(n) FROM candidates_note n WHERE n.application_id = a.id
        ), (
            SELECT json_agg(m) FROM candidates_mail m WHERE m.application_id = a.id
        ), (
            SELECT json_agg(h) FROM candidates_hold h WHERE h.application_id = a.id
        ), (
            SELECT json_agg(o.id) FROM candidates_application o
            WHERE upper(o.email) = upper(a.email) AND o.id <> a.id
        )
        FROM candidates_application a LEFT JOIN candidates_job j ON j.id = a.job_id
        LEFT JOIN candidates_stage s ON s.id = a.stage_id WHERE a.id = %s
    """
    return sql, [path.strip("/").rpartition("/")[2]]


def today(_path: str, _query: Mapping[str, str]) -> Statement:
    sql = """
        WITH late AS (
            SELECT s.id AS stage, j.answer_days, w.* FROM candidates_stage s
            JOIN candidates_job j ON j.id = s.job_id, LATERAL (
                SELECT a.id, a.first_name, a.last_name, a.stage_since, a.received_at,
                    j.title, s.name
                FROM candidates_application a WHERE a.stage_id = s.id AND a.status = 'open'
                ORDER BY a.stage_since, a.id LIMIT 1
            ) w
        ),
        going AS (
            SELECT delete_on, count(*) AS n FROM candidates_application
            WHERE delete_on >= current_date AND delete_on < current_date + 7 GROUP BY 1
        ),
        jobs AS (
            SELECT j.title, j.slug, (
                SELECT count(*) FROM (
                    SELECT FROM candidates_application a
                    WHERE a.job_id = j.id AND a.status = 'open' LIMIT 100
                ) few
            ) AS n FROM candidates_job j WHERE j.is_published ORDER BY j.title LIMIT 12
        ),
        unopened AS (
            SELECT a.id, a.first_name, a.last_name, a.received_at FROM candidates_application a
            WHERE a.status = 'open' AND a.first_opened_at IS NULL
            ORDER BY a.received_at DESC, a.id DESC LIMIT 5
        )
        SELECT (SELECT json_agg(t) FROM (
                SELECT * FROM late ORDER BY stage_since + answer_days * interval '1 day' LIMIT 5
            ) t),
            (SELECT json_agg(going) FROM going), (SELECT json_agg(jobs) FROM jobs),
            (SELECT json_agg(unopened) FROM unopened)
    """
    return sql, []


def names(_path: str, query: Mapping[str, str]) -> Statement:
    """What a search in names shows: the newest 51 of the hits, and how many there are."""
    return _searched(NAMED, query)


def texts(_path: str, query: Mapping[str, str]) -> Statement:
    return _searched(SAID, query)


NAMED = "SELECT id FROM candidates_application WHERE folded LIKE '%%' || %s || '%%'"
SAID = """
    SELECT d.application_id AS id FROM storage_words w
    JOIN storage_attachment d ON d.id = w.attachment_id
    WHERE array_to_tsvector(array_remove(string_to_array(w.folded, ' '), ''))
        @@ (%s || ':*')::tsquery
"""


def _searched(hits: str, query: Mapping[str, str]) -> Statement:
    sql = f"""
        WITH hit AS MATERIALIZED ({hits})
        SELECT {LINE}, (SELECT least(count(*), 1001) FROM hit) AS total
        FROM candidates_application a {JOINED} WHERE a.id IN (SELECT id FROM hit)
        ORDER BY a.received_at DESC, a.id DESC LIMIT 51
    """
    return sql, [fold(query["q"])]


STATEMENTS: dict[str, Callable[[str, Mapping[str, str]], Statement]] = {
    "board": board,
    "list": listed,
    "application": application,
    "today": today,
    "names": names,
    "texts": texts,
}
