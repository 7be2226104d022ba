"""Entry points of the job cluster: ids in, one line out, no logic.

Every one of them is safe to run twice, late, beside itself, or to be killed at any line.
"""

from django.contrib.sessions.models import Session
from django.utils import timezone

from candidates import holds, ledger, mail, purge, quarantine, requests, watch
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


def scan_pending() -> str:
    """Minutely. See `quarantine.run`."""
    return str(quarantine.run(timezone.now()))


def clean() -> str:
    """Hourly: uploads never sent or never whole, old sessions, pages drawn long ago."""
    now = timezone.now()
    Session.objects.filter(expire_date__lt=now).delete()
    preview.forget_pages(now)
    bounded.clean(now)
    staged, left = uploads.clean_expired(now), uploads.clear_temporary(now)
    return f"staged uploads gone: {staged}, temporary files: {left}"


def keep_ledger() -> str:
    """Minutely. See `ledger.keep`."""
    return ledger.keep(now=timezone.now())


def verify_ledger() -> str:
    """Daily. See `ledger.check`."""
    faults = ledger.check(now=timezone.now())
    return f"faults: {len(faults)}"


def prepare_attachments() -> str:
    """Minutely, and at once when an application has come. See `preview.prepare`."""
    return str(preview.prepare(now=timezone.now()))


def confirm_waited() -> str:
    """Hourly. See `requests.confirm_waited`."""
    return f"confirmed {requests.confirm_waited(timezone.now())}"


def watch_over() -> str:
    """Hourly: what is wrong, what ends soon, what comes. See `watch.alarm` and the others."""
    now = timezone.now()
    told = {
        "alarm": watch.alarm(now),
        "holds": holds.remind(now),
        "large days": purge.brake.announce(now),
    }
    return ", ".join(f"{what} {int(sent)}" for what, sent in told.items())


def compare_storage() -> str:
    """Daily. See `storage.sweep`."""
    return str(watch.compare(now=timezone.now(), fix=True))


def beat() -> str:
    """Minutely: the sign that the cluster is alive, for `/health/`."""
    Heartbeat.objects.beat("cluster", timezone.now())
    return "alive"
