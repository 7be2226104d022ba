"""Pages of the machine: health, robots.txt, and the mails of a development server."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse


@login_not_required
def health(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok\n", content_type="text/plain")


@login_not_required
def robots(request: HttpRequest) -> HttpResponse:
    return HttpResponse("User-agent: *\n", content_type="text/plain")


@login_not_required
def dev_mails(request: HttpRequest) -> HttpResponse:
    return HttpResponse("", content_type="text/plain")


@login_not_required
def dev_mail(request: HttpRequest, name: str) -> HttpResponse:
    return HttpResponse(name, content_type="text/plain")
