"""Style sheets, scripts and images, collected as `make run` does without ATS_DEBUG."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.management import call_command
from pytest_django import Settings

TEMPLATES = Path(settings.BASE_DIR) / "templates"
STATIC = re.compile(r"""{%\s*static\s+["']([^"']+)["']""")


@pytest.fixture
def collected(settings: Settings, tmp_path: Path) -> None:
    settings.STATIC_ROOT = str(tmp_path)
    settings.STORAGES = settings.STORAGES | {
        "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"}
    }
    call_command("collectstatic", verbosity=0, interactive=False)


def test_every_file_that_a_template_names_is_there(collected: None) -> None:
    names = {
        name for path in TEMPLATES.rglob("*.html") for name in STATIC.findall(path.read_text())
    }
    assert names
    for name in names:
        # Raises for a name that no file bears; what is served bears its content's hash.
        assert staticfiles_storage.url(name).startswith("/static/")
