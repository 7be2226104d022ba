"""An HTTP proxy before moto's server that answers some requests as other servers would."""

from collections.abc import Callable
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from types import TracebackType
from typing import Self
from urllib.parse import parse_qs, urlsplit

HOP_BY_HOP = {"connection", "content-length", "date", "server", "transfer-encoding"}


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    headers: dict[str, str]

    @property
    def deletes_many(self) -> bool:
        return self.method == "POST" and "delete" in urlsplit(self.path).query.split("&")

    @property
    def names(self) -> str:
        """The key or the prefix that it is about."""
        parts = urlsplit(self.path)
        _, _, key = parts.path.strip("/").partition("/")
        return key or parse_qs(parts.query).get("prefix", [""])[0]


#: Takes a request, returns a status and a body, or None to let it pass.
Rule = Callable[[Request], tuple[int, str] | None]


def fault(status: int, code: str) -> tuple[int, str]:
    return status, f"<Error><Code>{code}</Code><Message>No.</Message></Error>"


def demands_md5(request: Request) -> tuple[int, str] | None:
    """As servers do that boto3 has left behind."""
    if request.deletes_many and "content-md5" not in request.headers:
        return fault(400, "InvalidRequest")
    return None


def hides_errors(request: Request) -> tuple[int, str] | None:
    """As Amazon does with object lock: 200, and what went wrong in the body."""
    if request.deletes_many:
        error = "<Error><Key>a</Key><Code>AccessDenied</Code></Error>"
        return 200, f"<DeleteResult>{error}</DeleteResult>"
    return None


def send(
    handler: BaseHTTPRequestHandler, status: int, headers: dict[str, str], content: bytes
) -> None:
    handler.send_response(status)
    for name, value in headers.items():
        if name.lower() not in HOP_BY_HOP:
            handler.send_header(name, value)
    handler.send_header("Content-Length", str(len(content)))
    handler.end_headers()
    if handler.command != "HEAD":
        handler.wfile.write(content)


@dataclass
class Proxy:
    """Runs while it is entered. Give it a `rule`; it notes all `requests`."""

    upstream: str
    rule: Rule = lambda request: None
    requests: list[Request] = field(default_factory=list)

    def __enter__(self) -> Self:
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.thread = Thread(target=self.server.serve_forever, args=[0.02], daemon=True)
        self.thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}"

    def respond(self, handler: BaseHTTPRequestHandler, request: Request, body: bytes) -> None:
        """Answer a request as the rule says, or as the server does."""
        send(handler, *self.answer(request, body))

    def answer(self, request: Request, body: bytes) -> tuple[int, dict[str, str], bytes]:
        self.requests.append(request)
        if instead := self.rule(request):
            status, text = instead
            return status, {"Content-Type": "application/xml"}, text.encode()
        connection = HTTPConnection(urlsplit(self.upstream).netloc, timeout=30)
        connection.request(request.method, request.path, body, request.headers)
        response = connection.getresponse()
        content = response.read()
        connection.close()
        return response.status, dict(response.getheaders()), content

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            # Else each answer waits 40 ms for the acknowledgement of its headers.
            disable_nagle_algorithm = True

            def handle_any(self) -> None:
                headers = {name.lower(): value for name, value in self.headers.items()}
                if headers.pop("expect", ""):  # or the client waits a second before the body
                    self.send_response_only(100)
                    self.end_headers()
                body = self.rfile.read(int(headers.get("content-length", 0)))
                proxy.respond(self, Request(self.command, self.path, headers), body)

            do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = handle_any  # noqa: N815

            def log_message(self, *_args: object) -> None:
                pass

        return Handler
