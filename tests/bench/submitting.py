"""Sending the application form with a PDF of 200 KB, beside the least that it can cost."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.utils import timezone

from tests import machine
from tests.bench.figures import Figure, at_least, at_most, median, p95
from tests.bench.place import THREADS, WORKERS, Place, Web
from tests.uploading import a_large_pdf

SIZE = 200_000
BURSTS, EACH = 6, 6
QUERIES = 25
#: Of the floor's requests a second.
SHARE = 0.5


def measure(place: Place) -> Iterator[Figure]:
    # Each applicant has an address of their own: no limit holds them.
    os.environ["ATS_TRUSTED_PROXIES"] = "1"
    with place.web() as web:
        ours, floor = sent(web)
        rates = [len(each["answers"]) / each["seconds"] for each in (ours, floor)]
        times, floors = ([a["ms"] for a in each["answers"]] for each in (ours, floor))
        queries = max(answer["queries"] for answer in ours["answers"])
        share = rates[0] / rates[1]
        yield Figure(
            work="submit with a PDF of 200 KB",
            size=place.size,
            database=place.database,
            median_ms=median(times),
            p95_ms=p95(times),
            per_second=rates[0],
            queries=queries,
            bytes=ours["answers"][0]["bytes"],
            rss_mb=web.rss_mb(),
            floor_ms=median(floors),
            floor_p95_ms=p95(floors),
            ratio=share,
            note=f"{WORKERS * THREADS} at once; the floor takes {rates[1]:.1f} a second",
            bounds=(
                at_least("of the floor's requests a second", share, SHARE),
                at_most("queries", queries, QUERIES),
            ),
        )


def sent(web: Web) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the answers of the form, and those of its floor."""
    plan = {"way": "as fast as can be", "url": web.url, "path": f"/jobs/{a_slug()}/apply/"}
    numbers = {"threads": WORKERS * THREADS, "bursts": BURSTS, "each": EACH}
    found = applicants(plan | numbers | {"file": str(a_file(SIZE)), "floors": ["", "submit"]})
    for each in found.values():
        if strange := {answer["status"] for answer in each["answers"]} - {303}:
            raise RuntimeError(
                f"The form answered {strange}.\n{web.server.log.read_text()[-2000:]}"
            )
    return found[""], found["submit"]


def applicants(plan: dict[str, Any]) -> dict[str, Any]:
    """Have people apply, in a process of their own."""
    done = subprocess.run(
        [sys.executable, "-S", str(Path(__file__).with_name("applicant.py"))],
        input=json.dumps(plan),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        env={"PATH": os.environ["PATH"]},
    )
    read: dict[str, Any] = json.loads(done.stdout)
    return read


def a_file(size: int) -> Path:
    path = machine.folder("cv") / "CV.pdf"
    path.write_bytes(a_large_pdf(size))
    return path


def a_slug() -> str:
    from candidates import retention
    from candidates.models import Job

    taking = Job.objects.taking(retention.local_date(timezone.now()))
    return taking.order_by("pk").values_list("slug", flat=True)[0]
