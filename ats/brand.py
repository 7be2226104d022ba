"""The operator's face: a logo in the head of the public pages, and a colour for what can be done.

Both come from the settings and are served from here; ats/checks.py holds them to the rules below.
"""

from hashlib import sha256
from pathlib import Path

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import ParseError, fromstring
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response
from django.views.decorators.http import require_safe
from PIL import Image, UnidentifiedImageError

TYPES = {".svg": "image/svg+xml", ".png": "image/png", ".webp": "image/webp"}
#: Bytes of a logo at most: it comes with every page.
LARGEST = 30_000
SVG = "{http://www.w3.org/2000/svg}svg"

# The grounds of look.css: --paper, --shade and --sheet in the light and the dark theme.
GROUNDS = {
    "light": ("#faf7f0", "#f3eee4", "#fffdf9"),
    "dark": ("#171512", "#1e1b17", "#25211c"),
}
#: What is written on the colour itself: --sheet in the light theme, --paper in the dark one.
ON_ACCENT = ("#fffdf9", "#171512")
#: How much of the colour is in the wash behind what it stands on.
WASH = 0.1
#: WCAG 2.2, 1.4.3.
READABLE = 4.5

# The logo ---------------------------------------------------------------------------------


def fault_of(path: Path) -> str:
    """Return what keeps a file from being a logo, as the end of a sentence, or ""."""
    if path.suffix.lower() not in TYPES:
        return "whose name does not end with .svg, .png or .webp."
    try:
        content = path.read_bytes()
    except OSError as error:
        return f"which cannot be read: {error.strerror}."
    if len(content) > LARGEST:
        return f"which has {len(content) // 1000} KB."
    shows = is_svg(content) if path.suffix.lower() == ".svg" else is_picture(path)
    return "" if shows else "which does not hold what its name says."


def is_svg(content: bytes) -> bool:
    try:
        return bool(fromstring(content).tag == SVG)
    except (ParseError, DefusedXmlException, ValueError):
        return False


def is_picture(path: Path) -> bool:
    """Return whether a file is a whole PNG or WebP, as its name says."""
    try:
        with Image.open(path, formats=[path.suffix[1:].upper()]) as picture:
            picture.verify()
    except (OSError, UnidentifiedImageError, SyntaxError, ValueError):
        return False
    return True


def has_picture() -> bool:
    """Return whether the logo is one that networks show beside a link; they take no SVG."""
    return Path(settings.ATS_LOGO).suffix.lower() in {".png", ".webp"}


@login_not_required
@require_safe
def logo(request: HttpRequest) -> HttpResponseBase:
    """Serve the logo; a script in an SVG does not run, wherever it is opened."""
    path = Path(settings.ATS_LOGO)
    try:
        content = path.read_bytes() if settings.ATS_LOGO else b""
    except OSError:
        content = b""
    if not content:
        raise Http404
    answer = HttpResponse(content, content_type=TYPES[path.suffix.lower()])
    answer["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
    answer["X-Content-Type-Options"] = "nosniff"
    return kept(request, answer)


# The colour -------------------------------------------------------------------------------


@login_not_required
@require_safe
def accent(request: HttpRequest) -> HttpResponseBase:
    if not any(settings.ATS_ACCENT):
        raise Http404
    return kept(request, HttpResponse(style(settings.ATS_ACCENT), content_type="text/css"))


def style(colours: tuple[str, str]) -> str:
    """Return a style sheet that puts the operator's colours in place of those of look.css."""
    pairs = {"accent": colours, "accent-ink": ON_ACCENT, "accent-wash": washes(colours)}
    lines = [f"  --{name}: light-dark({light}, {dark});" for name, (light, dark) in pairs.items()]
    return "\n".join([":root {", *lines, "}", ""])


def washes(colours: tuple[str, str]) -> tuple[str, str]:
    light, dark = colours
    return mixed(light, GROUNDS["light"][0]), mixed(dark, GROUNDS["dark"][0])


def mixed(colour: str, ground: str) -> str:
    """Return a ground with a little of a colour in it."""
    pairs = zip(channels(colour), channels(ground), strict=True)
    parts = [round(WASH * over + (1 - WASH) * under) for over, under in pairs]
    return "#" + "".join(f"{part:02x}" for part in parts)


def contrasts(colours: tuple[str, str]) -> list[tuple[str, str, float]]:
    """Return for each theme the colour and its lowest contrast to what it stands on."""
    themes = zip(GROUNDS.items(), colours, washes(colours), strict=True)
    return [
        (theme, colour, min(contrast(colour, ground) for ground in (*grounds, wash)))
        for (theme, grounds), colour, wash in themes
    ]


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colours, 1 to 21 (WCAG 2.2, contrast ratio)."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    """Return the relative luminance of a colour such as #1d5a3d, 0 to 1 (WCAG 2.2)."""
    red, green, blue = (linear(part / 255) for part in channels(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else float(((part + 0.055) / 1.055) ** 2.4)


def channels(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


# Both -------------------------------------------------------------------------------------


def kept(request: HttpRequest, answer: HttpResponse) -> HttpResponseBase:
    """Let browsers keep an answer for an hour, and then ask whether it is still the same."""
    answer["Cache-Control"] = "public, max-age=3600"
    etag = f'"{sha256(answer.content).hexdigest()[:32]}"'
    answer["ETag"] = etag
    found = get_conditional_response(request, etag=etag, response=answer)
    return found or answer
