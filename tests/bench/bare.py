"""The floor of a submission: the least that any system does with the same request.

The form is parsed, the file gets its verdict from the same inspection, its bytes go through the
same back end, and one row is written. Nobody is held off, thanked, mailed or remembered.
"""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any
from uuid import uuid4

from django.db import connection

from ats.wsgi import Request
from storage import filetypes
from storage.backends import attachment_store
from storage.models import new_key

ROW = """
    INSERT INTO storage_attachment (id, key, name, content_type, size, verdict, created_at,
        staged_by, staged_until, scan_attempts, finding, preparation, prepare_attempts, pages)
    VALUES (%s, %s, %s, %s, %s, 'clean', now(), 'bare', now(), 0, '', 'waiting', 0, 0)
"""


def submit(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
    request = Request(environ)
    file: Any = request.FILES["attachments"]
    path, key = Path(file.temporary_file_path()), new_key()
    verdict = filetypes.inspect(path, file.name)
    if not (verdict.accepted and request.POST["email"]):
        raise ValueError(verdict.code)
    with path.open("rb") as content:
        attachment_store().write(key, content, content_type=verdict.type)
    with connection.cursor() as cursor:
        cursor.execute(ROW, [uuid4(), key, file.name, verdict.type, file.size])
    request.close()
    start("303 See Other", [("Content-Length", "0"), ("Location", "/")])
    return [b""]
