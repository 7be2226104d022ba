"""Checks of what is set and built: the form, the pages, the cookies, the log.

Each returns "" if the clause holds, otherwise why it does not.
"""

from datetime import datetime, timedelta
from ipaddress import ip_address
from urllib.parse import urlsplit

from django.conf import settings
from django.db.models import Field
from django.urls import resolve, reverse
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from candidates import room
from candidates.forms.apply import ApplyForm
from candidates.models import Application
from storage.uploads import STAGED_FOR

REQUIRED = {"first_name", "last_name", "email"}
OPTIONAL = {"phone"}
#: All that an application's row has; what it has beside the form's fields came about here.
ROW = (
    REQUIRED
    | OPTIONAL
    | {
        *(
            "id",
            "submission",
            "job",
            "stage",
            "language",
            "source",
            "introduced_by",
            "legal_basis",
            "policy_version",
            "folded",
        ),
        *(
            "received_at",
            "first_opened_at",
            "stage_since",
            "status",
            "decided_on",
            "delete_on",
            "retention_months",
        ),
        *("early", "early_at", "restricted_at", "foreseen_on", "wants_certificate"),
    }
)
LONGEST_COOKIE = timedelta(days=20)
#: One of each kind, from the ranges that are kept for examples.
ADDRESSES = {"203.0.113.77": "203.0.113.0", "2001:db8:85a3:8d3::7": "2001:db8:85a3::"}
#: Sources of a page's parts that are no other server.
OWN = {"'self'", "'none'", "data:"}


def operator_is_complete(now: datetime) -> str:
    missing = [name for name, value in settings.ATS_OPERATOR.items() if not value.strip()]
    if missing:
        return _("ATS_OPERATOR lacks %s.") % ", ".join(missing)
    return ""


def form_has_exactly_these_fields(now: datetime) -> str:
    fields = ApplyForm.base_fields
    required = {name for name, field in fields.items() if field.required}
    optional = set(fields) - required
    if (required, optional) != (REQUIRED, OPTIONAL):
        odd = sorted((required ^ REQUIRED) | (optional ^ OPTIONAL))
        return _("The form asks otherwise than the policy says: %s.") % ", ".join(odd)
    return ""


def nothing_special_is_asked(now: datetime) -> str:
    names = {field.name for field in Application._meta.get_fields() if isinstance(field, Field)}
    if more := sorted(names - ROW):
        return _("Applications have fields that the policy does not know: %s.") % ", ".join(more)
    return ""


def form_is_open(now: datetime) -> str:
    return _closed(reverse("careers:speculative"), reverse("careers:apply", args=["job"]))


def notices_are_open(now: datetime) -> str:
    return _closed(reverse("privacy"), reverse("imprint"))


def _closed(*paths: str) -> str:
    closed = [path for path in paths if getattr(resolve(path).func, "login_required", True)]
    if closed:
        return _("These pages ask for a log-in: %s.") % ", ".join(closed)
    return ""


def pages_load_nothing_from_others(now: datetime) -> str:
    directives = settings.CONTENT_SECURITY_POLICY["DIRECTIVES"]
    sources = {source for each in directives.values() for source in each} - OWN
    others = sorted(
        sources | ({settings.STATIC_URL} if urlsplit(settings.STATIC_URL).netloc else set())
    )
    if others:
        return _("Pages may load from or send to other servers: %s.") % ", ".join(others)
    return ""


def cookies_are_short(now: datetime) -> str:
    ages = {
        "SESSION_COOKIE_AGE": settings.SESSION_COOKIE_AGE,
        "CSRF_COOKIE_AGE": settings.CSRF_COOKIE_AGE,
        "LANGUAGE_COOKIE_AGE": settings.LANGUAGE_COOKIE_AGE,
        "storage.uploads.STAGED_FOR": STAGED_FOR.total_seconds(),
        "candidates.room.LASTS": room.LASTS.total_seconds(),
    }
    longest = LONGEST_COOKIE.total_seconds()
    if long := [name for name, age in ages.items() if age is not None and age > longest]:
        return _("A cookie lives longer than 20 days: %s.") % ", ".join(long)
    if not settings.SESSION_EXPIRE_AT_BROWSER_CLOSE:
        return _("The session’s cookie does not end with the browser session.")
    return ""


def access_log_has_no_full_address(now: datetime) -> str:
    writers = [path for path in settings.MIDDLEWARE if path.endswith(".AccessLog")]
    if len(writers) != 1:
        return _("The middleware that writes the access log is missing.")
    truncated = import_string(f"{writers[0].rpartition('.')[0]}.truncated")
    for address, network in ADDRESSES.items():
        if truncated(ip_address(address)) != network:
            return _("The access log would have a full IP address.")
    return ""


def limits_hold_across_processes(now: datetime) -> str:
    backend = settings.CACHES["default"]["BACKEND"]
    if backend.endswith(("LocMemCache", "DummyCache")):
        return _("Limits are counted for each process by itself, so they do not hold.")
    return ""
