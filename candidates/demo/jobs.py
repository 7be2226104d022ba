"""The six jobs of the demo. Their descriptions are the Markdown files in texts/."""

from dataclasses import dataclass
from pathlib import Path

from candidates.models import Job

TEXTS = Path(__file__).parent / "texts"

#: In the job's language, as a recruiter would name them.
STAGES = {
    "de": ("Eingegangen", "Sichtung", "Gespräch", "Angebot"),
    "en": ("Received", "Screening", "Interview", "Offer"),
}


KARLSRUHE = ("Werderstraße 28", "76137", "Karlsruhe")
LEIPZIG = ("Lindenstraße 12", "04109", "Leipzig")


@dataclass(frozen=True)
class Advert:
    """A job as the demo knows it: the team by the local parts of their addresses."""

    slug: str
    title: str
    language: str
    team: str
    place: str
    kind: Job.Kind
    answer_days: int
    hiring_team: tuple[str, ...]
    #: Before taxes, least and most; a year's, unless `pay_period` says otherwise.
    pay: tuple[int, int]
    address: tuple[str, str, str]
    is_confidential: bool = False
    is_remote: bool = False
    pay_period: Job.PayPeriod = Job.PayPeriod.YEAR
    #: Days to come, or None if it is open until it is filled.
    ends_in: int | None = None

    @property
    def description(self) -> str:
        return (TEXTS / f"{self.slug}.md").read_text("utf-8")


ADVERTS = (
    Advert(
        slug="backend-entwicklung-python",
        title="Backend-Entwicklung Python",
        language="de",
        team="Entwicklung",
        place="Karlsruhe oder zu Hause",
        kind=Job.Kind.EITHER,
        answer_days=14,
        hiring_team=("katrin", "jens", "aylin"),
        pay=(62_000, 78_000),
        address=KARLSRUHE,
        is_remote=True,
    ),
    Advert(
        slug="product-designer",
        title="Product Designer",
        language="en",
        team="Produkt",
        place="Leipzig or from home",
        kind=Job.Kind.EITHER,
        answer_days=14,
        hiring_team=("katrin", "aylin"),
        pay=(56_000, 70_000),
        address=LEIPZIG,
    ),
    Advert(
        slug="systemadministration-linux",
        title="Systemadministration Linux",
        language="de",
        team="Betrieb",
        place="Karlsruhe",
        kind=Job.Kind.FULL_TIME,
        answer_days=10,
        hiring_team=("katrin", "jens"),
        pay=(54_000, 68_000),
        address=KARLSRUHE,
    ),
    Advert(
        slug="customer-success-laboratories",
        title="Customer Success, Laboratories",
        language="en",
        team="Kunden",
        place="Leipzig",
        kind=Job.Kind.EITHER,
        answer_days=14,
        hiring_team=("katrin", "aylin"),
        pay=(44_000, 54_000),
        address=LEIPZIG,
    ),
    Advert(
        slug="ausbildung-fachinformatik",
        title="Ausbildung Fachinformatik",
        language="de",
        team="Entwicklung",
        place="Karlsruhe",
        kind=Job.Kind.TRAINEE,
        answer_days=21,
        hiring_team=("katrin", "jens"),
        pay=(1_200, 1_380),
        pay_period=Job.PayPeriod.MONTH,
        address=KARLSRUHE,
        ends_in=45,
    ),
    Advert(
        slug="leitung-finanzen",
        title="Leitung Finanzen",
        language="de",
        team="Verwaltung",
        place="Karlsruhe",
        kind=Job.Kind.EITHER,
        answer_days=14,
        hiring_team=("katrin", "aylin"),
        pay=(88_000, 105_000),
        address=KARLSRUHE,
        is_confidential=True,
    ),
)
