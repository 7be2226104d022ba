"""The read log: who opened which application or file, and when. For the privacy officer."""

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from candidates import access, paging
from candidates.access import Role
from candidates.forms.reads import ReadsForm
from candidates.views.page import page


@require_safe
@access.allow(Role.PRIVACY_OFFICER)
def reads(request: HttpRequest) -> HttpResponse:
    user = access.person(request)
    seen = access.reads(user)
    form = ReadsForm(request.GET, applications=access.applications(user))
    narrowed = form.narrow(seen)
    if "application" in form.errors:  # one that is not there, or not this officer's to see
        raise Http404
    rows = narrowed.select_related("application__job", "employee", "by")
    found = paging.cut(rows, order=("-at", "-id"), scope=seen, query=request.GET)
    return page(request, "hr/reads.html", {"form": form, "page": found}, section="reads")
