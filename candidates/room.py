"""What an applicant does in their own room: the verbs behind `/my/`."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import Enum
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django_q.tasks import async_task

from candidates import documents, limits, mail, pipeline, requests, tokens
from candidates.models import (
    Application,
    Event,
    Hold,
    LedgerLine,
    LostLink,
    Mail,
    Read,
    Request,
    Token,
)
from candidates.pipeline import ChangeNotAllowed, lock
from storage import uploads
from storage.models import Attachment, Attachments

#: How often a person may have a link sent to another address: each is a mail to a stranger.
NEW_ADDRESSES = limits.Limit("new-address", most=5, within=timedelta(days=1))

#: How long no second link is mailed to those who ask again, or are asked for by somebody else.
PAUSE = timedelta(minutes=10)

#: How long a room stays open after the last page of it; the privacy notice says so.
LASTS = timedelta(minutes=30)


def seems_open(application: Application) -> bool:
    """Whether the application is open as far as its person has been told."""
    return application.is_open or mail.is_secret(application)


# Documents ----------------------------------------------------------------------------------


def usable(application: Application) -> Attachments:
    """Return the documents that count: not what the virus scanner found something in."""
    return application.attachments.exclude(verdict=Attachment.Verdict.QUARANTINED)


def left(application: Application) -> int:
    """Return how many more documents an application takes."""
    return settings.ATS_MAX_FILES - usable(application).count()


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
    if left(application) < 0:
        raise ChangeNotAllowed(
            ngettext(
                "An application takes one file. Remove the other one first.",
                "An application takes %(limit)s files at most. Remove another one first.",
                settings.ATS_MAX_FILES,
            )
            % {"limit": settings.ATS_MAX_FILES}
        )
    if count:
        application.events.create(kind=Event.Kind.ADDED, at=now, detail=str(count))
    return count


@transaction.atomic
def remove(application: Application, *, attachment: UUID, now: datetime) -> int:
    """Erase a document that its person does not want here; return how many: 1, or 0 if gone.

    The history keeps that a document was removed and not which: a name like that of a medical
    certificate may be the very thing. So the read log forgets it too. What a hold of the privacy
    officer keeps stays; that of the person's own request is theirs.
    """
    application = lock(application.pk)
    if not seems_open(application):
        raise ChangeNotAllowed(
            _("This application is closed. Its documents are erased with it, on its day.")
        )
    if application.holds.in_force(now).exclude(kind__in=Hold.OF_REQUESTS).exists():
        raise ChangeNotAllowed(
            _("We have to keep this application as it is for now. Our privacy officer knows why.")
        )
    document = usable(application).filter(pk=attachment).first()
    if document is None:
        return 0
    documents.erase(document.pk, rule=LedgerLine.Rule.REQUEST, now=now)
    if not application.attachments.filter(name=document.name).exists():
        application.document_reads.filter(document=document.name).update(document=Read.REMOVED)
    application.events.create(kind=Event.Kind.REMOVED, at=now, detail="1")
    return 1


# Details ------------------------------------------------------------------------------------


def correct(
    application: Application, *, first_name: str, last_name: str, phone: str, now: datetime
) -> list[str]:
    """Correct a person's own details; return the names of the fields that were changed.

    No mail tells of it: whoever corrects them has just seen it on the page, and nothing that a
    stranger could gain by depends on them. The address is another matter: see `ask_address`.
    """
    details = {"first_name": first_name, "last_name": last_name, "phone": phone}
    return requests.correct_own(application, details=details, now=now)


@transaction.atomic
def ask_address(application: Application, *, email: str, now: datetime) -> None:
    """Send a new address the link that confirms it. Until then the old one stays.

    The newest wish counts: a link that went to another address before confirms nothing any more.
    """
    application = lock(application.pk)
    requests.refuse_if_going(application, now)
    if email.casefold() == application.email.casefold():
        raise ChangeNotAllowed(_("We have this address already. Enter the new one."))
    if limits.count(NEW_ADDRESSES, str(application.pk), now=now):
        raise TooManyAddresses(
            _("You have entered several addresses today. Try again tomorrow, or write to us.")
        )
    wished = application.mails.filter(purpose=Mail.Purpose.ADDRESS)
    wished.untried().delete()
    tokens.replace(application, [Token.Purpose.ADDRESS])
    mail.queue(application, Mail.Purpose.ADDRESS, now=now, send_at=now, to=email)


class TooManyAddresses(ChangeNotAllowed):
    """The limit on links to new addresses is reached."""


@transaction.atomic
def confirm_address(token: Token, *, now: datetime) -> bool:
    """Change an application's address to the one that its owner has confirmed with a link.

    Returns whether this call did it: a link confirms once. All other links go out of use; the new
    address gets one, and the old one is told. Raises `ChangeNotAllowed` if a newer address has
    been entered since, or if the application is being erased.
    """
    application = lock(token.application_id)
    if not tokens.spend(token):
        return False
    wished = application.mails.filter(purpose=Mail.Purpose.ADDRESS).first()
    if wished and wished.to != token.address:
        raise ChangeNotAllowed(
            _("Another address was entered after this one. Open the link that we sent there.")
        )
    old_address = application.email
    if not requests.correct_own(application, details={"email": token.address}, now=now):
        return False
    mail.queue(application, Mail.Purpose.NEW_ADDRESS, now=now, send_at=now, to=old_address)
    application.refresh_from_db(fields=["email"])
    mail.queue(application, Mail.Purpose.LINK, now=now, send_at=now)
    return True


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
    """Queue a mail with a link unless one went lately. The caller holds the lock.

    One to a former address does not count: its link has stopped working with that.
    """
    sent = application.mails.filter(purpose=purpose, to__iexact=application.email)
    if sent.filter(created_at__gt=now - PAUSE).exists():
        return False
    mail.queue(application, purpose, now=now, send_at=now)
    return True
