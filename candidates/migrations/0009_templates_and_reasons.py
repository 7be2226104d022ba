"""Templates for mails and reasons for rejections to begin with, where there are none yet."""

from django.conf import settings
from django.db import migrations

from candidates.mail import shipped


def lay(apps, schema_editor):
    shipped.lay(
        apps.get_model("candidates", "MailTemplate").objects,
        apps.get_model("candidates", "Reason").objects,
        language=settings.LANGUAGE_CODE,
    )


class Migration(migrations.Migration):
    dependencies = [
        ("candidates", "0008_names_for_the_search"),
    ]

    operations = [
        migrations.RunPython(lay, migrations.RunPython.noop),
    ]
