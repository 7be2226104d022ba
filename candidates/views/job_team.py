"""Who is on a job's hiring team, and by which criteria its applications are judged."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import NON_FIELD_ERRORS, PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from candidates import access, criteria, jobs
from candidates.forms.jobs import CriterionForm, MemberForm
from candidates.models import Criterion, Job, User
from candidates.views.page import Draw, act, page

form_methods = require_http_methods(["GET", "HEAD", "POST"])


def _id(text: str | None) -> int:
    """Return a row's id as a form sends it. Raises Http404 for what is none."""
    if not (text and text.isascii() and text.isdigit() and len(text) < 10):
        raise Http404
    return int(text)


# The team -------------------------------------------------------------------------------------


@form_methods
@access.allow(*access.READERS)
def hiring_team(request: HttpRequest, slug: str) -> HttpResponse:
    user, job = access.person(request), access.get_job(request, slug)
    if request.method == "POST" and not access.may_edit_jobs(user):
        raise PermissionDenied
    if "remove" in request.POST:
        return _remove_member(request, job)
    form = MemberForm(request.POST if request.method == "POST" else None, people=_others(job))

    def do(values: dict[str, Any]) -> HttpResponse:
        jobs.add_member(job, values["member"])
        messages.success(request, _("Added. The job is theirs to see from now on."))
        return redirect("hr:hiring_team", slug)

    return act(request, form, draw=_team_page(request, job, form), do=do)


def _remove_member(request: HttpRequest, job: Job) -> HttpResponse:
    member = get_object_or_404(job.hiring_team, pk=_id(request.POST["remove"]))
    form = forms.Form(request.POST)

    def do(values: dict[str, Any]) -> HttpResponse:
        jobs.remove_member(job, member)
        messages.success(request, _("Removed from the team. It works at once."))
        is_left = access.jobs(access.person(request)).filter(pk=job.pk).exists()
        return redirect("hr:hiring_team", job.slug) if is_left else redirect("hr:jobs")

    return act(request, form, draw=_team_page(request, job, form), do=do)


def _others(job: Job) -> list[User]:
    """Return who could come onto the team."""
    others = access.deciders().exclude(pk__in=job.hiring_team.values("pk"))
    return list(others.order_by("last_name", "first_name", "pk"))


def _team_page(request: HttpRequest, job: Job, form: forms.Form) -> Draw:
    def draw(status: int) -> HttpResponse:
        team = job.hiring_team.order_by("last_name", "first_name", "pk")
        context = {
            "job": job,
            "members": [(each, _roles(each)) for each in team.prefetch_related("groups")],
            "form": form if isinstance(form, MemberForm) else MemberForm(people=_others(job)),
            "error": " ".join(map(str, form.non_field_errors())),
            "may_edit": access.may_edit_jobs(access.person(request)),
            "may_decide": access.deciders().filter(jobs=job).exists(),
        }
        return page(request, "hr/team.html", context, section="jobs", status=status)

    return draw


def _roles(user: User) -> str:
    """Return a member's roles in words, from the groups that were fetched with the team."""
    names = {group.name for group in user.groups.all()}
    said = [str(role.label) for role in access.Role if role in names]
    return ", ".join(said if user.is_active else [_("may not log in")])


# Criteria -------------------------------------------------------------------------------------


@form_methods
@access.allow(*access.DECIDERS)
def criteria_of(request: HttpRequest, slug: str) -> HttpResponse:
    job = access.get_job(request, slug)
    verb = request.POST.get("do", "add")
    if request.method == "POST" and verb != "add":
        return _change_criterion(request, job, verb)
    form = CriterionForm(request.POST if request.method == "POST" else None)

    def do(values: dict[str, Any]) -> HttpResponse:
        criteria.add(job, values["name"])
        return redirect("hr:criteria", slug)

    return act(request, form, draw=_criteria_page(request, job, form), do=do)


def _change_criterion(request: HttpRequest, job: Job, verb: str) -> HttpResponse:
    criterion = get_object_or_404(job.criteria, pk=_id(request.POST.get("criterion")))
    verbs: dict[str, Callable[[dict[str, Any]], None]] = {
        "rename": lambda values: criteria.rename(criterion, values["name"]),
        "up": lambda values: criteria.shift(criterion, up=True),
        "down": lambda values: criteria.shift(criterion, up=False),
        "remove": lambda values: criteria.remove(criterion),
    }
    if verb not in verbs:
        raise Http404
    form = CriterionForm(request.POST) if verb == "rename" else forms.Form(request.POST)

    def do(values: dict[str, Any]) -> HttpResponse:
        verbs[verb](values)
        return redirect("hr:criteria", job.slug)

    return act(request, form, draw=_criteria_page(request, job, form, criterion), do=do)


def _criteria_page(
    request: HttpRequest, job: Job, form: forms.Form, criterion: Criterion | None = None
) -> Draw:
    """Return what draws the page; what was wrong with a criterion's name stays in its field."""

    def draw(status: int) -> HttpResponse:
        rows = [
            (each, form["name"].value() if each == criterion and "name" in form.fields else "")
            for each in job.criteria.order_by("position")
        ]
        # What is wrong with a new one stands at its field.
        fields = form.errors if criterion else [NON_FIELD_ERRORS]
        errors = [text for name in fields for text in form.errors.get(name, [])]
        context = {
            "job": job,
            "rows": rows,
            "form": form if criterion is None else CriterionForm(),
            "error": " ".join(map(str, errors)),
            "wrong": criterion,
        }
        return page(request, "hr/criteria.html", context, section="jobs", status=status)

    return draw
