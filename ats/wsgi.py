"""The web application that gunicorn serves: `gunicorn ats.wsgi`."""

import os

from django.core.exceptions import SuspiciousOperation
from django.core.handlers.wsgi import WSGIHandler, WSGIRequest
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ats.settings")
get_wsgi_application()  # sets Django up


class Request(WSGIRequest):
    """A request whose Content-Type may be anything: RefuseUnreadable answers it."""

    has_no_type = False

    def _set_content_type_params(self, meta: dict[str, object]) -> None:
        # What Django 5.2 raises here, about an encoding or the query that it then reads, is
        # outside of all that would turn it into a page.
        try:
            super()._set_content_type_params(meta)  # type: ignore[misc]
        except (ValueError, LookupError, SuspiciousOperation):
            self.content_type, self.content_params, self._encoding = "", {}, None
            self.has_no_type = True


class Handler(WSGIHandler):
    request_class = Request


application = Handler()
