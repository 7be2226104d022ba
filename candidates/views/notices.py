"""The pages that the law asks for, made from the settings that the code runs on."""

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from candidates import policy


@login_not_required
@require_safe
def privacy(request: HttpRequest) -> HttpResponse:
    context = {"parts": policy.notice(), "version": settings.ATS_POLICY_VERSION}
    return render(request, "careers/privacy.html", context)


@login_not_required
@require_safe
def imprint(request: HttpRequest) -> HttpResponse:
    return render(request, "careers/imprint.html")
