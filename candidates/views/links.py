"""Links to an applicant's room: what they open or confirm, and those that were lost."""

from collections.abc import Callable

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from candidates import limits, room, tokens
from candidates.forms.room import LostForm
from candidates.models import Token
from candidates.pipeline import ChangeNotAllowed
from candidates.views import visitor
from candidates.views.roomkey import unlock

Purpose = Token.Purpose

#: How often links may be asked for from one address, and from the network around it.
LOST = (
    limits.Limit("lost-links-address", 10, limits.HOUR),
    limits.Limit("lost-links-network", 60, limits.HOUR),
)

form_methods = require_http_methods(["GET", "HEAD", "POST"])


@login_not_required
@never_cache
@form_methods
def link(request: HttpRequest, token: str) -> HttpResponse:
    """Show the button of a link; only pressing it acts, for mail scanners open links."""
    found = tokens.find(token, *ACTS, now=timezone.now())
    if found is None:
        return broken(request)
    if request.method != "POST":
        return _button(request, found)
    return ACTS[Purpose(found.purpose)](request, found)


def broken(request: HttpRequest) -> HttpResponse:
    """Answer every link that opens nothing, for whatever reason, in the same way."""
    return render(request, "room/broken.html", status=404)


def _button(
    request: HttpRequest, token: Token, *, error: str = "", status: int = 200
) -> HttpResponse:
    # Whoever opens it has the mail, or is a scanner of mails: nobody's name is there.
    context = {"purpose": token.purpose, "address": token.address, "error": error}
    return render(request, "room/link.html", context, status=status)


def _open(request: HttpRequest, token: Token) -> HttpResponse:
    return unlock(HttpResponseRedirect(reverse("room:home"), status=303), token)


def _erase(request: HttpRequest, token: Token) -> HttpResponse:
    try:
        outcome = room.erase(token, now=timezone.now())
    except ChangeNotAllowed as refusal:
        return _button(request, token, error=str(refusal), status=409)
    if outcome == room.Outcome.USED:
        return broken(request)
    return render(request, "room/done.html", {"outcome": outcome.value})


def _confirm_address(request: HttpRequest, token: Token) -> HttpResponse:
    try:
        done = room.confirm_address(token, now=timezone.now())
    except ChangeNotAllowed as refusal:
        return _button(request, token, error=str(refusal), status=409)
    return render(request, "room/done.html", {"outcome": "address"}) if done else broken(request)


#: What pressing a link's button does. Tokens of other purposes are no links.
ACTS: dict[Token.Purpose, Callable[[HttpRequest, Token], HttpResponse]] = {
    Purpose.ROOM: _open,
    Purpose.ADDRESS: _confirm_address,
    Purpose.ERASURE: _erase,
}


# Lost links ---------------------------------------------------------------------------------


@login_not_required
@never_cache
@form_methods
def lost(request: HttpRequest) -> HttpResponse:
    """Mail a lost link. The answer is the same for every address, and so is its time."""
    now = timezone.now()
    form = LostForm(request.POST if request.method == "POST" else None)
    if not form.is_valid():
        return render(request, "room/lost.html", {"form": form}, status=422 if form.errors else 200)
    again_at = visitor.held_until(request, LOST, now=now)
    if again_at:
        context = {"form": form, "again_at": again_at}
        return render(request, "room/lost.html", context, status=429)
    language = (get_language() or "de")[:2]
    room.ask_link(form.cleaned_data["email"], language=language, now=now)
    return render(request, "room/lost.html", {"form": LostForm(), "is_asked": True})
