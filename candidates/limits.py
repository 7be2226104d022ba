"""What strangers may try how often, by where they come from; holds across all processes.

Nothing here can tell an address: rows have a keyed hash, and go soon after they are over.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

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


#: Tries in one statement: of any number at once each is counted.
COUNT = """
    INSERT INTO candidates_tries AS tries (digest, count, ends_at)
    {tries}
    ON CONFLICT (digest) DO UPDATE SET
        count = CASE WHEN tries.ends_at <= %(now)s THEN 1 ELSE tries.count + 1 END,
        ends_at = CASE WHEN tries.ends_at <= %(now)s THEN excluded.ends_at ELSE tries.ends_at END
    RETURNING digest, count, ends_at
"""
ONE = COUNT.format(tries="VALUES (%(near)s, 1, %(near_end)s)")
#: The second counts only where the first is within its limit.
BOTH = COUNT.format(
    tries="""
    SELECT %(near)s, 1, %(near_end)s
    UNION ALL
    SELECT %(far)s, 1, %(far_end)s WHERE NOT EXISTS (
        SELECT 1 FROM candidates_tries AS near
        WHERE near.digest = %(near)s AND near.ends_at > %(now)s AND near.count >= %(most)s
    )
"""
)


def count(limit: Limit, who: str, *, now: datetime) -> datetime | None:
    """Count one try; return None if it is allowed, otherwise from when on it will be again.

    Tries that are not allowed prolong nothing.
    """
    near = digest(limit, who)
    return _over(ONE, {near: limit}, near=near, **_moments(now=now, near_end=now + limit.within))


def count_both(
    pair: tuple[Limit, Limit], address: str, network: str, *, now: datetime
) -> datetime | None:
    """Count one try from an address, and from its network unless the address is over its limit."""
    near, far = digest(pair[0], address), digest(pair[1], network)
    ends = {"near_end": now + pair[0].within, "far_end": now + pair[1].within}
    most = pair[0].most
    limits = {near: pair[0], far: pair[1]}
    return _over(BOTH, limits, near=near, far=far, most=most, **_moments(now=now, **ends))


def _moments(**moments: datetime) -> dict[str, Any]:
    return {k: connection.ops.adapt_datetimefield_value(v) for k, v in moments.items()}


def _over(sql: str, limits: dict[str, Limit], **params: Any) -> datetime | None:
    """Count; return when the last of the limits ends that are over, None if none is."""
    tried = Tries.objects.raw(sql, params)
    return max((t.ends_at for t in tried if t.count > limits[t.digest].most), default=None)


def digest(limit: Limit, who: str) -> str:
    """Return what stands for somebody's tries: nobody without the key can guess who it was."""
    mac = salted_hmac("candidates.limits", f"{limit.name} {who}", algorithm="sha256")
    return mac.hexdigest()


def forget(now: datetime) -> int:
    """Delete what is over; returns how many."""
    deleted, _ = Tries.objects.filter(ends_at__lte=now).delete()
    return deleted
