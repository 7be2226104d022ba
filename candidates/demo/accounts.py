"""The demo's users, one of each role and a second hiring manager, and their passwords."""

import secrets
from dataclasses import dataclass
from functools import cache

from django.contrib.auth.hashers import check_password, make_password
from django.contrib.auth.models import Group

from candidates.access import Role
from candidates.models import User

from .people import STAFF, Colleague

#: Under DEBUG only, where everyone may read it.
WELL_KNOWN = "halbjahr-demo"


@dataclass(frozen=True)
class Passwords:
    """A password for each colleague, by the local part of the address."""

    by_name: dict[str, str]

    @classmethod
    def well_known(cls) -> "Passwords":
        return cls({colleague.local_part: WELL_KNOWN for colleague in STAFF})

    @classmethod
    def random(cls) -> "Passwords":
        return cls({colleague.local_part: secrets.token_urlsafe(15) for colleague in STAFF})


def create(passwords: Passwords) -> dict[str, User]:
    """Create who is not there yet; return all by local part. Others keep their passwords."""
    hashed = cache(make_password)  # the same password need not be hashed six times
    return {
        colleague.local_part: _user(colleague, hashed(passwords.by_name[colleague.local_part]))
        for colleague in STAFF
    }


def _user(colleague: Colleague, password: str) -> User:
    is_administrator = colleague.role == Role.ADMINISTRATOR
    user, _created = User.objects.get_or_create(
        email=colleague.email,
        defaults={
            "first_name": colleague.first_name,
            "last_name": colleague.last_name,
            "password": password,
            "is_staff": is_administrator,
        },
    )
    user.groups.add(Group.objects.get(name=colleague.role))
    return user


def table(passwords: Passwords) -> list[str]:
    """Return a line for each user: address, role, name and, if it is still that, password."""
    matches = cache(check_password)
    users = {user.email: user for user in User.objects.filter(email__in=[c.email for c in STAFF])}
    lines = []
    for colleague in STAFF:
        password = passwords.by_name[colleague.local_part]
        user = users.get(colleague.email)
        known = user is not None and matches(password, user.password)
        shown = password if known else "(changed)" if user else "(deleted)"
        who = f"{colleague.first_name} {colleague.last_name}"
        role = colleague.role.name.replace("_", " ").lower()
        lines.append(f"  {colleague.email:<28}{role:<18}{who:<15}{shown}")
    return lines
