"""Retention: what goes when, what is held, and how the machinery of deletion is.

For the privacy officer alone. Persons are those that `access.applications` shows; the numbers are
those of all records.
"""

from datetime import date, timedelta
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from candidates import access, deadlines, extent, ledger, paging, purge, retention
from candidates.access import Role
from candidates.models import LedgerLine, Run
from candidates.views import brake, condition
from candidates.views.page import page
from storage.models import Tombstone

#: Lines of a list on the first page; "All" leads to the others.
FEW = 5
#: Days ahead that the first sentence sums up, by its places.
SPANS = {"today": 0, "soon": 30, "later": 90}
#: How far before and after today there are pages of days, in years.
YEARS = 10

officer = access.allow(Role.PRIVACY_OFFICER)


@require_safe
@officer
def overview(request: HttpRequest) -> HttpResponse:
    user, now = access.person(request), timezone.now()
    today = retention.local_date(now)
    calendar = deadlines.calendar(now)
    runs = condition.newest_runs()
    soon = deadlines.leaving(
        access.applications(user), first=today, last=today + timedelta(days=1), now=now
    )
    context = {
        **brake.notice(runs.get(Run.Job.PURGE)),
        "announced": purge.brake.announcements(today),
        "breaches": purge.breaches(now),
        "calendar": calendar,
        "coming": {name: calendar.within(days) for name, days in SPANS.items()},
        "today": today,
        "tomorrow": today + timedelta(days=1),
        "last_purge": runs.get(Run.Job.PURGE),
        "soon": extent.listed(soon).order_by("delete_on", "pk")[: FEW + 1],
        "held": deadlines.held(user, now).order_by("until", "pk")[: FEW + 1],
        "ledger": deadlines.erased().order_by("-pk")[: FEW - 1],
        "condition": list(condition.lines(runs, now)),
        "undecided": deadlines.undecided(user, today).order_by("received_at", "pk")[: FEW + 1],
        "reopened": deadlines.reopened(user).order_by("-at", "-pk")[: FEW + 1],
        "open_months": settings.ATS_OPEN_MONTHS,
        "few": FEW,
        "few_slice": f":{FEW}",
    }
    return _page(request, "hr/retention.html", context)


@require_safe
@officer
def day(request: HttpRequest, day: date) -> HttpResponse:
    """Show what goes on a day, or what the ledger has of one that is over."""
    now = timezone.now()
    today = retention.local_date(now)
    if abs(day.year - today.year) > YEARS:
        raise Http404
    context: dict[str, Any] = {
        "day": day,
        "today": today,
        "before": day - timedelta(days=1),
        "after": day + timedelta(days=1),
    }
    if day < today:
        lines = LedgerLine.objects.filter(day=day)
        context["page"] = _cut(request, lines, ("-id",))
        return _page(request, "hr/retention_past.html", context)
    seen = access.applications(access.person(request))
    leaving = deadlines.leaving(seen, first=day, last=day, now=now)
    rows = extent.listed(leaving)
    context |= {
        "page": _cut(request, rows, ("last_name", "first_name", "id"), scope=seen),
        "employees": deadlines.employees_leaving(first=day, last=day, now=now).count(),
    }
    return _page(request, "hr/retention_day.html", context)


@require_safe
@officer
def held(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    rows = deadlines.held(access.person(request), now)
    context = {"page": _cut(request, rows, ("until", "id")), "today": retention.local_date(now)}
    return _page(request, "hr/retention_held.html", context)


@require_safe
@officer
def undecided(request: HttpRequest) -> HttpResponse:
    today = retention.local_date(timezone.now())
    rows = deadlines.undecided(access.person(request), today)
    context = {
        "page": _cut(request, rows, ("received_at", "id")),
        "open_months": settings.ATS_OPEN_MONTHS,
    }
    return _page(request, "hr/retention_undecided.html", context)


@require_safe
@officer
def reopened(request: HttpRequest) -> HttpResponse:
    rows = deadlines.reopened(access.person(request))
    return _page(
        request, "hr/retention_reopened.html", {"page": _cut(request, rows, ("-at", "-id"))}
    )


@require_safe
@officer
def runs(request: HttpRequest) -> HttpResponse:
    found = _cut(request, Run.objects.all(), ("-started_at", "-id"))
    return _page(request, "hr/runs.html", {"page": found})


@require_safe
@officer
def tombstones(request: HttpRequest) -> HttpResponse:
    found = _cut(request, Tombstone.objects.all(), ("created_at", "id"))
    return _page(request, "hr/tombstones.html", {"page": found})


@require_safe
@officer
def ledger_lines(request: HttpRequest) -> HttpResponse:
    found = _cut(request, LedgerLine.objects.all(), ("-id",))
    return _page(request, "hr/ledger.html", {"page": found})


def _page(request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
    return page(request, template, context, section="retention")


def _cut(
    request: HttpRequest,
    rows: QuerySet[Any],
    order: tuple[str, ...],
    *,
    scope: QuerySet[Any] | None = None,
) -> paging.Page[Any]:
    return paging.cut(rows, order=order, scope=rows if scope is None else scope, query=request.GET)


@require_safe
@officer
def ledger_file(request: HttpRequest) -> StreamingHttpResponse:
    """Send the sealed lines as `manage.py ledger export` has them, a page in memory at a time."""
    stem = _("ledger")
    name = f"{stem}-{retention.local_date(timezone.now()).isoformat()}.csv"
    return StreamingHttpResponse(
        ledger.as_csv(),
        content_type="text/csv; charset=utf-8",
        headers={
            "Content-Disposition": content_disposition_header(as_attachment=True, filename=name),
            "Cache-Control": "private, no-store",
        },
    )
