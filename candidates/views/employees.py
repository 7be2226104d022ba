"""Employees: the list, one record, undoing a hire, and erasing."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from candidates import access, hiring, paging, retention
from candidates.access import Role
from candidates.forms.hr import EraseForm
from candidates.models import Employee, Hold
from candidates.views.page import act, dialog, page, sent

form_methods = require_http_methods(["GET", "HEAD", "POST"])


@require_safe
@access.allow(Role.PERSONNEL)
def employees(request: HttpRequest) -> HttpResponse:
    seen = access.employees(access.person(request))
    found = paging.cut(seen, order=("last_name", "first_name", "id"), scope=seen, query=request.GET)
    context = {"page": found, "today": retention.local_date(timezone.now())}
    return page(request, "hr/employees.html", context, section="employees")


@require_safe
def employee(request: HttpRequest, pk: UUID) -> HttpResponse:
    employee = access.get_employee(request, pk)
    today = retention.local_date(timezone.now())
    context = {
        "employee": employee,
        "documents": employee.attachments.all(),
        "may_undo": not employee.has_not_started and employee.start_date > today,
        "last_undo": employee.start_date - timedelta(days=1),
        "starts_in": (employee.start_date - today).days,
        **_left_behind(request, employee, today),
    }
    return page(request, "hr/employee.html", context, section="employees")


def _left_behind(request: HttpRequest, employee: Employee, today: date) -> dict[str, Any]:
    """Return what the page says of the application, while that exists."""
    application = employee.application
    if application is None:
        return {}
    hold = Hold.objects.filter(application=application).order_by("-until").first()
    application.held_until = hold.until if hold else None  # type: ignore[attr-defined]
    mine = access.applications(access.person(request))
    return {
        "application": application,
        "hold": hold if hold and hold.until > timezone.now() else None,
        "left_documents": application.attachments.count(),
        "may_see_application": mine.filter(pk=application.pk).exists(),
        "today": today,
    }


@form_methods
def undo_hire(request: HttpRequest, pk: UUID) -> HttpResponse:
    employee = access.get_employee(request, pk)
    form = forms.Form(request.POST)

    def do(values: dict[str, Any]) -> HttpResponse:
        user = access.person(request)
        application = hiring.undo(employee, by=user, now=timezone.now())
        if application is None:
            messages.success(request, _("Noted as not started. The record runs its own clock now."))
            return redirect("hr:employee", pk)
        messages.success(request, _("The hire is undone. The application is open again."))
        seen = access.applications(user).filter(pk=application.pk).exists()
        return redirect(application) if seen else redirect("hr:employees")

    heading = _("Undo the hire of %(name)s")
    draw = dialog(request, "hr/undo_hire.html", employee, heading=heading, form=form)
    return act(request, form, draw=draw, do=do)


@form_methods
def erase(request: HttpRequest, pk: UUID) -> HttpResponse:
    employee = access.get_employee(request, pk, may="erase")
    form = EraseForm(sent(request), label_suffix="")

    def do(values: dict[str, Any]) -> HttpResponse:
        user = access.person(request)
        hiring.erase(employee, by=user, rule=values["rule"], now=timezone.now())
        messages.success(request, _("The record is erased."))
        return redirect("hr:employees")

    heading, documents = _("Erase the record of %(name)s"), employee.attachments.count()
    draw = dialog(
        request, "hr/erase.html", employee, heading=heading, form=form, documents=documents
    )
    return act(request, form, draw=draw, do=do)
