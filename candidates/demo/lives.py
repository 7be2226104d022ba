"""What the invented applicants have done so far, drawn from the texts of their field."""

import tomllib
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

TEXTS = Path(__file__).parent / "texts"
SPECULATIVE = "initiativ"


@dataclass(frozen=True)
class Position:
    years: tuple[int, int | None]
    role: str
    employer: str
    tasks: list[str]


@dataclass(frozen=True)
class Life:
    """One applicant, as the documents show them. Nothing that an employer may not ask."""

    first_name: str
    last_name: str
    email: str
    phone: str
    language: str
    job: str
    day: date
    profession: str
    place: str
    profile: str
    experience: str
    positions: list[Position]
    education: tuple[str, str]
    skills: list[str]

    @property
    def name(self) -> str:
        return f"{self.first_name} {self.last_name}"

    @property
    def best_task(self) -> str:
        return self.positions[0].tasks[0]


@cache
def texts(name: str) -> dict[str, Any]:
    """Return the texts of a language ("de") or of a job's field (its slug)."""
    return tomllib.loads((TEXTS / f"{name}.toml").read_text("utf-8"))


def invent(
    rng: Random,
    *,
    first_name: str,
    last_name: str,
    email: str,
    phone: str,
    language: str,
    slug: str,
    job: str,
    day: date,
) -> Life:
    """Make up the rest of a person who applies to the job of this slug (or to none) on a day."""
    field = texts(slug or SPECULATIVE)
    words = texts(language)
    at_school = field.get("at_school", False)
    positions = _positions(rng, field, until=day.year, longest=1 if at_school else 4)
    start, end = positions[-1].years[0] - 4, positions[-1].years[0]
    return Life(
        first_name=first_name,
        last_name=last_name,
        email=email,
        phone=phone,
        language=language,
        job=job,
        day=day,
        profession=rng.choice(field["professions"]),
        place=rng.choice(field["places"]),
        profile=rng.choice(field["profiles"]),
        experience=field.get("experience", words["experience"]),
        positions=positions,
        education=(
            words["since" if at_school else "period"].format(start=start, end=end),
            rng.choice(field["education"]),
        ),
        skills=field["skills"],
    )


def _positions(rng: Random, field: dict[str, Any], *, until: int, longest: int) -> list[Position]:
    """Return two or three positions, the present one first, each task in one of them only."""
    count = rng.randint(2, 3)
    tasks = rng.sample(field["tasks"], min(len(field["tasks"]), 2 * count))
    years = [until - 1]
    for _ in range(count):
        years.append(years[-1] - rng.randint(1, longest))
    employers = rng.sample(field["employers"], count)
    return [
        Position(
            years=(years[index + 1], years[index] if index else None),
            role=field["roles"][min(index, len(field["roles"]) - 1)],
            employer=employers[index],
            tasks=tasks[index::count],
        )
        for index in range(count)
    ]
