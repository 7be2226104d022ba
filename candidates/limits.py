"""What strangers may try how often, by where they come from; holds across all processes.

Nothing here can tell an address: rows have a keyed hash, and go soon after they are over.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection
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


#: One try in one statement: of any number at once each is counted.
COUNT = """
    INSERT INTO candidates_tries AS tries (digest, count, ends_at)
    VALUES (%(digest)s, 1, %(ends_at)s)
    ON CONFLICT (digest) DO UPDATE SET
        count = CASE WHEN tries.ends_at <= %(now)s THEN 1 ELSE tries.count + 1 END,
        ends_at = CASE WHEN tries.ends_at <= %(now)s THEN %(ends_at)s ELSE tries.ends_at END
    RETURNING digest, count, ends_at
"""


def count(limit: Limit, who: str, *, now: datetime) -> datetime | None:
    """Count one try; return None if it is allowed, otherwise from when on it will be again.

    Tries that are not allowed prolong nothing.
    """
    moments = {"now": now, "ends_at": now + limit.within}
    stored = {k: connection.ops.adapt_datetimefield_value(v) for k, v in moments.items()}
    (tried,) = Tries.objects.raw(COUNT, {"digest": digest(limit, who), **stored})
    return tried.ends_at if tried.count > limit.most else None


def digest(limit: Limit, who: str) -> str:
    """Return what stands for somebody's tries: nobody without the key can guess who it was."""
    mac = salted_hmac("candidates.limits", f"{limit.name} {who}", algorithm="sha256")
    return mac.hexdigest()


def forget(now: datetime) -> int:
    """Delete what is over; returns how many."""
    deleted, _ = Tries.objects.filter(ends_at__lte=now).delete()
    return deleted
