"""The key to a room: a cookie of half an hour, for what a link from a mail has opened.

It names the token that opened the room, so that a link that is replaced shuts the room too, and a
purge leaves nothing behind that it could open. The number of its row would not do: after a restore
that may come again, for somebody else's token. It goes to `/my/` alone.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache

from candidates.models import Application, Token
from candidates.room import LASTS

COOKIE = "room"
PATH = "/my/"

#: A page of the room: it is given the application whose room is open.
RoomView = Callable[..., HttpResponseBase]

Response = TypeVar("Response", bound=HttpResponseBase)


def name(token: Token) -> str:
    """Return what no other token is called, now or later."""
    return f"{token.pk}-{token.digest[:16]}"


def unlock(response: Response, token: Token) -> Response:
    """Give the browser the key to the room that this token opens, for another half hour."""
    response.set_signed_cookie(
        COOKIE,
        name(token),
        salt=COOKIE,
        path=PATH,
        secure=settings.HTTPS,
        httponly=True,
        samesite="Strict",
    )
    return response


def shut(response: Response) -> Response:
    """Take the key from the browser."""
    response.delete_cookie(COOKIE, path=PATH, samesite="Strict")
    return response


def key(request: HttpRequest) -> Token | None:
    """Return the token whose room this browser has open, or None."""
    named = request.get_signed_cookie(
        COOKIE, default="", salt=COOKIE, max_age=int(LASTS.total_seconds())
    )
    number, _dash, mark = (named or "").partition("-")
    if not mark:
        return None
    tokens = Token.objects.valid(timezone.now()).filter(purpose=Token.Purpose.ROOM)
    return (
        tokens.filter(pk=number, digest__startswith=mark).select_related("application__job").first()
    )


def in_room(view: RoomView) -> RoomView:
    """Open a view to whoever has a room open: `view(request, application, …)`; others are told."""

    @login_not_required
    @never_cache
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        token = key(request)
        if token is None:
            return shut(render(request, "room/over.html", status=403))
        application: Application = token.application
        response = view(request, application, *args, **kwargs)
        if COOKIE in response.cookies or not Token.objects.filter(pk=token.pk).exists():
            return response
        return unlock(response, token)

    return guarded
