"""The verbs that change an application. Nothing else changes its status or stage.

Each is one transaction: lock the row, read it again, check the rule, write the change and its
event, or do nothing.
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import TypeVar
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.db.models import Model, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from candidates import access, legal, mail, retention
from candidates.models import Application, Event, Job, Mail, Stage, User
from candidates.status import NEXT, Status
from storage import uploads

Row = TypeVar("Row", bound=Model)

#: How long a rejection can be undone before its mail goes.
MAIL_DELAY = timedelta(minutes=10)


class ChangeNotAllowed(Exception):
    """A verb that the rules forbid now. Its text says to a person what happened."""


class JobClosed(ChangeNotAllowed):
    """The job takes no applications any more."""


@dataclass(frozen=True)
class Person:
    """Who applies, in the words of the form."""

    first_name: str
    last_name: str
    email: str
    phone: str = ""


#: What happened to an application that is no longer open, for whoever still wants to act on it.
ALREADY = {
    Status.OPEN: gettext_lazy("This application is open."),
    Status.REJECTED: gettext_lazy("This application has been rejected."),
    Status.WITHDRAWN: gettext_lazy("This application has been withdrawn."),
    Status.HIRED: gettext_lazy("This applicant has been hired."),
}


#: Why a restricted application takes no decision (Art. 18(2), Art. 21(1) GDPR).
RESTRICTED = gettext_lazy(
    "The use of this application is restricted. Until the privacy officer has answered the "
    "applicant’s request, it can only be withdrawn."
)


def lock(pk: UUID) -> Application:
    """Return the application, locked and read again: what every verb begins with."""
    fresh = Application.objects.select_for_update().filter(pk=pk).first()
    if fresh is None:
        raise ChangeNotAllowed(_("This application has been erased. Nothing is left to change."))
    return fresh


def locked(application: Application, *, to: Status | None = None) -> Application:
    """Return the row, locked and read again, if it may change to this status (None: is open).

    Of two people who act on the same page one gets `ChangeNotAllowed` instead of undoing the
    other's decision unseen. A restricted application may only be withdrawn.
    """
    fresh = lock(application.pk)
    if fresh.restricted_at and to != Status.WITHDRAWN:
        raise ChangeNotAllowed(str(RESTRICTED))
    status = Status(fresh.status)
    allowed = to in NEXT[status] if to else status == Status.OPEN
    if not allowed:
        raise ChangeNotAllowed(_already(status))
    return fresh


def _already(status: Status) -> str:
    advice = _("Look at its history before you go on.")
    return f"{ALREADY[status]} {advice}"


def officers_only(by: User, application: Application) -> None:
    """Let only a privacy officer go on, and none in a matter of their own."""
    if not access.has(by, access.Role.PRIVACY_OFFICER):
        raise ChangeNotAllowed(_("Only the privacy officer may do this. Ask them to."))
    if access.is_own(by, application):
        raise ChangeNotAllowed(_("This application is your own. Somebody else must do this."))


def submit(
    person: Person,
    *,
    job: Job | None,
    attachments: Iterable[UUID],
    session: str,
    submission: UUID,
    language: str,
    now: datetime,
    source: Application.Source = Application.Source.FORM,
    refused: Sequence[tuple[str, str]] = (),
) -> Application:
    """Take in an application with its staged attachments and queue the receipt.

    `refused` are files that could not be taken, each with the sentence that says why.

    A form that is sent twice (`submission`, job and e-mail are the same) gives the same
    application. Raises `JobClosed`, and `uploads.UploadGone` if an attachment is not staged by
    this session any more.
    """
    try:
        return _submit(
            person,
            job=job,
            attachments=attachments,
            session=session,
            submission=submission,
            language=language,
            now=now,
            source=source,
            refused=refused,
        )
    except (IntegrityError, uploads.UploadGone):
        same = Application.objects.filter(submission=submission, job=job)
        first = same.filter(email__iexact=person.email).first()
        if first is None:
            raise
        return first


@transaction.atomic
def _submit(
    person: Person,
    *,
    job: Job | None,
    attachments: Iterable[UUID],
    session: str,
    submission: UUID,
    language: str,
    now: datetime,
    source: Application.Source,
    refused: Sequence[tuple[str, str]],
) -> Application:
    application = Application.objects.create(
        submission=submission,
        job=job,
        stage=_way_in(job, now) if job else None,
        language=language,
        source=source,
        legal_basis=legal.basis(),
        policy_version=settings.ATS_POLICY_VERSION,
        received_at=now,
        stage_since=now,
        **asdict(person),
    )
    count = uploads.attach(attachments, application=application, session=session, now=now)
    application.events.create(kind=Event.Kind.RECEIVED, at=now, detail=str(count))
    wake = "candidates.tasks.greet"
    mail.queue(application, Mail.Purpose.RECEIPT, now=now, send_at=now, wake=wake, refused=refused)
    return application


#: The first stage of a job that takes applications, as `Jobs.taking` has it: in one statement,
#: which everybody who applies waits for.
WAY_IN = """
    SELECT stage.id, stage.job_id, stage.name, stage.position
    FROM candidates_job AS job JOIN candidates_stage AS stage ON stage.job_id = job.id
    WHERE job.id = %s AND job.is_published AND (job.apply_until IS NULL OR job.apply_until >= %s)
    ORDER BY stage.position LIMIT 1
"""


def _way_in(job: Job, now: datetime) -> Stage:
    """Return the stage that an application enters now; it stays, and the job open, meanwhile."""
    today = connection.ops.adapt_datefield_value(retention.local_date(now))
    for _try in range(2):  # the first may be removed while this waits for it
        if stage := next(iter(Stage.objects.raw(WAY_IN + _share(), [job.pk, today])), None):
            return stage
    raise JobClosed(_("This position is no longer open."))


@transaction.atomic
def move(
    application: Application, *, to: Stage, seen: Stage | None, by: User, now: datetime
) -> Application:
    """Move an open application to another stage of its job.

    `seen` is the stage that the person saw it in: if someone was faster, nothing is moved.
    """
    application = locked(application)
    _raise_if_moved(application, seen.pk if seen else None)
    if to.pk == application.stage_id:
        return application
    stages = Stage.objects.select_for_update(no_key=True)  # it stays while something enters it
    # In no order: that of stages would lock their job too.
    stage = stages.filter(pk=to.pk, job=application.job_id).order_by("pk").first()
    if stage is None:
        raise ChangeNotAllowed(_("This stage is not one of the job’s any more. Choose another."))
    _enter(application, application.job, stage, now)
    application.events.create(kind=Event.Kind.MOVED, by=by, at=now, detail=stage.name)
    return application


def _raise_if_moved(application: Application, seen: int | None) -> None:
    """Let nobody act on an application that has left the stage (its id) in which they saw it."""
    if application.stage_id != seen:
        raise ChangeNotAllowed(
            _("Someone else has moved this application meanwhile. It is now in “%(stage)s”.")
            % {"stage": application.stage or _("no stage")}
        )


@transaction.atomic
def assign(application: Application, *, job: Job, by: User, now: datetime) -> Application:
    """Put an open application into the first stage of a job, and tell the applicant."""
    application = locked(application)
    if application.job == job:
        raise ChangeNotAllowed(_("This application is already one for “%(job)s”.") % {"job": job})
    _enter(application, job, entry(not_closed(job)), now)
    application.events.create(kind=Event.Kind.ASSIGNED, by=by, at=now, detail=job.title)
    mail.queue(application, Mail.Purpose.ASSIGNED, now=now, send_at=now, by=by)
    return application


def not_closed(job: Job) -> Job:
    """Return the job, locked and read again. Raises `JobClosed` if it has been closed."""
    fresh = _job(job)
    if fresh.is_closed:
        raise JobClosed(_("“%(job)s” has been closed. Choose another job.") % {"job": job})
    return fresh


def _job(job: Job) -> Job:
    """Return the job, kept and read again, so that nobody comes into one that is closing."""
    fresh = _kept(Job.objects.filter(pk=job.pk))
    if fresh is None:
        raise JobClosed(_("This position is no longer open."))
    return fresh


def _kept(rows: QuerySet[Row]) -> Row | None:
    """Return the first of the rows; nobody changes it until the transaction ends.

    Any number may keep it at once, so that nobody who applies waits for another, as they would with
    the locks that Django knows.
    """
    sql, params = rows[:1].query.sql_with_params()
    return next(iter(rows.model._default_manager.raw(sql + _share(), params)), None)


def _share() -> str:
    return " FOR SHARE" if connection.features.has_select_for_update else ""


def entry(job: Job) -> Stage:
    """Return the stage that applications enter; it stays while something enters it.

    Raises `JobClosed` without one.
    """
    for _try in range(2):  # the first may be removed while this waits for it
        if stage := _kept(job.stages.order_by("position")):
            return stage
    raise JobClosed(_("This position takes no applications yet: it has no stages."))


def _enter(application: Application, job: Job | None, stage: Stage, now: datetime) -> None:
    application.job = job
    application.stage = stage
    application.stage_since = now
    application.save(update_fields=["job", "stage", "stage_since"])


def close(application: Application, status: Status, *, now: datetime) -> None:
    """Write the closed status and its clock. The caller holds the lock."""
    application.close(status, on=retention.local_date(now))
    application.save(update_fields=CLOCK)


#: What starting and stopping the clock writes.
CLOCK = ["status", "decided_on", "delete_on", "retention_months"]


@transaction.atomic
def reject(
    application: Application,
    *,
    by: User,
    reason: str,
    now: datetime,
    mail_at: datetime | None,
    text: mail.Text | None = None,
) -> Application:
    """Close an application as rejected and start its retention clock.

    The mail goes at `mail_at`; None means that the person is told otherwise. Until it has gone,
    `undo` takes the rejection back without a trace for the applicant. The clock runs from now.

    `text` is the mail with placeholders, by default the first of HR's templates that fits.
    """
    application = locked(application, to=Status.REJECTED)
    close(application, Status.REJECTED, now=now)
    application.events.create(kind=Event.Kind.REJECTED, by=by, at=now, reason=reason)
    if mail_at:
        purpose = Mail.Purpose.REJECTION
        filled = filled_in(text, application, purpose=purpose, by=by) if text else None
        send_at = max(mail_at, now)
        mail.queue(application, purpose, now=now, send_at=send_at, by=by, text=filled)
    return application


def filled_in(
    text: mail.Text, application: Application, *, purpose: Mail.Purpose, by: User
) -> mail.Text:
    """Return a text as it goes to the applicant, or refuse it with what stays unresolved."""
    try:
        return mail.fill(text, application, purpose=purpose, by=by)
    except mail.Unresolved as gap:
        raise ChangeNotAllowed(str(gap)) from None


@transaction.atomic
def reject_unmoved(
    application: Application,
    *,
    seen: int | None,
    by: User,
    reason: str,
    now: datetime,
    mail_at: datetime | None,
    text: mail.Text | None,
) -> Application:
    """Reject an application unless somebody has moved it from the stage (its id) it was seen in."""
    _raise_if_moved(locked(application, to=Status.REJECTED), seen)
    return reject(application, by=by, reason=reason, now=now, mail_at=mail_at, text=text)


@transaction.atomic
def undo(application: Application, *, by: User, now: datetime) -> Application:
    """Take back a rejection of which its applicant cannot know yet, as if it had never been.

    It is no reopening: it needs no reason, and the first of those is still free. Only the history
    tells those who work here of it.
    """
    application = locked(application, to=Status.OPEN)
    if application.is_being_erased(now):
        raise ChangeNotAllowed(_("The time of this application is over. It is being erased."))
    if application.status != Status.REJECTED or not mail.take_back_rejection(application):
        raise ChangeNotAllowed(
            _("This cannot be undone unseen any more: the applicant may know of it already.")
        )
    application.reopen()
    application.save(update_fields=CLOCK)
    application.events.create(kind=Event.Kind.UNDONE, by=by, at=now)
    return application


@transaction.atomic
def reopen(application: Application, *, by: User, reason: str, now: datetime) -> Application:
    """Open a rejected application again before its last day; its clock stops.

    The applicant is told if the rejection had reached them. A second reopening needs the privacy
    officer, so that nobody prolongs by reopening. A hire is undone with `hiring.undo`.
    """
    application = locked(application, to=Status.OPEN)
    if application.status != Status.REJECTED:
        raise ChangeNotAllowed(_("This applicant has been hired. Undo the hire instead."))
    if application.is_being_erased(now):
        raise ChangeNotAllowed(_("The time of this application is over. It is being erased."))
    before = application.events.filter(kind=Event.Kind.REOPENED).exists()
    if before and not access.has(by, access.Role.PRIVACY_OFFICER):
        raise ChangeNotAllowed(
            _("This application was reopened before. Only the privacy officer may do it again.")
        )
    unknown = mail.take_back_rejection(application)
    application.reopen()
    application.save(update_fields=CLOCK)
    application.events.create(kind=Event.Kind.REOPENED, by=by, at=now, reason=reason)
    if not unknown:
        # Later, so that it cannot overtake a rejection that is on its way.
        later = now + MAIL_DELAY
        mail.queue(application, Mail.Purpose.REOPENED, now=now, send_at=later, by=by)
    return application


@transaction.atomic
def withdraw(
    application: Application, *, by: User | None, now: datetime, erase: bool = False
) -> Application:
    """Close an application as withdrawn by the applicant (`by` is who noted it, if not they).

    With `erase` it is due at once. That is the applicant's own wish alone: what somebody else
    asks for in their name is a request for erasure, which a second person confirms.

    An applicant who cannot know yet of a rejection withdraws as from an open application: its
    mail is deleted with it and never sent, and the clock runs on from the earlier decision.
    """
    if erase and by:
        raise ChangeNotAllowed(
            _("Only the applicant can have it erased at once. Register a request for erasure.")
        )
    application = locked(application, to=Status.WITHDRAWN)
    if application.is_open:
        close(application, Status.WITHDRAWN, now=now)
    else:
        _outrun_rejection(application, by=by)
    application.events.create(kind=Event.Kind.WITHDRAWN, by=by, at=now)
    if erase:
        erase_now(application, now=now)
    return application


def _outrun_rejection(application: Application, *, by: User | None) -> None:
    """Make a rejection that its applicant cannot know of a withdrawal; its clock stays.

    Only the applicant's own: whoever notes it for them can see the rejection, and reopens first.
    """
    if by or not mail.take_back_rejection(application):
        raise ChangeNotAllowed(_already(Status(application.status)))
    application.status = Status.WITHDRAWN
    application.save(update_fields=["status"])


def erase_now(
    application: Application,
    *,
    now: datetime,
    early: Application.Early = Application.Early.REQUEST,
    by: User | None = None,
) -> None:
    """Make a closed application due at once. The caller holds the lock; holds still win.

    One that is due already stays as it is: nothing may put off the moment of its breach.
    """
    if application.is_open:
        raise ValueError("An open application has no clock to cut short.")
    if not application.is_being_erased(now):
        application.early, application.early_at = early, now
        application.delete_on = retention.local_date(now)
        application.save(update_fields=["early", "early_at", "delete_on"])
    application.events.create(kind=Event.Kind.EARLY, by=by, at=now, detail=early)
