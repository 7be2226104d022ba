"""What finds names in parts on PostgreSQL, and what puts the list in the order of names."""

import django.db.models.functions.text
from django.core.management.base import CommandError
from django.db import DatabaseError, migrations, models, transaction

WHAT_TO_DO = (
    "The search needs PostgreSQL's extension pg_trgm, and this user may not create it or the "
    "server does not have it. It comes with PostgreSQL (on Debian in the package "
    "postgresql-contrib or postgresql itself). Have the owner of the database run once: "
    "CREATE EXTENSION pg_trgm; then migrate again."
)


def index_names(apps, schema_editor):
    connection = schema_editor.connection
    if connection.vendor != "postgresql":
        return
    try:
        with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
            cursor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    except DatabaseError as error:
        raise CommandError(WHAT_TO_DO) from error
    schema_editor.execute(
        "CREATE INDEX application_search ON candidates_application USING gin (folded gin_trgm_ops)"
    )


def forget_names(apps, schema_editor):
    """Leave the extension: others may use it."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP INDEX IF EXISTS application_search")


class Migration(migrations.Migration):
    dependencies = [("candidates", "0009_templates_and_reasons")]

    operations = [
        migrations.AddIndex(
            model_name="application",
            index=models.Index(
                django.db.models.functions.text.Lower("last_name"),
                django.db.models.functions.text.Lower("first_name"),
                models.F("id"),
                name="application_names",
            ),
        ),
        migrations.RunPython(index_names, forget_names),
    ]
