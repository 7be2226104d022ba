"""What pages and verbs read, as PostgreSQL counts it, stays the same while the tables grow.

Not time: blocks and rows of the same work at two sizes. The smaller one is planned as if to read a
table whole were as dear as at the larger one, and counts that stop somewhere stop early: so both
do what is done among a million, and only what grows differs.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import cache
from typing import NamedTuple
from uuid import UUID

import pytest
from django.db import connection
from django.http import QueryDict
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from candidates import access, purge
from candidates.agenda import counting, kinds
from candidates.demo.bulk import seed
from candidates.forms.filters import FilterForm
from candidates.models import Application, Job
from candidates.views import applications, board
from tests import world
from tests.bench.meter import Work, counted

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.once("postgres")]

FEW, MANY = 400, 5_000
#: Trees grow by a level now and then; and so many blocks or rows are too few to speak of growth.
GROWTH, TOO_FEW = 1.6, 60
#: Rows of a page.
SIZE = 10
#: Of one name at both sizes: a search costs what it finds.
NAMESAKES = 20
VERBS = ("move", "reject")
MOST_QUERIES = {"move": 15, "reject": 15, "purge with nothing due": 8}
#: What stops a count, or a column, and where it stops here.
CAPS = (
    (applications, "COUNTED", 20),
    (counting, "MOST", 5),
    (kinds, "MOST", 5),
    (board, "CARDS", 5),
)

#: Filters and orders of the list, each read at its beginning, in the middle and at its end.
LISTS = (
    "",
    "order=oldest",
    "order=name",
    "order=waiting",
    "order=deletion",
    "job=seed-0",
    "job=seed-0&order=name",
    "job=seed-0&stage={stage}",
    "status=open",
    "status=open&order=waiting",
    "status=open&job=seed-0",
    "status=closed",
    "status=closed&order=deletion",
    "status=rejected",
    "team=*",
    "received_from={week}",
    "waiting={week}",
    "erased_from={tomorrow}&order=deletion",
    "q=xanthippe",
    "q=xan&status=open",
)
#: From which of them an application is opened, with its neighbours.
OPENED = ("", "order=name", "status=open&order=waiting", "status=closed&order=deletion")

#: What grows, and why.
GROWS = {
    "today of the officer": "says how many go on each day of the week, by an index alone",
    "board": "says how many there are in each stage, by an index alone",
    "jobs": "says how many there are in each stage of each job",
    "retention": "says how many go on each day, by an index alone",
    **dict.fromkeys(
        ["list q=xanthippe", "list q=xan&status=open"],
        "reads a small table whole rather than some 1,000 times by its key, as it expects",
    ),
}


class Page(NamedTuple):
    name: str
    client: Client
    path: str


class Place:
    """So many applications, and two who work with them."""

    def __init__(self, size: int) -> None:
        now = timezone.now()
        seed(applications=size, jobs=2, due=0, attachments=0, now=now)
        self.job = Job.objects.get(slug="seed-0")
        for n in range(NAMESAKES):
            at = now - timedelta(days=n)
            world.an_application(self.job, first_name="Xanthippe", received_at=at)
        Application.objects.update(first_opened_at=now)
        self.user = world.a_user("recruiter")
        self.job.hiring_team.add(self.user)
        self.recruiter = world.log_in(Client(), self.user)
        self.officer = world.log_in(Client(), world.a_user("privacy_officer"))
        run("VACUUM ANALYZE")

    def works(self) -> Iterator[tuple[str, Work]]:
        for name, client, path in self.pages():
            with counted() as work:
                assert client.get(path).status_code == 200
            yield name, work
        yield from self.verbs()
        purge.run()  # which foresees the next day's
        with counted() as work:
            purge.run()
        yield "purge with nothing due", work

    def pages(self) -> Iterator[Page]:
        card = Application.objects.open().filter(job=self.job)[7]
        yield Page("today", self.recruiter, reverse("hr:today"))
        yield Page("today of the officer", self.officer, reverse("hr:today"))
        yield Page("jobs", self.recruiter, reverse("hr:jobs"))
        yield Page("board", self.recruiter, reverse("hr:board", args=[self.job.slug]))
        yield Page("application on a board", self.recruiter, address(card.pk, "from=board"))
        yield Page("retention", self.officer, reverse("hr:retention"))
        for name in LISTS:
            yield from self.pages_of_list(name)

    def pages_of_list(self, name: str) -> Iterator[Page]:
        query, path = self.query(name), reverse("hr:applications")
        ids = self.ids(query)
        yield Page(f"list {name}", self.recruiter, f"{path}?{query}")
        if "q=" not in name:
            middle, end = ids[len(ids) // 2], ids[-1 - SIZE]
            yield Page(f"list {name}, middle", self.recruiter, f"{path}?{query}&after={middle}")
            yield Page(f"list {name}, end", self.recruiter, f"{path}?{query}&after={end}")
        if name in OPENED:
            path = address(self.one_amid(ids), f"from=list&{query}")
            yield Page(f"application in {name}", self.recruiter, path)

    def query(self, name: str) -> str:
        today, day = timezone.localdate(), timedelta(days=1)
        stage = self.job.stages.get(position=1).pk
        return name.format(stage=stage, week=today - 7 * day, tomorrow=today + day)

    def ids(self, query: str) -> list[UUID]:
        form = FilterForm.of(QueryDict(query), self.user)
        assert form.is_valid()
        rows = form.narrow(access.applications(self.user), now=timezone.now())
        order = form.sorting
        return list(rows.order_by(*order).values_list("pk", flat=True))

    def one_amid(self, ids: list[UUID]) -> UUID:
        """Return one in the middle, open if any is: the page of a closed one reads other things."""
        is_open = set(Application.objects.open().filter(pk__in=ids).values_list("pk", flat=True))
        fit = [pk for pk in ids if pk in is_open] or ids
        return fit[len(fit) // 2]

    def verbs(self) -> Iterator[tuple[str, Work]]:
        first, second, *_others = self.job.stages.order_by("position")
        one = Application.objects.open().filter(stage=first)[0]
        given = {
            "move": {"stage": second.pk, "seen": first.pk},
            "reject": {"reason": "Nicht genug Erfahrung", "when": "never"},
        }
        for verb in VERBS:
            with counted() as work:
                answer = self.recruiter.post(reverse(f"hr:{verb}", args=[one.pk]), given[verb])
            assert answer.status_code == 302
            yield verb, work


def address(pk: UUID, query: str) -> str:
    return f"{reverse('hr:application', args=[pk])}?{query}"


def run(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)


@contextmanager
def planned(**costs: float) -> Iterator[None]:
    """Have this connection's statements be planned with other costs."""
    for name, cost in costs.items():
        run(f"SET {name} = {cost}")
    yield
    for name in costs:
        run(f"RESET {name}")


@cache
def measured() -> tuple[dict[str, Work], dict[str, Work]]:
    """Return the work of everything among few and among many, measured once for all tests."""
    few, many = (among(size) for size in (FEW, MANY))
    return few, many


def among(size: int) -> dict[str, Work]:
    place = Place(size)
    costs = {"seq_page_cost": MANY / size, "random_page_cost": 1.1}
    with pytest.MonkeyPatch.context() as patch, planned(**costs):
        for module, name, number in CAPS:
            patch.setattr(module, name, number)
        world.pages_of(SIZE, patch)
        works = dict(place.works())
    run("TRUNCATE candidates_job CASCADE")
    return works


def test_nothing_reads_more_because_there_is_more() -> None:
    few, many = measured()
    grown = {
        name: (few[name], work)
        for name, work in many.items()
        if has_grown(few[name].blocks, work.blocks) or has_grown(few[name].rows, work.rows)
    }
    assert {name: works for name, works in grown.items() if name not in GROWS} == {}


def has_grown(few: int, many: int) -> bool:
    return many > max(few * GROWTH, few + TOO_FEW)


def test_nothing_costs_more_queries_because_there_is_more() -> None:
    few, many = ({name: work.queries for name, work in works.items()} for works in measured())
    assert few == many
    assert {name: many[name] for name, most in MOST_QUERIES.items() if many[name] > most} == {}


def test_what_reads_a_table_whole_is_found() -> None:
    few, many = (unindexed(size) for size in (100, 1_000))
    assert (few.queries, few.rows) == (1, 100)
    assert (many.queries, many.rows) == (1, 1_100)
    assert has_grown(few.rows, many.rows)


def unindexed(size: int) -> Work:
    """Add so many applications, and count what it takes to find those of a phone."""
    seed(applications=size, jobs=1, due=0, attachments=0, now=timezone.now())
    with counted() as work:
        list(Application.objects.filter(phone="0721 555 0001"))
    return work
