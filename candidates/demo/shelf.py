"""Jobs that nobody applies to now: a draft without its pay yet, and one that has been filled."""

from datetime import datetime, timedelta

from candidates import criteria, jobs
from candidates.models import Job, User

DRAFT = """Unsere Labore messen jede Nacht. Am Morgen soll jemand wissen, was die Zahlen sagen.

## Ihre Aufgaben

- Sie bauen Auswertungen, die ein Labor ohne Anleitung versteht.
- Sie prüfen, ob stimmt, was wir zu wissen glauben.

## Was Sie mitbringen

- Sicherheit in SQL und Statistik, Python oder R
- Freude daran, ein Ergebnis wieder wegzuwerfen
"""
FILLED = """Wir suchen jemanden für Empfang und Telefon, an vier Vormittagen in der Woche.

## Ihre Aufgaben

- Sie begrüßen, wer kommt, und wissen, wer gebraucht wird.
- Sie halten Post, Räume und Kalender in Ordnung.
"""
#: What scorecards judge where nobody has given one yet, by the language of the job.
CRITERIA = {
    "de": ("Fachwissen", "Erfahrung mit den Aufgaben", "Verständigung", "Arbeitsweise"),
    "en": ("Craft", "Experience with the tasks", "Communication", "Way of working"),
}


def furnish(advertised: list[Job], *, by: User, now: datetime) -> None:
    """Give the other advertised jobs criteria too, and put two more on the shelves beside them."""
    for job in (each for each in advertised if not each.criteria.exists()):
        for name in CRITERIA[job.language]:
            criteria.add(job, name)
    _made("Datenanalyse", "Entwicklung", DRAFT, by=by, kind=Job.Kind.EITHER)
    filled = _made("Empfang", "Verwaltung", FILLED, by=by, kind=Job.Kind.PART_TIME)
    Job.objects.filter(pk=filled.pk).update(pay_from=26_000, pay_to=29_000)
    jobs.publish(filled, now=now - timedelta(days=150))
    jobs.close(filled)


def _made(title: str, team: str, text: str, *, by: User, kind: Job.Kind) -> Job:
    job = Job(
        title=title,
        language="de",
        team=team,
        place="Karlsruhe",
        locality="Karlsruhe",
        kind=kind,
        description=text,
    )
    return jobs.create(job, by=by)
