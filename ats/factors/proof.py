"""What a session has proven, and how sessions and factors end."""

import time

from allauth.account import app_settings
from allauth.account.authentication import get_authentication_records
from allauth.account.internal.flows.login import record_authentication
from allauth.mfa.models import Authenticator
from django.contrib.auth import SESSION_KEY
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import OuterRef, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from candidates.models import User

Type = Authenticator.Type


def is_proven(request: HttpRequest, user: User | AnonymousUser) -> bool:
    """Whether a second factor of this user was shown in this session. It asks no database."""
    return any(each["method"] == "mfa" for each in get_authentication_records(request, user))


def note(request: HttpRequest, user: User, *, kind: str) -> None:
    """Note in the session that the user has shown a second factor just now."""
    record_authentication(request, user, "mfa", type=kind)


def is_fresh(request: HttpRequest, user: User | AnonymousUser) -> bool:
    """Whether the person showed all that they have a few minutes ago, so that we ask no more."""
    records = get_authentication_records(request, user)
    if not records or time.time() - records[-1]["at"] > app_settings.REAUTHENTICATION_TIMEOUT:
        return False
    return is_proven(request, user) or not has_factor(user)


def has_factor(user: User | AnonymousUser) -> bool:
    """Whether the user has a second factor; recovery codes alone are none."""
    return factors(user).exists()


def factors(user: User | AnonymousUser) -> QuerySet[Authenticator]:
    return factors_of(user.pk)


def factors_of(user_id: int | OuterRef | None) -> QuerySet[Authenticator]:
    found: QuerySet[Authenticator] = Authenticator.objects.filter(user_id=user_id)
    return found.exclude(type=Type.RECOVERY_CODES)


def end_sessions(user: User, *, but: str | None = None) -> int:
    """End a user's sessions except the one with the key `but`; return how many.

    It reads every session, since no table says whose they are; it is for rare events.
    """
    running = Session.objects.filter(expire_date__gt=timezone.now()).exclude(pk=but)
    theirs = [
        session.pk
        for session in running.iterator(chunk_size=200)
        if session.get_decoded().get(SESSION_KEY) == str(user.pk)
    ]
    return Session.objects.filter(pk__in=theirs).delete()[0]


@transaction.atomic
def begin_again(user: User) -> None:
    """Take away a user's password and second factor: for a lost phone, or a stolen one.

    All sessions end with the password. The user sets a new one by the link in a mail.
    """
    user = User.objects.select_for_update().get(pk=user.pk)
    Authenticator.objects.filter(user=user).delete()
    user.set_unusable_password()
    user.save(update_fields=["password"])
