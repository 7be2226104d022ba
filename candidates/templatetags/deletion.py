"""Words and signs of the retention pages: what a run did, why an object is still there."""

from datetime import datetime, timedelta
from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from candidates import retention
from candidates.models import Hold, Run
from candidates.purge import brake
from candidates.templatetags.halbjahr import BARS, THINNEST, drawing, pie_of, short
from storage.models import Tombstone

register = template.Library()


@register.simple_tag
def left(share: int) -> SafeString:
    """Return the circle with so much of a clock left, in percent; hollow at 0."""
    return drawing(pie_of(max(share, THINNEST) if share else 0))


@register.simple_tag
def paused(hold: Hold, now: datetime) -> SafeString:
    """Return the circle of a hold, and until when it stands."""
    bars = drawing(SafeString(BARS))
    if not hold.has_end:
        return format_html('<span class="clock held">{}{}</span>', bars, _("until answered"))
    words = short(hold.last_day, today=retention.local_date(now))
    return format_html(
        '<span class="clock held">{}<time datetime="{}">{}</time></span>',
        bars,
        hold.last_day.isoformat(),
        _("until %(day)s") % {"day": words},
    )


@register.filter
def run_icon(run: Run) -> str:
    """Return the name of the icon for a run's end."""
    return {Run.State.GOOD: "check", Run.State.STOPPED: "pause"}.get(Run.State(run.state), "clock")


#: What a run that failed could not do; those of the brake have their own sentences.
TROUBLES = {
    "objects": gettext_lazy("Objects are left in storage. It is tried again every minute."),
    "records": gettext_lazy("Records could not be erased. The next run tries again."),
    "remains": gettext_lazy("The independent reader found something that should be gone."),
    "unproven": gettext_lazy("The storage could not be asked for a proof. The next run asks."),
}


@register.filter
def sentences(codes: list[str]) -> list[str]:
    """Return what the reasons of a stop or a failure mean; of an unknown one, the code."""
    known = brake.SENTENCES | TROUBLES
    return [str(known.get(code, code)) for code in codes]


@register.filter
def took(run: Run) -> str:
    """Return how long a run took, in seconds or minutes."""
    if run.ended_at is None:
        return ""
    seconds = max(1, round((run.ended_at - run.started_at).total_seconds()))
    if seconds < 120:
        return ngettext("%(n)d second", "%(n)d seconds", seconds) % {"n": seconds}
    return ngettext("%(n)d minute", "%(n)d minutes", seconds // 60) % {"n": seconds // 60}


@register.filter
def key(hex_digits: str) -> str:
    """Return the first eight digits of a hash in two groups."""
    return f"{hex_digits[:4]} {hex_digits[4:8]}"


@register.filter
def ago(moment: datetime, now: datetime) -> str:
    """Return how long ago a moment was, in the largest unit that says enough."""
    minutes = int((now - moment) / timedelta(minutes=1))
    if minutes < 1:
        return _("just now")
    if minutes < 60:
        return ngettext("%(n)d minute ago", "%(n)d minutes ago", minutes) % {"n": minutes}
    hours = minutes // 60
    if hours < 48:
        return ngettext("%(n)d hour ago", "%(n)d hours ago", hours) % {"n": hours}
    days = hours // 24
    return ngettext("%(n)d day ago", "%(n)d days ago", days) % {"n": days}


@register.filter
def outcome(run: Run) -> str:
    """Return in words what a run found and did."""
    if run.state == Run.State.RUNNING:
        return _("not ended")
    numbers = run.numbers
    if run.state == Run.State.STOPPED:
        due = numbers.get("due", 0)
        return ngettext(
            "stopped before the first deletion: %(n)s record was due",
            "stopped before the first deletion: %(n)s records were due",
            due,
        ) % {"n": due}
    return ", ".join(_SAYS[Run.Job(run.job)](numbers))


def _purged(numbers: dict[str, Any]) -> list[str]:
    purged, objects = numbers.get("purged", 0), numbers.get("objects_deleted", 0)
    failed, held = numbers.get("failed", 0), numbers.get("held", 0)
    said = [
        ngettext("%(n)s record erased", "%(n)s records erased", purged) % {"n": purged},
        ngettext("%(n)s object", "%(n)s objects", objects) % {"n": objects},
        ngettext("%(n)s failure", "%(n)s failures", failed) % {"n": failed}
        if failed
        else _("no failures"),
    ]
    if held:
        said.append(ngettext("%(n)s held", "%(n)s held", held) % {"n": held})
    return said


def _swept(numbers: dict[str, Any]) -> list[str]:
    strays, missing = numbers.get("strays", 0), numbers.get("missing", 0)
    if not strays and not missing:
        return [_("storage and records agree")]
    said = []
    if strays:
        said.append(
            ngettext("%(n)s object without a record", "%(n)s objects without a record", strays)
            % {"n": strays}
        )
    if missing:
        said.append(
            ngettext("%(n)s record without an object", "%(n)s records without an object", missing)
            % {"n": missing}
        )
    return said


def _verified(numbers: dict[str, Any]) -> list[str]:
    lines, faults = numbers.get("lines", 0), numbers.get("faults", 0)
    checked = ngettext("%(n)s line checked", "%(n)s lines checked", lines) % {"n": lines}
    if not faults:
        return [checked, _("no gap, nothing changed")]
    return [checked, ngettext("%(n)s fault", "%(n)s faults", faults) % {"n": faults}]


_SAYS = {Run.Job.PURGE: _purged, Run.Job.SWEEP: _swept, Run.Job.VERIFY: _verified}

#: What the codes of the storage mean for whoever looks after it.
REFUSED = {"AccessDenied", "InvalidAccessKeyId", "PermissionError", "SignatureDoesNotMatch"}
ABSENT = {"NoSuchBucket", "no-mark"}
SILENT = {
    "ConnectTimeoutError",
    "ConnectionClosedError",
    "EndpointConnectionError",
    "InternalError",
    "ReadTimeoutError",
    "RequestTimeout",
    "ServiceUnavailable",
    "SlowDown",
}


@register.filter
def trouble(tombstone: Tombstone) -> str:
    """Return in words why an object is still there."""
    code = tombstone.error
    if not code:
        return _("nobody has tried yet")
    if code in REFUSED:
        return _("the storage refuses access (%(code)s)") % {"code": code}
    if code in ABSENT:
        return _("the bucket or folder is not there (%(code)s)") % {"code": code}
    if code in SILENT or code.startswith("status-5"):
        return _("the storage does not answer (%(code)s)") % {"code": code}
    if code == "left-over":
        return _("something was left after deleting")
    return _("the storage reports: %(code)s") % {"code": code}
