"""People who apply, as a process of their own. Needs nothing but Python itself.

Each comes from an address of their own, with a cookie, a form and an e-mail address of their own.
"""

import http.client
import json
import random
import re
import sys
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

SECONDS = 60
HIDDEN = re.compile(r'name="(csrfmiddlewaretoken|submission|made)"[^>]*? value="([^"]*)"')


@dataclass(frozen=True)
class Form:
    """An application form as it is when it has been opened."""

    path: str
    cookie: str
    hidden: dict[str, str]
    address: str


def connect(url: str) -> http.client.HTTPConnection:
    address = urlsplit(url)
    return http.client.HTTPConnection(address.hostname or "", address.port, timeout=SECONDS)


def somewhere() -> str:
    """Return an address that hardly anybody else has."""
    return f"10.{random.randrange(256)}.{random.randrange(256)}.{random.randrange(1, 255)}"


def opened(connection: http.client.HTTPConnection, path: str) -> Form:
    address = somewhere()
    connection.request("GET", path, headers={"X-Forwarded-For": address})
    answer = connection.getresponse()
    page = answer.read().decode()
    cookie = (answer.headers["Set-Cookie"] or "").partition(";")[0]
    hidden = dict(HIDDEN.findall(page))
    if answer.status != 200 or len(hidden) < 3:
        raise RuntimeError(f"The form answers {answer.status} with {sorted(hidden)}.")
    return Form(path, cookie, hidden, address)


def another(form: Form) -> Form:
    """Return the form as somebody else has it who opened it at the same moment."""
    hidden = form.hidden | {"submission": str(uuid.uuid4())}
    return Form(form.path, form.cookie, hidden, somewhere())


def filled(form: Form, email: str, file: bytes) -> tuple[bytes, dict[str, str]]:
    """Return the body of a form with a file, and its headers."""
    fields = form.hidden | {"first_name": "Käthe", "last_name": "Großmann", "email": email}
    boundary = uuid.uuid4().hex
    head = "".join(
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    )
    head += (
        f'--{boundary}\r\nContent-Disposition: form-data; name="attachments"; filename="CV.pdf"'
        "\r\nContent-Type: application/pdf\r\n\r\n"
    )
    headers = {
        "Content-Type": f"multipart/form-data; boundary={boundary}",
        "Cookie": form.cookie,
        "X-Forwarded-For": form.address,
    }
    return head.encode() + file + f"\r\n--{boundary}--\r\n".encode(), headers


def send(
    connection: http.client.HTTPConnection, form: Form, email: str, file: bytes, **more: str
) -> dict[str, Any]:
    """Send a form; return what came of it and how long the whole answer took."""
    body, headers = filled(form, email, file)
    start = time.perf_counter()
    connection.request("POST", form.path, body=body, headers=headers | more)
    answer = connection.getresponse()
    answer.read()
    return {
        "ms": (time.perf_counter() - start) * 1000,
        "status": answer.status,
        "bytes": len(body),
        "queries": int(answer.headers.get("X-Queries", 0)),
        "email": email,
        "to": answer.headers.get("Location", ""),
    }


# As many as a number of threads can: `{"url", "path", "file", "threads", "each", "floors"}` ------


def as_fast_as_can_be(plan: dict[str, Any]) -> dict[str, Any]:
    """Send in bursts, of the page and of its floor by turns."""
    file = Path(plan["file"]).read_bytes()
    forms = [opened(connect(plan["url"]), plan["path"]) for _ in range(plan["threads"])]
    time.sleep(3.5)  # nobody fills it in sooner
    found: dict[str, Any] = {floor: {"answers": [], "seconds": 0.0} for floor in plan["floors"]}
    for number in range(plan["bursts"] + 1):
        for floor, sum_up in found.items():
            answers, seconds = burst(plan, forms, file, floor)
            if number:  # the first one warms up
                sum_up["answers"] += answers
                sum_up["seconds"] += seconds
    return found


def burst(
    plan: dict[str, Any], forms: list[Form], file: bytes, floor: str
) -> tuple[list[dict[str, Any]], float]:
    more = {"X-Floor": floor} if floor else {}

    def work(form: Form) -> list[dict[str, Any]]:
        connection = connect(plan["url"])
        emails = [f"{uuid.uuid4().hex}@example.org" for _ in range(plan["each"])]
        return [send(connection, another(form), email, file, **more) for email in emails]

    start = time.perf_counter()
    with ThreadPoolExecutor(len(forms)) as threads:
        answers = list(chain.from_iterable(threads.map(work, forms)))
    return answers, time.perf_counter() - start


# At a rate: `{"url", "path", "file", "seconds", "a_minute"}` ------------------------------------


def at_a_rate(plan: dict[str, Any]) -> dict[str, Any]:
    """Have somebody open the form at even moments, fill it in, send it and read the thanks."""
    file = Path(plan["file"]).read_bytes()
    answers: list[dict[str, Any]] = []
    people = []
    start, pause = time.monotonic(), 60 / plan["a_minute"]
    for number in range(int(plan["seconds"] / pause)):
        time.sleep(max(0.0, start + number * pause - time.monotonic()))
        people.append(threading.Thread(target=lambda: answers.append(applied(plan, file))))
        people[-1].start()
    for person in people:
        person.join()
    return {"answers": answers}


def applied(plan: dict[str, Any], file: bytes) -> dict[str, Any]:
    email = f"{uuid.uuid4().hex}@example.org"
    # Bytes that no other has, where no reader of a PDF looks.
    file += f"\n% {email}\n".encode()
    try:
        form = opened(connect(plan["url"]), plan["path"])
        time.sleep(3.5)
        answer = send(connect(plan["url"]), form, email, file)
        answer["thanked"] = answer["status"] == 303 and thanks(plan["url"], answer["to"], form)
    except (OSError, http.client.HTTPException, RuntimeError) as error:
        return {"email": email, "status": 0, "ms": 0, "thanked": False, "error": repr(error)}
    return answer


def thanks(url: str, path: str, form: Form) -> bool:
    connection = connect(url)
    connection.request("GET", path, headers={"X-Forwarded-For": form.address})
    return connection.getresponse().status == 200


WAYS = {"as fast as can be": as_fast_as_can_be, "at a rate": at_a_rate}

if __name__ == "__main__":
    order = json.load(sys.stdin)
    json.dump(WAYS[order["way"]](order), sys.stdout)
