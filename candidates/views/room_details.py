"""What we have of an applicant, in their room: their details and documents, theirs to change."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe
from django_q.tasks import async_task

from candidates import room
from candidates.forms.apply import to_uuid
from candidates.forms.details import AddressForm, DetailsForm
from candidates.forms.files import Files, earlier, refusals
from candidates.models import Application
from candidates.pipeline import ChangeNotAllowed
from candidates.views import applying
from candidates.views.downloads import fetch, status_of
from candidates.views.page import sent
from candidates.views.roomkey import in_room
from storage import uploads

form_methods = require_http_methods(["GET", "HEAD", "POST"])

# Details ------------------------------------------------------------------------------------


@form_methods
@in_room
def details(request: HttpRequest, application: Application) -> HttpResponse:
    form = DetailsForm(sent(request), application=application)
    if form.is_valid():
        try:
            changed = room.correct(application, now=timezone.now(), **form.cleaned_data)
        except ChangeNotAllowed as refusal:
            return _form(request, "room/details.html", application, form, refusal=refusal)
        said = _("Your details are corrected.") if changed else _("Nothing was different.")
        return _home(request, said)
    return _form(request, "room/details.html", application, form)


@form_methods
@in_room
def address(request: HttpRequest, application: Application) -> HttpResponse:
    form = AddressForm(sent(request))
    if form.is_valid():
        try:
            room.ask_address(application, now=timezone.now(), **form.cleaned_data)
        except ChangeNotAllowed as refusal:
            return _form(request, "room/address.html", application, form, refusal=refusal)
        return _home(
            request,
            _("A mail is on its way to the new address. Press the button behind its link there."),
        )
    return _form(request, "room/address.html", application, form)


def _form(
    request: HttpRequest,
    template: str,
    application: Application,
    form: forms.Form,
    *,
    refusal: ChangeNotAllowed | None = None,
) -> HttpResponse:
    """Draw a form with what is wrong with it, or why the rules refuse it now."""
    status = 422 if form.errors else 200
    if refusal:
        form.add_error(None, str(refusal))
        status = 429 if isinstance(refusal, room.TooManyAddresses) else 409
    return render(request, template, {"application": application, "form": form}, status=status)


def _home(request: HttpRequest, said: str) -> HttpResponse:
    """Go to the room and say it there: without a name or an address, for it is a cookie."""
    messages.success(request, said)
    return HttpResponseRedirect(reverse("room:home"), status=303)


# Documents ----------------------------------------------------------------------------------


@form_methods
@in_room
def files(request: HttpRequest, application: Application) -> HttpResponse:
    """Show the documents, or take in what the form for more of them brings."""
    if request.method != "POST" or not room.seems_open(application):
        return _documents(request, application, Files(most=room.left(application)))
    desk = _desk(request, application)
    if {"remove", "add"} & request.POST.keys() or desk.troubles:
        return _documents(request, application, desk)
    if not desk.kept:
        return _nothing_new(request, application, desk)
    return _add(request, application, desk)


def _desk(request: HttpRequest, application: Application) -> Files:
    """Return the files that the form brings; those that are here by now it has brought before."""
    here = set(application.attachments.values_list("pk", flat=True))
    brought = request.POST.getlist("staged")
    tokens = [token for token in brought if to_uuid(token) not in here]
    most = max(room.left(application), 0)
    return applying.desk(request, now=timezone.now(), tokens=tokens, most=most)


def _nothing_new(request: HttpRequest, application: Application, desk: Files) -> HttpResponse:
    """Answer a form without a new file: an empty one, or the second click on one taken in."""
    if request.POST.getlist("staged"):
        return _back(request)
    error = _("Choose a file first.")
    return _documents(request, application, desk, error=error, status=422)


def _add(request: HttpRequest, application: Application, desk: Files) -> HttpResponse:
    now, ids = timezone.now(), [file.pk for file in desk.kept]
    session = applying.browser(request, start=False)
    try:
        count = room.add(application, ids, session=session, now=now)
    except uploads.UploadGone:
        if application.attachments.filter(pk__in=ids).count() == len(ids):
            return _back(request)  # a second click, while the first one was at work
        gone = earlier(map(str, ids), session=session, now=now, most=desk.most)
        return _documents(request, application, gone)
    except ChangeNotAllowed as refusal:
        return _documents(request, application, desk, error=str(refusal), status=409)
    async_task("candidates.tasks.prepare_attachments")  # the minutely schedule would do it too
    said = ngettext("Your document is here.", "Your %(n)s documents are here.", count)
    messages.success(request, said % {"n": count})
    return _back(request)


def _back(request: HttpRequest) -> HttpResponse:
    return HttpResponseRedirect(reverse("room:files"), status=303)


def _documents(
    request: HttpRequest,
    application: Application,
    desk: Files,
    *,
    error: str = "",
    status: int | None = None,
) -> HttpResponse:
    """Draw the documents, and the form for more with what has been put up for it."""
    seems_open = room.seems_open(application)
    if request.method == "POST" and not seems_open:
        error, status = _("This application is closed. It takes no more documents."), 409
    context = {
        "application": application,
        "now": timezone.now(),
        "seems_open": seems_open,
        "files": desk,
        "refusals": refusals(),
        "sheet": {"faults": len(desk.troubles)},
        "error": error,
        "action": reverse("room:files"),
        "address": reverse("room:files"),
        "left": max(room.left(application), 0),
        "max_files": desk.most,
    }
    return render(request, "room/files.html", context, status=status or _status(desk))


def _status(desk: Files) -> int:
    # With a 5xx the session that a first file has just begun would not reach the browser.
    if desk.down and not desk.news:
        return 503
    return 422 if desk.troubles else 200


@form_methods
@in_room
def remove(request: HttpRequest, application: Application, pk: UUID) -> HttpResponse:
    """Ask whether a document is to go, and have it go."""
    document = room.usable(application).filter(pk=pk).first()
    context: dict[str, Any] = {"application": application, "document": document}
    if request.method != "POST":
        get_object_or_404(room.usable(application), pk=pk)
        return render(request, "room/remove.html", context)
    try:
        gone = room.remove(application, attachment=pk, now=timezone.now())
    except ChangeNotAllowed as refusal:
        return render(request, "room/remove.html", context | {"error": str(refusal)}, status=409)
    said = _("The document is erased.") if gone else _("This document was not here any more.")
    messages.success(request, said)
    return _back(request)


@require_safe
@in_room
def file(request: HttpRequest, application: Application, pk: UUID) -> HttpResponseBase:
    """Hand a person their own document. The read log has the looks of others, so not this one."""
    document = get_object_or_404(application.attachments, pk=pk)
    response = fetch(document)
    if isinstance(response, str):
        context = {"application": application, "document": document, "why": response}
        return render(request, "room/no_file.html", context, status=status_of(response))
    return response
