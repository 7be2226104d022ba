"""The full copy on the privacy officer's desk: gone through, struck, looked at again, released."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import NON_FIELD_ERRORS
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from candidates import access, copies, requests
from candidates.access import Role
from candidates.forms.copies import StrikeForm
from candidates.models import Request
from candidates.pipeline import ChangeNotAllowed
from candidates.views import opened
from candidates.views.page import dialog, page, sent
from candidates.views.requests import back


def _asked(request: HttpRequest, pk: UUID) -> Request:
    """Return a request for access; no other has a copy."""
    asked = access.get_request(request, pk)
    if asked.kind != Request.Kind.ACCESS:
        raise Http404
    return asked


@require_http_methods(["GET", "HEAD", "POST"])
@access.allow(Role.PRIVACY_OFFICER)
def prepare(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Show everything that the copy would have; by POST, less what was struck. Stores nothing."""
    asked = _asked(request, pk)
    if asked.state != Request.State.OPEN:
        return redirect("hr:request", asked.pk)
    opened.record(request, asked.application)
    form = StrikeForm(sent(request), application=asked.application)
    status = 422 if form.is_bound and not form.is_valid() else 200
    return _draw(request, asked, form, now=timezone.now(), status=status)


@require_POST
@access.allow(Role.PRIVACY_OFFICER)
def release(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Ask whether the copy shall be released as it was struck; release it once that is said."""
    asked, now = _asked(request, pk), timezone.now()
    form = StrikeForm(request.POST, application=asked.application)
    if not form.is_valid():
        return _draw(request, asked, form, now=now, status=422)
    if "sure" not in request.POST:
        return _ask(request, asked, form, now)
    by, seen = access.person(request), form.cleaned_data["seen"]
    try:
        requests.release(asked, strikes=form.strikes, seen=seen, by=by, now=now)
    except ChangeNotAllowed as refusal:
        form.add_error(None, str(refusal))
        return _draw(request, asked, form, now=now, status=409)
    return back(request, asked, _("The copy is released. A mail tells the applicant."))


def _draw(
    request: HttpRequest, asked: Request, form: StrikeForm, *, now: datetime, status: int
) -> HttpResponse:
    content = copies.compile(asked.application, now)
    is_right = form.is_bound and form.errors.keys() <= {NON_FIELD_ERRORS}
    struck = copies.strike(content, form.strikes) if is_right else None
    context = {
        "asked": asked,
        "application": asked.application,
        "form": form,
        "struck": struck,
        "copy": struck.content if struck else content,
        "seen": copies.digest(content),
        "others": access.applications(access.person(request)).same_address(asked.application),
    }
    return page(request, "hr/copy.html", context, section="requests", status=status)


def _ask(request: HttpRequest, asked: Request, form: StrikeForm, now: datetime) -> HttpResponse:
    struck = copies.strike(copies.compile(asked.application, now), form.strikes)
    context: dict[str, Any] = {
        "asked": asked,
        "struck": struck,
        "days": requests.FETCH.days,
        "away": reverse("hr:request", args=[asked.pk]),
    }
    heading = _("Release the copy for %(name)s")
    draw = dialog(
        request,
        "hr/release_copy.html",
        asked.application,
        heading=heading,
        form=form,
        section="requests",
        **context,
    )
    return draw(200)
