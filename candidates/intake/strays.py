"""The mails that a person looks at: taken in after all, deleted, or gone after 30 days."""

from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from candidates.intake import letters, seen, taking
from candidates.intake.letters import Letter
from candidates.intake.parts import Unreadable
from candidates.models import Application, Job, StrayMail
from candidates.pipeline import ChangeNotAllowed
from storage.backends import StorageError

#: How long they wait.
KEPT = timedelta(days=30)


def letter(stray: StrayMail) -> Letter | None:
    """Return a stray mail in its parts, or None if nobody can read it."""
    try:
        return letters.read(bytes(stray.raw))
    except Unreadable:
        return None


def may_be_adopted(stray: StrayMail) -> bool:
    """Whether all of it is here."""
    return stray.reason != StrayMail.Reason.TOO_LARGE


def adopt(stray: StrayMail, *, job: Job | None, now: datetime) -> Application:
    """Make an application of a stray mail: a person has seen that it is one.

    Its sender gets the receipt, so this is for mails of people alone.
    """
    read = letter(stray)
    if read is None or not may_be_adopted(stray):
        raise ChangeNotAllowed(
            _("This mail cannot be read in full. Ask its sender to apply again.")
        )
    try:
        return taking.apply(read, stray.digest, job=job, now=now, stray=stray)
    except taking.Stray:
        raise ChangeNotAllowed(
            _("This mail names no sender who can be answered, so it cannot become an application.")
        ) from None
    except seen.TakenBefore:
        raise ChangeNotAllowed(_("Somebody else has dealt with this mail meanwhile.")) from None
    except StorageError:
        raise ChangeNotAllowed(
            _("Files cannot be stored just now. Try again in a few minutes.")
        ) from None


def discard(stray: StrayMail) -> None:
    """Delete a stray mail, if it is still there."""
    StrayMail.objects.filter(pk=stray.pk).delete()


def forget_strays(now: datetime) -> int:
    """Delete the stray mails that have waited for 30 days; return how many."""
    deleted, _rows = StrayMail.objects.filter(received_at__lte=now - KEPT).delete()
    return deleted
