"""What an applicant does in their own room: the verbs behind `/my/`."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from candidates import mail
from candidates.models import Application, Event
from candidates.pipeline import ChangeNotAllowed, lock
from storage import uploads

#: How long a room stays open after the last page of it; the privacy notice says so.
LASTS = timedelta(minutes=30)


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
