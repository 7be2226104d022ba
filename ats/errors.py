"""Error pages: calm, in the visitor's language, and they say what to do next.

They need no database: it may be the very thing that failed.
"""

from collections.abc import Callable
from functools import partial
from logging import getLogger
from typing import Any

from django.conf import settings
from django.core.exceptions import (
    DisallowedHost,
    RequestDataTooBig,
    TooManyFieldsSent,
    TooManyFilesSent,
)
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.csrf import requires_csrf_token

from ats import keeping

logger = getLogger("ats")

#: What a template can print: also a function, called once the visitor's language is set.
Text = str | Promise | Callable[[], str]

UNKNOWN = _(
    "Your browser sent something that we cannot read. Go back, reload the page and try again."
)
ADDRESS = _(
    "The address holds characters that we cannot read. Check it for a typing error, or start from"
    " the list of jobs."
)
HOST = _(
    "This site does not answer to the name that your browser asked for. Open %(site)s instead."
)
COOKIES = _(
    "Your browser sent a cookie that we cannot read. Delete this site’s cookies and open the page"
    " again."
)
TOKEN = _(
    "Your browser did not send this page’s safety token. Allow cookies for this site, reload the"
    " page and add the file again."
)
ENCODING = _(
    "The form did not arrive as UTF-8 text. Go back, reload the page and send the form again; if"
    " that does not help, use another browser."
)
NO_TEXT = _(
    "The form holds a character that cannot be read (� or NUL), perhaps from copying. Go back, type"
    " that field anew and send the form again."
)
BROKEN = _(
    "The form did not arrive whole. Go back and send it again; if it has large files, on a"
    " connection that holds."
)
FIELDS = _("The form had more fields than ours has. Go back, reload the page and send it again.")
LONG = _("The text in the form is longer than we can take. Go back, shorten it and send it again.")


class Unreadable(Exception):
    """A request that no page can read. The text tells the visitor what to do."""

    def __init__(self, text: Text = "", *, status: int = 400) -> None:
        self.text, self.status = text, status


def sentence(error: BaseException | None) -> str:
    """Return what to tell the visitor about an error that Django raised on reading a request."""
    if isinstance(error, TooManyFilesSent):
        most = settings.ATS_MAX_FILES
        text = ngettext(
            "The form had too many files. Go back and choose one.",
            "The form had too many files. Go back and choose at most %(count)d.",
            most,
        )
        return text % {"count": most}
    if isinstance(error, DisallowedHost):
        return str(HOST) % {"site": settings.ATS_SITE_URL}
    return str(SENTENCES.get(type(error).__name__, UNKNOWN))


#: By the name of Django's exception; these are raised while a request is read.
SENTENCES: dict[str, str | Promise] = {
    RequestDataTooBig.__name__: LONG,
    TooManyFieldsSent.__name__: FIELDS,
    "MultiPartParserError": BROKEN,
    "UnreadablePostError": BROKEN,
    "SuspiciousMultipartForm": BROKEN,
    "LookupError": ENCODING,
    "UnicodeDecodeError": ENCODING,
}

PLAIN = "{status}: Something went wrong here. Please go back and try again.\n"


def page(request: HttpRequest, status: int, name: str = "", **context: Any) -> HttpResponse:
    """Return the error page of a status, in the visitor's language; to a script, its sentence."""
    language = getattr(request, "LANGUAGE_CODE", None)
    with translation.override(language or translation.get_language_from_request(request)):
        if request.META.get("HTTP_ACCEPT") == "application/json":
            return for_script(status, context.get("text", UNKNOWN))
        try:
            body = render_to_string(name or f"{status}.html", context, request)
        except Exception:  # an answer must come, whatever the page is built with
            logger.exception("The page for %s failed", status)
            return plain(status)
    response = HttpResponse(body, status=status)
    response["Cache-Control"] = "no-store"
    return response


def for_script(status: int, text: Text) -> HttpResponse:
    """Return what the script of the form shows of an error beside the file."""
    message = str(text() if callable(text) else text)
    found = JsonResponse({"code": f"http-{status}", "message": message, "name": ""}, status=status)
    found["Cache-Control"] = "no-store"
    return found


def plain(status: int) -> HttpResponse:
    return HttpResponse(PLAIN.format(status=status), status=status, content_type="text/plain")


def unreadable(request: HttpRequest, error: Unreadable) -> HttpResponse:
    return page(request, error.status, text=error.text)


def wrong_method(request: HttpRequest, refusal: HttpResponseBase) -> HttpResponse:
    """Return a page for an empty 405, which says what the address allows."""
    response = page(request, 405)
    response["Allow"] = refusal.get("Allow", "")
    return response


@requires_csrf_token
def bad_request(request: HttpRequest, exception: BaseException | None = None) -> HttpResponse:
    return page(request, 400, text=partial(sentence, exception))


@requires_csrf_token
def permission_denied(request: HttpRequest, exception: BaseException | None = None) -> HttpResponse:
    return page(request, 403)


@requires_csrf_token
def page_not_found(request: HttpRequest, exception: BaseException | None = None) -> HttpResponse:
    return page(request, 404)


@requires_csrf_token
def too_many_requests(request: HttpRequest) -> HttpResponse:
    return page(request, 429)


@requires_csrf_token
def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    # What came from another site is not shown as if the visitor had typed it here.
    again = keeping.form_of(request) if reason.startswith("CSRF ") else None
    return again(request) if again else page(request, 403, "403_csrf.html", text=TOKEN)


def server_error(request: HttpRequest) -> HttpResponse:
    """Return the page for an error of ours: from one file, without context or database."""
    try:
        with translation.override(translation.get_language_from_request(request)):
            return HttpResponse(render_to_string("500.html"), status=500)
    except Exception:  # an answer must come, whatever the page is built with
        logger.exception("The page for 500 failed")
        return plain(500)
