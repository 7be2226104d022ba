"""The brake for people: why a purge stopped, and the page on which its count is confirmed."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from candidates import access, deadlines, extent, purge, retention
from candidates.access import Role
from candidates.forms.retention import ConfirmForm
from candidates.models import Run
from candidates.pipeline import ChangeNotAllowed
from candidates.purge import brake
from candidates.views.page import act, page, sent

#: Lines of what would go; the calendar's days show all.
MOST = 100


@dataclass(frozen=True)
class Stop:
    """What a privacy officer has to confirm, or could: so many records on a day, and why."""

    day: date
    count: int
    codes: list[str]
    is_ahead: bool

    @property
    def seen(self) -> str:
        """What the person saw who confirms it: the form hands it back."""
        return " ".join([self.day.isoformat(), str(self.count), *sorted(self.codes)])


def notice(newest: Run | None) -> dict[str, Any]:
    """Return what the retention page says of a purge that stopped, if it waits for somebody.

    A stop that no confirmation mends is told without a way to confirm it.
    """
    stopped = brake.stopped_run()
    if stopped is None and newest and set(newest.reasons) - brake.REASONS.keys():
        stopped = newest if newest.state == Run.State.STOPPED else None
    if stopped is None:
        return {}
    return {
        "stopped": stopped,
        "may_confirm": set(stopped.reasons) <= brake.REASONS.keys(),
    }


@require_http_methods(["GET", "HEAD", "POST"])
@access.allow(Role.PRIVACY_OFFICER)
def confirm_purge(request: HttpRequest) -> HttpResponse:
    """Let a stopped purge go on, or a large day to come, after the count has been typed."""
    now = timezone.now()
    stop = find(request.GET.get("day", ""), now)
    form = _form(request, stop)

    def do(values: dict[str, Any]) -> HttpResponse:
        if stop is None:
            raise ChangeNotAllowed(_("There is nothing to confirm any more."))
        user = access.person(request)
        brake.confirm(day=stop.day, count=stop.count, reasons=stop.codes, by=user, now=now)
        said = _("Confirmed. The purge goes on.")
        if stop.is_ahead:
            said = _("Confirmed. The purge takes them on their day.")
        messages.success(request, said)
        return redirect("hr:retention")

    def draw(status: int) -> HttpResponse:
        context = {"form": form, "stop": stop, "most": MOST} | (_what(request, stop, now))
        return page(request, "hr/confirm_purge.html", context, section="retention", status=status)

    return act(request, form, draw=draw, do=do)


def _form(request: HttpRequest, stop: Stop | None) -> forms.Form:
    """Return the form for what there is to confirm; an empty one for nothing."""
    if stop is None:
        return forms.Form(sent(request))
    return ConfirmForm(sent(request), seen=stop.seen, count=stop.count)


def find(day: str, now: datetime) -> Stop | None:
    """Return what is there to confirm now: today, or for the large day that is named."""
    today = retention.local_date(now)
    for large in brake.announcements(today) if day else ():
        if large.day.isoformat() == day and not large.is_confirmed:
            return Stop(large.day, large.count, list(brake.FORESEEABLE), is_ahead=True)
    if day and day != today.isoformat():
        return None
    outcome = purge.run(now=now, dry_run=True)
    if not outcome.stopped or not set(outcome.stopped) <= brake.REASONS.keys():
        return None
    return Stop(today, outcome.due, outcome.stopped, is_ahead=False)


def _what(request: HttpRequest, stop: Stop | None, now: datetime) -> dict[str, Any]:
    """Return the list of what would go."""
    if stop is None:
        return {"leaving": []}
    seen = access.applications(access.person(request))
    leaving = (
        deadlines.leaving(seen, first=stop.day, last=stop.day, now=now)
        if stop.is_ahead
        else seen.due(now)
    )
    return {"leaving": extent.listed(leaving).order_by("delete_on", "pk")[:MOST]}
