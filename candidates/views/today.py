"""Where a person's day begins: what waits for them, and nothing else."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from candidates import access, agenda, mail
from candidates.access import Role
from candidates.agenda import MOST, Item, Kind, Rail
from candidates.models import Mail, User
from candidates.purge import brake
from candidates.views.page import page

#: Rows of a kind, among others and by itself.
FEW, MANY = 5, 30

HEADINGS: dict[tuple[Kind, ...], tuple[Promise, Promise | str]] = {
    (Kind.LATE,): (gettext_lazy("Waiting longest"), gettext_lazy("against the promised answer")),
    (Kind.BRAKE, Kind.CONFIRM, Kind.MENTION, Kind.SCORE, Kind.UNDECIDED): (
        gettext_lazy("Yours to decide"),
        "",
    ),
    (Kind.NEW,): (gettext_lazy("New"), gettext_lazy("not opened yet")),
    (Kind.REQUEST,): (gettext_lazy("Requests"), gettext_lazy("one month by law")),
    (Kind.RETURNED,): (gettext_lazy("Mails that came back"), ""),
    (Kind.STRAY,): (gettext_lazy("Mails to sort"), ""),
}
#: Kinds that have a list of their own; the others are shown alone here.
LISTS = {
    Kind.CONFIRM: "hr:requests",
    Kind.REQUEST: "hr:requests",
    Kind.UNDECIDED: "hr:undecided",
    Kind.STRAY: "hr:mails",
    Kind.BRAKE: "hr:confirm_purge",
}
#: Where those begin for whom nothing waits and who read no applications.
ELSEWHERE = {Role.PERSONNEL: "hr:employees", Role.ADMINISTRATOR: "admin:index"}


@dataclass(frozen=True)
class Part:
    """The rows of one kind, how many there are in all, and where the others are."""

    kind: Kind
    items: list[Item]
    count: int
    url: str

    @property
    def more(self) -> int:
        return max(0, self.count - len(self.items))

    @property
    def is_cut(self) -> bool:
        """Whether nobody has counted to the end."""
        return self.count >= MOST


@dataclass(frozen=True)
class Group:
    heading: Promise
    hint: Promise | str
    parts: list[Part] = field(default_factory=list)


@require_safe
def today(request: HttpRequest) -> HttpResponse:
    user, now = access.person(request), timezone.now()
    if not access.roles(user):
        return page(request, "hr/no_role.html", {}, section="", status=403)
    rail = agenda.rail(user, now, overdue=True)
    if not rail.total and not access.has(user, *access.READERS):
        return redirect(next(url for role, url in ELSEWHERE.items() if access.has(user, role)))
    context = _what_waits(request, user, rail, now)
    context["going"] = [] if context["only"] else agenda.week(user, now)
    context["is_officer"] = access.has(user, Role.PRIVACY_OFFICER)
    return page(request, "hr/today.html", context, section="today")


def _what_waits(request: HttpRequest, user: User, rail: Rail, now: datetime) -> dict[str, Any]:
    """Return the groups of what waits, or of the kind that the address names all that fits."""
    only = _named(request.GET.get("kind", ""))
    stopped = brake.stopped_run() if access.has(user, Role.PRIVACY_OFFICER) else None
    rail = replace(rail, counts=rail.counts | {Kind.BRAKE: int(stopped is not None)})
    wanted = [kind for kind in Kind if rail.of(kind) and only in {None, kind}]
    items = agenda.items(user, now, few=MANY if only else FEW, wanted=wanted)
    return {
        "rail": rail,
        "most": MOST,
        "only": only,
        "groups": list(_groups(rail, items, only=only)),
        "stopped": stopped,
    }


def _named(name: str) -> Kind | None:
    return Kind(name) if name in Kind.values and name not in LISTS else None


def _groups(rail: Rail, items: Mapping[Kind, list[Item]], *, only: Kind | None) -> list[Group]:
    """Return the groups in which anything waits, each kind with its rows."""
    groups = []
    for kinds, (heading, hint) in HEADINGS.items():
        parts = [
            Part(kind, items.get(kind, []), rail.of(kind), _rest(kind))
            for kind in kinds
            if rail.of(kind) and only in {None, kind}
        ]
        if parts:
            groups.append(Group(heading, hint, parts))
    return groups


def _rest(kind: Kind) -> str:
    return reverse(LISTS[kind]) if kind in LISTS else f"?kind={kind}"


@require_POST
@access.allow(*access.READERS)
def note_return(request: HttpRequest, pk: int) -> HttpResponse:
    """Take note of a mail that came back, so that it waits for nobody any more."""
    seen = access.applications(access.person(request))
    found = get_object_or_404(Mail.objects.filter(application__in=seen), pk=pk)
    mail.note_return(found, now=timezone.now())
    messages.success(request, _("Noted. The mail stands in the history as returned."))
    if request.POST.get("to") == "application":
        return redirect("hr:application", found.application_id)
    return redirect("hr:today")
