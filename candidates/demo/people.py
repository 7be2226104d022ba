"""The people of the demo: who works at the firm and who applies there."""

from typing import NamedTuple

from candidates.access import Role
from candidates.status import Status

REJECTED, WITHDRAWN, HIRED = Status.REJECTED, Status.WITHDRAWN, Status.HIRED
#: Positions of the four stages.
RECEIVED, SCREENING, INTERVIEW, OFFER = range(4)
#: For `days`: decided so long ago that the clock ends today; and longer, kept by a hold.
ENDS_TODAY, HELD = -1, -2


class Colleague(NamedTuple):
    first_name: str
    last_name: str
    local_part: str
    role: Role

    @property
    def email(self) -> str:
        return f"{self.local_part}@musterwerk.example"


STAFF = (
    Colleague("Katrin", "Voss", "katrin", Role.RECRUITER),
    Colleague("Jens", "Holm", "jens", Role.HIRING_MANAGER),
    Colleague("Aylin", "Sommer", "aylin", Role.HIRING_MANAGER),
    Colleague("Ayşe", "Demir", "ayse", Role.PERSONNEL),
    Colleague("Miriam", "Falk", "miriam", Role.PRIVACY_OFFICER),
    Colleague("Tom", "Reuter", "tom", Role.ADMINISTRATOR),
)


class Applicant(NamedTuple):
    """Someone who applied, and how it stands.

    `stands` is the stage of an open application or the status of a closed one. `days` counts
    from receipt for the open and from the decision for the closed, in a retention of six months.
    `files` is how many documents came along: CV, letter, references, in this order.
    """

    first_name: str
    last_name: str
    stands: int | Status
    days: int
    files: int = 2

    @property
    def is_open(self) -> bool:
        return isinstance(self.stands, int)


class Start(NamedTuple):
    """What a hire led to: a job title, and the first day so many days after the decision."""

    job_title: str
    after_days: int


#: By last name, for those who were hired.
STARTS = {
    "Nwosu": Start("Softwareentwicklerin Backend", 31),
    "Kouassi": Start("Systemadministratorin Linux", 23),
}

A = Applicant
#: By the job's slug; speculative applications under an empty one.
APPLICANTS: dict[str, tuple[Applicant, ...]] = {
    "backend-entwicklung-python": (
        A("Priya", "Raghunathan", RECEIVED, 0),
        A("Jakob", "Steinmetz", RECEIVED, 0, 1),
        A("Aylin", "Kaya-Brandt", RECEIVED, 1),
        A("Miguel", "Santos Ferreira", RECEIVED, 2),
        A("Dmytro", "Kovalenko", RECEIVED, 3),
        A("Björn", "Åkesson", RECEIVED, 5, 0),
        A("Chloé", "Lefèvre", RECEIVED, 6, 1),
        A("Leon", "Fischbach", SCREENING, 32, 3),
        A("Nguyễn", "Thị Mai", SCREENING, 26),
        A("Ewa", "Zielińska", SCREENING, 11),
        A("Marie-Christine", "von Hohenfels-Bergmann", SCREENING, 5, 3),
        A("Tariq", "Mansour", SCREENING, 4, 1),
        A("Emre", "Yıldırım", INTERVIEW, 12, 3),
        A("Chiara", "Benedetti", INTERVIEW, 10),
        A("Haruki", "Tanaka", INTERVIEW, 9),
        A("Antonia", "Reiß", INTERVIEW, 14, 3),
        A("Nadia", "El-Sayed", OFFER, 20, 3),
        A("Ondřej", "Šimůnek", OFFER, 17),
        A("Peter", "Lindner", REJECTED, 0),
        A("Ana", "Kovačević", REJECTED, ENDS_TODAY),
        A("Markus", "Thiele", WITHDRAWN, 150, 1),
        A("Zeynep", "Arslan", REJECTED, HELD),
        A("Ole", "Jansen", REJECTED, 104),
        A("Grace", "Nwosu", HIRED, 90, 3),
        A("Vincent", "Laurent", REJECTED, 54),
        A("Gülsüm", "Yavuz", WITHDRAWN, 176, 1),
    ),
    "product-designer": (
        A("Mira", "Okonkwo", RECEIVED, 1, 3),
        A("Sneha", "Patil", RECEIVED, 4),
        A("Tomás", "Ó Briain", RECEIVED, 7, 1),
        A("Lena", "Hofstätter", SCREENING, 9),
        A("Kwame", "Asante-Mensah", SCREENING, 11),
        A("Sofía", "Hernández", INTERVIEW, 13, 3),
        A("Daniel", "Moreau", OFFER, 18),
        A("Isabel", "Roth", REJECTED, 35),
        A("Oluwaseun", "Adébáyọ̀", REJECTED, ENDS_TODAY, 3),
        A("Hanna", "Lindqvist", WITHDRAWN, 112, 1),
    ),
    "systemadministration-linux": (
        A("Rainer", "Obermüller", RECEIVED, 2, 3),
        A("Fatoumata", "Diallo", RECEIVED, 6),
        A("Ivan", "Petrov", SCREENING, 8, 1),
        A("Kübra", "Öztürk", INTERVIEW, 9),
        A("Nadège", "Kouassi", HIRED, 9, 3),
        A("Tim", "Osterkamp", REJECTED, 8),
        A("Wojciech", "Brzęczyszczykiewicz", REJECTED, 120),
        A("Samuel", "Wekesa", REJECTED, 168, 1),
    ),
    "customer-success-laboratories": (
        A("Amira", "Haddad", RECEIVED, 3),
        A("Phạm", "Quốc Bảo", RECEIVED, 5, 1),
        A("Olena", "Schewtschuk", SCREENING, 9, 3),
        A("Siobhán", "Byrne", SCREENING, 12),
        A("Antje", "Petersen", INTERVIEW, 13),
        A("Rosa", "Maldonado", WITHDRAWN, 1, 1),
        A("Jürgen", "Weiß", REJECTED, 47),
    ),
    "ausbildung-fachinformatik": (
        A("Mehmet", "Çelik", RECEIVED, 1, 1),
        A("Lina", "Großmann", RECEIVED, 8),
        A("Jonas", "Bäcker", SCREENING, 15, 1),
        A("Kateryna", "Bondarenko", INTERVIEW, 19),
        A("Yusuf", "Şahin", REJECTED, 139, 1),
        A("Emilia", "Wójcik", REJECTED, ENDS_TODAY, 1),
    ),
    "leitung-finanzen": (
        A("Henrike", "Freifrau von der Tann", RECEIVED, 4, 3),
        A("Giorgos", "Papadopoulos", SCREENING, 10),
        A("Fabian", "Krüger", INTERVIEW, 14, 3),
        A("Ulrike", "Müller-Lüdenscheidt", REJECTED, 161),
    ),
    "": (
        A("Noor", "van den Berg", RECEIVED, 2, 1),
        A("Luan", "Krasniqi", RECEIVED, 9),
        A("Željko", "Đorđević", RECEIVED, 17, 1),
        A("Sophie", "Rosenbaum", REJECTED, 148),
    ),
}
