"""Thousands of requests that no browser of good will sends: each gets a clear no, never a 5xx."""

import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from candidates import holds, requests, retention
from candidates.access import Role
from candidates.models import Application, Heartbeat, Hold, Job, MailTemplate, Request, User
from candidates.watch import SILENCE
from tests.world import a_job, a_user, an_application, an_attachment, an_employee, rounds

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.once("postgres"),
    pytest.mark.aside,
    pytest.mark.soak,
]

BOUNDARY = "----halbjahr"
NASTY = [
    "\x00",
    "a\x00b",
    "\ud800",
    "\u202egpj.exe",
    "\r\nSet-Cookie: a=b",
    "\u200f",
    "💥" * 50,
    "' OR 1=1 --",
    "<script>alert(1)</script>",
    "{{ 7*7 }}{% url 'x' %}",
    "../../etc/passwd",
    "C:\\temp\\x.pdf",
    "9" * 400,
    "-1",
    "1e309",
    "0000-00-00",
    "2026-02-30",
    "99999-01-01",
    "a" * 10_000,
    "a@b",
    "null",
    "",
]
FIELDS = [
    "first_name",
    "last_name",
    "email",
    "phone",
    "attachments",
    "submission",
    "staged",
    "remove",
    "stage",
    "seen",
    "job",
    "reason",
    "when",
    "day",
    "time",
    "start_date",
    "job_title",
    "personnel_number",
    "rule",
    "kind",
    "until",
    "answer",
    "text",
    "status",
    "after",
    "before",
    "cursor",
    "order",
    "page",
    "q",
    "language",
    "next",
    *("chosen", "confirm", "template", "subject", "body", "purpose", "name", "names", "reasons"),
    *("criterion-0", "do", "pk", "member", "title", "slug", "team", "place", "description"),
    *("pay_from", "pay_to", "apply_until", "answer_days", "source", "introduced_by", "hold"),
    *("received_on", "received_from", "received_to", "waiting", "erased_from", "erased_to"),
    *("from", "at", "history", "document", "pages", "whole", "answers", "by", "on", "seen_at"),
    *("code", "credential", "state"),
    "login",
    "password",
    "csrfmiddlewaretoken",
]

texts = st.one_of(st.sampled_from(NASTY), st.text(max_size=40), st.uuids().map(str))
pairs = st.lists(st.tuples(st.one_of(st.sampled_from(FIELDS), texts), texts), max_size=8)


def percent(text: str) -> str:
    return quote(text.encode("utf-8", "surrogatepass"))


def urlencoded(fields: list[tuple[str, str]]) -> bytes:
    return "&".join(f"{percent(name)}={percent(value)}" for name, value in fields).encode()


@st.composite
def multipart(draw: st.DrawFn) -> bytes:
    """Draw a multipart body, often broken: odd names, missing ends, wrong encodings."""
    parts = []
    for name, value in draw(pairs):
        filename = draw(st.one_of(st.none(), texts))
        head = f'Content-Disposition: form-data; name="{name}"'
        head += "" if filename is None else f'; filename="{filename}"'
        kind = draw(st.sampled_from(["", "\r\nContent-Type: text/html; charset=utf-7", "\r\nX"]))
        encoding = draw(st.sampled_from(["", "\r\nContent-Transfer-Encoding: base64"]))
        parts.append(f"--{BOUNDARY}\r\n{head}{kind}{encoding}\r\n\r\n{value}\r\n")
    end = draw(st.sampled_from([f"--{BOUNDARY}--\r\n", "", f"--{BOUNDARY}", "--\r\n"]))
    return ("".join(parts) + end).encode("utf-8", "surrogatepass")


#: Texts that get past the middleware, and so to the forms and the database.
readable = texts.map(lambda text: text.encode("utf-8", "ignore").decode().replace("\x00", ""))
forms = st.lists(st.tuples(st.sampled_from(FIELDS), readable), max_size=12)
URLENCODED = "application/x-www-form-urlencoded"

bodies = st.one_of(pairs.map(urlencoded), multipart(), st.binary(max_size=200))
types = st.sampled_from(
    [
        "application/x-www-form-urlencoded",
        "application/x-www-form-urlencoded; charset=utf-16",
        "application/x-www-form-urlencoded; charset=rot13",
        "application/x-www-form-urlencoded; charset=unicode_escape",
        f"multipart/form-data; boundary={BOUNDARY}",
        f"multipart/form-data; boundary={BOUNDARY}; charset=utf-7",
        "multipart/form-data",
        "multipart/form-data; boundary=" + "x" * 300,
        "application/json",
        "text/plain; charset=idna",
        "",
    ]
)
methods = st.sampled_from(["GET", "POST", "POST", "POST", "HEAD", "PUT", "DELETE", "PATCH"])


def routes(resolver: URLResolver, prefix: str = "") -> Iterator[str]:
    """Yield the route of every page of ours, as Django writes it."""
    for pattern in resolver.url_patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            if pattern.namespace != "admin":
                yield from routes(pattern, route)
        elif isinstance(pattern, URLPattern):
            yield route


ROUTES = sorted({route for route in routes(get_resolver()) if "(?P" not in route})


class World:
    """Rows to aim at, and the people who send the requests."""

    def __init__(self) -> None:
        self.beaten: datetime | None = None
        self.live()
        self.job = a_job(slug="pflege")
        self.application = an_application(job=self.job)
        self.rejected = an_application(job=self.job, status="rejected")
        self.employee = an_employee()
        self.attachment = an_attachment(self.application)
        officer, now = a_user("privacy_officer"), timezone.now()
        self.hold = holds.set_hold(
            self.rejected,
            kind=Hold.Kind.LEGAL_CLAIM,
            reason="?",
            until=retention.local_date(now) + timedelta(days=9),
            by=officer,
            now=now,
        )
        kinds = (Request.Kind.ERASURE, Request.Kind.CORRECTION)
        self.requests = [
            requests.register(self.rejected, kind, by=officer, now=now) for kind in kinds
        ]
        note = self.application.notes.create(text="Good on nights.", at=now)
        mails = self.application.mails.create(
            purpose="reply",
            language="de",
            to="x@post.example",
            state="received",
            subject="?",
            body="?",
            created_at=now,
            send_at=now,
        )
        self.written: list[Any] = [
            note,
            mails,
            self.job.stages.all()[0],
            MailTemplate.objects.all()[0],
        ]
        self.people: dict[str, Client] = {"nobody": Client(raise_request_exception=False)}
        for role in Role.values:
            self.people[role] = Client(raise_request_exception=False)
            self.people[role].force_login(self.member(role))

    def live(self) -> None:
        """Beat once a minute: a dead system answers 503 at /health/, and rightly so."""
        now = timezone.now()
        if self.beaten is None or now - self.beaten > timedelta(minutes=1):
            self.beaten = now
            for part in SILENCE:
                Heartbeat.objects.beat(part, now)

    def member(self, role: str) -> User:
        user = a_user(role)
        self.job.hiring_team.add(user)
        return user

    def ids(self) -> list[str]:
        rows: list[Any] = [self.application, self.rejected, self.employee, self.attachment]
        rows += [self.hold, *self.requests, *self.written]
        return [str(row.pk) for row in rows] + [str(uuid.uuid4())]


def fill(route: str, ids: list[str], data: st.DataObject) -> str:
    """Put ids of every kind into a route: known, unknown, and now and then none at all."""
    path = route.replace("<slug:slug>", data.draw(st.sampled_from(["pflege", "gone", "x" * 300])))
    while "<" in path:
        start, rest = path.split("<", 1)
        value = data.draw(st.one_of(*[st.sampled_from(ids)] * 5, texts))
        path = start + percent(value).replace("/", "%2F") + rest.split(">", 1)[1]
    return "/" + path


@settings(
    max_examples=rounds(2_500, 50_000),
    database=None,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
def _request(world: World, counts: dict[int, int], data: st.DataObject) -> None:
    draw = data.draw
    world.live()
    client = world.people[draw(st.sampled_from(sorted(world.people)))]
    path = fill(draw(st.sampled_from(ROUTES)), world.ids(), data)
    if draw(st.integers(0, 2)):  # most are well-formed, and only what they say is bad
        method, body, kind = draw(st.sampled_from(["GET", "POST"])), draw(forms), URLENCODED
        sent, query = urlencoded(body), urlencoded(draw(forms))
    else:
        method, sent, kind = draw(methods), draw(bodies), draw(types)
        query = draw(st.one_of(pairs.map(urlencoded), st.binary(max_size=20)))
    response = client.generic(method, path, sent, kind, QUERY_STRING=query.decode("latin-1"))
    counts[response.status_code] = counts.get(response.status_code, 0) + 1
    assert response.status_code < 500, (path, query, response.status_code)


def test_no_bad_request_is_answered_with_a_server_error() -> None:
    world, counts = World(), dict[int, int]()
    _request(world, counts)
    print(f"{sum(counts.values())} bad requests, by status: {dict(sorted(counts.items()))}")
    assert Job.objects.count() == 1
    assert not Application.objects.filter(first_name__contains="\x01").exists()
