"""Applications that came otherwise than by form or mail, entered by somebody here.

Their person is told at once, in their language, with the source (Art. 13 and 14 GDPR). Everything
else is as with any other application: checks, legal basis, clock.
"""

from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction

from candidates import legal, mail, pipeline
from candidates.models import Application, Event, Job, Mail, User
from candidates.pipeline import Person
from storage import uploads

Source = Application.Source
#: How an application can come that somebody here enters.
SOURCES = (Source.PAPER, Source.REFERRAL, Source.AGENCY)
#: Those of which the person may not know: it has to be told who they came from.
INTRODUCED = (Source.REFERRAL, Source.AGENCY)


def enter(
    person: Person,
    *,
    job: Job | None,
    attachments: Iterable[UUID],
    session: str,
    submission: UUID,
    language: str,
    source: Application.Source,
    introduced_by: str,
    received_at: datetime,
    by: User,
    now: datetime,
) -> Application:
    """Enter an application with its staged attachments, and queue the notice to its person.

    A form that is sent twice (`submission` and e-mail are the same) gives the same application.
    A job takes what is entered past its last day too: it may have come in time. Raises
    `pipeline.JobClosed` for one that is closed or has no stages, and `uploads.UploadGone` if an
    attachment is not staged by this session any more.
    """
    if source not in SOURCES or (source in INTRODUCED and not introduced_by):
        raise ValueError("An application that is entered says where it came from.")
    application = Application(
        submission=submission,
        job=job,
        language=language,
        source=source,
        introduced_by=introduced_by,
        legal_basis=legal.basis(),
        policy_version=settings.ATS_POLICY_VERSION,
        received_at=received_at,
        stage_since=received_at,
        **asdict(person),
    )
    try:
        return _entered(application, attachments, session=session, by=by, now=now)
    except (IntegrityError, uploads.UploadGone):
        same = Application.objects.filter(submission=submission, email__iexact=person.email)
        if first := same.first():
            return first
        raise


@transaction.atomic
def _entered(
    application: Application, attachments: Iterable[UUID], *, session: str, by: User, now: datetime
) -> Application:
    if application.job:
        application.stage = pipeline.entry(pipeline.not_closed(application.job))
    application.save(force_insert=True)
    count = uploads.attach(attachments, application=application, session=session, now=now)
    application.events.create(
        kind=Event.Kind.RECEIVED, by=by, at=application.received_at, detail=str(count)
    )
    mail.queue(application, Mail.Purpose.NOTICE, now=now, send_at=now, by=by)
    return application
