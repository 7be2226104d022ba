"""People who work in the browser, each in a thread. Needs nothing but Python itself.

Reads `{"url", "seconds", "think", "patience", "people": [{"headers", "steps"}]}`, each step
`[name, method, path, body]`, `think` seconds on average between two of them; prints
`[name, ms, status]` of each, 0 for no answer.
"""

import http.client
import json
import random
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import chain, cycle
from typing import Any
from urllib.parse import urlsplit


def work(plan: dict[str, Any], person: dict[str, Any]) -> list[Any]:
    until = time.monotonic() + plan["seconds"]
    done = []
    think(plan)
    for name, method, path, body in cycle(person["steps"]):
        if time.monotonic() > until:
            break
        start = time.perf_counter()
        status = answered(plan, method, path, body, person["headers"])
        done.append([name, (time.perf_counter() - start) * 1000, status])
        think(plan)
    return done


def think(plan: dict[str, Any]) -> None:
    """Pause, now shorter and now longer: people who work do not keep in step."""
    time.sleep(plan["think"] * random.uniform(0.5, 1.5))


def answered(
    plan: dict[str, Any], method: str, path: str, body: str, headers: dict[str, str]
) -> int:
    """Return the status, or 0 if no whole answer came in time."""
    address = urlsplit(plan["url"])
    # Anew each time: after a second of thought a kept connection may just have been closed.
    connection = http.client.HTTPConnection(
        address.hostname or "", address.port, timeout=plan["patience"]
    )
    try:
        connection.request(method, path, body=body or None, headers=headers)
        answer = connection.getresponse()
        answer.read()
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        connection.close()
    return answer.status


if __name__ == "__main__":
    order = json.load(sys.stdin)
    with ThreadPoolExecutor(len(order["people"])) as threads:
        each = threads.map(lambda person: work(order, person), order["people"])
    json.dump(list(chain.from_iterable(each)), sys.stdout)
