"""Running the checks, each by itself."""

import logging
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from .clauses import CLAUSES, Clause

log = logging.getLogger("ats.policy")


@dataclass(frozen=True)
class Result:
    """Whether a clause holds; `why` is a sentence if it does not, and empty if it does."""

    clause: Clause
    why: str

    @property
    def holds(self) -> bool:
        return not self.why

    def as_dict(self) -> dict[str, object]:
        clause = self.clause
        return {
            "name": clause.name,
            "number": clause.number,
            "sentence": clause.sentence(),
            "settings": list(clause.settings),
            "holds": self.holds,
            "why": self.why,
        }


def check(now: datetime) -> list[Result]:
    """Check every clause on the data and settings as they are. Writes nothing."""
    return [Result(clause, _why(clause, now)) for clause in CLAUSES]


def _why(clause: Clause, now: datetime) -> str:
    try:
        with transaction.atomic():  # a query that fails must not spoil the others
            return clause.check(now)
    except Exception:  # what cannot be checked does not hold
        log.exception("a clause of the policy could not be checked: %s", clause.name)
        return _("This could not be checked. The server’s log says why.")
