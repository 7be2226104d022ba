"""The release of a full copy against a second one, a purge and a withdrawal, on PostgreSQL."""

from collections.abc import Callable
from datetime import date
from functools import partial

import pytest

from candidates import copies, pipeline, purge, requests
from candidates.models import AccessCopy, Application, Event, Hold, Request, User
from tests.faults.test_races import Skew, at_once
from tests.world import NOW, a_job, a_user, an_application, rounds

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.once("postgres"),
    pytest.mark.soak,
    pytest.mark.usefixtures("attachment_store"),
]

HALF_A_YEAR_AGO = date(2026, 3, 17)


def asked(application: Application) -> Request:
    return requests.register(application, Request.Kind.ACCESS, by=None, now=NOW)


def release(request: Request, by: User) -> Callable[[], AccessCopy]:
    """Return what releases the copy as it is now."""
    seen = copies.digest(copies.compile(request.application, NOW))
    return partial(requests.release, request, strikes=copies.Strikes(), seen=seen, by=by, now=NOW)


def count(application: Application, kind: str) -> int:
    return Event.objects.filter(application=application, kind=kind).count()


def test_of_two_releases_one_wins_and_the_other_is_told() -> None:
    job, officers = a_job(), [a_user("privacy_officer"), a_user("privacy_officer")]
    for _ in range(rounds(20, 500)):
        request = asked(an_application(job))
        ends = at_once(*(release(request, officer) for officer in officers))
        assert sorted(ends) == ["told", "won"]
        assert AccessCopy.objects.filter(request=request).count() == 1
        assert count(request.application, "released") == 1


def test_a_release_that_comes_with_the_purge_is_told_or_leaves_nothing_half() -> None:
    job, officer = a_job(), a_user("privacy_officer")
    skew = Skew()
    for _ in range(rounds(30, 1000)):
        application = an_application(job, status="rejected", decided_on=HALF_A_YEAR_AGO)
        request = asked(application)
        Hold.objects.update(until=NOW)  # it has just ended, so that the purge may win
        act = release(request, officer)

        def wait_and_release(act: Callable[[], AccessCopy] = act) -> None:
            skew.wait()
            act()

        released, purged = at_once(wait_and_release, lambda: purge.run(now=NOW, exempt=True))
        assert purged == "won", "a purge never fails over a release"
        there = Application.objects.filter(pk=application.pk).exists()
        assert AccessCopy.objects.exists() == there, "what is erased has no copy left"
        assert released == "won" or not there, "a release is refused only for what is gone"
        skew.learn(released)
        Application.objects.all().delete()
    assert {*skew.ends} == {"won", "told"}, "one side always came first: this was no race"


def test_a_release_and_a_withdrawal_at_once_leave_what_can_be_fetched() -> None:
    job, officer = a_job(), a_user("privacy_officer")
    for _ in range(rounds(20, 500)):
        request = asked(an_application(job))
        withdraw = partial(pipeline.withdraw, request.application, by=None, now=NOW, erase=True)
        released, withdrawn = at_once(release(request, officer), withdraw)
        assert withdrawn == "won"
        assert AccessCopy.objects.filter(request=request).exists() == (released == "won")
        purge.run(now=NOW, exempt=True)
        assert Application.objects.filter(pk=request.application_id).exists()


def test_fetched_twice_at_once_is_answered_once() -> None:
    job, officer = a_job(), a_user("privacy_officer")
    for _ in range(rounds(20, 500)):
        request = asked(an_application(job))
        end = release(request, officer)().fetch_until
        fetch = partial(requests.fetched, request, now=end)
        assert at_once(fetch, fetch, partial(requests.close_unfetched, end)) == ["won"] * 3
        assert count(request.application, "answered") == 1
