"""Where a document's own template lies: on its author's machine, or somewhere that loads it."""

import re
from urllib.parse import unquote

SCHEME = re.compile(r"[a-z][a-z0-9+.-]+:", re.IGNORECASE)
DRIVE = re.compile(r"/*[a-z][:|]", re.IGNORECASE)
#: As macOS wrote paths once: Macintosh HD:Users:jane:Normal
MAC_PATH = re.compile(r"[^/:]+(:[^/:]+){2,}$")


def is_remote(target: str) -> bool:
    """Say whether a place is another machine's.

    Word notes its template in every document: Normal.dotm, C:\\…\\Resume.dotx, file:///Users/….
    """
    place = unquote(target).replace("\\", "/").strip().strip("\0")
    if place.lower().startswith("file:"):
        place = place[5:]
        if place.lower().startswith("//localhost/"):
            place = place[len("//localhost") :]
        elif place.startswith("///") and not place.startswith("////"):
            place = place[2:]
    if DRIVE.match(place):
        return False
    if place.startswith("//"):
        return True
    return bool(SCHEME.match(place)) and not MAC_PATH.match(place)
