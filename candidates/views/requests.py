"""The register of requests: its list, one request, and what the officer and a second person do."""

from copy import copy
from datetime import datetime
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from candidates import access, copies, paging, reads, requests, retention, why
from candidates.access import Role
from candidates.forms.officer import AnswerForm, CorrectForm, RefuseForm, RegisterForm
from candidates.forms.register import FilterForm
from candidates.models import Application, Request
from candidates.status import Status
from candidates.views.page import Draw, act, dialog, page, sent

form_methods = require_http_methods(["GET", "HEAD", "POST"])


@require_safe
@access.allow(*access.CONFIRMERS)
def register(request: HttpRequest) -> HttpResponse:
    user = access.person(request)
    seen = reads.with_end(access.requests(user))
    form = FilterForm(request.GET)
    found = paging.cut(
        form.narrow(seen).select_related("application", "application__job"),
        order=("is_over", "due_on", "id"),
        scope=seen,
        query=request.GET,
    )
    is_officer = access.has(user, Role.PRIVACY_OFFICER)
    context = {"page": found, "form": form, "is_officer": is_officer}
    return page(request, "hr/requests.html", context, section="requests")


@require_safe
@access.allow(*access.CONFIRMERS)
def one(request: HttpRequest, pk: UUID) -> HttpResponse:
    return _draw(request, access.get_request(request, pk))


def _draw(
    request: HttpRequest, asked: Request, *, error: str = "", status: int = 200
) -> HttpResponse:
    """Render a request's page, with the sentence of what could not be done, if any."""
    user, now = access.person(request), timezone.now()
    application = reads.with_story(asked.application)
    is_granted = asked.state == Request.State.GRANTED
    seconds = requests.seconds(asked) if is_granted else None
    context = {
        "asked": asked,
        "application": application,
        "why": why.why(application, now),
        "is_officer": access.has(user, Role.PRIVACY_OFFICER),
        "is_held": any(hold.until > now for hold in application.holds.all()),
        "may_confirm": seconds is not None and seconds.filter(pk=user.pk).exists(),
        "has_second": seconds is not None and seconds.exists(),
        "confirmed_at": asked.decided_at + requests.WAIT if asked.decided_at else None,
        "copy": copies.of_request(asked),
        "error": error,
        "address": _address(asked),  # also where a verb's answer is drawn
    }
    return page(request, "hr/request.html", context, section="requests", status=status)


def _address(asked: Request) -> str:
    return reverse("hr:request", args=[asked.pk])


# What the officer does ----------------------------------------------------------------------


@form_methods
@access.allow(Role.PRIVACY_OFFICER)
def take_in(request: HttpRequest, pk: UUID) -> HttpResponse:
    application, now = access.get_application(request, pk), timezone.now()
    form = RegisterForm(sent(request))

    def do(values: dict[str, Any]) -> HttpResponse:
        asked = requests.register(application, by=access.person(request), now=now, **values)
        if asked.received_at == now:
            return back(request, asked, _("The request is registered. A mail says so."))
        return back(request, asked, _("This request was registered before. Here it is."))

    heading = _("Register a request of %(name)s")
    due_on = retention.delete_on(retention.local_date(now), months=requests.MONTHS)
    draw = dialog(
        request, "hr/register.html", application, heading=heading, form=form, due_on=due_on
    )
    return act(request, form, draw=draw, do=do)


@form_methods
@access.allow(Role.PRIVACY_OFFICER)
def answer(request: HttpRequest, pk: UUID) -> HttpResponse:
    asked, now = access.get_request(request, pk), timezone.now()
    form = _answer_form(request, asked)

    def do(values: dict[str, Any]) -> HttpResponse:
        by, text = access.person(request), values["answer"]
        if isinstance(form, CorrectForm):
            requests.correct(asked, person=form.person, answer=text, by=by, now=now)
        else:
            requests.answer(asked, answer=text, by=by, now=now)
        return back(request, asked, _("The request is answered. A mail tells the applicant."))

    heading = _("Answer %(name)s")
    draw = _dialog(request, "hr/answer.html", asked, heading=heading, form=form, now=now)
    return act(request, form, draw=draw, do=do)


def _answer_form(request: HttpRequest, asked: Request) -> AnswerForm | CorrectForm:
    if asked.kind == Request.Kind.CORRECTION:
        return CorrectForm(sent(request), application=asked.application)
    return AnswerForm(sent(request))


@form_methods
@access.allow(Role.PRIVACY_OFFICER)
def refuse(request: HttpRequest, pk: UUID) -> HttpResponse:
    asked, now = access.get_request(request, pk), timezone.now()
    form = RefuseForm(sent(request))

    def do(values: dict[str, Any]) -> HttpResponse:
        requests.refuse(asked, reason=values["reason"], by=access.person(request), now=now)
        return back(request, asked, _("The request is refused. A mail tells the applicant why."))

    heading = _("Refuse the request of %(name)s")
    draw = _dialog(request, "hr/refuse.html", asked, heading=heading, form=form, now=now)
    return act(request, form, draw=draw, do=do)


@form_methods
@access.allow(Role.PRIVACY_OFFICER)
def grant(request: HttpRequest, pk: UUID) -> HttpResponse:
    asked, now = access.get_request(request, pk), timezone.now()
    form = forms.Form(request.POST)

    def do(values: dict[str, Any]) -> HttpResponse:
        requests.grant(asked, by=access.person(request), now=now)
        return back(request, asked, _("The erasure is granted."))

    heading = _("Grant the erasure of %(name)s")
    draw = _dialog(request, "hr/grant.html", asked, heading=heading, form=form, now=now)
    return act(request, form, draw=draw, do=do)


def _dialog(
    request: HttpRequest, template: str, asked: Request, *, heading: str, form: Any, now: datetime
) -> Draw:
    """Return what draws a verb's form, with what the answer would bring."""
    application = copy(asked.application)
    holds = application.holds.in_force(now).exclude(request=asked).order_by("-until")
    other = holds.first()
    application.held_until = other.until if other else None  # type: ignore[attr-defined]
    return dialog(
        request,
        template,
        application,
        heading=heading,
        form=form,
        away=_address(asked),
        section="requests",
        asked=asked,
        other=other,
        closed=application,
        erased=_erased(application, now),
        is_due=application.is_being_erased(now),
        stays_restricted=_stays_restricted(asked),
        has_second=requests.seconds(asked).exclude(pk=access.person(request).pk).exists(),
    )


def _erased(application: Application, now: datetime) -> Application:
    """Return how the application looks once it is to be erased at once; not to be saved."""
    erased, today = copy(application), retention.local_date(now)
    if erased.is_open:
        erased.close(Status.WITHDRAWN, on=today)
    erased.delete_on = today
    return erased


def _stays_restricted(asked: Request) -> bool:
    """Whether something else than this request keeps the application restricted."""
    others = asked.application.requests.restricting().exclude(pk=asked.pk)
    return others.exists()


def back(request: HttpRequest, asked: Request, said: str) -> HttpResponse:
    """Return to the request's page and say it there: without a name, for it is a cookie."""
    messages.success(request, said)
    return redirect("hr:request", asked.pk)


# What a second person does ------------------------------------------------------------------


@require_POST
@access.allow(*access.CONFIRMERS)
def confirm(request: HttpRequest, pk: UUID) -> HttpResponse:
    asked, form = access.get_request(request, pk), forms.Form(request.POST)

    def do(values: dict[str, Any]) -> HttpResponse:
        requests.confirm(asked, by=access.person(request), now=timezone.now())
        messages.success(request, _("The erasure is confirmed. A mail tells the applicant."))
        return redirect("hr:requests")

    def draw(status: int) -> HttpResponse:
        asked.refresh_from_db(fields=["state", "confirmed_by"])
        return _draw(request, asked, error=str(form.non_field_errors()[0]), status=status)

    return act(request, form, draw=draw, do=do)
