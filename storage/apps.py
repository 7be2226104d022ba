from logging import getLogger
from typing import Any

from django.apps import AppConfig
from django.apps import apps as installed
from django.db.models.signals import post_migrate


class StorageConfig(AppConfig):
    name = "storage"

    def ready(self) -> None:
        from storage import among  # noqa: F401  it registers a lookup

        post_migrate.connect(mark_folder, sender=self)


def mark_folder(*, using: str, apps: Any = installed, **_options: object) -> None:
    """Mark the folder for attachments, with `migrate`: at each installation and update.

    One without the files that rows know of is left unmarked: it may be the place of a volume
    that is not mounted. In one that is marked, files take the names that this release looks for.
    """
    from storage.backends import Folder, StorageError, attachment_store
    from storage.folder import MARK

    store = attachment_store()
    if not isinstance(store, Folder):
        return
    try:
        if store.is_marked():
            store.rename_parts()
            return
        if store.has_attachments() or not _has_rows(apps, using):
            store.mark()
            return
        why = "The database knows of files that it does not hold"
    except StorageError as error:
        why = error.code
    getLogger("ats").warning(
        "The folder of ATS_STORAGE_URL is not marked as ours: %s. Mount it; or, if it is the right"
        " one, create the file %s in it.",
        why,
        MARK,
    )


def _has_rows(apps: Any, using: str) -> bool:
    try:
        models = [apps.get_model("storage", name) for name in ("Attachment", "Tombstone")]
    except LookupError:  # migrated back to the beginning
        return False
    return any(model.objects.using(using).exists() for model in models)
