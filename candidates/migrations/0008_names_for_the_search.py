"""What the search compares is filled for the applications that are there already."""

from django.db import migrations

from storage.folding import fold, spellings

BATCH = 2_000


def fold_names(apps, schema_editor):
    """Fill what the search compares, in batches: a large table is not held in memory."""
    applications = apps.get_model("candidates", "Application")
    batch = []
    for row in applications.objects.only("first_name", "last_name", "email").iterator(BATCH):
        name = f"{row.first_name} {row.last_name}".strip()
        row.folded = f"{spellings(name)} {fold(row.email)}"
        batch.append(row)
        if len(batch) == BATCH:
            applications.objects.bulk_update(batch, ["folded"])
            batch.clear()
    applications.objects.bulk_update(batch, ["folded"])


class Migration(migrations.Migration):
    dependencies = [
        ("candidates", "0007_the_workspace"),
    ]

    operations = [
        migrations.RunPython(fold_names, migrations.RunPython.noop),
    ]
