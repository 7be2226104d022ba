"""What a mail asks for, done exactly once: `take_in`.

Its attachments are staged first, each committed by itself; then one transaction does all the rest
and marks the mail as seen. Killed anywhere, the next try finds either nothing or everything done;
what was staged in vain goes with it, or after 24 hours at the latest.
"""

import logging
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from django.conf import settings
from django.db import InterfaceError, OperationalError, transaction
from django.utils import translation
from django.utils.translation import gettext as _
from django_q.tasks import async_task

from candidates import mail, pipeline, retention, room, tokens
from candidates.intake import files, kinds, letters, persons, seen
from candidates.intake.files import Staged
from candidates.intake.letters import Letter
from candidates.intake.parts import Unreadable
from candidates.models import Application, Event, Job, Mail, SeenMail, StrayMail, Token
from candidates.pipeline import ChangeNotAllowed, Person
from storage.backends import StorageDown, StorageError

log = logging.getLogger("ats.intake")

#: The largest mail that is read, in bytes; most servers take 25 to 35 MB.
MOST = 40 * 1024 * 1024
#: How much is kept of one that is larger: its headers and, mostly, its text.
BEGINNING = 64 * 1024


#: How often in a day a reply with files is answered. Whoever replies more often is a machine that
#: does not say so, and puts its own picture to each of its answers.
ANSWERS = 10


class Outcome(StrEnum):
    """What became of a mail. Says nothing of anybody."""

    APPLICATION = "application"
    REPLY = "reply"
    AUTOMATIC = "automatic reply"
    BOUNCE = "bounce"
    DELAY = "delay"
    STRAY = "stray"
    DUPLICATE = "duplicate"


class TryAgain(Exception):
    """Nothing has been stored, and the mail must stay where it is: something is down."""


class Stray(Exception):
    """The mail is one for a person to look at."""

    def __init__(self, reason: StrayMail.Reason) -> None:
        super().__init__(reason)
        self.reason = reason


#: What passes by itself. Anything else that goes wrong, goes wrong again with the same mail.
PASSING = (StorageDown, StorageError, OperationalError, InterfaceError)


def take_in(raw: bytes, *, now: datetime) -> Outcome:
    """Take in one mail and commit. Raises `TryAgain`; never raises for what is in the mail.

    Not to be called within a transaction: staging commits of its own.
    """
    try:
        digest = seen.digest(raw)
        try:
            return _sorted(raw, digest, now)
        except Stray as stray:
            return _keep(raw, digest, stray.reason, now)
        except PASSING:
            raise
        except seen.TakenBefore:
            return Outcome.DUPLICATE
        except Exception:
            log.exception("a mail could not be taken in; it waits with the others for a person")
            return _keep(raw, digest, StrayMail.Reason.UNREADABLE, now)
    except seen.TakenBefore:
        return Outcome.DUPLICATE
    except PASSING as error:
        raise TryAgain(type(error).__name__) from error


def _keep(raw: bytes, digest: str, reason: StrayMail.Reason, now: datetime) -> Outcome:
    with seen.once(digest):
        StrayMail.objects.create(digest=digest, reason=reason, received_at=now, raw=raw)
    return Outcome.STRAY


def keep_beginning(raw: bytes, *, now: datetime) -> Outcome:
    """Keep what there is of a mail that is too large, for a person to look at."""
    try:
        return _keep(raw[:BEGINNING], seen.digest(raw), StrayMail.Reason.TOO_LARGE, now)
    except seen.TakenBefore:
        return Outcome.DUPLICATE
    except PASSING as error:
        raise TryAgain(type(error).__name__) from error


def _sorted(raw: bytes, digest: str, now: datetime) -> Outcome:
    """Find out what a mail is, and do what it asks for."""
    if seen.is_taken(digest):
        return Outcome.DUPLICATE
    if len(raw) > MOST:
        return keep_beginning(raw, now=now)
    try:
        letter = letters.read(raw)
    except Unreadable:
        raise Stray(StrayMail.Reason.UNREADABLE) from None
    if kinds.is_loop(letter):
        raise Stray(StrayMail.Reason.AUTOMATIC)
    if kinds.is_report(letter):
        return _report(letter, digest, now)
    token = _token(letter.tokens, now)
    if kinds.is_automatic(letter) and token:
        return _automatic(token, letter, digest, now)
    return _from_a_person(letter, token, digest, now)


def _from_a_person(letter: Letter, token: Token | None, digest: str, now: datetime) -> Outcome:
    if kinds.is_from_list(letter):
        raise Stray(StrayMail.Reason.LIST)
    if kinds.is_automatic(letter):
        raise Stray(StrayMail.Reason.AUTOMATIC)
    if token:
        return _reply(token, letter, digest, now)
    if letter.tokens:
        raise Stray(StrayMail.Reason.UNKNOWN)
    if not letter.wishes:
        raise Stray(StrayMail.Reason.NO_JOB)
    apply(letter, digest, job=_job(letter, now), now=now)
    return Outcome.APPLICATION


def _token(found: list[str], now: datetime, *others: Token.Purpose) -> Token | None:
    known = (tokens.find(token, Token.Purpose.REPLY, *others, now=now) for token in found)
    return next(filter(None, known), None)


def _job(letter: Letter, now: datetime) -> Job | None:
    """Return the job that a mail is for; None for one that is closed or that nobody knows."""
    taking = Job.objects.taking(retention.local_date(now)).filter(slug__in=letter.wishes)
    return min(taking, key=lambda job: letter.wishes.index(job.slug), default=None)


# Machines ------------------------------------------------------------------------------------


def _report(letter: Letter, digest: str, now: datetime) -> Outcome:
    token = _token(kinds.reported_tokens(letter), now, Token.Purpose.RETURN)
    if token is None:
        raise Stray(StrayMail.Reason.UNKNOWN)
    with seen.once(digest):
        application = _locked(token.application)
        SeenMail.objects.create(digest=digest, application=application)
        if not kinds.has_failed(letter):
            return Outcome.DELAY
        mail.bounced(token, now=now)
    return Outcome.BOUNCE


def _automatic(token: Token, letter: Letter, digest: str, now: datetime) -> Outcome:
    """Keep what a machine answered, and answer nothing."""
    with seen.once(digest):
        purpose = Mail.Purpose.AUTOMATIC
        _write(_locked(token.application), letter, digest, purpose, now, answers=token)
    return Outcome.AUTOMATIC


# Replies -------------------------------------------------------------------------------------


def _reply(token: Token, letter: Letter, digest: str, now: datetime) -> Outcome:
    """Put a reply to its application, with its attachments if that takes any."""
    application, staged = token.application, Staged(files.session(digest))
    with translation.override(application.language):
        try:
            _stage_reply(application, letter, staged, now)
            with seen.once(digest):
                application = _locked(application)
                _write(application, letter, digest, Mail.Purpose.REPLY, now, answers=token)
                application.events.create(kind=Event.Kind.WROTE, at=now)
                _add(application, staged, now)
        except BaseException:
            files.give_up(staged, now=now)
            raise
    return Outcome.REPLY


def _stage_reply(application: Application, letter: Letter, staged: Staged, now: datetime) -> None:
    if not room.seems_open(application):
        closed = _("Your application is closed. It takes no more documents.")
        staged.refused += [(each.name, closed) for each in letter.files]
        return
    free = settings.ATS_MAX_FILES - application.attachments.count()
    _stage(letter, staged, most=max(0, free), now=now)


def _stage(letter: Letter, staged: Staged, *, most: int, now: datetime) -> None:
    files.sweep(staged.session, now=now, before=now - files.ABANDONED)
    files.stage(letter.files, staged, most=most, now=now)


def _add(application: Application, staged: Staged, now: datetime) -> None:
    """Attach what a reply brought, and tell its writer what was taken and what was not."""
    try:
        room.add(application, staged.ids, session=staged.session, now=now)
    except ChangeNotAllowed as refusal:
        staged.refuse_all(str(refusal))
    if (staged.taken or staged.refused) and _may_answer(application, now):
        added = [each.name for each in staged.taken]
        mail.queue(
            application,
            Mail.Purpose.DOCUMENTS,
            now=now,
            send_at=now,
            added=added,
            refused=staged.refused,
        )
    files.sweep(staged.session, now=now)
    _prepare_later(staged)


def _may_answer(application: Application, now: datetime) -> bool:
    answers = application.mails.filter(purpose=Mail.Purpose.DOCUMENTS)
    return answers.filter(created_at__gt=now - timedelta(days=1)).count() < ANSWERS


def _locked(application: Application) -> Application:
    try:
        return pipeline.lock(application.pk)
    except ChangeNotAllowed:
        raise Stray(StrayMail.Reason.UNKNOWN) from None


def _write(
    application: Application,
    letter: Letter,
    digest: str,
    purpose: Mail.Purpose,
    now: datetime,
    *,
    answers: Token | None = None,
) -> None:
    """Keep what the mail says with its application, and that it was seen.

    `answers` is the token to which it came: that of the mail which it replies to.
    """
    sender = letter.sender
    is_short = sender is not None and len(sender.address) <= 254
    application.mails.create(
        purpose=purpose,
        state=Mail.State.RECEIVED,
        language=application.language,
        to=sender.address if sender and is_short else application.email,
        subject=letter.subject,
        body=letter.text,
        created_at=now,
        send_at=now,
        answers=_still_there(answers),
    )
    SeenMail.objects.create(digest=digest, application=application)


def _still_there(token: Token | None) -> Mail | None:
    """Return the mail of ours that carried a token, read again under the application's lock."""
    return Mail.objects.filter(pk=token.mail_id).first() if token and token.mail_id else None


# Applications --------------------------------------------------------------------------------


def apply(
    letter: Letter, digest: str, *, job: Job | None, now: datetime, stray: StrayMail | None = None
) -> Application:
    """Take in an application by mail, as the form does; `stray` is its row if it waited there.

    Raises `Stray` if it names nobody who can be answered, and `seen.TakenBefore`.
    """
    person = persons.of(letter)
    if person is None:
        raise Stray(StrayMail.Reason.NO_SENDER)
    language, staged = persons.language(letter, job), Staged(files.session(digest))
    with translation.override(language):
        try:
            _stage(letter, staged, most=settings.ATS_MAX_FILES, now=now)
            with seen.once(digest, stray=stray):
                application = _submitted(person, job, staged, language=language, now=now)
                _write(application, letter, digest, Mail.Purpose.REPLY, now)
                files.sweep(staged.session, now=now)
        except BaseException:
            files.give_up(staged, now=now)
            raise
    return application


def _submitted(
    person: Person, job: Job | None, staged: Staged, *, language: str, now: datetime
) -> Application:
    """Submit; for a job that has closed this very moment, as a speculative application."""

    def submit(job: Job | None) -> Application:
        return pipeline.submit(
            person,
            job=job,
            attachments=staged.ids,
            session=staged.session,
            submission=UUID(staged.session[:32]),  # the mail's own, as a form has one
            language=language,
            now=now,
            source=Application.Source.EMAIL,
            refused=staged.refused,
        )

    try:
        return submit(job)
    except pipeline.JobClosed:
        return submit(None)


def _prepare_later(staged: Staged) -> None:
    if staged.taken:
        # The minutely schedule would do it otherwise.
        transaction.on_commit(
            lambda: async_task("candidates.tasks.prepare_attachments"), robust=True
        )
