"""A network and a server between the purge and its bucket that fail at one request of a run."""

import socket
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler

from tests.storage.proxy import Proxy, Request, fault, send

#: How long the purge waits for an answer in these tests.
PATIENCE = 0.3

#: Takes the wire, the handler of the request, the request and its body, and answers somehow.
Act = Callable[["Wire", BaseHTTPRequestHandler, Request, bytes], None]


@dataclass(frozen=True)
class Trouble:
    """What happens to a request and to its repetition; to all later ones too if it `lasts`.

    If it `sticks` to an object, it happens to all later requests about that one.
    """

    name: str
    act: Act
    lasts: bool = False
    sticks: bool = False

    def __str__(self) -> str:
        return self.name


def answering(status: int, code: str) -> Act:
    def act(_wire: "Wire", handler: BaseHTTPRequestHandler, *_request: object) -> None:
        number, text = fault(status, code)
        send(handler, number, {"Content-Type": "application/xml"}, text.encode())

    return act


def act_and_say_nothing(
    wire: "Wire", handler: BaseHTTPRequestHandler, request: Request, body: bytes
) -> None:
    """Do what was asked, and let the answer come too late."""
    wire.answer(request, body)
    time.sleep(PATIENCE + 0.1)
    handler.close_connection = True


def break_off(wire: "Wire", handler: BaseHTTPRequestHandler, request: Request, body: bytes) -> None:
    """Do what was asked, and reset the connection in the middle of the answer."""
    status, headers, content = wire.answer(request, body)
    handler.send_response(status)
    handler.send_header("Content-Type", headers.get("Content-Type", "application/xml"))
    handler.send_header("Content-Length", str(len(content) + 1))
    handler.end_headers()
    handler.wfile.write(content[: len(content) // 2])
    handler.wfile.flush()
    at_once = struct.pack("ii", 1, 0)
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, at_once)
    handler.connection.close()


TROUBLES = [
    Trouble("500", answering(500, "InternalError")),
    Trouble("503", answering(503, "SlowDown")),
    Trouble("503 from there on", answering(503, "SlowDown"), lasts=True),
    Trouble("time-out after the act", act_and_say_nothing),
    Trouble("reset in mid-answer", break_off),
    Trouble("200 with an error", answering(200, "InternalError")),
    Trouble("access denied to one", answering(403, "AccessDenied"), sticks=True),
    Trouble("access denied from there on", answering(403, "AccessDenied"), lasts=True),
    Trouble("missing bucket", answering(404, "NoSuchBucket"), lasts=True),
]


@dataclass
class Wire(Proxy):
    """Passes all requests on until it is told what goes wrong, and at which of them, from 1."""

    trouble: Trouble | None = None
    at: int = 0
    struck: list[Request] = field(default_factory=list)

    def meet(self, trouble: Trouble | None, at: int) -> None:
        """Count from now on, and let the trouble come at this request; None: let all pass."""
        self.requests.clear()
        self.struck.clear()
        self.seen, self.trouble, self.at = 0, trouble, at

    def respond(self, handler: BaseHTTPRequestHandler, request: Request, body: bytes) -> None:
        self.seen += 1
        if self.trouble and self._is_struck(request):
            self.struck.append(request)
            self.trouble.act(self, handler, request, body)
            return
        super().respond(handler, request, body)

    def _is_struck(self, request: Request) -> bool:
        assert self.trouble
        if not self.struck:
            return self.seen == self.at
        first = self.struck[0]
        if self.trouble.lasts:
            return True
        if self.trouble.sticks:
            return request.names == first.names
        is_next = self.seen == self.at + len(self.struck)
        return is_next and (request.method, request.path) == (first.method, first.path)
