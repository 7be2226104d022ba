"""`manage.py reset_login ADDRESS`: for the administrator whose phone is lost."""

from typing import Any

from django.core.management import BaseCommand, CommandError, CommandParser

from ats import accounts
from ats.factors import proof
from candidates.models import User


class Command(BaseCommand):
    help = "Takes away a user's password and second factor, and sends the link to begin again."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("address", help="The e-mail address that the user logs in with.")

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(email=options["address"].lower(), is_active=True).first()
        if user is None:
            raise CommandError("No user who may log in has this address.")
        proof.begin_again(user)
        accounts.invite(user)
        self.stdout.write("Taken away. A mail with the link to set a password is on its way.")
