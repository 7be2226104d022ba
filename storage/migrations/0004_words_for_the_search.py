"""The words of attachments as the search compares them, and what finds them on PostgreSQL."""

from django.db import migrations, models

from storage.folding import vocabulary
from storage.searching import SCHEMA, WITHOUT

BATCH = 200


def fold_words(apps, schema_editor):
    """Fill what the search compares, in batches: a text may have 200,000 characters."""
    words = apps.get_model("storage", "Words")
    batch = []
    for row in words.objects.order_by("pk").iterator(BATCH):
        row.folded = vocabulary(row.text)
        batch.append(row)
        if len(batch) == BATCH:
            words.objects.bulk_update(batch, ["folded"])
            batch.clear()
    words.objects.bulk_update(batch, ["folded"])


def index_words(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        for statement in SCHEMA:
            schema_editor.execute(statement, params=None)


def forget_words(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        for statement in WITHOUT:
            schema_editor.execute(statement, params=None)


class Migration(migrations.Migration):
    dependencies = [("storage", "0003_viewing")]

    operations = [
        migrations.AddField(
            model_name="words",
            name="folded",
            field=models.TextField(default="", editable=False),
        ),
        # First, so that the rows are written as they are to lie.
        migrations.RunPython(index_words, forget_words),
        migrations.RunPython(fold_words, migrations.RunPython.noop),
    ]
