"""Pages of the machine: health, robots.txt, and the mails of a development server."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from logging import getLogger
from pathlib import Path
from typing import Literal

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from candidates import watch
from candidates.models import Heartbeat
from storage import scanning
from storage.backends import attachment_store
from storage.models import Attachment

logger = getLogger("ats")

# Health -----------------------------------------------------------------------------------

WELL = "well"
#: How long the storage may take to answer. A balancer asks every few seconds.
SECONDS = 5


@login_not_required
@never_cache
@require_safe
def health(request: HttpRequest) -> HttpResponse:
    """Return 200 if database, storage, jobs and erasure are well, else 503 and which not.

    How the virus scanner is, is said and changes nothing: applications come in without it.
    """
    storage = storage_health()
    parts = {"storage": storage} | database_health(timezone.now(), ask_storage=storage == WELL)
    well = all(word == WELL for word in parts.values())
    status = "well" if well else "not well"
    scanner = {"scanner": scanner_health()}
    return JsonResponse({"status": status} | parts | scanner, status=200 if well else 503)


def database_health(now: datetime, *, ask_storage: bool) -> dict[str, str]:
    """Return how the database is, the jobs that leave their pulses in it, and what they did."""
    try:
        return {"database": WELL} | jobs_health(now) | watch_health(now, ask_storage=ask_storage)
    except DatabaseError:
        logger.exception("The database does not answer")
        return {"database": "down"} | {part: "unknown" for part, _ in watch.GRAVE.values()}


def jobs_health(now: datetime) -> dict[str, str]:
    beats = dict(Heartbeat.objects.filter(name__in=watch.SILENCE).values_list("name", "at"))
    return {name: pulse(beats.get(name), now - age) for name, age in watch.SILENCE.items()}


def watch_health(now: datetime, *, ask_storage: bool) -> dict[str, str]:
    """Return how well the jobs do what they are there for. The pulses say more of themselves."""
    counts = {each.code: each.count for each in watch.grave(now, ask_storage=ask_storage)}
    words = {
        part: word.format(counts[code]) if code in counts else WELL
        for code, (part, word) in watch.GRAVE.items()
        if part not in watch.SILENCE
    }
    return words if ask_storage else words | {"ledger": "unknown"}


def pulse(at: datetime | None, since: datetime) -> str:
    if at is None:
        return "has not run yet"
    if at >= since:
        return WELL
    return f"silent since {at.astimezone(UTC).isoformat(timespec='seconds')}"


def storage_health() -> str:
    """Return how the storage is; one that does not answer in time is down."""
    pool = ThreadPoolExecutor(1, thread_name_prefix="storage-health")
    try:
        pool.submit(lambda: attachment_store().check()).result(SECONDS)
    except TimeoutError:
        return "too slow"
    except Exception:  # whatever it is, the answer is that there is no storage
        logger.exception("The storage does not answer")
        return "down"
    finally:
        pool.shutdown(wait=False)
    return WELL


def scanner_health() -> str:
    """Return how the virus scanner is, and how many files wait for it."""
    try:
        waiting = Attachment.objects.filter(verdict=Attachment.Verdict.PENDING).count()
    except DatabaseError:
        waiting = 0
    word = scanner_word()
    return f"{word}; files that wait: {waiting}" if waiting else word


def scanner_word() -> str:
    if not scanning.is_on():
        return "off, CLAMD_URL is not set"
    try:
        scanning.ping()
    except scanning.NotScanned as error:
        return "too slow" if error.code == "slow" else "down"
    return WELL


# robots.txt -------------------------------------------------------------------------------

#: What search engines may not index: everything that is not a job.
ROBOTS = """User-agent: *
Disallow: /accounts/
Disallow: /admin/
Disallow: /hr/
Disallow: /my/
Disallow: /uploads/
"""


@login_not_required
@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    return HttpResponse(ROBOTS, content_type="text/plain")


# The mails of a development server ------------------------------------------------------------

FILE_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
#: As Django names them: the time, a number and `.log`. No slash and no leading dot.
MAIL_NAME = re.compile(r"\w[\w-]*\.log", re.ASCII)
#: Mails bring their styles with them; beyond that they may do nothing, as in a mail program.
MAIL_CSP = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'"
#: Django's line between the mails of one file.
MAIL_END = b"\n" + b"-" * 79 + b"\n"


@login_not_required
@require_safe
def dev_mails(request: HttpRequest) -> HttpResponse:
    files = sorted(mail_folder().glob("*.log"), reverse=True)[:100]
    mails = [(file.name, mail) for file in files for mail in read_mails(file)]
    return render(request, "dev/mails.html", {"mails": mails})


@login_not_required
@require_safe
def dev_mail(request: HttpRequest, name: str) -> HttpResponse:
    mails = [Shown(mail) for mail in read_mails(mail_file(name))]
    return render(request, "dev/mail.html", {"name": name, "mails": mails})


@login_not_required
@require_safe
def dev_html(request: HttpRequest, name: str, number: int) -> HttpResponse:
    """Return the HTML part of a file's mail as a mail program would show it."""
    mails = read_mails(mail_file(name))
    if number >= len(mails):
        raise Http404
    return HttpResponse(
        content(mails[number], "html"), headers={"Content-Security-Policy": MAIL_CSP}
    )


def mail_folder() -> Path:
    """Return where Django writes mails, if it does. Raises Http404."""
    if not settings.DEBUG or settings.EMAIL_BACKEND != FILE_BACKEND:
        raise Http404
    return Path(settings.EMAIL_FILE_PATH)


def mail_file(name: str) -> Path:
    """Return a file of mails. Raises Http404."""
    file = mail_folder() / name
    if not MAIL_NAME.fullmatch(name) or not file.is_file():
        raise Http404
    return file


def read_mails(file: Path) -> list[EmailMessage]:
    texts = file.read_bytes().split(MAIL_END)
    return [
        message_from_bytes(text, EmailMessage, policy=policy.default)
        for text in texts
        if text.strip()
    ]


class Shown:
    """What the page of a mail says of it."""

    def __init__(self, mail: EmailMessage) -> None:
        self.mail = mail
        self.reply_to = mail["Reply-To"]
        self.text = content(mail, "plain")
        self.has_html = bool(content(mail, "html"))


def content(mail: EmailMessage, subtype: Literal["plain", "html"]) -> str:
    """Return the mail's text, or its HTML; "" if it has none."""
    part = mail.get_body((subtype,))
    return str(part.get_content()) if part else ""
