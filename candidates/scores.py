"""Scorecards: one person's judgement of an application, by what its job asks for."""

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from candidates import pipeline
from candidates.models import Application, Criterion, Grade, Scorecard, User
from candidates.pipeline import ChangeNotAllowed

#: The number of the criterion of a job that has named none.
OVERALL = 0


def criteria(application: Application) -> dict[int, str]:
    """Return what an application is judged by, by number: the job's criteria, or one for all."""
    named = Criterion.objects.filter(job=application.job_id).order_by("position")
    return dict(named.values_list("pk", "name")) or {OVERALL: _overall(application)}


def _overall(application: Application) -> str:
    # It is kept as it is called now, and its reader in the end is the applicant.
    with translation.override(application.language):
        return _("Meets the requirements")


@transaction.atomic
def give(
    application: Application, *, grades: Mapping[str, int], text: str, by: User, now: datetime
) -> Scorecard:
    """Hand in a scorecard, or change one's own while it is the only one.

    `grades` are by the criterion's name. Whoever can read others' cannot change theirs any more:
    each is a judgement of one's own.
    """
    application = pipeline.locked(application)
    own = application.scorecards.filter(by=by).first()
    if own and is_fixed(application, by=by):
        raise ChangeNotAllowed(
            _(
                "Somebody else’s scorecard is in and you can read it, so yours stays as it is. "
                "Write a note if you see it otherwise now."
            )
        )
    if own:
        own.delete()
    card = application.scorecards.create(by=by, at=now, text=text)
    Grade.objects.bulk_create(
        Grade(scorecard=card, criterion=criterion, value=value)
        for criterion, value in grades.items()
    )
    return card


def is_fixed(application: Application, *, by: User) -> bool:
    """Whether others have handed in theirs, so that one's own stays as it is."""
    return application.scorecards.exclude(by=by).exists()
