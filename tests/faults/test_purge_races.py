"""A purge against whatever else may come at that moment, on PostgreSQL: one clean winner each time.

Reopening and hiring begin a moment before midnight and the purge after it: on its last day an
application is the purge's alone. A hold has a room of its own, test_holds_races.py.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import date, timedelta
from random import Random
from typing import cast

import pytest
from django.db import IntegrityError, transaction
from django.http import FileResponse
from django.test import Client

from candidates import hiring, ledger, pipeline, purge, statistics
from candidates.models import Application, Employee, Event, Job, LedgerLine, User
from candidates.pipeline import ChangeNotAllowed
from candidates.status import Status
from storage import uploads
from storage.models import Attachment, Tombstone
from tests.faults import objects, rows
from tests.faults.test_races import Skew, at_once
from tests.world import NOW, TODAY, a_job, a_user, an_application, an_attachment, rounds, store

pytestmark = [
    *(pytest.mark.django_db(transaction=True), pytest.mark.soak),
    pytest.mark.once("postgres"),
]

HALF_A_YEAR_AGO = date(2026, 3, 17)
BEFORE_MIDNIGHT = NOW - timedelta(hours=10, seconds=1)
ME = uploads.owner("my session")
CONTENT = b"%PDF-1.4 " + Random(7).randbytes(200_000)
#: After so many rounds all is emptied: moto's server grows slow with what is in a bucket.
FRESH = 25


class Round:
    """A due application with a file, and those who act on it."""

    def __init__(self, skew: Skew, job: Job, by: User, number: int) -> None:
        self.skew, self.by, self.number = skew, by, number
        self.application = an_application(job, status="rejected", decided_on=HALF_A_YEAR_AGO)
        self.file = an_attachment(self.application, content=CONTENT)

    def against_a_purge(self, act: Callable[[], object]) -> str:
        """Let `act` race with a purge, which must never fail; return how the other ended."""
        outcomes: list[purge.Outcome] = []

        def other() -> None:
            self.skew.wait()
            act()

        def purges() -> None:
            self.skew.wait_second()
            # Many rounds make a day on which far more goes than anybody foresaw.
            outcomes.append(purge.run(now=NOW, exempt=True))

        end, _ = at_once(other, purges)
        assert (outcomes[0].failed, outcomes[0].stopped) == (0, [])
        self.skew.learn(end)
        return end

    @property
    def is_there(self) -> bool:
        return Application.objects.filter(pk=self.application.pk).exists()

    def require_nothing_half_done(self) -> None:
        """Whatever is gone has one line and was counted once; what has a row has its object."""
        there = self.is_there
        record = ledger.keyed_hash(self.application.pk)
        assert LedgerLine.objects.filter(record=record).count() == (not there)
        assert not Tombstone.objects.exists()
        keys = set(Attachment.objects.values_list("key", flat=True))
        assert set(store().keys("attachments/")) == keys
        assert Event.objects.filter(application=self.application).count() <= 2 * there
        assert sum(statistics.figures().tallies.values()) == self.number % FRESH + 1


def rounds_of(skew: Skew) -> Iterator[Round]:
    """Yield one round after the other; in the end both must have won."""
    for number in range(rounds(8, 1000)):
        if number % FRESH == 0:
            rows.clear()
            objects.shelf()
            job, by = a_job(), a_user("recruiter")
        yield Round(skew, job, by, number)
    skew.require_a_race()


def reopen(this: Round) -> Application:
    return pipeline.reopen(this.application, by=this.by, reason="Doch", now=BEFORE_MIDNIGHT)


def test_of_a_reopening_and_a_purge_exactly_one_wins_each_time() -> None:
    for this in rounds_of(Skew()):
        end = this.against_a_purge(lambda this=this: reopen(this))  # type: ignore[misc]
        assert this.is_there == (end == "won")
        if this.is_there:
            this.application.refresh_from_db()
            assert this.application.status == Status.OPEN
            assert this.application.events.get().kind == Event.Kind.REOPENED
        this.require_nothing_half_done()


def test_of_a_hire_and_a_purge_exactly_one_wins_each_time() -> None:
    for this in rounds_of(Skew()):

        @transaction.atomic
        def hire(this: Round = this) -> None:
            hiring.hire(
                reopen(this),
                by=this.by,
                start_date=TODAY + timedelta(days=14),
                job_title="Pflegefachkraft",
                personnel_number=str(40000 + this.number),
                attachments=[this.file.pk],
                now=BEFORE_MIDNIGHT,
            )

        end = this.against_a_purge(hire)
        assert this.is_there == (end == "won")
        employees = Employee.objects.filter(personnel_number=str(40000 + this.number))
        assert employees.count() == this.is_there
        assert Attachment.objects.filter(employee__in=employees).count() == this.is_there
        if this.is_there:
            this.application.refresh_from_db()
            assert this.application.status == Status.HIRED
        this.require_nothing_half_done()


def test_a_file_that_is_attached_goes_with_its_application_or_stays_staged() -> None:
    for this in rounds_of(Skew()):
        staged = an_attachment(None, staged_by=ME, staged_until=NOW + timedelta(minutes=1))

        def attach(this: Round = this, staged: Attachment = staged) -> None:
            try:
                with transaction.atomic():
                    uploads.attach([staged.pk], application=this.application, session=ME, now=NOW)
            except IntegrityError as error:  # there is no such application any more
                raise ChangeNotAllowed from error

        end = this.against_a_purge(attach)
        if this.is_there:  # it was locked at that moment: the next run takes it with the new file
            assert end == "won"
            assert purge.run(now=NOW, exempt=True).purged == 1
        assert not this.is_there
        left = Attachment.objects.staged(ME).filter(pk=staged.pk).exists()
        assert left == (end == "told")
        assert store().exists(staged.key) == left
        Attachment.objects.filter(pk=staged.pk).delete()
        store().erase(staged.key)
        this.require_nothing_half_done()


def test_a_download_gets_the_whole_file_or_none() -> None:
    for this in rounds_of(Skew()):
        client = Client()
        client.force_login(this.by)

        def download(this: Round = this, client: Client = client) -> None:
            answer = client.get(f"/hr/attachments/{this.file.pk}/")
            if answer.status_code == 404:
                raise ChangeNotAllowed
            assert answer.status_code == 200
            stream = cast("FileResponse", answer).streaming_content
            assert b"".join(cast("Iterator[bytes]", stream)) == CONTENT
            answer.close()

        this.against_a_purge(download)
        if this.is_there:  # its row was locked for a moment, by the line in the read log
            assert purge.run(now=NOW, exempt=True).purged == 1
        assert not this.is_there
        this.require_nothing_half_done()


def test_of_two_purges_one_erases_and_the_other_finds_nothing() -> None:
    for this in rounds_of(Skew()):
        found: list[purge.Outcome] = []

        def again(found: list[purge.Outcome] = found) -> None:
            found.append(purge.run(now=NOW, exempt=True))
            if not found[0].purged:
                raise ChangeNotAllowed

        with suppress(ChangeNotAllowed):
            this.against_a_purge(again)
        assert (found[0].failed, found[0].stopped) == (0, [])
        assert not this.is_there
        assert purge.run(now=NOW, exempt=True).due == 0
        this.require_nothing_half_done()
