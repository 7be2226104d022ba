from django.apps import AppConfig


class AtsConfig(AppConfig):
    name = "ats"

    def ready(self) -> None:
        from ats import checks  # noqa: F401  registers the system checks
