"""The gate: closed while the database is behind the storage's ledger, and until that is known."""

import time
from collections.abc import Callable
from threading import Event
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from ats import gate
from ats.gate import Knowledge, knowledge
from candidates import ledger
from candidates.ledger import Behind
from candidates.models import LedgerLine
from storage.backends import StorageDown

BEHIND = Behind(database=3, storage=7)


def wait_for(holds: Callable[[], bool], *, seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)


class Storage:
    """What a look finds: an answer, an error, or nothing for as long as it hangs."""

    def __init__(self, answer: Behind | Exception | None) -> None:
        self.answer, self.looks = answer, 0
        self.goes_on = Event()
        self.goes_on.set()

    def look(self) -> Behind | None:
        self.looks += 1
        self.goes_on.wait(10)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.fixture
def _hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have every look count for no time at all."""
    monkeypatch.setattr(gate, "SECONDS", {True: 0, False: 0})
    monkeypatch.setattr(gate, "PATIENCE", 0.2)


def test_the_first_request_waits_for_the_first_look() -> None:
    for answer, is_open in ((None, True), (BEHIND, False)):
        storage = Storage(answer)
        assert Knowledge(storage.look).ask() is is_open
        assert storage.looks == 1


def test_one_look_counts_for_a_minute() -> None:
    storage = Storage(None)
    known = Knowledge(storage.look)
    assert [known.ask() for _ in range(20)] == [True] * 20
    assert storage.looks == 1
    assert gate.SECONDS[True] == 60


@pytest.mark.usefixtures("_hasty")
def test_a_site_that_is_behind_closes_and_one_that_is_not_any_more_opens() -> None:
    storage = Storage(None)
    known = Knowledge(storage.look)
    assert known.ask()
    storage.answer = BEHIND
    wait_for(lambda: not known.ask())
    storage.answer = None
    wait_for(known.ask)


@pytest.mark.usefixtures("_hasty")
@pytest.mark.parametrize("error", [StorageDown("SlowDown"), RuntimeError("no such table")])
def test_what_cannot_be_known_is_closed_at_first_and_then_stays_as_it_was(error: Exception) -> None:
    storage = Storage(error)
    known = Knowledge(storage.look)
    assert not known.ask()
    wait_for(lambda: known.ask() or storage.looks > 3)
    assert not known.ask()
    storage.answer = None
    wait_for(known.ask)
    storage.answer, storage.looks = error, 0
    wait_for(lambda: not known.ask() or storage.looks > 3)
    assert known.ask()


@pytest.mark.usefixtures("_hasty")
def test_a_storage_that_hangs_holds_nobody_up() -> None:
    storage = Storage(None)
    storage.goes_on.clear()
    known = Knowledge(storage.look)
    start = time.monotonic()
    assert not known.ask()
    assert 0.1 < time.monotonic() - start < 5
    storage.goes_on.set()
    wait_for(known.ask)
    storage.goes_on.clear()
    start = time.monotonic()
    assert [known.ask() for _ in range(50)] == [True] * 50
    assert time.monotonic() - start < 5
    storage.goes_on.set()


@pytest.fixture
def _behind() -> None:
    knowledge.forget()
    knowledge.learn(BEHIND)


@pytest.mark.usefixtures("_behind")
@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize(
    "path", ["/", "/jobs/", "/apply/", "/hr/", "/accounts/login/", "/no/such/"]
)
def test_while_it_is_closed_every_page_says_so_without_a_database(
    client: Client, path: str, method: str
) -> None:
    response = getattr(client, method)(path, headers={"accept-language": "en"})
    assert response.status_code == 503
    assert (response["Retry-After"], response["Cache-Control"]) == ("120", "no-store")
    assert "script-src 'self'" in response["Content-Security-Policy"]
    page = response.content.decode()
    assert '<html lang="en">' in page
    assert "Closed for a short while" in page


@pytest.mark.usefixtures("_behind")
def test_the_page_is_in_the_visitor_s_language(client: Client) -> None:
    page = client.get("/jobs/", headers={"accept-language": "de"}).content.decode()
    assert '<html lang="de">' in page


@pytest.mark.django_db
@pytest.mark.usefixtures("_behind")
def test_while_it_is_closed_health_answers(client: Client) -> None:
    assert client.get("/health/").headers["Content-Type"] == "application/json"


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("attachment_store")
def test_a_site_whose_database_is_older_than_storage_is_closed(client: Client) -> None:
    now = timezone.now()
    record = ledger.Deletion(
        uuid4(), LedgerLine.Kind.APPLICATION, LedgerLine.Rule.RETENTION, rows=1, objects=0
    )
    ledger.append([record], day=now.date())
    assert ledger.keep(now=now) == "sealed 1, copied 1"
    knowledge.forget()
    assert client.get("/jobs/").status_code == 200
    LedgerLine.objects.all().delete()
    knowledge.forget()
    assert client.get("/jobs/").status_code == 503
