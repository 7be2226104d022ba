"""Erasure ahead of the clock: the privacy officer grants it, a second person confirms it."""

import logging
import smtplib
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django_q.tasks import async_task

from candidates import mail
from candidates.access import CONFIRMERS, Role
from candidates.models import Application, Event, Request, User
from candidates.pipeline import ChangeNotAllowed

from .shared import decide, end, erase, locked

log = logging.getLogger("ats.requests")

#: What stands for the second person where there is only one.
WAIT = timedelta(hours=24)


@transaction.atomic
def grant(request: Request, *, by: User, now: datetime, tell: bool = True) -> Request:
    """Agree to an erasure; a second person must confirm it, and is told by mail if `tell`.

    A hold does not keep it from being granted, but the application stays until that has ended.
    """
    application, request = locked(request, by=by)
    if request.kind != Request.Kind.ERASURE or request.state != Request.State.OPEN:
        raise ChangeNotAllowed(_("There is no erasure to grant here. Look at the request again."))
    decide(request, Request.State.GRANTED, text="", by=by, now=now)
    request.save()
    application.events.create(kind=Event.Kind.GRANTED, by=by, at=now, detail=request.kind)
    if tell:
        # By the application's id, which the purge finds wherever it stands.
        wake = partial(async_task, "candidates.tasks.tell_seconds", str(application.pk))
        transaction.on_commit(wake, robust=True)
    return request


def tell_seconds(application: str) -> int:
    """Mail a link to all who may confirm the erasure of an application; return how many they are.

    The mail is only to be quick: what waits stands on their pages Today and Requests as well.
    """
    granted = Request.objects.filter(state=Request.State.GRANTED, application=UUID(application))
    request = granted.select_related("application").first()
    if request is None:  # confirmed, refused or erased meanwhile
        return 0
    to = sorted(seconds(request).values_list("email", flat=True))
    link = settings.ATS_SITE_URL + reverse("hr:request", args=[request.pk])
    try:
        # One each, for nobody to be asked in front of others.
        return sum(mail.to_people("mail/second.txt", {"link": link}, [one]).send() for one in to)
    except (smtplib.SMTPException, OSError) as error:
        log.warning("a second person could not be told: %s", mail.code(error))
        return 0


@transaction.atomic
def confirm(request: Request, *, by: User, now: datetime) -> Request:
    """Confirm an erasure that another person has granted: the application is due at once."""
    application, request = locked(request)
    if request.state != Request.State.GRANTED:
        raise ChangeNotAllowed(_("The privacy officer has to grant this erasure first."))
    if by.pk == request.decided_by_id:
        raise ChangeNotAllowed(_("You granted this erasure yourself. A second person confirms it."))
    if not seconds(request).filter(pk=by.pk).exists():
        raise ChangeNotAllowed(_("Your role does not allow this. Ask a colleague to confirm it."))
    _confirm(request, application, by=by, now=now)
    return request


def confirm_waited(now: datetime) -> int:
    """Confirm the erasures that nobody else could and that were granted `WAIT` ago; hourly."""
    waited = Request.objects.filter(state=Request.State.GRANTED, decided_at__lte=now - WAIT)
    return sum(_confirm_waited(request, now) for request in list(waited))


@transaction.atomic
def _confirm_waited(request: Request, now: datetime) -> bool:
    try:
        application, request = locked(request)
    except ChangeNotAllowed:  # erased or answered meanwhile
        return False
    if request.state != Request.State.GRANTED or needs_second_person(request):
        return False
    _confirm(request, application, by=None, now=now)
    return True


def _confirm(request: Request, application: Application, *, by: User | None, now: datetime) -> None:
    request.state, request.confirmed_by = Request.State.ANSWERED, by
    erase(application, Application.Early.REQUEST, by=by, now=now)
    end(request, application, by=by, now=now)


def seconds(request: Request) -> QuerySet[User]:
    """Return who may confirm an erasure: neither who granted it nor who asks for it.

    What is restricted only privacy officers see, so only they confirm it.
    """
    people = _people().exclude(email__iexact=request.application.email)
    if request.application.restricted_at:
        people = people.filter(groups__name=Role.PRIVACY_OFFICER)
    return people.exclude(pk=request.decided_by_id) if request.decided_by_id else people


def needs_second_person(request: Request | None = None) -> bool:
    """Whether there is anybody else to confirm a granted erasure; else 24 hours stand for them."""
    return seconds(request).exists() if request else _people().count() > 1


def _people() -> QuerySet[User]:
    return User.objects.filter(
        is_active=True, groups__name__in=[role.value for role in CONFIRMERS]
    ).distinct()
