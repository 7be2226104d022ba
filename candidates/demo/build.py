"""Builds the demo through the same doors as everyone: files are judged, verbs make the history."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from random import Random
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.core.files.uploadedfile import TemporaryUploadedFile
from django.db import transaction
from django.db.models import F

from candidates import entering, hiring, pipeline, retention
from candidates.models import Application, Job, Mail, Stage, User
from candidates.status import Status
from storage import uploads
from storage.models import Attachment

from . import accounts, desk, entries, letters, opinions, shelf
from .clock import earliest_decision
from .documents import File, documents, printable
from .jobs import ADVERTS, STAGES, Advert
from .lives import Life, invent
from .people import APPLICANTS, ENDS_TODAY, HELD, HIRED, OFFER, REJECTED, STARTS, Applicant

SESSION = "demo"
#: How many receipts are left to be sent on a development server.
RECEIPTS = 2
DOMAINS = ("posteo.example", "mailbox.example", "web.example", "post.example")
UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})
REASONS = (
    "Erfahrung mit den verlangten Werkzeugen fehlt.",
    "Eine andere Bewerbung erfüllt die Kriterien besser.",
    "Der gewünschte Beginn liegt zu spät.",
    "Die Gehaltsvorstellung liegt über dem Rahmen der Stelle.",
)


@dataclass
class Case:
    """One application to be: who and when, and then the ids of its files."""

    applicant: Applicant
    slug: str
    life: Life
    received: datetime
    ended: datetime
    staged: list[UUID] = field(default_factory=list)


@dataclass(frozen=True)
class Built:
    jobs: int
    applications: int
    files: int
    #: Receipts that the job cluster has yet to send.
    receipts: int


def exists() -> bool:
    """Whether the demo, or what is left of it, is in the database."""
    return Job.objects.filter(slug__in=[advert.slug for advert in ADVERTS]).exists()


def build(now: datetime, passwords: accounts.Passwords) -> Built:
    """Add the demo to the database and its files to the attachment store.

    Files first, each with its row; then all the rest in one transaction. Stopped in between it
    leaves staged files, which the cleaner takes. Mails of the past count as sent, but for those
    that `_leave_receipts` leaves.
    """
    rng = Random(6)  # noqa: S311
    cases = list(plan(rng, now))
    for case in cases:
        files = documents(case.life, case.applicant.files)
        case.staged = [_stage(file, now) for file in files]
    with transaction.atomic():
        staff = accounts.create(passwords)
        jobs = {advert.slug: _job(advert, staff, now) for advert in ADVERTS}
        played = [_play(case, jobs.get(case.slug), staff, rng, now) for case in cases]
        opinions.lay(played, jobs, staff, now=now)
        shelf.furnish(list(jobs.values()), by=staff["katrin"], now=now)
        letters.lay(played, by=staff["katrin"], now=now)
        entries.save_views(staff["katrin"])
        desk.lay(played, officer=staff["miriam"], now=now)
        waiting = _leave_receipts(played)
        unsent = Mail.objects.unsent().exclude(pk__in=waiting)
        past = unsent.filter(application__in=played, send_at__lte=now)
        past.update(state=Mail.State.SENT, sent_at=F("send_at"), attempts=1)
        desk.open_and_return(played, by=staff["katrin"], now=now)
    count = sum(len(case.staged) for case in cases)
    return Built(len(jobs), len(cases), count, receipts=len(waiting))


def _leave_receipts(played: list[Application]) -> list[int]:
    """Return the latest receipts if mails go to a folder: sent, they open rooms to look into."""
    if not (settings.DEBUG and settings.EMAIL_BACKEND.endswith(".filebased.EmailBackend")):
        return []
    receipts = Mail.objects.filter(application__in=played, purpose=Mail.Purpose.RECEIPT)
    still_open = receipts.filter(application__status=Status.OPEN, application__job__isnull=False)
    return list(still_open.values_list("pk", flat=True)[:RECEIPTS])


# Who applies, and when ----------------------------------------------------------------------


def plan(rng: Random, now: datetime) -> Iterator[Case]:
    """Yield everyone who applies, with invented lives and the times. Writes nothing."""
    adverts = {advert.slug: advert for advert in ADVERTS}
    for slug, applicants in APPLICANTS.items():
        for applicant in applicants:
            yield _case(rng, applicant, adverts.get(slug), now)


def _case(rng: Random, applicant: Applicant, advert: Advert | None, now: datetime) -> Case:
    received, ended = _times(rng, applicant, now)
    life = invent(
        rng,
        first_name=applicant.first_name,
        last_name=applicant.last_name,
        email=f"{_local_part(applicant)}@{rng.choice(DOMAINS)}",
        phone=_phone(rng),
        language=advert.language if advert else "de",
        slug=advert.slug if advert else "",
        job=advert.title if advert else "",
        day=retention.local_date(received),
    )
    return Case(applicant, advert.slug if advert else "", life, received, ended)


def _times(rng: Random, applicant: Applicant, now: datetime) -> tuple[datetime, datetime]:
    """Return when the application came and when it was decided (now, if it was not)."""
    today = retention.local_date(now)
    if applicant.is_open:
        return _moment(rng, today - timedelta(days=applicant.days), now), now
    decided = _decision(applicant, today)
    received = decided - timedelta(days=rng.randint(9, 34))
    return _moment(rng, received, now), _moment(rng, decided, now)


def _decision(applicant: Applicant, today: date) -> date:
    months = settings.ATS_RETENTION_MONTHS
    earliest = earliest_decision(today, months=months)
    if applicant.days == ENDS_TODAY:
        return earliest
    if applicant.days == HELD:
        return earliest - timedelta(days=12)
    return max(today - timedelta(days=applicant.days * months // 6), earliest)


def _moment(rng: Random, day: date, now: datetime) -> datetime:
    """Return some working moment of a day, at least a quarter of an hour ago."""
    some = time(rng.randint(8, 17), rng.randint(0, 59), rng.randint(0, 59))
    latest = now - timedelta(minutes=rng.randint(15, 90))
    return min(datetime.combine(day, some, tzinfo=retention.zone()), latest)


def _local_part(applicant: Applicant) -> str:
    name = f"{applicant.first_name}.{applicant.last_name}".lower().translate(UMLAUTS)
    plain = unicodedata.normalize("NFKD", printable(name)).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9.-]+", "-", plain)


def _phone(rng: Random) -> str:
    if rng.random() < 0.25:
        return ""
    area = rng.choice(("0721", "0341", "030", "0711", "0621"))
    return f"{area} 555 {rng.randint(0, 99):02} {rng.randint(0, 99):02}"


# Files --------------------------------------------------------------------------------------


def _stage(file: File, now: datetime) -> UUID:
    """Put a file up as a browser would, so that it is judged like any other."""
    with TemporaryUploadedFile(file.name, "", len(file.content), None) as upload:
        upload.write(file.content)
        upload.seek(0)
        return uploads.stage(upload, session=uploads.owner(SESSION), now=now).pk


# Jobs and what happens there ----------------------------------------------------------------


def _job(advert: Advert, staff: dict[str, User], now: datetime) -> Job:
    today, ends_in = retention.local_date(now), advert.ends_in
    street, postal_code, locality = advert.address
    job = Job.objects.create(
        slug=advert.slug,
        title=advert.title,
        language=advert.language,
        team=advert.team,
        place=advert.place,
        kind=advert.kind,
        description=advert.description,
        answer_days=advert.answer_days,
        street=street,
        postal_code=postal_code,
        locality=locality,
        pay_from=advert.pay[0],
        pay_to=advert.pay[1],
        pay_period=advert.pay_period,
        is_remote=advert.is_remote,
        apply_until=today + timedelta(days=ends_in) if ends_in else None,
        is_confidential=advert.is_confidential,
        created_at=now - timedelta(days=240),
    )
    job.publish(retention.local_date(job.created_at))
    Stage.objects.bulk_create(
        Stage(job=job, name=name, position=position)
        for position, name in enumerate(STAGES[advert.language], start=1)
    )
    job.hiring_team.set([staff[local_part] for local_part in advert.hiring_team])
    return job


def _play(
    case: Case, job: Job | None, staff: dict[str, User], rng: Random, now: datetime
) -> Application:
    """Let happen what happened to one application, each step at its time."""
    team = [staff[name] for name in ("katrin", "jens", "aylin")]
    by = rng.choice(list(job.hiring_team.all()) or team[:1]) if job else staff["katrin"]
    application = _submit(case, job, rng, by=staff["katrin"])
    _move(application, case, rng, by)
    if case.applicant.stands == HIRED:
        _hire(application, case, by=staff["katrin"])
    elif case.applicant.stands == REJECTED:
        pipeline.reject(
            application,
            by=by,
            reason=rng.choice(REASONS),
            now=case.ended,
            mail_at=case.ended + pipeline.MAIL_DELAY,
        )
    elif not case.applicant.is_open:
        pipeline.withdraw(application, by=None, now=case.ended)
    return application


def _submit(case: Case, job: Job | None, rng: Random, *, by: User) -> Application:
    life, by_mail = case.life, rng.random() < 0.12
    person = pipeline.Person(life.first_name, life.last_name, life.email, life.phone)
    given: dict[str, Any] = {
        "job": job,
        "attachments": case.staged,
        "session": uploads.owner(SESSION),
        "submission": uuid4(),
        "language": life.language,
        "now": case.received,
    }
    if entered := entries.ENTERED.get(case.applicant.last_name):
        source, whom = entered
        application = entering.enter(
            person, source=source, introduced_by=whom, received_at=case.received, by=by, **given
        )
    else:
        source = Application.Source.EMAIL if by_mail else Application.Source.FORM
        application = pipeline.submit(person, source=source, **given)
    Attachment.objects.filter(application=application).update(created_at=case.received)
    return application


def _move(application: Application, case: Case, rng: Random, by: User) -> None:
    """Move through the stages at even distances: to where it stands, or as far as it came."""
    if application.job is None:
        return
    stands = case.applicant.stands
    reached = stands if isinstance(stands, int) else rng.randint(0, 2)
    reached = OFFER if stands == HIRED else reached
    step = (case.ended - case.received) / (reached + 1)
    seen = application.stage
    for number, stage in enumerate(application.job.stages.all()[1 : reached + 1], start=1):
        when = case.received + number * step
        pipeline.move(application, to=stage, seen=seen, by=by, now=when)
        seen = stage


def _hire(application: Application, case: Case, *, by: User) -> None:
    """Hire with CV and reference; the letter stays behind."""
    start = STARTS[case.applicant.last_name]
    hiring.hire(
        application,
        by=by,
        start_date=retention.local_date(case.ended) + timedelta(days=start.after_days),
        job_title=start.job_title,
        personnel_number=hiring.next_personnel_number(),
        attachments=case.staged[::2],
        now=case.ended,
    )
