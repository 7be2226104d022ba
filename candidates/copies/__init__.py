"""What a person takes away: at once what they gave (Art. 20 GDPR), on request all of it (Art. 15).

The first names nobody who works here, nothing that they noted, and nothing that has not been told.
The second has all that the database has of the person, less what the privacy officer struck for
the sake of others; `tables` says of each field in which section it stands, or why in none.
"""

from .archive import pack
from .full import compile, digest, released  # noqa: A004  the law's own word
from .standing import Standing, of_request, standing
from .striking import Strikes, Struck, ids, owns, strike
from .takeout import takeout

__all__ = [
    "Standing",
    "Strikes",
    "Struck",
    "compile",
    "digest",
    "ids",
    "of_request",
    "owns",
    "pack",
    "released",
    "standing",
    "strike",
    "takeout",
]
