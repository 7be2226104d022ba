"""What Halbjahr keeps, one family a file."""

from .applications import Application, Event
from .certificates import CertificateMail
from .employees import Employee
from .holds import Hold
from .jobs import Job, Stage
from .ledger import Heartbeat, LedgerLine
from .mail import Mail
from .reads import Read
from .requests import Request
from .runs import Confirmation, Run
from .statistics import Duration, Tally
from .users import User

__all__ = [
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
    "Mail",
    "Read",
    "Request",
    "Run",
    "Stage",
    "Tally",
    "User",
]
