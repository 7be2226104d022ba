"""What somebody entered by hand, and the views of the list that the recruiter has saved."""

from candidates.models import Application, SavedView, User

Source = Application.Source

#: How it came and from whom, by last name.
ENTERED = {
    "Åkesson": (Source.REFERRAL, "Jens Holm"),
    "Zielińska": (Source.AGENCY, "Talentbrücke Leipzig GmbH"),
    "Hofstätter": (Source.AGENCY, "Talentbrücke Leipzig GmbH"),
    "Obermüller": (Source.PAPER, ""),
}
VIEWS = (
    ("Wartet am längsten", "status=open&order=waiting"),
    ("Empfohlen", "source=referral"),
    ("Initiativ", "status=open&speculative=on"),
)


def save_views(user: User) -> None:
    for name, query in VIEWS:
        SavedView.objects.get_or_create(user=user, name=name, defaults={"query": query})
