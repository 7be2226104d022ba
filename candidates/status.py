"""The statuses of an application: the state that the law looks at, as data."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Status(TextChoices):
    OPEN = "open", _("Open")
    REJECTED = "rejected", _("Rejected")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    HIRED = "hired", _("Hired")


#: Statuses that end an application. Each starts the retention clock.
CLOSED = frozenset({Status.REJECTED, Status.WITHDRAWN, Status.HIRED})

#: Every change the rules allow. Nothing else changes a status.
NEXT: dict[Status, frozenset[Status]] = {
    Status.OPEN: CLOSED,
    # Withdrawn only while the applicant cannot know of the rejection: see `pipeline.withdraw`.
    Status.REJECTED: frozenset({Status.OPEN, Status.WITHDRAWN}),
    Status.WITHDRAWN: frozenset(),
    Status.HIRED: frozenset({Status.OPEN}),
}
