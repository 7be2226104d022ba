"""The list of applications: filters, search, order, saved views, and what is done to several."""

from dataclasses import dataclass
from functools import partial
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from candidates import access, paging, reads, search
from candidates.forms.filters import FilterForm
from candidates.forms.views import SaveForm
from candidates.gathering import Counted
from candidates.models import Application, SavedView
from candidates.models.applications import Applications
from candidates.paging import Page
from candidates.templatetags.workspace import is_choosable
from candidates.views.page import page

#: Up to how many applications a list is counted.
COUNTED = 1_000
#: What the page says of each. There are fifty of them, and a job has a whole advertisement.
SHOWN = (
    *("first_name", "last_name", "status", "stage_since", "received_at"),
    *("decided_on", "delete_on", "early_at", "restricted_at", "job__title", "stage__name"),
)


@dataclass(frozen=True)
class Count:
    """How many applications a list has, or that it has more than were counted."""

    number: int

    @property
    def is_capped(self) -> bool:
        return self.number > COUNTED

    @property
    def shown(self) -> int:
        return min(self.number, COUNTED)


@require_safe
@access.allow(*access.READERS)
def applications(request: HttpRequest) -> HttpResponse:
    return draw(request)


def draw(
    request: HttpRequest, *, save: SaveForm | None = None, error: str = "", status: int = 200
) -> HttpResponse:
    """Render the list that the address asks for, with what could not be done, if anything."""
    user, now = access.person(request), timezone.now()
    seen = access.applications(user)
    form = FilterForm.of(request.GET, user)
    narrowed = form.narrow(seen, now=now)
    found = paging.cut(
        narrowed,
        order=form.sorting,
        scope=form.sortable(seen),
        query=request.GET,
        dress=partial(_dressed, form, narrowed),
    )
    views = list(SavedView.objects.filter(user=user))
    context = {
        "form": form,
        "page": found,
        "count": _count(narrowed, found),
        "views": views,
        "view": next((view for view in views if view.query == form.filters), None),
        "save": save or SaveForm(),
        "stages": form.stages,
        "may_decide": access.may_decide(user),
        "may_choose": access.may_decide(user) and any(map(is_choosable, found.rows)),
        "error": error,
    }
    return page(request, "hr/applications.html", context, section="applications", status=status)


def _few(narrowed: Applications) -> QuerySet[Application, Any]:
    """Return what is counted: no more rows than the page says."""
    return narrowed.order_by().values("pk")[: COUNTED + 1]


def _dressed(form: FilterForm, narrowed: Applications, rows: Applications) -> Applications:
    """Add what the page shows of each row, and their number, which is the same for all."""
    shown = reads.with_hold(rows.select_related("job", "stage").only(*SHOWN))
    return search.with_place(shown, form.terms).annotate(total=Counted(_few(narrowed)))


def _count(narrowed: Applications, found: Page[Application]) -> Count:
    if found.rows:
        return Count(found.rows[0].total or 0)  # type: ignore[attr-defined]
    return Count(_few(narrowed).count())
