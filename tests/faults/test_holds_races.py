"""A hold against a purge, on PostgreSQL: the record is held and there, or gone and not held."""

from collections.abc import Iterator
from datetime import date
from itertools import count
from threading import get_ident
from typing import Any

import pytest
from django.db import OperationalError, connection, transaction

from candidates import holds, purge, requests
from candidates.models import Application, Event, Hold, Job, Request, User
from candidates.pipeline import ChangeNotAllowed
from tests.faults import objects, rows
from tests.faults.test_races import Skew, at_once
from tests.world import NOW, a_job, a_user, an_application, an_attachment, rounds, store

pytestmark = [
    *(pytest.mark.django_db(transaction=True), pytest.mark.soak),
    pytest.mark.once("postgres"),
    pytest.mark.usefixtures("attachment_store"),
]

HALF_A_YEAR_AGO = date(2026, 3, 17)
#: After so many rounds all is emptied: moto's server grows slow with what is in a bucket.
FRESH = 25


def a_due_one(job: Job) -> Application:
    return an_application(job=job, status="rejected", decided_on=HALF_A_YEAR_AGO)


def hold(application: Application, officer: User) -> Hold:
    return holds.set_hold(
        application,
        kind=Hold.Kind.LEGAL_CLAIM,
        reason="Klage nach § 15 AGG",
        until=date(2026, 12, 1),
        by=officer,
        now=NOW,
    )


def rounds_of(skew: Skew) -> Iterator[tuple[Job, User]]:
    """Yield what each round begins with; in the end both must have won."""
    for number in range(rounds(15, 1000)):
        if number % FRESH == 0:
            rows.clear()
            objects.shelf()
            job, officer = a_job(), a_user("privacy_officer")
        yield job, officer
        Application.objects.all().delete()
    skew.require_a_race()


def test_of_a_hold_and_a_purge_exactly_one_wins_each_time() -> None:
    skew = Skew()
    for job, officer in rounds_of(skew):
        application = a_due_one(job)
        file = an_attachment(application)

        def set_hold(application: Application = application, officer: User = officer) -> None:
            skew.wait()
            hold(application, officer)

        def purges() -> None:
            skew.wait_second()
            purge.run(now=NOW, exempt=True)

        held, purged = at_once(set_hold, purges)
        assert purged == "won", "a purge never fails over a hold"
        there = Application.objects.filter(pk=application.pk).exists()
        assert there == (held == "won")
        assert store().exists(file.key) == there
        assert Hold.objects.filter(application=application).count() == there
        assert Event.objects.filter(application=application, kind="held").count() == there
        skew.learn(held)


def test_a_request_for_access_that_comes_with_the_purge_is_kept_or_told() -> None:
    skew = Skew()
    for job, _officer in rounds_of(skew):
        application = a_due_one(job)

        def ask(application: Application = application) -> None:
            skew.wait()
            requests.register(application, Request.Kind.ACCESS, by=None, now=NOW)

        def purges() -> None:
            skew.wait_second()
            purge.run(now=NOW, exempt=True)

        asked, purged = at_once(ask, purges)
        assert purged == "won", "a purge never fails over a request"
        there = Application.objects.filter(pk=application.pk).exists()
        assert there == (asked == "won")
        assert Request.objects.filter(application=application).count() == there
        skew.learn(asked)


class Between:
    """Does something once, from another connection, at a statement of this thread's purge."""

    def __init__(self, number: int, act: Any) -> None:
        self.number, self.act = number, act
        self.seen, self.thread = count(1), get_ident()
        self.outcome: list[str] = []

    def __call__(self, execute: Any, *args: Any) -> Any:
        if get_ident() == self.thread and next(self.seen) == self.number:
            try:
                self.outcome = at_once(self.act)
            except OperationalError as error:
                if "lock timeout" not in str(error):
                    raise
                self.outcome = ["waited"]
        return execute(*args)


def test_a_hold_set_before_any_statement_up_to_the_claim_keeps_the_record() -> None:
    """Each statement of a purge in turn, until the row is locked: then a hold would wait."""
    job, officer = a_job(), a_user("privacy_officer")
    ends = []
    for number in range(1, 40):
        application = a_due_one(job)

        def act(application: Application = application) -> None:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("SET LOCAL lock_timeout = '200ms'")
                hold(application, officer)

        between = Between(number, act)
        with connection.execute_wrapper(between):
            purge.run(now=NOW, exempt=True)
        there = Application.objects.filter(pk=application.pk).exists()
        assert there == (between.outcome == ["won"])
        ends.append(between.outcome)
        Application.objects.all().delete()
    assert ["won"] in ends
    assert ["waited"] in ends


def test_of_a_confirmation_and_a_refusal_exactly_one_wins() -> None:
    job, officer, other = a_job(), a_user("privacy_officer"), a_user("privacy_officer")
    for _ in range(rounds(20, 200)):
        application = an_application(job=job, status="rejected", decided_on=date(2026, 5, 5))
        request = requests.register(application, Request.Kind.ERASURE, by=None, now=NOW)
        requests.grant(request, by=officer, now=NOW)

        def yes(request: Request = request) -> None:
            requests.confirm(request, by=other, now=NOW)

        def no(request: Request = request) -> None:
            requests.refuse(request, reason="A claim is open.", by=other, now=NOW)

        outcome = at_once(yes, no)
        assert sorted(outcome) == ["told", "won"]
        application.refresh_from_db()
        assert bool(application.early) == (outcome == ["won", "told"])
        assert application.mails.filter(purpose="answered").count() == 1


def test_one_request_that_is_sent_twice_at_once_is_one() -> None:
    job = a_job()
    for _ in range(rounds(20, 200)):
        application = an_application(job=job)

        def ask(application: Application = application) -> None:
            requests.register(application, Request.Kind.ACCESS, by=None, now=NOW)

        assert at_once(ask, ask) == ["won", "won"]
        assert (application.requests.count(), application.holds.count()) == (1, 1)


def test_a_hold_on_what_is_gone_says_so() -> None:
    application = a_due_one(a_job())
    purge.run(now=NOW, exempt=True)
    with pytest.raises(ChangeNotAllowed):
        hold(application, a_user("privacy_officer"))
