"""Where a person's work begins."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_safe

from candidates import access
from candidates.access import Role
from candidates.views.page import page


@require_safe
def today(request: HttpRequest) -> HttpResponse:
    """Lead to the first page that the person's role has."""
    user = access.person(request)
    if access.may_decide(user):
        return redirect("hr:jobs")
    if access.has(user, Role.PRIVACY_OFFICER):
        return redirect("hr:retention")
    if access.has(user, Role.PERSONNEL):
        return redirect("hr:employees")
    if access.has(user, Role.ADMINISTRATOR):
        return redirect("admin:index")
    return page(request, "hr/no_role.html", {}, section="", status=403)
