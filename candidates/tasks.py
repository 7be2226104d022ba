"""Entry points of the job cluster: ids in, one line out, no logic.

Every one of them is safe to run twice, late, beside itself, or to be killed at any line.
"""

from django.contrib.sessions.models import Session
from django.utils import timezone

from candidates import mail, purge
from candidates.models import Heartbeat
from storage import bounded, erasure, preview, uploads


def purge_due() -> str:
    """Hourly. See `purge.run`."""
    return str(purge.run())


def work_tombstones() -> str:
    """Minutely. See `erasure.work`."""
    return str(erasure.work(now=timezone.now()))


def send_mails() -> str:
    """Minutely, and at once when a mail is due. See `mail.send_due`."""
    return f"sent {mail.send_due(timezone.now())}"


def clean() -> str:
    """Hourly: staged uploads never sent, sessions that are over, pages drawn long ago."""
    now = timezone.now()
    Session.objects.filter(expire_date__lt=now).delete()
    preview.forget_pages(now)
    bounded.clean(now)
    return f"staged uploads gone: {uploads.clean_expired(now)}"


def prepare_attachments() -> str:
    """Minutely, and at once when an application has come. See `preview.prepare`."""
    return str(preview.prepare(now=timezone.now()))


def beat() -> str:
    """Minutely: the sign that the cluster is alive, for `/health/`."""
    Heartbeat.objects.beat("cluster", timezone.now())
    return "alive"
