"""allauth's forms for codes and passkeys, made to withstand what is sent to them."""

import struct
from typing import TYPE_CHECKING, Any

from allauth.mfa.adapter import get_adapter
from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from allauth.mfa.webauthn.forms import (
    AddWebAuthnForm,
    AuthenticateWebAuthnForm,
    LoginWebAuthnForm,
    ReauthenticateWebAuthnForm,
)
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from django import forms
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from .proof import Type

if TYPE_CHECKING:
    Form = forms.Form
else:
    Form = object

#: How long an app's code could be taken, in seconds: its own period and one before and after.
CODE_LIVES = 90

REFUSED = _("The passkey was not accepted. Try it once more, or log in another way.")


#: What the decoders of WebAuthn raise for bytes that are none.
JUNK = (
    *(TypeError, ValueError, LookupError, AttributeError, ArithmeticError, RecursionError),
    *(struct.error, InvalidSignature, UnsupportedAlgorithm),
)


class Once(Form):
    """Takes no code of an app twice: who has read it over a shoulder comes too late."""

    def clean_code(self) -> str:
        code = str(super().clean_code())  # type: ignore[misc]
        one = self.authenticator  # type: ignore[attr-defined]
        digits = "".join(filter(str.isalnum, code))
        name = salted_hmac("ats.factors.forms", f"{one.pk} {digits}").hexdigest()
        if one.type == Type.TOTP and not cache.add(f"code-{name}", True, CODE_LIVES):
            raise get_adapter().validation_error("incorrect_code")
        return code


class Code(Once, AuthenticateForm):  # type: ignore[misc]
    pass


class CodeAgain(Once, ReauthenticateForm):  # type: ignore[misc]
    pass


class Answer(forms.JSONField):
    """What a browser answers for a passkey. Raises ValidationError for what is none at all."""

    def to_python(self, value: Any) -> Any:
        try:
            found = super().to_python(value)
        except RecursionError:
            found = None
        if not isinstance(found, dict):
            raise ValidationError(REFUSED, code="refused")
        return found


class Careful(Form):
    """Refuses what is no passkey's answer, in words for passkeys."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["credential"] = Answer(widget=forms.HiddenInput)

    def clean_credential(self) -> Any:
        return careful(
            getattr(super(), "clean_credential", lambda: self.cleaned_data["credential"])
        )

    def clean(self) -> Any:
        return careful(super().clean)


def careful(clean: Any) -> Any:
    """Return what a step of allauth's checks returns. Raises ValidationError and nothing else.

    A stranger's bytes go through decoders there, which raise all kinds of errors.
    """
    try:
        return clean()
    except ValidationError as error:
        if error.code != "incorrect_code":
            raise
    except JUNK:
        pass
    raise ValidationError(REFUSED, code="refused")


class NewPasskey(Careful, AddWebAuthnForm):  # type: ignore[misc]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"] = forms.CharField(required=False, max_length=60)
        self.fields.pop("passwordless", None)  # all of them are


class Passkey(Careful, AuthenticateWebAuthnForm):  # type: ignore[misc]
    pass


class PasskeyAlone(Careful, LoginWebAuthnForm):  # type: ignore[misc]
    pass


class PasskeyAgain(Careful, ReauthenticateWebAuthnForm):  # type: ignore[misc]
    pass
