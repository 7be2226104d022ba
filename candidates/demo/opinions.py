"""What the demo's colleagues think: criteria of jobs, scorecards, notes, and their reads."""

from datetime import datetime, timedelta
from typing import NamedTuple

from candidates import notes, scores
from candidates.models import Application, Criterion, Job, Read, User

#: By the job's slug. None is anything that the AGG forbids to ask for.
CRITERIA = {
    "backend-entwicklung-python": (
        "Python und Django im Betrieb",
        "Datenmodelle und SQL",
        "Verantwortung für Ausfälle",
        "Zusammenarbeit im Team",
    ),
    "product-designer": (
        "Portfolio of shipped products",
        "Research with users",
        "Works with engineers",
    ),
    "systemadministration-linux": ("Linux im Betrieb", "Automatisierung", "Rufbereitschaft"),
    "ausbildung-fachinformatik": ("Freude an Technik", "Rechnen und Schreiben"),
}


class Said(NamedTuple):
    """A note on somebody's application, by last name and the writer's address."""

    last_name: str
    by: str
    text: str
    hours_ago: int
    to: str = ""


class Judged(NamedTuple):
    """A scorecard: its grades in the order of the job's criteria."""

    last_name: str
    by: str
    grades: tuple[int, ...]
    hours_ago: int
    text: str = ""


NOTES = (
    Said(
        "Yıldırım",
        "jens",
        "@Katrin stark bei Datenmodellen, fragt von sich aus nach Ausfällen. Will in Leipzig "
        "bleiben. Angebot mit 36 Stunden?",
        1,
        to="katrin",
    ),
    Said("Yıldırım", "aylin", "Zweites Gespräch am besten mit dem ganzen Team.", 20),
    Said("Reiß", "katrin", "@Jens kannst du bis Freitag entscheiden?", 5, to="jens"),
    Said("El-Sayed", "jens", "Kann ab 1. des übernächsten Monats.", 30),
    Said("Hernández", "aylin", "@Katrin great case study, please invite her.", 8, to="katrin"),
)
SCORES = (
    Judged(
        "Yıldırım", "jens", (4, 4, 3, 3), 41, "Erklärt ruhig, kennt die Fallen von Migrationen."
    ),
    Judged("Yıldırım", "aylin", (3, 4, 4, 4), 28),
    Judged("Benedetti", "katrin", (3, 2, 3, 4), 60),
    Judged("Benedetti", "jens", (3, 3, 2, 4), 50, "Noch wenig SQL, lernt schnell."),
    Judged("Tanaka", "jens", (2, 3, 3, 3), 52),
    Judged("El-Sayed", "katrin", (4, 3, 4, 4), 90),
    Judged("El-Sayed", "jens", (4, 4, 4, 3), 88),
    Judged("Šimůnek", "jens", (3, 4, 3, 3), 70),
    Judged("Hernández", "aylin", (4, 3, 4), 30),
)


def lay(
    played: list[Application], jobs: dict[str, Job], staff: dict[str, User], *, now: datetime
) -> None:
    """Have the colleagues judge and note, each at its hour, by the verbs."""
    for slug, names in CRITERIA.items():
        rows = enumerate(names, start=1)
        Criterion.objects.bulk_create(
            Criterion(job=jobs[slug], name=name, position=number) for number, name in rows
        )
    people = {application.last_name: application for application in played}
    for judged in SCORES:
        application, at = people[judged.last_name], now - timedelta(hours=judged.hours_ago)
        asked = scores.criteria(application).values()
        grades = dict(zip(asked, judged.grades, strict=True))
        by = staff[judged.by]
        scores.give(application, grades=grades, text=judged.text, by=by, now=at)
        Read.objects.create(application=application, by=by, at=at - timedelta(minutes=20))
    for said in NOTES:
        note = notes.add(
            people[said.last_name],
            text=said.text,
            is_private=False,
            mentioned=(),
            by=staff[said.by],
            now=now - timedelta(hours=said.hours_ago),
        )
        if said.to:  # without the mail: the demo leaves no work to do
            note.mentions.create(user=staff[said.to])
