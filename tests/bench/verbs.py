"""Moving an application to the next stage, and rejecting one with its mail; always another one."""

from collections.abc import Iterator
from urllib.parse import urlencode

from tests import machine
from tests.bench.databases import RECRUITER
from tests.bench.figures import Figure, at_most, median, p95
from tests.bench.pages import BIG
from tests.bench.place import Answer, Ask, Place, Web, ask, form_headers, times

NUMBER = 60
QUERIES = 15


def measure(place: Place) -> Iterator[Figure]:
    with place.web() as web:
        yield figure(place, web, "move", moves())
        yield figure(place, web, "reject", rejections())


def figure(place: Place, web: Web, work: str, forms: list[tuple[str, dict[str, str]]]) -> Figure:
    asks = list(posts(forms))
    answers = [one for each in ask(web.url, asks, rounds=1, warm=0).each for one in each]
    found = answers[len(answers) // 6 :]  # the first ones warm up
    check(work, found)
    return Figure(
        work=work,
        size=place.size,
        database=place.database,
        median_ms=median(times(found)),
        p95_ms=p95(times(found)),
        database_ms=median([answer.database_ms for answer in found]),
        queries=max(answer.queries for answer in found),
        rss_mb=web.rss_mb(),
        bounds=(at_most("queries", max(answer.queries for answer in found), QUERIES),),
    )


def posts(forms: list[tuple[str, dict[str, str]]]) -> Iterator[Ask]:
    headers = form_headers(RECRUITER)
    folder = machine.folder("forms")
    for number, (path, values) in enumerate(forms):
        body = folder / str(number)
        body.write_text(urlencode(values))
        yield Ask(path, method="POST", headers=headers, body=str(body))


def check(work: str, answers: list[Answer]) -> None:
    if strange := {answer.status for answer in answers} - {302}:
        raise RuntimeError(f"{work} answered {strange}")


def moves() -> list[tuple[str, dict[str, str]]]:
    """Return forms that move applications of the largest job from its first stage to the second."""
    from candidates.models import Application, Stage

    first, second = Stage.objects.filter(job__slug=BIG).order_by("position")[:2]
    waiting = Application.objects.open().filter(stage=first).order_by("stage_since", "id")
    ids = waiting.values_list("pk", flat=True)[:NUMBER]
    values = {"stage": str(second.pk), "seen": str(first.pk)}
    return [(f"/hr/applications/{pk}/move/", values) for pk in ids]


def rejections() -> list[tuple[str, dict[str, str]]]:
    from candidates.models import Application, Reason

    waiting = Application.objects.open().filter(job__slug=BIG).order_by("-received_at", "-id")
    reason = Reason.objects.values_list("text", flat=True)[0]
    values = {"reason": reason, "when": "soon"}
    return [
        (f"/hr/applications/{pk}/reject/", values)
        for pk in waiting.values_list("pk", flat=True)[:NUMBER]
    ]
