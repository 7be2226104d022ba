"""System checks: what is set in a way that works, and should not stay so. Run at every start."""

import os
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Info, Tags, register
from django.core.checks import Warning as Caution
from django.core.exceptions import ImproperlyConfigured
from django.http.request import validate_host

from ats import brand

Apps = Sequence[AppConfig] | None

#: Caches that each process has for itself.
LONELY = ("LocMemCache", "DummyCache")


@register
def retention(app_configs: Apps, **kwargs: Any) -> list[CheckMessage]:
    if settings.ATS_RETENTION_MONTHS >= 3:
        return []
    return [
        Caution(
            f"ATS_RETENTION_MONTHS is {settings.ATS_RETENTION_MONTHS}: applications are gone while"
            " their claims still live.",
            hint="Under AGG § 15(4) claims are made within two months, under ArbGG § 61b sued for"
            " within three more. Set it to 3 or more, best to 6.",
            id="ats.W001",
        )
    ]


@register(Tags.security)
def debug(app_configs: Apps, **kwargs: Any) -> list[CheckMessage]:
    if not (settings.DEBUG and settings.ATS_SITE_URL.startswith("https://")):
        return []
    return [
        Caution(
            "ATS_DEBUG is on for a site with an https address: its error pages show everybody what"
            " is in memory, and its keys are known.",
            hint="Set ATS_DEBUG to false.",
            id="ats.W002",
        )
    ]


@register
def hosts(app_configs: Apps, **kwargs: Any) -> list[CheckMessage]:
    if validate_host(settings.SITE_HOST, settings.ALLOWED_HOSTS):
        return []
    return [
        Caution(
            "ATS_ALLOWED_HOSTS lacks the host of ATS_SITE_URL: links in mails lead nowhere.",
            hint=f"Add {settings.SITE_HOST} to ATS_ALLOWED_HOSTS.",
            id="ats.W003",
        )
    ]


@register(Tags.security, deploy=True)
def proxies(app_configs: Apps, **kwargs: Any) -> list[CheckMessage]:
    if not settings.ATS_SITE_URL.startswith("https://") or settings.ATS_TRUSTED_PROXIES:
        return []
    return [
        Caution(
            "ATS_SITE_URL is https and ATS_TRUSTED_PROXIES is 0: behind a proxy that speaks HTTPS,"
            " each page would redirect to itself.",
            hint="Set ATS_TRUSTED_PROXIES to 1, and see docs/operation.md for what the proxy sets.",
            id="ats.W004",
        )
    ]


@register(Tags.security, deploy=True)
def second_factor(app_configs: Apps, **kwargs: Any) -> list[CheckMessage]:
    if settings.ATS_SECOND_FACTOR:
        return []
    return [
        Caution(
            "ATS_SECOND_FACTOR is off: whoever learns one password reads applications.",
            hint="Turn it on, except where you only try Halbjahr out.",
            id="ats.W005",
        )
    ]


@register
def storage_folder(app_configs: Apps, **kwargs: Any) -> list[CheckMessage]:
    location = settings.STORAGES["attachments"]["OPTIONS"].get("location")
    if location is None or may_be_written(Path(location)):
        return []
    return [
        Error(
            f"The folder {location} cannot be written: nothing can be attached.",
            hint="Let the user that runs Halbjahr write it, or set ATS_STORAGE_URL to another.",
            id="ats.E001",
        )
    ]


@register
def virus_scan(app_configs: Apps, **kwargs: Any) -> list[CheckMessage]:
    if settings.CLAMD_URL:
        return []
    return [
        Info(
            "CLAMD_URL is not set: files are not scanned for viruses.",
            hint="Run clamd and set CLAMD_URL, such as unix:///run/clamav/clamd.ctl; see"
            " docs/operation.md.",
            id="ats.I001",
        )
    ]


def may_be_written(path: Path) -> bool:
    """Whether a folder can be written, or made if it is not there yet."""
    nearest = next(each for each in (path, *path.absolute().parents) if each.exists())
    return nearest.is_dir() and os.access(nearest, os.W_OK | os.X_OK)


@register(Tags.caches)
def cache(app_configs: Apps, **kwargs: Any) -> list[CheckMessage]:
    backend = settings.CACHES["default"]["BACKEND"]
    if not backend.endswith(LONELY):
        return []
    return [
        Error(
            f"The cache {backend} is one for each process: limits on log-ins do not hold.",
            hint="Use the database's table (the default) or set REDIS_URL.",
            id="ats.E002",
        )
    ]


@register
def logo(app_configs: Apps, **kwargs: Any) -> list[CheckMessage]:
    fault = brand.fault_of(Path(settings.ATS_LOGO)) if settings.ATS_LOGO else ""
    if not fault:
        return []
    return [
        Error(
            f"ATS_LOGO names {settings.ATS_LOGO!r}, {fault}",
            hint="Set it to an SVG, PNG or WebP file of at most"
            f" {brand.LARGEST // 1000} KB that the user that runs Halbjahr can read.",
            id="ats.E003",
        )
    ]


@register
def accent(app_configs: Apps, **kwargs: Any) -> list[CheckMessage]:
    if not any(settings.ATS_ACCENT):
        return []
    return [
        Error(
            f"ATS_ACCENT: {colour} is hard to read on {theme} ground, {ratio:.1f} to 1 where it"
            f" must be {brand.READABLE} to 1.",
            hint="Take a darker colour for the light theme, a lighter one for the dark theme.",
            id="ats.E004",
        )
        for theme, colour, ratio in brand.contrasts(settings.ATS_ACCENT)
        if ratio < brand.READABLE
    ]


def make_upload_folder() -> None:
    """Make the folder that uploads arrive in, or stop the start if others can look into it."""
    path = Path(settings.FILE_UPLOAD_TEMP_DIR)
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = path.lstat()
    except OSError as error:
        raise ImproperlyConfigured(
            f"The folder {path} for uploads cannot be made: {error.strerror}. Set ATS_UPLOAD_DIR to"
            " one that the user that runs Halbjahr can write."
        ) from error
    is_ours = os.geteuid() in {0, found.st_uid} and stat.S_ISDIR(found.st_mode)
    if not is_ours or found.st_mode & 0o077:
        raise ImproperlyConfigured(
            f"The folder {path} for uploads belongs to others, or is open to them. Take that away"
            " (chown, chmod 700), or set ATS_UPLOAD_DIR to another."
        )


def require_libmagic() -> None:
    """Stop the start if libmagic is missing. No check: those come after what imports it."""
    try:
        import magic  # noqa: F401  it looks for the library when it is imported
    except ImportError as error:
        raise ImproperlyConfigured(
            "libmagic is not here, and without it no file can be judged. On Debian and Ubuntu:"
            " apt-get install libmagic1; on macOS: brew install libmagic."
        ) from error
