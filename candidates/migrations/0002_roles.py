from django.db import migrations

ROLES = ("recruiter", "hiring_manager", "personnel", "privacy_officer", "administrator")


def create(apps, schema_editor):
    for name in ROLES:
        apps.get_model("auth", "Group").objects.get_or_create(name=name)


class Migration(migrations.Migration):
    dependencies = [("candidates", "0001_initial")]
    operations = [migrations.RunPython(create, migrations.RunPython.noop)]
