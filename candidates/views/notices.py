"""The pages that the law asks for, made from the settings that the code runs on."""

from datetime import timedelta

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from candidates import legal
from storage.uploads import STAGED_FOR


@login_not_required
@require_safe
def privacy(request: HttpRequest) -> HttpResponse:
    context = {
        "basis": legal.basis().label,
        "version": settings.ATS_POLICY_VERSION,
        "session_hours": settings.SESSION_COOKIE_AGE // 3600,
        "staged_hours": STAGED_FOR // timedelta(hours=1),
    }
    return render(request, "careers/privacy.html", context)


@login_not_required
@require_safe
def imprint(request: HttpRequest) -> HttpResponse:
    return render(request, "careers/imprint.html")
