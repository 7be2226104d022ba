"""The gate: while the database is older than the storage's ledger, the site stays closed.

After a restore the dead are back until `manage.py ledger replay` has erased them again; until then
nobody may see them. See docs/decisions/closed-while-behind.md.
"""

from collections.abc import Callable
from logging import getLogger
from threading import Event, Lock, Thread
from time import monotonic

from django.db import connections
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.template.loader import render_to_string
from django.utils import translation

from ats.middleware import GetResponse, drain
from candidates import ledger
from candidates.ledger import Behind
from storage.backends import StorageError

log = getLogger("ats")

#: What is answered nevertheless: whoever watches must learn why all else is not.
OPEN = frozenset({"/health/"})
#: For how many seconds a look counts, by whether it found the site open.
SECONDS = {True: 60, False: 5}
#: How long the first request waits for the first look.
PATIENCE = 5
#: After how many seconds a browser may ask again.
RETRY_AFTER = 120

PLAIN = "503: We are just putting things in order. Please come back in a few minutes.\n"


class Knowledge:
    """What this process last knew: whether the site is open. Before the first look it is not.

    Looks are taken by a thread of their own: a storage that does not answer must hold up nobody,
    and changes nothing about what was known.
    """

    def __init__(self, look: Callable[[], Behind | None] = ledger.behind) -> None:
        self._look = look
        self._looking = Lock()
        self.forget()

    def forget(self) -> None:
        """Know as little as a new process."""
        self.is_open = False
        self._said: Behind | None = None
        self._looked, self._next = Event(), float("-inf")

    def learn(self, behind: Behind | None) -> None:
        """Take note of what a look found."""
        if behind and behind != self._said:
            log.error("The site is closed. %s", behind)
        self._said, self.is_open = behind, behind is None
        self._next = monotonic() + SECONDS[self.is_open]
        self._looked.set()

    def ask(self) -> bool:
        """Return whether the site is open, and see to it that this is soon known again."""
        if monotonic() >= self._next and self._looking.acquire(blocking=False):
            Thread(target=self._look_once, name="ledger-gate", daemon=True).start()
        self._looked.wait(PATIENCE)
        return self.is_open

    def _look_once(self) -> None:
        try:
            self.learn(self._look())
        except StorageError as error:
            log.warning("Storage does not say whether the ledger is behind: %s", error.code)
            self._next = monotonic() + SECONDS[self.is_open]
        except Exception:  # whatever it is, nothing new is known
            log.exception("It cannot be said whether the ledger is behind")
            self._next = monotonic() + SECONDS[self.is_open]
        finally:
            connections.close_all()
            self._looking.release()
            self._looked.set()


knowledge = Knowledge()


class ClosedWhileBehind:
    """Answers 503 to everything but `OPEN` as long as the site is closed; needs no database."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path_info in OPEN or knowledge.ask():
            return self.get_response(request)
        drain(request)
        return closed(request)


def closed(request: HttpRequest) -> HttpResponse:
    """Return the page of a closed site, in the visitor's language."""
    headers = {"Retry-After": str(RETRY_AFTER), "Cache-Control": "no-store"}
    try:
        with translation.override(translation.get_language_from_request(request)):
            body = render_to_string("503.html")
    except Exception:  # an answer must come, whatever the page is built with
        log.exception("The page for 503 failed")
        return HttpResponse(PLAIN, status=503, headers=headers, content_type="text/plain")
    return HttpResponse(body, status=503, headers=headers)
