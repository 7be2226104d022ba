"""Staged files: what the script of the application form calls, one file a request.

The plain form needs none of this; both end in `storage.uploads.stage`, with the same verdicts.
"""

from uuid import UUID

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from candidates import limits
from candidates.forms.files import held_sentence
from candidates.views.applying import browser, given
from candidates.views.visitor import held_until
from storage import uploads
from storage.backends import StorageDown

#: How many forms' worth of files a browser session may have staged: it may have several open.
FORMS = 3


@login_not_required
@never_cache
@require_POST
def stage(request: HttpRequest) -> HttpResponse:
    """Take in one file, `attachments`: 201 with its token, or a refusal with its sentence.

    `token` is what the form sends as `staged`; it is of use to this browser session alone.
    """
    files = given(request)
    if len(files) != 1:
        return refusal(400, "one-file", _("Choose one file and add it again."))
    now = timezone.now()
    if until := held_until(request, limits.UPLOADS, now=now):
        name = uploads.clean_name(files[0].name or "")
        return refusal(429, "too-many", held_sentence(until), name)
    session = browser(request, start=True)
    uploads.make_room(session, most=FORMS * settings.ATS_MAX_FILES, now=now)
    try:
        attachment = uploads.stage(files[0], session=session, now=now)
    except uploads.Refused as refused:
        return refusal(422, refused.code, refused.message, refused.name)
    except StorageDown:
        sentence = _("Files cannot be stored just now. Try again in a few minutes.")
        return refusal(503, "storage-down", sentence, uploads.clean_name(files[0].name or ""))
    return JsonResponse(
        {
            "token": attachment.pk,
            "name": attachment.name,
            "size": attachment.size,
            "verdict": attachment.verdict,
        },
        status=201,
    )


@login_not_required
@never_cache
@require_POST
def remove(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Take a staged file away again. What is not this session's stays, without a word of it."""
    if session := browser(request, start=False):
        uploads.discard(pk, session=session, now=timezone.now())
    return HttpResponse(status=204)


def refusal(status: int, code: str, message: str, name: str = "") -> JsonResponse:
    return JsonResponse({"code": code, "message": message, "name": name}, status=status)
