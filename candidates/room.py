"""What an applicant does in their own room: the verbs behind `/my/`."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import Enum
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _
from django_q.tasks import async_task

from candidates import mail, pipeline, requests, tokens
from candidates.models import Application, Event, LostLink, Mail, Request, Token
from candidates.pipeline import ChangeNotAllowed, lock
from storage import uploads

#: How long no second link is mailed to those who ask again, or are asked for by somebody else.
PAUSE = timedelta(minutes=10)


def seems_open(application: Application) -> bool:
    """Whether the application is open as far as its person has been told."""
    return application.is_open or mail.is_secret(application)


@transaction.atomic
def add(
    application: Application, attachments: Iterable[UUID], *, session: str, now: datetime
) -> int:
    """Attach staged files to an application that its person knows as open; return how many.

    Raises `uploads.UploadGone` if one of them is not staged by this session any more.
    """
    application = lock(application.pk)
    if not seems_open(application):
        raise ChangeNotAllowed(_("This application is closed. It takes no more documents."))
    count = uploads.attach(attachments, application=application, session=session, now=now)
    if application.attachments.count() > settings.ATS_MAX_FILES:
        raise ChangeNotAllowed(
            _("An application takes %(limit)s files at most. Remove another one first.")
            % {"limit": settings.ATS_MAX_FILES}
        )
    if count:
        application.events.create(kind=Event.Kind.ADDED, at=now, detail=str(count))
    return count


# Leaving ------------------------------------------------------------------------------------


@transaction.atomic
def withdraw(application: Application, *, now: datetime) -> None:
    """Withdraw an application that its person knows as open; a mail confirms it."""
    application = pipeline.withdraw(application, by=None, now=now)
    held = Application.objects.filter(pk=application.pk).held(now).exists()
    mail.queue(application, Mail.Purpose.WITHDRAWN, now=now, send_at=now, held=held)


@transaction.atomic
def ask_erasure(application: Application, *, now: datetime) -> None:
    """Mail the link that withdraws and erases an open application, once in `PAUSE`.

    The open room alone does not do: what cannot be undone is confirmed from the mailbox.
    """
    application = lock(application.pk)
    if not seems_open(application):
        raise ChangeNotAllowed(_("This application is closed. Ask for an early erasure instead."))
    _mail_link(application, Mail.Purpose.ERASURE, now=now)


class Outcome(Enum):
    """What became of a confirmed erasure."""

    ERASED = "erased"
    #: It was closed meanwhile, so that two people here decide on it.
    ASKED = "asked"
    #: Somebody else has used the link just now.
    USED = "used"


@transaction.atomic
def erase(token: Token, *, now: datetime) -> Outcome:
    """Use up a confirmation: withdraw the application and have it erased at once.

    One that was closed meanwhile, and whose person knows that, gets a request for erasure.
    """
    application = lock(token.application_id)
    if not tokens.spend(token):
        return Outcome.USED
    if seems_open(application):
        pipeline.withdraw(application, by=None, now=now, erase=True)
        return Outcome.ERASED
    if application.is_being_erased(now):
        return Outcome.ERASED
    requests.register(application, Request.Kind.ERASURE, by=None, now=now)
    return Outcome.ASKED


@transaction.atomic
def wish_certificate(application: Application, *, wanted: bool, now: datetime) -> None:
    """Note whether the person wants a certificate of deletion when all is erased."""
    application = lock(application.pk)
    application.wants_certificate = wanted
    application.save(update_fields=["wants_certificate"])


# Links --------------------------------------------------------------------------------------


@transaction.atomic
def replace_link(application: Application, *, now: datetime) -> Token:
    """Let no link and no reply address work that was ever mailed, and mail a new link.

    Returns a token of which nobody knows the text: it keeps the room open in the browser that
    asked, and shuts every other.
    """
    application = lock(application.pk)
    tokens.replace(application, [Token.Purpose.ROOM, Token.Purpose.REPLY])
    mail.queue(application, Mail.Purpose.LINK, now=now, send_at=now)
    kept = tokens.find(
        tokens.mint(application, Token.Purpose.ROOM, now=now), Token.Purpose.ROOM, now=now
    )
    if kept is None:
        raise RuntimeError("A token that was just minted is not there.")
    return kept


@transaction.atomic
def ask_link(email: str, *, language: str, now: datetime) -> None:
    """Note that somebody asks for the link of this address, known or not, and wake the job.

    Nothing here looks whether it is known, so nothing can tell: neither the answer nor its time.
    """
    LostLink.objects.create(email=email, language=language, asked_at=now)
    transaction.on_commit(_wake, robust=True)


def _wake() -> None:
    """Ask the cluster to answer now; the minutely schedule would do it otherwise."""
    async_task("candidates.tasks.answer_lost_links")


def answer_lost(now: datetime) -> int:
    """Mail each application of the addresses that were asked for its link; return how many.

    At most one mail an application in `PAUSE`; nothing goes to addresses that are not known.
    Safe to run twice, late, or beside itself.
    """
    waiting = list(LostLink.objects.order_by("asked_at", "pk").values_list("pk", flat=True))
    return sum(_answer(pk, now) for pk in waiting)


@transaction.atomic
def _answer(pk: int, now: datetime) -> int:
    asked = LostLink.objects.select_for_update(skip_locked=True).filter(pk=pk).first()
    if asked is None:  # another run is at it, or was
        return 0
    # In one order, so that two runs that lock the same applications wait and do not deadlock.
    same = Application.objects.select_for_update().filter(email__iexact=asked.email).order_by("pk")
    mailed = sum(_mail_link(application, Mail.Purpose.LINK, now=now) for application in same)
    asked.delete()
    return mailed


def _mail_link(application: Application, purpose: Mail.Purpose, *, now: datetime) -> bool:
    """Queue a mail with a link unless one went lately. The caller holds the lock."""
    if application.mails.filter(purpose=purpose, created_at__gt=now - PAUSE).exists():
        return False
    mail.queue(application, purpose, now=now, send_at=now)
    return True
