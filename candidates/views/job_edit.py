"""Making and editing a job, and its advert as applicants see it."""

from copy import copy
from datetime import date
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.forms.models import model_to_dict
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override
from django.views.decorators.http import require_http_methods, require_safe

from candidates import access, addresses, jobs, retention
from candidates.access import Role
from candidates.adverts import posting
from candidates.forms.jobs import JobForm, SourceForm
from candidates.models import Job, User
from candidates.views.page import Draw, act, page, sent

form_methods = require_http_methods(["GET", "HEAD", "POST"])

#: What an advert had better name, and why.
NO_PAY = gettext_lazy(
    "The advert names no pay range. Applicants must be told what the job pays before the first "
    "interview (Directive (EU) 2023/970, Art. 5); with the range in the advert they are."
)
NO_PLACE = gettext_lazy(
    "Search engines cannot list this job: they want the town, or that all of the work is remote."
)


def _today() -> date:
    return retention.local_date(timezone.now())


def advice(job: Job) -> list[str]:
    """Return what the advert lacks, in sentences; none of it keeps it from being published."""
    has_place = bool(job.locality or job.is_remote) and job.country in posting.countries()
    lacks = ((not job.names_its_pay, NO_PAY), (not has_place, NO_PLACE))
    return [str(sentence) for is_missing, sentence in lacks if is_missing]


# Making ---------------------------------------------------------------------------------------


@form_methods
@access.allow(Role.RECRUITER)
def new_job(request: HttpRequest) -> HttpResponse:
    user, source = access.person(request), _source(request)
    form = JobForm(sent(request), instance=None, initial=_initial(source), today=_today())
    if "preview" in request.POST and form.is_valid():
        return draw_preview(request, form.instance, is_saved=False)

    def do(values: dict[str, Any]) -> HttpResponse:
        job = jobs.create(form.instance, by=user, source=source)
        messages.success(
            request, _("Saved as a draft. The preview shows the advert; there you publish it.")
        )
        return redirect("hr:edit_job", job.slug)

    draw = _drawn(request, None, form, source=source, sources=_sources(user, source))
    return act(request, form, draw=draw, do=do)


def _source(request: HttpRequest) -> Job | None:
    """Return the job that a new one starts from. Raises Http404 for one of somebody else's."""
    slug = request.POST.get("source") or request.GET.get("source")
    return get_object_or_404(access.jobs(access.person(request)), slug=slug) if slug else None


def _sources(user: User, source: Job | None) -> SourceForm:
    seen = access.jobs(user).only("slug", "title").order_by("title", "pk")
    return SourceForm(_chosen(source), jobs=seen)


def _chosen(source: Job | None) -> dict[str, str] | None:
    return {"source": source.slug} if source else None


def _initial(source: Job | None) -> dict[str, Any]:
    """Return what stands in the form of a new job: all of its source but the last day."""
    if source is None:
        return {"language": settings.LANGUAGE_CODE[:2], "kind": Job.Kind.FULL_TIME}
    return model_to_dict(source, fields=jobs.FIELDS) | {"apply_until": None}


# Editing --------------------------------------------------------------------------------------


@form_methods
@access.allow(Role.RECRUITER)
def edit_job(request: HttpRequest, slug: str) -> HttpResponse:
    user, job = access.person(request), access.get_job(request, slug)
    seen = jobs.digest(job)
    form = JobForm(sent(request), instance=copy(job), initial={"seen": seen}, today=_today())
    if "preview" in request.POST and form.is_valid():
        return draw_preview(request, form.instance, is_saved=False)

    def do(values: dict[str, Any]) -> HttpResponse:
        changed = jobs.change(job, form.values(), seen=values["seen"], by=user)
        messages.success(request, _saved(changed))
        return redirect("hr:edit_job", changed.slug)

    draw = _drawn(request, job, form)

    def draw_again(status: int) -> HttpResponse:
        if status == 409:  # what they have been told of now does not stand in the way again
            data = request.POST.copy()
            data["seen"] = seen
            form.data = data
        return draw(status)

    return act(request, form, draw=draw_again, do=do)


def _saved(job: Job) -> str:
    return _("Saved. Applicants see it at once.") if job.is_published else _("Saved.")


def _drawn(request: HttpRequest, job: Job | None, form: JobForm, **context: Any) -> Draw:
    """Return what draws the form of a job, with what others have entered before to choose from."""
    seen = access.jobs(access.person(request)).order_by()
    inside = {
        "job": job,
        "form": form,
        "teams": lambda: seen.values_list("team", flat=True).distinct().order_by("team")[:50],
        "places": lambda: seen.values_list("place", flat=True).distinct().order_by("place")[:50],
        "advice": advice(job) if job else [],
        **(_addresses(job) if job else {}),
    }

    def draw(status: int) -> HttpResponse:
        return page(request, "hr/edit_job.html", inside | context, section="jobs", status=status)

    return draw


def _addresses(job: Job) -> dict[str, str]:
    """Return where a job can be found and applied to, for those who tell others of it."""
    with override(job.language):
        mailto = addresses.mailto(job)
    return {
        "web_address": settings.ATS_SITE_URL + job.get_absolute_url(),
        "mail_address": addresses.of_job(job),
        "mailto": mailto,
    }


# Looking --------------------------------------------------------------------------------------


@require_safe
@access.allow(*access.READERS)
def preview_job(request: HttpRequest, slug: str) -> HttpResponse:
    return draw_preview(request, access.get_job(request, slug))


def draw_preview(
    request: HttpRequest, job: Job, *, is_saved: bool = True, error: str = "", status: int = 200
) -> HttpResponse:
    """Render the advert as applicants see it, below what can be done with it."""
    job.slug = job.slug or jobs.slug_of(job.title)
    context = {
        "job": job,
        "is_preview": True,
        "advice": advice(job),
        "is_saved": is_saved,
        "may_edit": access.may_edit_jobs(access.person(request)),
        "error": error,
    }
    return render(request, "careers/preview.html", context, status=status)
