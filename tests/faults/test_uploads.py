"""Uploads on the real web server: many and large at once, cut off anywhere, or going silent."""

import http.client
import os
import re
import socket
import sqlite3
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from itertools import count
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import urlencode

import pikepdf
import pytest

from ats import serve
from tests import machine, world

pytestmark = [
    pytest.mark.once("sqlite"),
    pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="needs /proc for the memory"),
]

MEGABYTE = 1024 * 1024
BOUNDARY = "halbjahr"


def a_pdf_of(size: int) -> bytes:
    """Return a PDF of nearly this size that no compression shrinks."""
    file, noise = BytesIO(), Random(7).randbytes(size - 20_000)
    with pikepdf.open(BytesIO(world.a_pdf())) as pdf:
        pdf.pages[0].obj.Noise = pdf.make_stream(noise)
        pdf.save(file)
    return file.getvalue()


def multipart(content: bytes, **fields: str) -> bytes:
    """Return a form with one file."""
    texts = (
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    )
    head = (
        f"--{BOUNDARY}\r\nContent-Disposition: form-data;"
        ' name="attachments"; filename="CV.pdf"\r\n\r\n'
    )
    return "".join((*texts, head)).encode() + content + f"\r\n--{BOUNDARY}--\r\n".encode()


class Site:
    """gunicorn as `make run` starts it, on a new database and empty folders."""

    def __init__(self, home: Path, *flags: str) -> None:
        self.home, self.port = home, machine.free_port()
        self.environment = os.environ | {
            "ATS_DEBUG": "true",
            "ATS_SITE_URL": f"http://127.0.0.1:{self.port}",
            "DATABASE_URL": f"sqlite:///{home / 'halbjahr.sqlite3'}",
            "ATS_STORAGE_URL": f"file://{home / 'attachments'}",
            "ATS_UPLOAD_DIR": str(home / "arriving"),
            "ATS_TRUSTED_PROXIES": "1",
        }
        for command in ("check", "migrate", "createcachetable"):
            subprocess.run(
                [sys.executable, "manage.py", command],
                env=self.environment,
                check=True,
                capture_output=True,
            )
        command_line = [sys.executable, *serve.gunicorn(self.port), *flags]
        self.server = machine.Server("web", command_line, port=self.port, env=self.environment)
        self.server.await_answer(self.answers)

    def answers(self) -> bool:
        try:
            return self.get("/apply/")[0] == 200
        except OSError:
            return False

    def get(self, path: str) -> tuple[int, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request("GET", path)
        answer = connection.getresponse()
        found = answer.status, answer.read().decode()
        connection.close()
        return found

    def rows(self, query: str) -> list[tuple[Any]]:
        database = sqlite3.connect(self.home / "halbjahr.sqlite3", timeout=20)
        try:
            return database.execute(query).fetchall()
        finally:
            database.close()

    def objects(self) -> set[str]:
        root = self.home / "attachments"
        return {str(path.relative_to(root)) for path in root.glob("attachments/*")}

    def arriving(self) -> list[Path]:
        return list((self.home / "arriving").glob("*"))

    def processes(self) -> list[int]:
        """Return gunicorn's own: the master and its two workers."""
        master = self.server.process.pid
        children = Path(f"/proc/{master}/task/{master}/children").read_text().split()
        return [master, *map(int, children)]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Site]]:
    sites: list[Site] = []

    def create(*flags: str) -> Site:
        sites.append(Site(tmp_path, *flags))
        return sites[-1]

    yield create
    for site in sites:
        site.server.stop()


_numbers = count(1)


class Visitor:
    """A browser with one connection after the other, its cookies, and the form's token."""

    def __init__(self, site: Site) -> None:
        self.site, self.cookies = site, dict[str, str]()
        # Each from a network of their own, as they are in life.
        self.address = f"2001:db8:{next(_numbers):x}::1"
        page = self.ask("GET", "/apply/", b"")[1]
        self.token = re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', page)[-1]

    def ask(self, method: str, path: str, body: bytes, kind: str = "") -> tuple[int, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.site.port, timeout=300)
        connection.request(method, path, body, self.headers() | {"Content-Type": kind})
        answer = connection.getresponse()
        for cookie in answer.headers.get_all("Set-Cookie") or []:
            name, _, value = cookie.partition(";")[0].partition("=")
            self.cookies[name] = value
        found = answer.status, answer.read().decode()
        connection.close()
        return found

    def headers(self) -> dict[str, str]:
        jar = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        headers = {"Cookie": jar, "Accept": "application/json", "X-Forwarded-For": self.address}
        return headers | ({"X-CSRFToken": self.token} if hasattr(self, "token") else {})

    def person(self) -> dict[str, str]:
        names = {"first_name": "Mira", "last_name": "Okonkwo", "email": "mira@posteo.example"}
        names["made"] = world.a_stamp()
        return names | {"csrfmiddlewaretoken": self.token}

    def apply(self, content: bytes) -> int:
        """Apply as the form with its script does: the file first, then its token."""
        kind = f"multipart/form-data; boundary={BOUNDARY}"
        status, said = self.ask("POST", "/uploads/", multipart(content), kind)
        assert status == 201, said
        staged = re.findall(r'"token": "([\w-]+)"', said)[0]
        form = urlencode(self.person() | {"staged": staged}).encode()
        return self.ask("POST", "/apply/", form, "application/x-www-form-urlencoded")[0]

    def apply_plainly(self, content: bytes) -> int:
        kind = f"multipart/form-data; boundary={BOUNDARY}"
        return self.ask("POST", "/apply/", multipart(content, **self.person()), kind)[0]


# Memory -----------------------------------------------------------------------------------


def resident(pid: int) -> float:
    """Return how many megabytes of memory a process has."""
    text = Path(f"/proc/{pid}/status").read_text()
    return int(re.findall(r"VmRSS:\s+(\d+) kB", text)[0]) / 1024


def highest(pids: list[int], over: Callable[[], bool]) -> dict[int, float]:
    """Watch processes until it is over; return the most memory that each has had."""
    most = dict.fromkeys(pids, 0.0)
    while not over():
        most = {pid: max(was, resident(pid)) for pid, was in most.items()}
        time.sleep(0.02)
    return most


@pytest.mark.soak
def test_many_large_uploads_at_once_take_hardly_any_memory(start: Callable[..., Site]) -> None:
    site, content = start(), a_pdf_of(10 * MEGABYTE)
    count = world.rounds(10, 100)
    with ThreadPoolExecutor(count) as pool:
        visitors = list(pool.map(lambda _: Visitor(site), range(count)))
        before = {pid: resident(pid) for pid in site.processes()}
        began = time.monotonic()
        sent = [pool.submit(visitor.apply, content) for visitor in visitors[::2]]
        sent += [pool.submit(visitor.apply_plainly, content) for visitor in visitors[1::2]]
        most = highest(list(before), lambda: all(each.done() for each in sent))
        assert {each.result() for each in sent} == {303}
    seconds = time.monotonic() - began
    grown = sum(most[pid] - was for pid, was in before.items())
    print(f"{count} times 10 MB in {seconds:.1f} s: the web processes grew by {grown:.0f} MB")
    assert len(before) == 3
    assert set(before) == set(site.processes())
    assert grown < 100
    assert site.rows("SELECT count(*) FROM candidates_application") == [(count,)]
    assert len(site.objects()) == count
    assert site.arriving() == []


# Connections that break -------------------------------------------------------------------


def begin(site: Site, visitor: Visitor, body: bytes, share: float) -> socket.socket:
    """Send the beginning of an upload and keep the connection."""
    headers = visitor.headers() | {
        "Host": f"127.0.0.1:{site.port}",
        "Content-Type": f"multipart/form-data; boundary={BOUNDARY}",
        "Content-Length": str(len(body)),
    }
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    connection = socket.create_connection(("127.0.0.1", site.port), timeout=60)
    connection.sendall(f"POST /uploads/ HTTP/1.1\r\n{lines}\r\n".encode())
    connection.sendall(body[: int(len(body) * share)])
    return connection


def reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def wait_until(what: str, holds: Callable[[], bool], *, seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, what
        time.sleep(0.1)


def test_a_connection_that_breaks_leaves_nothing_but_perhaps_a_row(
    start: Callable[..., Site],
) -> None:
    site = start()
    visitor, body = Visitor(site), multipart(a_pdf_of(MEGABYTE))
    for share in (0, 0.0001, 0.3, 0.7, 0.999999, 1):
        for leave in (socket.socket.close, reset):
            leave(begin(site, visitor, body, share))
    # As many as came whole, whether their answer could be read or not.
    wait_until("nothing arrives any more", lambda: site.arriving() == [])
    keys = {key for (key,) in site.rows("SELECT key FROM storage_attachment")}
    assert site.objects() <= keys
    assert len(keys) <= 2
    assert visitor.apply(a_pdf_of(MEGABYTE)) == 303


def test_browsers_that_go_silent_are_given_up_and_others_are_served(
    start: Callable[..., Site], tmp_path: Path
) -> None:
    config = tmp_path / "hasty.py"
    config.write_text("import ats.web\nats.web.SILENCE = 2\npre_request = ats.web.pre_request\n")
    site = start("--config", str(config))
    visitor, body = Visitor(site), multipart(a_pdf_of(MEGABYTE))
    silent = [begin(site, visitor, body, 0.5) for _ in range(12)]  # more than there are threads
    began = time.monotonic()
    assert site.get("/apply/")[0] == 200
    assert time.monotonic() - began < 20
    for connection in silent:
        assert connection.recv(1000).startswith(b"HTTP/1.1 400")
        connection.close()
    assert site.arriving() == []
    assert site.rows("SELECT key FROM storage_attachment") == []
