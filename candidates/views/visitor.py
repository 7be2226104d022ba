"""Where a request comes from, as far as it can be trusted, and what is allowed from there."""

import ipaddress
from datetime import datetime

from django.http import HttpRequest

from ats.middleware import client_ip
from candidates import limits
from storage.commits import unhurried

#: The bits of an address, and of the network around it, that tell visitors apart, by IP version.
#: A line of IPv6 is given a /64 at least, and moves within it as it likes.
BITS = {4: (32, 24), 6: (64, 48)}


def places(request: HttpRequest) -> tuple[str, str]:
    """Return the visitor's address and network; all whose address is not known are one."""
    address = client_ip(request)
    if address is None:
        return "unknown", "unknown"
    near, far = BITS[address.version]
    return (
        str(ipaddress.ip_network((address, near), strict=False)),
        str(ipaddress.ip_network((address, far), strict=False)),
    )


def held_until(
    request: HttpRequest, pair: tuple[limits.Limit, limits.Limit], *, now: datetime
) -> datetime | None:
    """Count a try by address and network; return from when on it is allowed, None for now.

    What one address tries beyond its own limit does not count against its neighbours.
    """
    with unhurried():
        return limits.count_both(pair, *places(request), now=now)
