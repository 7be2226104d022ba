"""The applicant's room: where the application stands, and what its person can do."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from candidates import room
from candidates.models import Application
from candidates.views.roomkey import in_room, shut


@require_safe
@in_room
def home(request: HttpRequest, application: Application) -> HttpResponse:
    context = {
        "application": application,
        "now": timezone.now(),
        "seems_open": room.seems_open(application),
    }
    return render(request, "room/home.html", context)


@require_POST
@in_room
def leave(request: HttpRequest, application: Application) -> HttpResponse:
    return shut(redirect("careers:jobs"))
