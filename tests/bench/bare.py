"""The floor of a submission: the least that any view of Django does with the same request.

The form is parsed, the file gets its verdict from the same inspection, its bytes go through the
same back end, and one row is written. Nobody is held off, thanked, mailed or remembered, and no
middleware looks at the request.
"""

from pathlib import Path
from typing import Any
from uuid import uuid4

from django.db import connection
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.test import override_settings
from django.urls import path

from ats.wsgi import Handler, Request
from storage import filetypes
from storage.backends import attachment_store
from storage.models import new_key

ROW = """
    INSERT INTO storage_attachment (id, key, name, content_type, size, verdict, created_at,
        staged_by, staged_until, scan_attempts, finding, preparation, prepare_attempts, pages)
    VALUES (%s, %s, %s, %s, %s, 'clean', now(), 'bare', now(), 0, '', 'waiting', 0, 0)
"""


def submit(request: HttpRequest, slug: str) -> HttpResponse:
    file: Any = request.FILES["attachments"]
    place, key = Path(file.temporary_file_path()), new_key()
    verdict = filetypes.inspect(place, file.name)
    if not (verdict.accepted and request.POST["email"]):
        raise ValueError(verdict.code)
    with place.open("rb") as content:
        attachment_store().write(key, content, content_type=verdict.type)
    with connection.cursor() as cursor:
        cursor.execute(ROW, [uuid4(), key, file.name, verdict.type, file.size])
    return HttpResponseRedirect(f"/jobs/{slug}/", status=303)


urlpatterns = [path("jobs/<slug:slug>/apply/", submit)]


class BareRequest(Request):
    urlconf = __name__


class Bare(Handler):
    request_class = BareRequest

    def load_middleware(self, is_async: bool = False) -> None:
        with override_settings(MIDDLEWARE=[]):
            super().load_middleware(is_async)


application = Bare()
