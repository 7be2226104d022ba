"""The client of `place.ask`: makes requests and times them. Needs nothing but Python itself."""

import http.client
import json
import sys
import threading
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

SECONDS = 30


def one(connection: http.client.HTTPConnection, ask: dict[str, Any], body: bytes | None) -> Any:
    """Make a request and read the whole answer."""
    start = time.perf_counter()
    connection.request(ask["method"], ask["path"], body=body, headers=ask["headers"])
    answer = connection.getresponse()
    content = answer.read()
    ms = (time.perf_counter() - start) * 1000
    number = [int(answer.headers.get(name, 0)) for name in ("X-Queries", "X-Rows")]
    return ms, answer.status, len(content), *number, float(answer.headers.get("X-Database", 0))


def rounds(plan: dict[str, Any], ready: threading.Barrier) -> list[list[Any]]:
    """Make all requests in turn, so often; return each one's answers.

    The first rounds are not counted. They go through the same connection, so to the same process.
    """
    address = urlsplit(plan["url"])
    bodies = [Path(ask["body"]).read_bytes() if ask["body"] else None for ask in plan["asks"]]
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=SECONDS)
    each: list[list[Any]] = [[] for _ask in plan["asks"]]
    for number in range(plan["warm"] + plan["rounds"]):
        if number == plan["warm"]:
            ready.wait()
        for answers, ask, body in zip(each, plan["asks"], bodies, strict=True):
            answers.append(one(connection, ask, body))
    connection.close()
    return [answers[plan["warm"] :] for answers in each]


def main() -> None:
    plan = json.load(sys.stdin)
    found: list[list[list[Any]]] = []
    ready = threading.Barrier(plan["threads"] + 1)
    workers = [
        threading.Thread(target=lambda: found.append(rounds(plan, ready)), daemon=True)
        for _ in range(plan["threads"])
    ]
    for thread in workers:
        thread.start()
    ready.wait(SECONDS * (plan["warm"] + 1) * len(plan["asks"]))
    start = time.perf_counter()
    for thread in workers:
        thread.join()
    seconds = time.perf_counter() - start
    if len(found) < len(workers):
        sys.exit("A request failed or took too long.")
    each = [[answer for part in parts for answer in part] for parts in zip(*found, strict=True)]
    json.dump({"each": each, "seconds": seconds}, sys.stdout)


if __name__ == "__main__":
    main()
