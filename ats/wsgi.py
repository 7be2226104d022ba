"""The web application that gunicorn serves: `gunicorn ats.wsgi`."""

import gc
import os
from logging import getLogger

import django
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler, WSGIRequest
from django.utils.http import parse_header_parameters

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ats.settings")
django.setup(set_prefix=False)


class Request(WSGIRequest):
    """A request whose Content-Type may be anything: RefuseUnreadable answers it."""

    has_no_type = False

    def _set_content_type_params(self, meta: dict[str, str]) -> None:
        # Django 5.2 would also decode the query by whatever encoding the header names, and what
        # it raises here is outside of all that turns an error into a page.
        try:
            parsed = parse_header_parameters(meta.get("CONTENT_TYPE", ""))
        except (ValueError, LookupError):
            parsed, self.has_no_type = ("", {}), True
        self.content_type, self.content_params = parsed


class Handler(WSGIHandler):
    request_class = Request


if not (settings.CLAMD_URL or settings.DEBUG):
    getLogger("ats").info("CLAMD_URL is not set: files are not scanned for viruses.")
application = Handler()
# What is loaded by now stays: the collector need not look through it again during a request.
gc.collect()
gc.freeze()
