"""What people do to an application: each a form of its own, each acting by POST alone."""

from copy import copy
from datetime import datetime
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from candidates import access, hiring, pipeline, retention
from candidates.access import Role
from candidates.forms.hr import AssignForm, HireForm, MoveForm, ReopenForm
from candidates.models import Application, Job
from candidates.status import Status
from candidates.views import application as application_page
from candidates.views.page import Draw, act, back, dialog, sent

form_methods = require_http_methods(["GET", "HEAD", "POST"])


def _on_the_page(request: HttpRequest, pk: UUID, form: forms.Form) -> Draw:
    """Return what draws the application's page, as it is now, with what the form got wrong."""

    def draw(status: int) -> HttpResponse:
        error = str(next(iter(form.errors.values()))[0])
        now = access.get_application(request, pk)
        return application_page.draw(request, now, error=error, status=status)

    return draw


@require_POST
def move(request: HttpRequest, pk: UUID) -> HttpResponse:
    application = access.get_application(request, pk, may="decide")
    form = MoveForm(request.POST, application=application)

    def do(values: dict[str, Any]) -> HttpResponse:
        pipeline.move(
            application,
            to=values["stage"],
            seen=values["seen"],
            by=access.person(request),
            now=timezone.now(),
        )
        said = _("Moved to “%(stage)s”.") % {"stage": values["stage"]}
        return back(request, application, said)

    return act(request, form, draw=_on_the_page(request, pk, form), do=do)


def as_closed(application: Application, status: Status, now: datetime) -> Application:
    """Return how the application would look if it were closed now; not to be saved."""
    closed = copy(application)
    closed.close(status, on=retention.local_date(now))
    return closed


@form_methods
@access.allow(*access.DECIDERS, Role.PRIVACY_OFFICER)
def reopen(request: HttpRequest, pk: UUID) -> HttpResponse:
    application = access.get_application(request, pk)
    form = ReopenForm(sent(request), label_suffix="")

    def do(values: dict[str, Any]) -> HttpResponse:
        pipeline.reopen(
            application, by=access.person(request), reason=values["reason"], now=timezone.now()
        )
        said = _("The application is open again. Its clock has stopped.")
        return back(request, application, said)

    heading = _("Reopen the application of %(name)s")
    draw = dialog(request, "hr/reopen.html", application, heading=heading, form=form)
    return act(request, form, draw=draw, do=do)


@form_methods
def withdraw(request: HttpRequest, pk: UUID) -> HttpResponse:
    application = access.get_application(request, pk, may="decide")
    now = timezone.now()
    form = forms.Form(request.POST)

    def do(values: dict[str, Any]) -> HttpResponse:
        pipeline.withdraw(application, by=access.person(request), now=now)
        return back(request, application, _("Noted: the application is withdrawn."))

    heading, closed = _("%(name)s has withdrawn"), as_closed(application, Status.WITHDRAWN, now)
    draw = dialog(
        request, "hr/withdraw.html", application, heading=heading, form=form, closed=closed
    )
    return act(request, form, draw=draw, do=do)


@form_methods
def assign(request: HttpRequest, pk: UUID) -> HttpResponse:
    application = access.get_application(request, pk, may="decide")
    access.check_named(request, "job")
    form = AssignForm(sent(request), jobs=_other_jobs(request, application))

    def do(values: dict[str, Any]) -> HttpResponse:
        pipeline.assign(
            application, job=values["job"], by=access.person(request), now=timezone.now()
        )
        said = _("The application is now one for “%(job)s”. A mail tells the applicant.")
        return back(request, application, said % {"job": values["job"]})

    heading = _("Consider %(name)s for another job")
    draw = dialog(request, "hr/assign.html", application, heading=heading, form=form)
    return act(request, form, draw=draw, do=do)


def _other_jobs(request: HttpRequest, application: Application) -> list[Job]:
    jobs = access.jobs(access.person(request)).filter(stages__isnull=False).distinct()
    return [job for job in jobs if job != application.job and not job.is_closed]


@form_methods
def hire(request: HttpRequest, pk: UUID) -> HttpResponse:
    application = access.get_application(request, pk, may="decide")
    user, now = access.person(request), timezone.now()
    documents = list(application.attachments.servable())
    form = HireForm(
        sent(request),
        initial=_proposal(application),
        documents=documents,
        now=now,
    )

    def do(values: dict[str, Any]) -> HttpResponse:
        employee = hiring.hire(application, by=user, now=now, **values)
        if not access.employees(user).filter(pk=employee.pk).exists():
            return back(request, application, _("The applicant is hired."))
        messages.success(request, _("The applicant is hired. This is the record."))
        return redirect(employee)

    heading, closed = _("Hire %(name)s"), as_closed(application, Status.HIRED, now)
    draw = dialog(
        request,
        "hr/hire.html",
        application,
        heading=heading,
        form=form,
        documents=documents,
        left_out=application.attachments.count() - len(documents),
        closed=closed,
    )
    return act(request, form, draw=draw, do=do)


def _proposal(application: Application) -> dict[str, str]:
    return {
        "job_title": application.job.title if application.job else "",
        "personnel_number": hiring.next_personnel_number(),
    }
