"""Entry points of the job cluster: ids in, one line out, no logic.

Every one of them is safe to run twice, late, beside itself, or to be killed at any line.
"""

from django.contrib.sessions.models import Session
from django.utils import timezone

from candidates import mail, purge, quarantine
from candidates.models import Heartbeat
from storage import erasure, uploads


def purge_due() -> str:
    """Hourly. See `purge.run`."""
    return str(purge.run())


def work_tombstones() -> str:
    """Minutely. See `erasure.work`."""
    return str(erasure.work(now=timezone.now()))


def send_mails() -> str:
    """Minutely, and at once when a mail is due. See `mail.send_due`."""
    return f"sent {mail.send_due(timezone.now())}"


def scan_pending() -> str:
    """Minutely. See `quarantine.run`."""
    return str(quarantine.run(timezone.now()))


def clean() -> str:
    """Hourly: uploads that were never sent or never came whole, and sessions that are over."""
    now = timezone.now()
    Session.objects.filter(expire_date__lt=now).delete()
    staged, left = uploads.clean_expired(now), uploads.clear_temporary(now)
    return f"staged uploads gone: {staged}, temporary files: {left}"


def beat() -> str:
    """Minutely: the sign that the cluster is alive, for `/health/`."""
    Heartbeat.objects.beat("cluster", timezone.now())
    return "alive"
