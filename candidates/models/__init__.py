"""What Halbjahr keeps, one family a file."""

from .applications import Application, Event
from .certificates import CertificateMail
from .employees import Employee
from .holds import Hold
from .jobs import Job, Stage
from .ledger import Heartbeat, LedgerLine
from .mail import Mail, SeenMail, StrayMail
from .reads import Read
from .requests import AccessCopy, Request
from .runs import Confirmation, Run
from .statistics import Duration, Tally
from .tokens import LostLink, Token, Tries
from .users import User

__all__ = [
    "AccessCopy",
    "Application",
    "CertificateMail",
    "Confirmation",
    "Duration",
    "Employee",
    "Event",
    "Heartbeat",
    "Hold",
    "Job",
    "LedgerLine",
    "LostLink",
    "Mail",
    "Read",
    "Request",
    "Run",
    "SeenMail",
    "Stage",
    "StrayMail",
    "Tally",
    "Token",
    "Tries",
    "User",
]
