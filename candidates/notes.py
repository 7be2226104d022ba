"""Notes on an application: writing one, taking one's own back, telling whom it mentions."""

import logging
import smtplib
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django_q.tasks import async_task

from candidates import access, mail, pipeline
from candidates.models import Application, Hold, Mention, Note, User
from candidates.pipeline import ChangeNotAllowed

log = logging.getLogger("ats.notes")

#: How long one's own note can be taken back: a slip, and not a change of mind after a decision.
#: Then it belongs to the record, which the applicant may ask for (Art. 15 GDPR).
DELETABLE = timedelta(hours=24)


@transaction.atomic
def add(
    application: Application,
    *,
    text: str,
    is_private: bool,
    mentioned: Iterable[User],
    by: User,
    now: datetime,
) -> Note:
    """Write a note and tell those whom it mentions, by a mail with a link alone.

    On a closed application too, until it is being erased. Nobody is told of a private one.
    """
    application = pipeline.lock(application.pk)
    if application.restricted_at:
        raise ChangeNotAllowed(
            _("The use of this application is restricted, so nothing is noted on it.")
        )
    if application.is_being_erased(now):
        raise ChangeNotAllowed(_("The time of this application is over. It is being erased."))
    note = application.notes.create(by=by, at=now, text=text, is_private=is_private)
    if not is_private:
        for user in mentioned:
            _mention(note, user, by=by)
    return note


def _mention(note: Note, user: User, *, by: User) -> None:
    if user == by:
        return
    mention = note.mentions.create(user=user)
    task = "candidates.tasks.send_mention"
    transaction.on_commit(lambda: async_task(task, mention.pk), robust=True)


@transaction.atomic
def delete(note: Note, *, by: User, now: datetime) -> None:
    """Take one's own note back, within `DELETABLE`. No event is left: it was a slip.

    A hold keeps it: of a claim it is evidence, and a request for access has a right to it.
    """
    pipeline.lock(note.application_id)
    fresh = Note.objects.select_for_update().filter(pk=note.pk).first()
    if fresh is None:
        raise ChangeNotAllowed(_("This note has been deleted already."))
    if fresh.by_id != by.pk:
        raise ChangeNotAllowed(_("This note is somebody else’s. Only they can delete it."))
    if not is_deletable(fresh, by=by, now=now):
        raise ChangeNotAllowed(
            _("A note can be deleted for 24 hours. This one is older and belongs to the record.")
        )
    if Hold.objects.in_force(now).filter(application=fresh.application_id).exists():
        raise ChangeNotAllowed(
            _("This application is held, so everything in it stays as it is. Write another note.")
        )
    fresh.delete()


def is_deletable(note: Note, *, by: User, now: datetime) -> bool:
    """Whether a note is this person's own and still young. A hold is asked for under the lock."""
    return note.by_id == by.pk and now < note.at + DELETABLE


def see(application: Application, *, by: User, now: datetime) -> None:
    """Note that somebody has seen what mentions them on this application."""
    unseen = Mention.objects.filter(user=by, note__application=application, seen_at=None)
    unseen.update(seen_at=now)


def tell(pk: int) -> bool:
    """Mail a link to somebody who is mentioned, unless they have seen it or may not any more."""
    mention = Mention.objects.select_related("user", "note__application__job").filter(pk=pk).first()
    if mention is None or mention.seen_at:
        return False
    application = mention.note.application
    if not access.readers(application).filter(pk=mention.user_id).exists():
        return False
    try:
        _letter(mention.user, application).send()
    except (smtplib.SMTPException, OSError) as error:
        # It waits on their page Today all the same.
        log.warning("somebody could not be told of a mention: %s", mail.code(error))
        return False
    return True


def _letter(user: User, application: Application) -> EmailMessage:
    link = settings.ATS_SITE_URL + reverse("hr:application", args=[application.pk])
    with translation.override(settings.LANGUAGE_CODE):
        subject, body = mail.parts(render_to_string("mail/mention.txt", {"link": link}))
    return EmailMessage(subject=subject, body=body, to=[user.email])
