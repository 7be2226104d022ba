"""The list of applications."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from candidates import access, paging, reads
from candidates.access import Role
from candidates.forms.hr import FilterForm
from candidates.models import Stage, User
from candidates.views.page import page


@require_safe
@access.allow(*access.READERS)
def applications(request: HttpRequest) -> HttpResponse:
    user = access.person(request)
    seen = access.applications(user)
    form = _filters(request, user)
    found = paging.cut(
        form.narrow(reads.with_hold(seen.select_related("job", "stage"))),
        order=("delete_on", "id") if form.by_deletion else ("-received_at", "-id"),
        scope=seen,
        query=request.GET,
    )
    context = {
        "form": form,
        "page": found,
        "has_speculative": access.has(user, Role.RECRUITER, Role.PRIVACY_OFFICER),
    }
    return page(request, "hr/applications.html", context, section="applications")


def _filters(request: HttpRequest, user: User) -> FilterForm:
    jobs = list(access.jobs(user))
    chosen = [job for job in jobs if job.slug == request.GET.get("job")]
    stages = Stage.objects.filter(job__in=chosen).order_by("position") if chosen else ()
    form = FilterForm(request.GET, jobs=jobs, stages=stages)
    form.is_valid()
    return form
