"""How our second factors differ from allauth's defaults."""

import secrets
from base64 import urlsafe_b64encode
from hashlib import sha256
from typing import Any

from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.mfa.stages import AuthenticateStage
from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from candidates.models import User

from .proof import factors, is_proven


class Adapter(DefaultMFAAdapter):  # type: ignore[misc]
    error_messages = DefaultMFAAdapter.error_messages | {
        "cannot_delete_authenticator": _(
            "This is your only second factor. Add another one first; then you can remove it."
        ),
        "cannot_generate_recovery_codes": _(
            "Recovery codes stand in for a second factor. Add a passkey or an app first."
        ),
        "incorrect_code": _(
            "This code is not right. Codes of an app change every 30 seconds and work once:"
            " type the one that it shows now."
        ),
    }

    def get_totp_issuer(self) -> str:
        return str(settings.ATS_OPERATOR["name"])

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        return {"id": self.request.get_host().partition(":")[0], "name": self.get_totp_issuer()}

    def generate_authenticator_name(self, user: User, type: str) -> str:  # noqa: A002
        number = Authenticator.objects.filter(user=user, type=type).count() + 1
        if number == 1:
            return gettext("Passkey")
        return gettext("Passkey %(number)d") % {"number": number}

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        """The last one stays where one is needed: its owner could do nothing but add another."""
        others = factors(authenticator.user).exclude(pk=authenticator.pk)
        return not settings.ATS_SECOND_FACTOR or others.exists()

    def encrypt(self, text: str) -> str:
        """Keep secrets of apps and recovery codes so that a copy of the database has none."""
        return _fernet().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """Return the secret, or after a change of ATS_SECRET_KEY one that fits no code at all."""
        try:
            return _fernet().decrypt(encrypted_text.encode()).decode()
        except InvalidToken:
            return secrets.token_hex(40).translate(str.maketrans("0189", "2222"))


def _fernet() -> Fernet:
    key = sha256(b"ats.factors.adapter" + settings.SECRET_KEY.encode()).digest()
    return Fernet(urlsafe_b64encode(key))


class Stage(AuthenticateStage):  # type: ignore[misc]
    """Asks for the second factor at log-in, unless the provider that we trust has."""

    def _should_handle(self, request: HttpRequest) -> bool:
        asked: Any = super()._should_handle(request)
        return bool(asked) and not is_proven(request, self.login.user)
