"""The dry run: what a purge would do on a day, with nothing written."""

from datetime import date, datetime, time
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from candidates import access, extent, purge, retention
from candidates.access import Role
from candidates.forms.retention import DryRunForm
from candidates.models import Application, Employee, User
from candidates.views.page import page

#: Lines of what would go; the calendar's days show all.
MOST = 100


@require_safe
@access.allow(Role.PRIVACY_OFFICER)
def dry_run(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    today = retention.local_date(now)
    data = request.GET if "today" in request.GET else {"today": today.isoformat()}
    form = DryRunForm(data, today=today)
    is_asked = form.is_valid()
    moment = _moment(form.cleaned_data["today"], now) if is_asked else now
    context = {"form": form, "today": today} | (
        _result(access.person(request), moment) if is_asked else {}
    )
    status = 200 if is_asked else 422
    return page(request, "hr/dry_run.html", context, section="retention", status=status)


def _moment(day: date, now: datetime) -> datetime:
    """Return the present, or the first moment of another day, as the command does."""
    if day == retention.local_date(now):
        return now
    return datetime.combine(day, time.min, tzinfo=retention.zone())


def _result(user: User, moment: datetime) -> dict[str, Any]:
    """Return what a purge at this moment would find and do."""
    seen = access.applications(user)
    shares = extent.shares(Application.objects.due(moment), Employee.objects.due(moment))
    return {
        "day": retention.local_date(moment),
        "outcome": purge.run(now=moment, dry_run=True),
        "shares": shares,
        "rows": sum(share.rows for share in shares),
        "objects": sum(share.objects for share in shares),
        "due": extent.listed(seen.due(moment)).order_by("delete_on", "pk")[:MOST],
        "held": extent.listed(seen.past(moment).held(moment)).order_by("delete_on", "pk")[:MOST],
        "most": MOST,
    }
