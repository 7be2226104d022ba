"""Many realistic applications by bulk inserts, for measuring. No verbs, no files, no mails."""

import time
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from functools import cache
from random import Random
from typing import Any, NamedTuple

from django.conf import settings
from django.db import connection, reset_queries, transaction

from candidates import legal, retention
from candidates.access import Role
from candidates.models import Application, Event, Job, Stage, User
from candidates.status import Status
from storage.models import Attachment, Words

from . import lexicon, names, rows
from .clock import earliest_decision
from .jobs import ADVERTS, STAGES

BATCH = 2_000
SHARE_OPEN = 0.6
SHARE_SPECULATIVE = 0.03
#: One in so many is for the first job.
FIRST_JOB = 10
CLOSINGS = (Status.REJECTED, Status.WITHDRAWN, Status.HIRED)
EVENTS = {
    Status.REJECTED: Event.Kind.REJECTED,
    Status.WITHDRAWN: Event.Kind.WITHDRAWN,
    Status.HIRED: Event.Kind.HIRED,
}
#: The index that the search in texts has on PostgreSQL; see `storage.searching`.
TEXT_INDEX = "words_search"


class Took(NamedTuple):
    """Seconds that a seed took: all but the text index, and the building of that."""

    rows: float
    text_index: float


def seed(*, applications: int, jobs: int, due: int, attachments: int, now: datetime) -> Took:
    """Write so many applications to so many new jobs, a tenth of them to the first; all or none.

    `due` of them end today. `attachments` is the number of rows for each, with no object behind
    them; the first has a made-up text of about 2 KB. The answer is the same for the same database:
    nothing but keys is left to chance.
    """
    start = time.monotonic()
    with transaction.atomic():
        first = Application.objects.count()
        sower = Sower(_jobs(jobs, now), attachments=attachments, now=now, first=first)
        parts = rows.take_off(*(table.model for table in sower.tables))
        sower.sow_all(applications, due=due)
        rows.put_on(*(part for part in parts if part.name != TEXT_INDEX))
        filled = time.monotonic()
        rows.put_on(*(part for part in parts if part.name == TEXT_INDEX))
        text_index = time.monotonic() - filled
    _analyze()
    return Took(time.monotonic() - start - text_index, text_index)


def _analyze() -> None:
    """Have the planner know what there is now, or it guesses until it looks by itself."""
    can_vacuum = connection.vendor == "postgresql" and not connection.in_atomic_block
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE" if can_vacuum else "ANALYZE")


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
    """Makes applications up, one after the other; memory holds a batch of them."""

    def __init__(
        self, pipelines: list[list[Stage]], *, attachments: int, now: datetime, first: int
    ) -> None:
        self.pipelines = pipelines
        self.others = pipelines[1:] or pipelines
        self.documents = attachments
        self.now = now
        self.first = first
        self.rng = Random(first)  # noqa: S311
        self.applications, self.events = rows.Rows(Application), rows.Rows(Event)
        self.attachments, self.words = rows.Rows(Attachment), rows.Rows(Words)
        self.tables = (self.applications, self.events, self.attachments, self.words)
        months = settings.ATS_RETENTION_MONTHS
        self.today = retention.local_date(now)
        self.due_since = earliest_decision(self.today, months=months)
        self.kept_since = earliest_decision(self.today + timedelta(days=1), months=months)
        self.basis = legal.basis()
        self.someone = Application()

    def sow_all(self, applications: int, *, due: int) -> None:
        """Write so many applications, of which the first `due` end today."""
        for start in range(0, applications, BATCH):
            for number in range(start, min(start + BATCH, applications)):
                self._sow(number, is_due=number < due)
            for table in self.tables:
                table.write()
            reset_queries()  # under DEBUG Django keeps every statement

    def _sow(self, number: int, *, is_due: bool) -> None:
        is_open = not is_due and self.rng.random() < SHARE_OPEN
        decided_on = None if is_open else self._decided_on(is_due=is_due)
        ended = self._ended(decided_on)
        received = ended - timedelta(minutes=self.rng.randint(1, 60 * 24 * 60))
        stages = self._stages(number)
        moved = received + (ended - received) / 2 if len(stages) > 1 else received
        application = self.applications.add(
            **self._person(self.first + number),
            job_id=stages[0].job_id if stages else None,
            stage_id=stages[-1].pk if stages else None,
            language=stages[0].job.language if stages else "de",
            legal_basis=self.basis,
            policy_version=settings.ATS_POLICY_VERSION,
            received_at=received,
            stage_since=moved,
            # Who has moved or decided it has opened it.
            first_opened_at=moved if decided_on or len(stages) > 1 else None,
            **self._closed(decided_on),
        )
        if is_due:
            application["delete_on"] = self.today
        self._add_events(application, stages, ended)
        self._add_attachments(application)

    def _decided_on(self, *, is_due: bool) -> date:
        if is_due:
            return self.due_since
        days = (self.today - self.kept_since).days
        return self.today - timedelta(days=self.rng.randint(0, days))

    def _ended(self, decided_on: date | None) -> datetime:
        if decided_on is None:
            return self.now - timedelta(seconds=self.rng.randrange(3600))
        return self.now - (self.today - decided_on)

    def _stages(self, number: int) -> list[Stage]:
        """Return the stages that the application went through, none for a speculative one."""
        if number % FIRST_JOB == 0 and self.pipelines:
            stages = self.pipelines[0]
        elif not self.pipelines or self.rng.random() < SHARE_SPECULATIVE:
            return []
        else:
            stages = self.rng.choice(self.others)
        return stages[: self.rng.choices((1, 2, 3, 4), (45, 30, 18, 7))[0]]

    def _person(self, number: int) -> dict[str, str]:
        """Return who applies; one in 25 is the one before, who applies a second time."""
        person = names.person(number - (number % 25 == 24))
        vars(self.someone).update(person)
        return person | {"folded": self.someone.as_searched()}

    def _closed(self, decided_on: date | None) -> dict[str, Any]:
        """Return what the closing sets."""
        if decided_on is None:
            return {}
        return _closed(self.rng.choices(CLOSINGS, (7, 2, 1))[0], decided_on)

    def _add_events(
        self, application: dict[str, Any], stages: list[Stage], ended: datetime
    ) -> None:
        received, owner = application["received_at"], application["id"]
        add = self.events.add
        detail = str(self.documents)
        add(application_id=owner, kind=Event.Kind.RECEIVED, at=received, detail=detail)
        for index, stage in enumerate(stages[1:], start=1):
            at = received + (application["stage_since"] - received) * index / (len(stages) - 1)
            add(application_id=owner, kind=Event.Kind.MOVED, at=at, detail=stage.name)
        if application["status"] in EVENTS:
            add(application_id=owner, kind=EVENTS[application["status"]], at=ended)

    def _add_attachments(self, application: dict[str, Any]) -> None:
        for number in range(self.documents):
            attachment = self.attachments.add(
                application_id=application["id"],
                name=f"Lebenslauf_{number + 1}.pdf",
                content_type="application/pdf",
                size=self.rng.randint(40_000, 2_000_000),
                verdict=Attachment.Verdict.CLEAN,
                # There is no file behind it that a job could read.
                preparation=Attachment.Preparation.READY,
                created_at=application["received_at"],
            )
            if number == 0:
                text, folded = lexicon.text(self.rng)
                self.words.add(attachment_id=attachment["id"], text=text, folded=folded)


@cache
def _closed(status: Status, on: date) -> dict[str, Any]:
    application = Application()
    application.close(status, on=on)
    names = ("status", "decided_on", "delete_on", "retention_months")
    return {name: getattr(application, name) for name in names}
