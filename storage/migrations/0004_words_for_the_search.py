"""The words of attachments as the search compares them, and what finds them on PostgreSQL."""

from django.db import migrations, models

from storage.folding import vocabulary
from storage.searching import LEXEMES

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
    """On SQLite, which is for small firms, each word is looked for in each text."""
    if schema_editor.connection.vendor == "postgresql":
        column = LEXEMES % '"folded"'
        schema_editor.execute(f"CREATE INDEX words_search ON storage_words USING gin (({column}))")


def forget_words(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP INDEX IF EXISTS words_search")


class Migration(migrations.Migration):
    dependencies = [("storage", "0003_viewing")]

    operations = [
        migrations.AddField(
            model_name="words",
            name="folded",
            field=models.TextField(default="", editable=False),
        ),
        migrations.RunPython(fold_words, migrations.RunPython.noop),
        migrations.RunPython(index_words, forget_words),
    ]
