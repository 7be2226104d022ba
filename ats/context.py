"""What every template may use, from the settings."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from ats import brand


def site(request: HttpRequest) -> dict[str, Any]:
    return {
        "operator": settings.ATS_OPERATOR,
        "site_url": settings.ATS_SITE_URL,
        "has_logo": bool(settings.ATS_LOGO),
        "has_picture": brand.has_picture(),
        "has_accent": any(settings.ATS_ACCENT),
        "max_file_mb": settings.ATS_MAX_FILE_MB,
        "max_files": settings.ATS_MAX_FILES,
        "oidc_name": settings.ATS_OIDC_NAME if settings.SOCIALACCOUNT_PROVIDERS else "",
        "retention_months": settings.ATS_RETENTION_MONTHS,
    }
