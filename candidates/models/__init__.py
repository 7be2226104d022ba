"""What Halbjahr keeps, one family a file."""

from .applications import Application, Event
from .employees import Employee
from .holds import Hold
from .jobs import Job, Stage
from .ledger import Heartbeat, LedgerLine
from .mail import Mail
from .reads import Read
from .users import User

__all__ = [
    "Application",
    "Employee",
    "Event",
    "Heartbeat",
    "Hold",
    "Job",
    "LedgerLine",
    "Mail",
    "Read",
    "Stage",
    "User",
]
