"""Slow uploads and slow readers, until the input ends. Needs nothing but Python itself.

Reads a line, `{"url", "number", "upload", "read", "headers"}`, and prints one when all have begun.
When the input ends, it prints how many of each the server has not given up.
"""

import json
import select
import socket
import sys
import time
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

#: What an upload promises, and what it sends, or a reader takes, each second.
PROMISED, A_SECOND = 5_000_000, 4


def begun(url: str, head: str) -> socket.socket:
    address = urlsplit(url)
    line = socket.socket()
    line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    line.connect((address.hostname or "", address.port or 80))
    line.sendall(f"{head}\r\nHost: localhost\r\n".encode())
    return line


def upload(plan: dict[str, Any]) -> socket.socket:
    line = begun(plan["url"], f"POST {plan['upload']} HTTP/1.1")
    kind = "multipart/form-data; boundary=slow"
    line.sendall(f"Content-Type: {kind}\r\nContent-Length: {PROMISED}\r\n\r\n--slow".encode())
    return line


def reader(plan: dict[str, Any]) -> socket.socket:
    line = begun(plan["url"], f"GET {plan['read']} HTTP/1.1")
    fields = "".join(f"{name}: {value}\r\n" for name, value in plan["headers"].items())
    line.sendall(f"{fields}\r\n".encode())
    return line


def go_on(uploads: list[socket.socket], readers: list[socket.socket]) -> None:
    for line in uploads:
        with suppress(OSError):
            line.send(b"x" * A_SECOND)
    for line in readers:
        with suppress(OSError):
            line.setblocking(False)
            line.recv(A_SECOND)


def is_open(line: socket.socket) -> bool:
    """Whether the server has neither closed a connection nor answered an upload."""
    with suppress(OSError):
        line.setblocking(False)
        return bool(line.recv(1, socket.MSG_PEEK))
    return not line.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)


def main() -> None:
    plan = json.loads(sys.stdin.readline())
    uploads = [upload(plan) for _ in range(plan["number"])]
    readers = [reader(plan) for _ in range(plan["number"])]
    print("begun", flush=True)
    while not select.select([sys.stdin], [], [], 0)[0]:
        go_on(uploads, readers)
        time.sleep(1)
    print(json.dumps([sum(map(is_open, uploads)), sum(map(is_open, readers))]), flush=True)


if __name__ == "__main__":
    main()
