"""What strangers may try how often, by where they come from; holds across all processes.

Nothing here can tell an address: rows have a keyed hash, and go soon after they are over.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Case, F, Value, When
from django.utils.crypto import salted_hmac

from candidates.models import Tries


@dataclass(frozen=True)
class Limit:
    """At most so many tries from one place, within a time that the first of them begins."""

    name: str
    most: int
    within: timedelta


HOUR = timedelta(hours=1)

# By address, and by the network around it. An office, a school or a mobile network may stand
# behind one address, so these stop a flood and nobody who applies.
APPLICATIONS = Limit("applications-address", 30, HOUR), Limit("applications-network", 120, HOUR)
UPLOADS = Limit("uploads-address", 300, HOUR), Limit("uploads-network", 1200, HOUR)


@transaction.atomic
def count(limit: Limit, who: str, *, now: datetime) -> datetime | None:
    """Count one try; return None if it is allowed, otherwise from when on it will be again.

    Tries that are not allowed prolong nothing. Of any number at once each is counted: the update
    locks the row until the transaction ends.
    """
    row = Tries.objects.filter(digest=digest(limit, who))
    ends_at, is_over = now + limit.within, When(ends_at__lte=now, then=Value(1))
    while not row.update(
        count=Case(is_over, default=F("count") + 1),
        ends_at=Case(When(ends_at__lte=now, then=Value(ends_at)), default=F("ends_at")),
    ):
        first = Tries(digest=digest(limit, who), count=0, ends_at=ends_at)
        Tries.objects.bulk_create([first], ignore_conflicts=True)
    tried = row.get()
    return tried.ends_at if tried.count > limit.most else None


def digest(limit: Limit, who: str) -> str:
    """Return what stands for somebody's tries: nobody without the key can guess who it was."""
    mac = salted_hmac("candidates.limits", f"{limit.name} {who}", algorithm="sha256")
    return mac.hexdigest()


def forget(now: datetime) -> int:
    """Delete what is over; returns how many."""
    deleted, _ = Tries.objects.filter(ends_at__lte=now).delete()
    return deleted
