"""The verbs that change a job: made, edited, published, closed, and who is on its team.

Each is one transaction: lock the job, read it again, check the rule, write, or do nothing.
"""

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import override

from candidates import access, addresses, mail, pipeline, retention
from candidates.models import Application, Criterion, Job, Stage, User
from candidates.models.applications import Applications
from candidates.models.jobs import DEFAULT_STAGES
from candidates.pipeline import ChangeNotAllowed

#: What is written in the form of a job.
FIELDS = (
    "title",
    "language",
    "kind",
    "description",
    "team",
    "place",
    "is_remote",
    "street",
    "postal_code",
    "locality",
    "country",
    "pay_from",
    "pay_to",
    "pay_currency",
    "pay_period",
    "answer_days",
    "apply_until",
    "is_confidential",
)
#: Words that stand for something else where a job's address has its slug.
RESERVED = frozenset({"new", addresses.SPECULATIVE})
UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue"})
#: As long as a slug can be, with room for "-999".
LONGEST = 46
#: How many others may be faster with the same title.
TRIES = 5


class ChangedMeanwhile(ChangeNotAllowed):
    """Someone else has saved the job since its form was opened."""


class SomebodyWaits(ChangeNotAllowed):
    """A job cannot be closed while somebody in it has no answer."""


# Addresses ------------------------------------------------------------------------------------


def slug_of(title: str) -> str:
    """Return what a title makes of an address: small letters, digits and dashes."""
    letters = unicodedata.normalize("NFC", title).casefold().translate(UMLAUTS)
    slug = slugify(letters.replace("_", "-"))
    if len(slug) > LONGEST:
        slug = slug[: LONGEST + 1].rpartition("-")[0] or slug[:LONGEST]
    return slug or "job"


def free_slug(job: Job) -> str:
    """Return the slug that a job's title makes, with a number if another job has it."""
    slug = slug_of(job.title)
    others = Job.objects.exclude(pk=job.pk).filter(slug__startswith=slug)
    taken = RESERVED | set(others.values_list("slug", flat=True))
    number, free = 1, slug
    while free in taken:
        number += 1
        free = f"{slug}-{number}"
    return free


def _save(job: Job, **how: Any) -> None:
    """Save a job, with the address of its title as long as nobody outside can know another."""
    for _try in range(TRIES):
        if job.is_draft and _is_retitled(job):
            job.slug = free_slug(job)
        try:
            with transaction.atomic():
                job.save(**how)
        except IntegrityError:
            job.slug = ""
            continue
        return
    raise ChangeNotAllowed(_("Another job has just been given this title. Save again."))


def _is_retitled(job: Job) -> bool:
    return re.fullmatch(rf"{re.escape(slug_of(job.title))}(-\d+)?", job.slug) is None


# Making and editing ---------------------------------------------------------------------------


@transaction.atomic
def create(job: Job, *, by: User, source: Job | None = None) -> Job:
    """Save a new job as a draft. Whoever makes it is on its team.

    Stages, criteria and team are those of `source`, or the usual stages.
    """
    job.is_published, job.published_on, job.slug = False, None, ""
    _save(job, force_insert=True)
    Stage.objects.bulk_create(
        Stage(job=job, name=name, position=position)
        for position, name in enumerate(_stage_names(job, source), start=1)
    )
    if source:
        criteria = source.criteria.order_by("position").values_list("name", flat=True)
        Criterion.objects.bulk_create(
            Criterion(job=job, name=name, position=position)
            for position, name in enumerate(criteria, start=1)
        )
        job.hiring_team.set(access.deciders().filter(jobs=source))
    job.hiring_team.add(by)
    return job


def _stage_names(job: Job, source: Job | None) -> list[str]:
    names = source.stages.order_by("position").values_list("name", flat=True) if source else ()
    with override(job.language):
        return list(names) or [str(name) for name in DEFAULT_STAGES]


def digest(job: Job) -> str:
    """Return what tells whether a job has been changed since it was looked at."""
    said = repr([str(getattr(job, name)) for name in FIELDS])
    return hashlib.sha256(said.encode()).hexdigest()[:16]


@transaction.atomic
def change(job: Job, values: Mapping[str, Any], *, seen: str, by: User) -> Job:
    """Write what was edited. `seen` is the digest of the job as the person saw it.

    The address follows the title until the job is published. Whoever makes a job confidential
    is on its team, and so goes on seeing it.
    """
    fresh = _locked(job)
    if digest(fresh) != seen:
        raise ChangedMeanwhile(
            _(
                "Someone else has saved this job meanwhile. What you entered is still here: save "
                "again to put it in place of theirs, or look at the job first."
            )
        )
    for name, value in values.items():
        setattr(fresh, name, value)
    if fresh.is_published:
        _complete(fresh)
    _save(fresh, update_fields=[*values, "slug"])
    if fresh.is_confidential:
        fresh.hiring_team.add(by)
    return fresh


def _locked(job: Job) -> Job:
    fresh = Job.objects.select_for_update(no_key=True).filter(pk=job.pk).first()
    if fresh is None:
        raise ChangeNotAllowed(_("This job is not there any more."))
    return fresh


def _complete(job: Job) -> None:
    if not job.description.strip():
        raise ChangeNotAllowed(_("Write the description first: it is what applicants read."))


# Publishing and closing -----------------------------------------------------------------------


@transaction.atomic
def publish(job: Job, *, now: datetime) -> Job:
    """Publish a draft, or a closed job again. It takes applications from now on."""
    fresh, today = _locked(job), retention.local_date(now)
    if fresh.is_published:
        raise ChangeNotAllowed(_("This job is published already."))
    _complete(fresh)
    if fresh.apply_until and fresh.apply_until < today:
        raise ChangeNotAllowed(
            _("The last day for applications is past. Choose a later one, or none, and save it.")
        )
    if not fresh.stages.exists():
        raise ChangeNotAllowed(_("This job has no stages. Add one that applications come into."))
    fresh.publish(today)
    return fresh


def unanswered(job: Job) -> Applications:
    """Return the applications of a job that nobody has decided on."""
    return Application.objects.open().filter(job=job)


def answer(
    applications: Iterable[Application],
    *,
    by: User,
    reason: str,
    mail_at: datetime | None,
    now: datetime,
    texts: Mapping[str, mail.Text] | None = None,
) -> int:
    """Reject each by itself, with its own mail, clock and event; return how many.

    `texts` are the mails by language, with placeholders; without one it is the first template.
    One that somebody else has decided on meanwhile stays as they decided.
    """
    given: Mapping[str, mail.Text] = texts or {}
    return sum(
        _reject(
            application,
            by=by,
            reason=reason,
            mail_at=mail_at,
            now=now,
            text=given.get(application.language),
        )
        for application in applications
    )


def _reject(application: Application, **how: Any) -> bool:
    try:
        pipeline.reject(application, **how)
    except ChangeNotAllowed:
        return False
    return True


@transaction.atomic
def close(job: Job) -> Job:
    """Take a job off the careers pages, once everybody in it has an answer."""
    fresh = _locked(job)
    if not fresh.is_published:
        raise ChangeNotAllowed(_("This job is not published."))
    if unanswered(fresh).exists():
        raise SomebodyWaits(
            _("Not everybody in this job has an answer. Answer them first, then close it.")
        )
    fresh.is_published = False
    fresh.save(update_fields=["is_published"])
    return fresh


# The hiring team ------------------------------------------------------------------------------


@transaction.atomic
def add_member(job: Job, member: User) -> None:
    """Let somebody who may decide onto the team. Twice is once."""
    _locked(job)
    if not access.deciders().filter(pk=member.pk).exists():
        raise ChangeNotAllowed(
            _("Only recruiters and hiring managers who may log in can be on a hiring team.")
        )
    job.hiring_team.add(member)


@transaction.atomic
def remove_member(job: Job, member: User) -> None:
    """Take somebody off the team; from the next page on the job is none of theirs.

    At least one stays who may decide.
    """
    _locked(job)
    team = access.deciders().filter(jobs=job)
    if team.filter(pk=member.pk).exists() and not team.exclude(pk=member.pk).exists():
        raise ChangeNotAllowed(
            _("%(name)s is the last one on this team who may decide. Add somebody else first.")
            % {"name": member}
        )
    job.hiring_team.remove(member)
