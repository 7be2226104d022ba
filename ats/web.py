"""What gunicorn is told beside its flags: `gunicorn ats.wsgi --config python:ats.web`."""

from typing import Any

#: For how many seconds a browser may send nothing in the midst of a request, or take nothing.
SILENCE = 30


def pre_request(worker: object, request: Any) -> None:
    """Give up on browsers that have gone without a word, as telephones do in a tunnel.

    gunicorn's threads would wait for the rest of a body for ever; a handful of such uploads,
    and nobody is served any more. What is given up is answered as a broken form.
    """
    request.unreader.sock.settimeout(SILENCE)
