"""Links to an applicant's room: what they open or confirm, and those that were lost."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from candidates import tokens
from candidates.models import Token
from candidates.views.roomkey import unlock


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def link(request: HttpRequest, token: str) -> HttpResponse:
    """Show the button of a link; only pressing it acts, for mail scanners open links."""
    found = tokens.find(token, Token.Purpose.ROOM, now=timezone.now())
    if found is None:
        return render(request, "room/broken.html", status=404)
    if request.method != "POST":
        return render(request, "room/link.html", {"token": found})
    return unlock(redirect("room:home"), found)


@login_not_required
@never_cache
@require_safe
def lost(request: HttpRequest) -> HttpResponse:
    return render(request, "room/lost.html")
