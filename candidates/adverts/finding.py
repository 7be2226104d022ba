"""Finding jobs: by team, place, type and words. All in memory: a firm has at most some hundreds."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Self

from django.http import QueryDict

from candidates.models import Job
from storage.folding import fold, spellings

#: What stands in an address for work that can be done from anywhere.
ANYWHERE = "*"
#: As long as a job's team and place can be.
LONGEST = 80


@dataclass(frozen=True)
class Wanted:
    """What somebody looks for; what is empty was not said."""

    q: str = ""
    team: str = ""
    place: str = ""
    kind: str = ""

    @classmethod
    def of(cls, query: QueryDict) -> Self:
        """Read it from an address; a type that there is not counts as not said."""
        said = {name: _line(query.get(name, "")) for name in ("q", "team", "place", "kind")}
        if said["kind"] not in Job.Kind:
            said["kind"] = ""
        return cls(**said)

    def __bool__(self) -> bool:
        return any((self.q, self.team, self.place, self.kind))

    def fits(self, job: Job) -> bool:
        """Return whether a job is one of those that are looked for."""
        return (
            self.team in {"", job.team}
            and self._is_kind(job)
            and self._is_there(job)
            and has_all(job, self.q)
        )

    def _is_kind(self, job: Job) -> bool:
        """Full or part time is both of them."""
        both = {Job.Kind.FULL_TIME, Job.Kind.PART_TIME}
        return self.kind in {"", job.kind} or (job.kind == Job.Kind.EITHER and self.kind in both)

    def _is_there(self, job: Job) -> bool:
        """A job in Leipzig or Berlin is in Leipzig."""
        if self.place == ANYWHERE:
            return job.is_remote
        place = re.escape(fold(self.place))
        return not place or bool(re.search(rf"(?<!\w){place}(?!\w)", fold(job.place)))


def _line(text: str) -> str:
    return " ".join(text.split())[:LONGEST]


def has_all(job: Job, words: str) -> bool:
    """Return whether each word stands somewhere in what a job says of itself."""
    if not words:
        return True
    said = " ".join((job.title, job.team, job.place, str(job.get_kind_display()), job.description))
    text = spellings(said)
    return all(word in text for word in fold(words).split())


def values(texts: Iterable[str], *, chosen: str) -> list[str]:
    """Return what can be chosen, in the order of the alphabet, with what was chosen."""
    return sorted({*texts, *filter(None, [chosen])}, key=fold)


def others(job: Job, *, today: date) -> list[Job]:
    """Return the other jobs that take applications: those of the same team first, then place."""
    offered = Job.objects.taking(today).exclude(pk=job.pk).defer("description")
    near = offered.order_by("team", "title", "pk")
    return sorted(near, key=lambda other: (other.team != job.team, other.place != job.place))


def by_team(jobs: list[Job]) -> list[Job]:
    """Return jobs with those of a team together, in the order of each team's first."""
    first = {job.team: number for number, job in reversed(list(enumerate(jobs)))}
    return sorted(jobs, key=lambda job: first[job.team])
