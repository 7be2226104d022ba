"""The applicant's room: where the application stands, and what its person can do."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, NamedTuple

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from candidates import reads, requests, retention, room, told, why
from candidates.forms.room import RequestForm
from candidates.models import Application, Request
from candidates.models.holds import UNTIL_ANSWERED
from candidates.pipeline import ChangeNotAllowed
from candidates.templatetags.halbjahr import drawing, face
from candidates.views.roomkey import in_room, shut, unlock

form_methods = require_http_methods(["GET", "HEAD", "POST"])


@require_safe
@in_room
def home(request: HttpRequest, application: Application) -> HttpResponse:
    return _home(request, application)


def _home(
    request: HttpRequest, application: Application, *, error: str = "", status: int = 200
) -> HttpResponse:
    now = timezone.now()
    seen = told.Told(reads.with_story(application), now)
    context = {
        "application": application,
        "now": now,
        "today": retention.local_date(now),
        "told": seen,
        "seems_open": seen.seems_open,
        "why": why.why_for_applicant(application, now),
        "clock": _clock(seen),
        "mails": [(mail, told.text(mail)) for mail in seen.mails],
        "letter": told.text(seen.letter) if seen.letter else "",
        "error": error,
    }
    return render(request, "room/home.html", context, status=status)


def _clock(seen: told.Told) -> dict[str, Any]:
    """Return the circle of a closed application, and until when something keeps it."""
    if seen.span is None:
        return {}
    until, early_at = seen.held_until, seen.application.early_at
    shown = face(seen.span.start, seen.span.end, until, seen.now, early_at)
    last_day = retention.local_date(until - timedelta(microseconds=1)) if until else None
    return {
        "css": shown.css,
        "svg": drawing(shown.inside),
        "is_held": until is not None,
        "held_until": last_day if until != UNTIL_ANSWERED else None,
    }


# What can be done ---------------------------------------------------------------------------


def _act(
    request: HttpRequest, application: Application, do: Callable[[], object], *, said: str
) -> HttpResponse:
    """Do what was asked and say so in the room; what the rules refuse becomes a sentence there."""
    try:
        do()
    except ChangeNotAllowed as refusal:
        fresh = Application.objects.select_related("job").filter(pk=application.pk).first()
        if fresh is None:
            return shut(render(request, "room/over.html", status=403))
        return _home(request, fresh, error=str(refusal), status=409)
    messages.success(request, said)
    return _back()


def _back() -> HttpResponse:
    return HttpResponseRedirect(reverse("room:home"), status=303)


@form_methods
@in_room
def withdraw(request: HttpRequest, application: Application) -> HttpResponse:
    now = timezone.now()
    if request.method == "POST":
        said = _("Your application is withdrawn. A mail confirms it.")
        return _act(request, application, lambda: room.withdraw(application, now=now), said=said)
    if not room.seems_open(application):
        return _back()
    # As if it were decided now, whatever has been decided that nobody has been told of.
    today, months = retention.local_date(now), settings.ATS_RETENTION_MONTHS
    context = {"application": application, "gone": retention.delete_on(today, months=months)}
    return render(request, "room/withdraw.html", context)


@form_methods
@in_room
def erase(request: HttpRequest, application: Application) -> HttpResponse:
    """Mail the link that confirms an erasure at once; a closed application asks for it instead."""
    now = timezone.now()
    if request.method == "POST":
        said = _("A mail is on its way to you. Press the button behind its link to erase all.")
        return _act(request, application, lambda: room.ask_erasure(application, now=now), said=said)
    if not room.seems_open(application):
        return redirect("room:request", Request.Kind.ERASURE.value)
    return render(request, "room/erase.html", {"application": application})


class Offer(NamedTuple):
    """How a kind of request is put to the person who may want it."""

    heading: Promise
    brings: Promise
    button: Promise
    css: str = "primary"


OFFERS = {
    Request.Kind.ACCESS: Offer(
        gettext_lazy("Ask for a full copy"),
        gettext_lazy(
            "You get everything that we have of you, also what was noted about you. Our privacy "
            "officer puts it together within a month and takes out what is about other people. "
            "Until then nothing is erased, so that the copy is complete."
        ),
        gettext_lazy("Ask for the copy"),
    ),
    Request.Kind.RESTRICTION: Offer(
        gettext_lazy("Restrict the use of your data"),
        gettext_lazy(
            "Until we have answered, within a month, only our privacy officer sees your "
            "application. Nobody decides on it, and it is not erased."
        ),
        gettext_lazy("Restrict"),
    ),
    Request.Kind.OBJECTION: Offer(
        gettext_lazy("Object to the use of your data"),
        gettext_lazy(
            "Only our privacy officer then sees your application, and answers you within a month. "
            "If your objection is upheld, the application is withdrawn, if it was open, and "
            "erased at once. An objection does not prolong the time for which we keep it."
        ),
        gettext_lazy("Object"),
    ),
    Request.Kind.ERASURE: Offer(
        gettext_lazy("Ask for early erasure"),
        gettext_lazy(
            "Two people here check whether anything speaks against it, such as a legal claim, and "
            "answer you within a month. Without it everything is erased on its day."
        ),
        gettext_lazy("Ask for the erasure"),
        "danger",
    ),
}


@form_methods
@in_room
def ask(request: HttpRequest, application: Application, kind: str) -> HttpResponse:
    """Take in a request under the GDPR; one that is pending is shown in the room."""
    if kind not in OFFERS:
        raise Http404
    if kind == Request.Kind.ERASURE and room.seems_open(application):
        return redirect("room:erase")
    form = RequestForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        return _register(request, application, Request.Kind(kind), form.cleaned_data["text"])
    if application.requests.pending().filter(kind=kind).exists():
        return _back()
    offer = OFFERS[Request.Kind(kind)]
    context = {"application": application, "form": form, "kind": kind, "offer": offer}
    return render(request, "room/request.html", context, status=422 if form.errors else 200)


def _register(
    request: HttpRequest, application: Application, kind: Request.Kind, text: str
) -> HttpResponse:
    now = timezone.now()
    return _act(
        request,
        application,
        lambda: requests.register(application, kind, text=text, by=None, now=now),
        said=_("We have your request. A mail confirms it."),
    )


@require_POST
@in_room
def certificate(request: HttpRequest, application: Application) -> HttpResponse:
    wanted, now = request.POST.get("wanted") == "yes", timezone.now()
    said = _("You get a certificate when all is erased.") if wanted else _("You get none.")
    return _act(
        request,
        application,
        lambda: room.wish_certificate(application, wanted=wanted, now=now),
        said=said,
    )


@require_POST
@in_room
def replace(request: HttpRequest, application: Application) -> HttpResponse:
    """Let all links stop working; the room stays open in this browser alone."""
    kept = []
    response = _act(
        request,
        application,
        lambda: kept.append(room.replace_link(application, now=timezone.now())),
        said=_("All former links have stopped working. A mail brings you a new one."),
    )
    return unlock(response, kept[0]) if kept else response


@require_POST
@in_room
def leave(request: HttpRequest, application: Application) -> HttpResponse:
    return shut(HttpResponseRedirect(reverse("careers:jobs"), status=303))
