"""Where a request comes from, as far as it can be trusted, and what is allowed from there."""

import ipaddress
from datetime import datetime

from django.db import transaction
from django.http import HttpRequest

from ats.middleware import client_ip
from candidates import limits

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


@transaction.atomic
def held_until(
    request: HttpRequest, pair: tuple[limits.Limit, limits.Limit], *, now: datetime
) -> datetime | None:
    """Count a try by address and network; return from when on it is allowed, None for now.

    What one address tries beyond its own limit does not count against its neighbours.
    """
    by_address, by_network = pair
    address, network = places(request)
    return limits.count(by_address, address, now=now) or limits.count(by_network, network, now=now)
