from django.apps import AppConfig
from django.contrib.admin import apps as admin


class AtsConfig(AppConfig):
    name = "ats"
    default = True

    def ready(self) -> None:
        from ats import checks  # registers the system checks
        from storage import bounded

        checks.require_libmagic()
        checks.make_upload_folder()
        bounded.clean()


class AdminConfig(admin.AdminConfig):
    """Stands in INSTALLED_APPS for django.contrib.admin, with our own site."""

    default = False
    default_site = "ats.admin.Site"
