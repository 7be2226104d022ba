"""Many realistic applications by bulk inserts, for measuring. No verbs, no files, no mails."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

from django.conf import settings
from django.db import connection, reset_queries

from candidates import legal, retention
from candidates.access import Role
from candidates.models import Application, Event, Job, Stage, User
from candidates.status import Status
from storage.models import Attachment, Words

from . import lexicon
from .clock import earliest_decision
from .jobs import ADVERTS, STAGES
from .people import APPLICANTS

BATCH = 5_000
SHARE_OPEN = 0.6
SHARE_SPECULATIVE = 0.03
CLOSINGS = (Status.REJECTED, Status.WITHDRAWN, Status.HIRED)
EVENTS = {
    Status.REJECTED: Event.Kind.REJECTED,
    Status.WITHDRAWN: Event.Kind.WITHDRAWN,
    Status.HIRED: Event.Kind.HIRED,
}
FIRST_NAMES = sorted({a.first_name for group in APPLICANTS.values() for a in group})
LAST_NAMES = sorted({a.last_name for group in APPLICANTS.values() for a in group})


@dataclass
class Batch:
    """Rows that go in together: memory holds one batch, whatever the number of applications."""

    applications: list[Application] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    attachments: list[Attachment] = field(default_factory=list)
    words: list[Words] = field(default_factory=list)

    def write(self) -> None:
        Application.objects.bulk_create(self.applications, batch_size=BATCH)
        Event.objects.bulk_create(self.events, batch_size=BATCH)
        Attachment.objects.bulk_create(self.attachments, batch_size=BATCH)
        Words._default_manager.bulk_create(self.words, batch_size=BATCH)


def seed(*, applications: int, jobs: int, due: int, attachments: int, now: datetime) -> None:
    """Write so many applications to so many new jobs.

    `due` of them end today. `attachments` is the number of rows for each, with made-up words and no
    object behind them. The answer is the same for the same database: nothing is left to chance.
    """
    first = Application.objects.count()
    sower = Sower(_jobs(jobs, now), attachments=attachments, now=now, first=first)
    for start in range(0, applications, BATCH):
        batch = Batch()
        for number in range(start, min(start + BATCH, applications)):
            sower.sow(batch, number, is_due=number < due)
        batch.write()
        reset_queries()  # under DEBUG Django keeps every statement
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")  # or the planner guesses until it looks by itself


def _jobs(count: int, now: datetime) -> list[list[Stage]]:
    """Create jobs, and give each a hiring manager as far as there are any; return their stages."""
    first = Job.objects.filter(slug__startswith="seed-").count()
    jobs = [
        Job(
            slug=f"seed-{number}",
            title=f"{advert.title} {number}",
            language=advert.language,
            team=advert.team,
            place=advert.place,
            kind=advert.kind,
            description=advert.description,
            is_published=True,
            published_on=retention.local_date(now) - timedelta(days=240),
            created_at=now - timedelta(days=240),
        )
        for number, advert in _numbered_adverts(first, count)
    ]
    Job.objects.bulk_create(jobs, batch_size=BATCH)
    managers = list(User.objects.filter(groups__name=Role.HIRING_MANAGER).order_by("pk"))
    Job.hiring_team.through._default_manager.bulk_create(
        Job.hiring_team.through(job=job, user=managers[index % len(managers)])
        for index, job in enumerate(jobs if managers else [])
    )
    pipelines = [_stages(job) for job in jobs]
    Stage.objects.bulk_create((s for stages in pipelines for s in stages), batch_size=BATCH)
    return pipelines


def _numbered_adverts(first: int, count: int) -> Iterator[tuple[int, Any]]:
    for number in range(first, first + count):
        yield number, ADVERTS[number % len(ADVERTS)]


def _stages(job: Job) -> list[Stage]:
    names = STAGES[job.language]
    return [Stage(job=job, name=name, position=n) for n, name in enumerate(names, start=1)]


class Sower:
    """Makes applications up, one after the other."""

    def __init__(
        self, pipelines: list[list[Stage]], *, attachments: int, now: datetime, first: int
    ) -> None:
        self.pipelines = pipelines
        self.attachments = attachments
        self.now = now
        self.first = first
        self.rng = Random(first)  # noqa: S311
        months = settings.ATS_RETENTION_MONTHS
        self.today = retention.local_date(now)
        self.due_since = earliest_decision(self.today, months=months)
        self.kept_since = earliest_decision(self.today + timedelta(days=1), months=months)
        self.basis = legal.basis()

    def sow(self, batch: Batch, number: int, *, is_due: bool) -> None:
        is_open = not is_due and self.rng.random() < SHARE_OPEN
        decided_on = None if is_open else self._decided_on(is_due=is_due)
        ended = self._ended(decided_on)
        received = ended - timedelta(minutes=self.rng.randint(1, 60 * 24 * 60))
        stages = self._stages()
        application = Application(
            **self._person(self.first + number),
            job=stages[0].job if stages else None,
            stage=stages[-1] if stages else None,
            language=stages[0].job.language if stages else "de",
            legal_basis=self.basis,
            policy_version=settings.ATS_POLICY_VERSION,
            received_at=received,
            stage_since=received + (ended - received) / 2 if len(stages) > 1 else received,
        )
        application.folded = application.as_searched()
        if decided_on:
            application.close(self.rng.choices(CLOSINGS, (7, 2, 1))[0], on=decided_on)
        if is_due:
            application.delete_on = self.today
        batch.applications.append(application)
        batch.events.extend(self._events(application, stages, ended))
        for document in self._documents(application):
            batch.attachments.append(document)
            text, folded = lexicon.text(self.rng)
            batch.words.append(Words(attachment=document, text=text, folded=folded))

    def _decided_on(self, *, is_due: bool) -> date:
        if is_due:
            return self.due_since
        days = (self.today - self.kept_since).days
        return self.today - timedelta(days=self.rng.randint(0, days))

    def _ended(self, decided_on: date | None) -> datetime:
        if decided_on is None:
            return self.now - timedelta(seconds=self.rng.randrange(3600))
        return self.now - (self.today - decided_on)

    def _stages(self) -> list[Stage]:
        """Return the stages that the application went through, none for a speculative one."""
        if not self.pipelines or self.rng.random() < SHARE_SPECULATIVE:
            return []
        stages = self.rng.choice(self.pipelines)
        return stages[: self.rng.choices((1, 2, 3, 4), (45, 30, 18, 7))[0]]

    def _person(self, number: int) -> dict[str, str]:
        """Return who applies; one in 25 is the one before, who applies a second time."""
        who = number - (number % 25 == 24)
        first_name = FIRST_NAMES[who % len(FIRST_NAMES)]
        last_name = LAST_NAMES[who // len(FIRST_NAMES) % len(LAST_NAMES)]
        return {
            "first_name": first_name,
            "last_name": last_name,
            "email": f"applicant-{who}@posteo.example",
            "phone": f"0721 555 {who % 10_000:04}" if who % 4 else "",
        }

    def _events(
        self, application: Application, stages: list[Stage], ended: datetime
    ) -> Iterator[Event]:
        received = application.received_at
        detail = str(self.attachments)
        yield Event(application=application, kind=Event.Kind.RECEIVED, at=received, detail=detail)
        for index, stage in enumerate(stages[1:], start=1):
            at = received + (application.stage_since - received) * index / (len(stages) - 1)
            yield Event(application=application, kind=Event.Kind.MOVED, at=at, detail=stage.name)
        if not application.is_open:
            yield Event(application=application, kind=EVENTS[Status(application.status)], at=ended)

    def _documents(self, application: Application) -> Iterator[Attachment]:
        for number in range(self.attachments):
            yield Attachment(
                application=application,
                name=f"Lebenslauf_{number + 1}.pdf",
                content_type="application/pdf",
                size=self.rng.randint(40_000, 2_000_000),
                verdict=Attachment.Verdict.CLEAN,
                # There is no file behind it that a job could read.
                preparation=Attachment.Preparation.READY,
                created_at=application.received_at,
            )
