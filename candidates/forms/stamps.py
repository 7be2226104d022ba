"""The form's stamp: a signed moment that tells people from programs that send at once.

It never costs an application: a form whose stamp is missing, broken or too young comes back once
with all that it held, and then goes through. An old one is as good as any.
"""

from datetime import UTC, datetime, timedelta

from django.core.signing import BadSignature, Signer

#: Nobody reads the form and fills in three fields in less.
LEAST = timedelta(seconds=3)

#: The name of the field that nobody sees, and that programs fill in.
BAIT = "comments"

#: What stands before the moment of a form that has come back: it need not wait.
ASKED = "asked "


def made(now: datetime) -> str:
    """Return the stamp of a form that is shown for the first time."""
    return _signer().sign(str(now.timestamp()))


def asked(now: datetime) -> str:
    """Return the stamp of a form that was sent and came back."""
    return _signer().sign(f"{ASKED}{now.timestamp()}")


def kept(stamp: str, *, now: datetime) -> str:
    """Return the stamp of a form that is shown again without having been sent."""
    return stamp if _read(stamp) else made(now)


def passes(stamp: str, *, bait: str, now: datetime) -> bool:
    """Return whether a form may be sent without asking once more."""
    text = _read(stamp)
    if text is None or text.startswith(ASKED):
        return text is not None
    return not bait and now - datetime.fromtimestamp(float(text), UTC) >= LEAST


def _read(stamp: str) -> str | None:
    try:
        return _signer().unsign(stamp)
    except BadSignature:
        return None


def _signer() -> Signer:
    return Signer(salt="candidates.apply")
