"""Setting, renewing and lifting a hold: the privacy officer's alone."""

from copy import copy
from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from candidates import access, holds, retention
from candidates.access import Role
from candidates.forms.officer import HoldForm, LiftForm, RenewForm
from candidates.models import Application, Hold
from candidates.views.page import act, back, dialog, sent

form_methods = require_http_methods(["GET", "HEAD", "POST"])


@form_methods
@access.allow(Role.PRIVACY_OFFICER)
def set_hold(request: HttpRequest, pk: UUID) -> HttpResponse:
    application, now = access.get_application(request, pk), timezone.now()
    form = HoldForm(sent(request), now=now)

    def do(values: dict[str, Any]) -> HttpResponse:
        hold = holds.set_hold(application, by=access.person(request), now=now, **values)
        return back(request, hold.application, _("The deletion is held."))

    heading, closed = _("Hold the deletion of %(name)s"), _held(application, now)
    draw = dialog(request, "hr/hold.html", application, heading=heading, form=form, closed=closed)
    return act(request, form, draw=draw, do=do)


@form_methods
@access.allow(Role.PRIVACY_OFFICER)
def renew(request: HttpRequest, pk: int) -> HttpResponse:
    hold, now = access.get_hold(request, pk), timezone.now()
    form = RenewForm(sent(request), hold=hold, now=now)

    def do(values: dict[str, Any]) -> HttpResponse:
        renewed = holds.renew(hold, by=access.person(request), now=now, **values)
        return back(request, renewed.application, _("The hold is renewed."))

    heading, closed = _("Renew the hold on %(name)s"), _held(hold.application, now)
    draw = dialog(
        request,
        "hr/renew.html",
        hold.application,
        heading=heading,
        form=form,
        hold=hold,
        closed=closed,
    )
    return act(request, form, draw=draw, do=do)


@form_methods
@access.allow(Role.PRIVACY_OFFICER)
def lift(request: HttpRequest, pk: int) -> HttpResponse:
    hold, now = access.get_hold(request, pk), timezone.now()
    form = LiftForm(sent(request))

    def do(values: dict[str, Any]) -> HttpResponse:
        lifted = holds.lift(hold, by=access.person(request), now=now, **values)
        return back(request, lifted.application, _("The hold is lifted."))

    heading, after = _("Lift the hold on %(name)s"), _after(hold, now)
    draw = dialog(
        request, "hr/lift.html", hold.application, heading=heading, form=form, hold=hold, **after
    )
    return act(request, form, draw=draw, do=do)


def _held(application: Application, now: datetime) -> Application:
    """Return how the application looks while it is held, for its circle; not to be saved."""
    held = copy(application)
    held.held_until = retention.end_of(holds.latest_end(now))  # type: ignore[attr-defined]
    return held


def _after(hold: Hold, now: datetime) -> dict[str, Any]:
    """Return what a lifting would bring: what else holds, or the day that then counts."""
    application = copy(hold.application)
    others = application.holds.in_force(now).exclude(pk=hold.pk).order_by("-until")
    other = others.first()
    application.held_until = other.until if other else None  # type: ignore[attr-defined]
    return {"closed": application, "other": other, "is_due": application.is_being_erased(now)}
