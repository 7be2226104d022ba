"""Pages whose form comes back with what was typed, even where a request as such is refused.

For forms of strangers, who have no draft and no account: what they lose they may not type again.
"""

from collections.abc import Callable
from functools import partial
from typing import TypeVar

from django.http import HttpRequest, HttpResponse
from django.urls import Resolver404, resolve

Page = Callable[..., HttpResponse]
View = TypeVar("View", bound=Page)


def comes_back(again: Page) -> Callable[[View], View]:
    """Mark a view: `again` shows its form with what a request holds, and does nothing else.

    It is called in the view's place if the safety token is missing or stale. Texts that cannot be
    read reach the view itself, which has to name them.
    """

    def mark(view: View) -> View:
        view.__dict__["comes_back"] = again
        return view

    return mark


def form_of(request: HttpRequest) -> Callable[[HttpRequest], HttpResponse] | None:
    """Return what shows the form of this request's address again; None for most addresses."""
    try:
        match = resolve(request.path_info)
    except Resolver404:
        return None
    again: Page | None = getattr(match.func, "comes_back", None)
    return partial(again, **match.kwargs) if again else None
