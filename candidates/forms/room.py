"""Forms of the applicant's room."""

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from candidates.forms.apply import UNSTORABLE, Line, check_email


class LostForm(forms.Form):
    """Whoever has lost the link to their room says their address."""

    email = Line(max_length=254, error_messages={"required": _("Enter your e-mail address.")})

    def clean_email(self) -> str:
        address: str = self.cleaned_data["email"].removeprefix("mailto:").strip("<> ")
        check_email(address)
        return address


class RequestForm(forms.Form):
    """What an applicant asks for, in words if they like."""

    text = forms.CharField(
        required=False,
        max_length=5000,
        error_messages={
            "max_length": _("Shorten this to %(limit_value)d characters; it has %(show_value)d.")
        },
    )

    def clean_text(self) -> str:
        text: str = self.cleaned_data["text"]
        if UNSTORABLE.search(text):
            raise ValidationError(
                _("This contains characters that cannot be stored. Type it in by hand.")
            )
        return text
