"""The register of requests of data subjects (Art. 15 to 21 GDPR), and the verbs that answer them.

While a request for access or restriction is pending, a hold keeps the application. A restriction
and an objection leave the application to the privacy officer alone; an objection holds nothing,
for objecting must not prolong storage. An erasure ahead of the clock takes two people.
"""

from .answering import answer, correct, correct_own, refuse, refuse_if_going, register
from .erasing import (
    WAIT,
    confirm,
    confirm_waited,
    grant,
    needs_second_person,
    seconds,
    tell_seconds,
)
from .releasing import FETCH, close_unfetched, fetched, release
from .shared import MONTHS

__all__ = [
    "FETCH",
    "MONTHS",
    "WAIT",
    "answer",
    "close_unfetched",
    "confirm",
    "confirm_waited",
    "correct",
    "correct_own",
    "fetched",
    "grant",
    "needs_second_person",
    "refuse",
    "refuse_if_going",
    "register",
    "release",
    "seconds",
    "tell_seconds",
]
