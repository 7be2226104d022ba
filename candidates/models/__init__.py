"""What Halbjahr keeps, one family a file."""

from .applications import Application, Event
from .certificates import CertificateMail
from .employees import Employee
from .holds import Hold
from .jobs import Criterion, Job, Stage
from .ledger import Heartbeat, LedgerLine
from .mail import Mail, SeenMail, StrayMail
from .notes import Grade, Mention, Note, Scorecard
from .reads import Read
from .requests import AccessCopy, Request
from .runs import Confirmation, Run
from .statistics import Duration, Tally
from .tokens import LostLink, Token, Tries
from .users import User
from .workspace import MailTemplate, Reason, SavedView

__all__ = [
    "AccessCopy",
    "Application",
    "CertificateMail",
    "Confirmation",
    "Criterion",
    "Duration",
    "Employee",
    "Event",
    "Grade",
    "Heartbeat",
    "Hold",
    "Job",
    "LedgerLine",
    "LostLink",
    "Mail",
    "MailTemplate",
    "Mention",
    "Note",
    "Read",
    "Reason",
    "Request",
    "Run",
    "SavedView",
    "Scorecard",
    "SeenMail",
    "Stage",
    "StrayMail",
    "Tally",
    "Token",
    "Tries",
    "User",
]
