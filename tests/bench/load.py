"""The whole at once: people apply with large files, HR works, a purge runs; and slow visitors.

All of it on one machine: clients, proxy, two web processes, the job cluster and the database.
"""

import hashlib
import json
import os
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Generator, Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from django.utils import timezone

from tests import machine
from tests.bench import databases, proxy
from tests.bench.databases import RECRUITER
from tests.bench.figures import Figure, at_most, median, p95
from tests.bench.place import ROOT, Place, Web, children, form_headers, rss_mb
from tests.bench.submitting import a_file, a_slug, applicants

A_MINUTE = 200
SIZE = 5_000_000
USERS, THINK_S = 10, 1.0
HR_P95_MS = 300
#: How much a process may grow between the middle and the end.
GROWTH_MB = 15
#: Seconds between two purges, and what each finds due.
PAUSE, DUE = 10, 20
SLOW, OTHERS_MS = 100, 1000
#: Until all that slow ones can hold up is held up, and a proxy has what they read.
SETTLE_S = 8
#: Objects of the load whose bytes are compared.
SAMPLE = 30


def measure(place: Place) -> Iterator[Figure]:
    seconds = 300 if place.size >= 1_000_000 else 30
    with ExitStack() as stack:
        is_proxied = stack.enter_context(proxies())
        web = stack.enter_context(place.web("ats.wsgi"))
        url = stack.enter_context(proxy.before(web)) if is_proxied else web.url
        yield from under_load(place, web, url, seconds)
        yield with_slow_ones(place, url, how="behind nginx" if is_proxied else NO_NGINX)
    if is_proxied:
        with proxies(0), place.web("ats.wsgi") as web:
            yield with_slow_ones(place, web.url, how="without a proxy", is_bound=False)


NO_NGINX = "WITHOUT A PROXY, since nginx is not installed (apt-get install nginx-light)"


@contextmanager
def proxies(number: int = 1) -> "Generator[bool]":
    """Have the web process trust the client, and nginx if there is one, to say who asks."""
    try:
        machine.program("nginx", also=["usr/sbin/nginx"], package="nginx-light")
    except machine.Missing:
        number = 0
    os.environ["ATS_TRUSTED_PROXIES"] = str(1 + number)
    yield bool(number)


# The load -----------------------------------------------------------------------------------


def under_load(place: Place, web: Web, url: str, seconds: int) -> Iterator[Figure]:
    file = a_file(SIZE)
    plan = {"way": "at a rate", "url": url, "path": f"/jobs/{a_slug()}/apply/", "file": str(file)}
    forms: dict[str, Any] = {}
    sender = threading.Thread(
        target=lambda: forms.update(applicants(plan | {"seconds": seconds, "a_minute": A_MINUTE}))
    )
    began = timezone.now()
    with cluster() as jobs, purges():
        sender.start()
        visitors = start_visitors(url, seconds, THINK_S, hr_users(seconds))
        sizes = list(watched(web, jobs, seconds))
        steps = json.loads(visitors.communicate()[0])
        sender.join()
        yield applications_figure(place, forms["answers"], file)
        yield hr_figure(place, steps)
        yield memory_figure(place, sizes, purged_since(began))


def applications_figure(place: Place, answers: list[dict[str, Any]], file: Path) -> Figure:
    thanked = [answer["email"] for answer in answers if answer["thanked"]]
    failed = [answer for answer in answers if not answer["thanked"]]
    times = [answer["ms"] for answer in answers if answer["thanked"]] or [0.0]
    return Figure(
        work=f"load: {A_MINUTE} applications a minute with 5 MB",
        size=place.size,
        database=place.database,
        median_ms=median(times),
        p95_ms=p95(times),
        bytes=max((answer.get("bytes", 0) for answer in answers), default=0),
        note=f"{len(thanked)} of {len(answers)} were thanked {dict(Counter(map(said, failed)))}",
        bounds=(
            at_most("not thanked", len(failed), 0),
            at_most("thanked and lost", len(lost(thanked, file.read_bytes())), 0),
        ),
    )


def said(answer: dict[str, Any]) -> str:
    return str(answer.get("error") or answer["status"])


def lost(emails: list[str], file: bytes) -> set[str]:
    """Return those whose application is not there, or has no file, or none of these bytes."""
    from storage.backends import attachment_store
    from storage.models import Attachment

    store = attachment_store()
    found = Attachment.objects.filter(application__email__in=emails, verdict="clean")
    keys = dict(found.values_list("application__email", "key"))
    gone = set(store.missing(sorted(keys.values()))) if keys else set()
    whole = {email for email, key in keys.items() if key not in gone}
    for email in sorted(whole)[:: max(1, len(whole) // SAMPLE)]:
        with store.open_object(keys[email]) as stored:
            same = hashlib.sha256(stored.read()) if stored else None
        wanted = hashlib.sha256(file + f"\n% {email}\n".encode())
        if not same or same.digest() != wanted.digest():
            whole.discard(email)
    return set(emails) - whole


def hr_figure(place: Place, steps: list[tuple[str, float, int]]) -> Figure:
    times = [ms for _name, ms, _status in steps]
    each = {name: [ms for n, ms, _s in steps if n == name] for name in dict.fromkeys(STEPS)}
    parts = ", ".join(f"{name} {median(ms):.0f}/{p95(ms):.0f}" for name, ms in each.items() if ms)
    wrong = [(name, status) for name, _ms, status in steps if status not in {200, 302, 303}]
    return Figure(
        work=f"load: HR meanwhile, {USERS} users",
        size=place.size,
        database=place.database,
        median_ms=median(times),
        p95_ms=p95(times),
        per_second=len(steps) / (sum(times) / 1000 + len(steps) * THINK_S) * USERS,
        note=f"median/95 %: {parts} {dict(Counter(wrong)) if wrong else ''}".strip(),
        bounds=(
            at_most("95 % ms", p95(times), HR_P95_MS),
            at_most("answers that failed", len(wrong), 0),
        ),
    )


def memory_figure(place: Place, sizes: list[dict[str, float]], purged: list[int]) -> Figure:
    growth = {name: sizes[-1][name] - sizes[1][name] for name in sizes[0]}
    course = ", ".join(f"{n} {' → '.join(f'{s[n]:.0f}' for s in sizes)}" for n in sizes[0])
    return Figure(
        work="load: memory meanwhile",
        size=place.size,
        database=place.database,
        rss_mb=sizes[-1]["web process"],
        note=f"MB of the largest at start, middle, end: {course}; {sum(purged)} purged in "
        f"{len(purged)} runs of the purge",
        bounds=tuple(at_most(f"MB more in a {n}", mb, GROWTH_MB) for n, mb in growth.items()),
    )


def watched(web: Web, jobs: machine.Server, seconds: int) -> Iterator[dict[str, float]]:
    """Yield the size of processes when all of them have worked, in the middle, and at the end."""
    for share in (0.25, 0.25, 0.5):
        time.sleep(seconds * share)
        yield {
            "web process": web.rss_mb(),
            "job process": max(map(rss_mb, children(jobs.process.pid))),
        }


# HR -----------------------------------------------------------------------------------------

STEPS = ("today", "board", "list", "application", "note", "move")


def hr_users(seconds: int) -> list[dict[str, Any]]:
    """Return people who each go through applications of their own."""
    from candidates.models import Application

    rounds = seconds // len(STEPS) + 1
    inside = Application.objects.open().filter(stage__isnull=False, job__isnull=False)
    chosen = list(inside.order_by("-received_at", "id").select_related("job")[: USERS * rounds])
    shares = [chosen[number::USERS] for number in range(USERS)]
    return [
        {
            "headers": form_headers(RECRUITER),
            "steps": [step for application in share for step in round_of(application)],
        }
        for share in shares
    ]


def round_of(application: Any) -> Iterator[tuple[str, str, str, str]]:
    """Yield what somebody does about one application."""
    page = f"/hr/applications/{application.pk}/"
    stages = application.job.stages.exclude(pk=application.stage_id).order_by("position")
    yield "today", "GET", "/hr/", ""
    yield "board", "GET", f"/hr/jobs/{application.job.slug}/", ""
    yield "list", "GET", f"/hr/applications/?job={application.job.slug}", ""
    yield "application", "GET", page, ""
    yield "note", "POST", f"{page}notes/", "text=Knows+trams"
    if stage := stages.first():
        yield "move", "POST", f"{page}move/", f"stage={stage.pk}&seen={application.stage_id}"


def start_visitors(
    url: str, seconds: float, think: float, people: list[dict[str, Any]], patience: int = 30
) -> "subprocess.Popen[str]":
    """Have people work, in a process of their own."""
    process = started("visitors")
    plan = {"url": url, "seconds": seconds, "think": think, "patience": patience, "people": people}
    assert process.stdin
    process.stdin.write(json.dumps(plan))
    process.stdin.close()
    process.stdin = None  # for communicate(), which would flush it
    return process


def started(client: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-S", str(Path(__file__).with_name(f"{client}.py"))]
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    return subprocess.Popen(command, env={"PATH": os.environ["PATH"]}, **pipes)


# The job cluster, and what is due -------------------------------------------------------------


@contextmanager
def cluster() -> "Generator[machine.Server]":
    """Run the job cluster as docs/operation.md says, and begin when what is queued is done."""
    from django_q.models import OrmQ

    databases.manage(os.environ, "schedule")
    server = machine.Server("qcluster", [sys.executable, "manage.py", "qcluster"], cwd=ROOT)
    threading.Thread(target=weigh_little, args=[server.process], daemon=True).start()
    deadline = time.monotonic() + 60
    while OrmQ.objects.exists() or not children(server.process.pid):
        if time.monotonic() > deadline:
            break
        time.sleep(0.5)
    try:
        yield server
    finally:
        server.stop()


def weigh_little(process: "subprocess.Popen[Any]") -> None:
    """Give a process and all that it starts the share of the processor that CPUWeight=20 gives.

    That is of all processes of a service. Without services it is of each session, and every step
    of drawing a page is one.
    """
    while process.poll() is None:
        for pid in with_descendants(process.pid):
            with suppress(OSError):  # it has ended meanwhile
                Path(f"/proc/{pid}/autogroup").write_text("10")
        time.sleep(0.02)


def with_descendants(pid: int) -> Iterator[int]:
    yield pid
    with suppress(OSError):
        for child in children(pid):
            yield from with_descendants(child)


@contextmanager
def purges() -> "Generator[None]":
    """Have the cluster purge again and again, with something due each time."""
    from django.db import connections
    from django_q.tasks import async_task

    over = threading.Event()

    def go_on() -> None:
        while not over.wait(PAUSE):
            make_due(DUE)
            async_task("candidates.tasks.purge_due")
        connections.close_all()

    async_task("candidates.tasks.purge_due")  # the brake wants one that ended well before
    thread = threading.Thread(target=go_on)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def purged_since(began: datetime) -> list[int]:
    """Return how many records each purge took."""
    from candidates.models import Run

    ended = Run.objects.of(Run.Job.PURGE).filter(started_at__gte=began)
    return [numbers.get("purged", 0) for numbers in ended.values_list("numbers", flat=True)]


def make_due(number: int) -> None:
    """Have some closed applications end today, as if they had been decided half a year ago."""
    from django.conf import settings

    from candidates import retention
    from candidates.demo.clock import earliest_decision
    from candidates.models import Application

    today = retention.local_date(timezone.now())
    decided = earliest_decision(today, months=settings.ATS_RETENTION_MONTHS)
    closed = Application.objects.closed().filter(delete_on__gt=today, holds__isnull=True)
    ids = list(closed.order_by("pk").values_list("pk", flat=True)[:number])
    Application.objects.filter(pk__in=ids).update(decided_on=decided, delete_on=today)


# Slow visitors --------------------------------------------------------------------------------


def with_slow_ones(place: Place, url: str, *, how: str, is_bound: bool = True) -> Figure:
    """Return how others are served while a hundred uploads and a hundred readers creep along."""
    from storage.models import Attachment

    large = Attachment.objects.servable().filter(size__gt=SIZE, application__isnull=False)
    headers = form_headers(RECRUITER)
    read = f"/hr/attachments/{large.values_list('pk', flat=True)[0]}/"
    plan = {"url": url, "number": SLOW, "upload": f"/jobs/{a_slug()}/apply/", "read": read}
    steps = [("careers", "GET", "/jobs/", ""), ("hr", "GET", "/hr/", "")]
    with creeping(plan | {"headers": {"Cookie": headers["Cookie"]}}) as left:
        time.sleep(SETTLE_S)
        people = [{"headers": headers, "steps": steps}] * 4
        done = json.loads(start_visitors(url, 10, 0.2, people, patience=5).communicate()[0])
    failed = sum(status != 200 for _name, _ms, status in done)
    times = [ms for _name, ms, _status in done]
    bounds = (
        at_most("median ms of others", median(times), OTHERS_MS),
        at_most("of others failed", failed, 0),
    )
    return Figure(
        work=f"{SLOW} slow uploads and {SLOW} slow readers",
        size=place.size,
        database=place.database,
        median_ms=median(times),
        p95_ms=p95(times),
        note=f"{how}: {failed} of {len(done)} other requests failed; {left[0]} uploads and "
        f"{left[1]} readers were still there",
        bounds=bounds if is_bound else (),
    )


@contextmanager
def creeping(plan: dict[str, Any]) -> "Generator[list[int]]":
    """Have slow visitors there; yields a list that says afterwards how many held on."""
    process = started("slow")
    assert process.stdin
    assert process.stdout
    process.stdin.write(json.dumps(plan) + "\n")
    process.stdin.flush()
    process.stdout.readline()
    left: list[int] = []
    try:
        yield left
    finally:
        left += json.loads(process.communicate()[0])
