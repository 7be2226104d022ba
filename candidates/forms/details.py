"""What people put right of themselves in their room: name and phone, and another address."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from candidates.forms.apply import ApplyForm, Line
from candidates.models import Application


def as_applied(name: str) -> forms.Field:
    """Return a field of the application form: what it takes there, it takes here."""
    return ApplyForm.base_fields[name]


class DetailsForm(forms.Form):
    first_name = as_applied("first_name")
    last_name = as_applied("last_name")
    phone = as_applied("phone")

    clean_phone = ApplyForm.clean_phone

    def __init__(self, data: Any = None, *, application: Application) -> None:
        initial = {name: getattr(application, name) for name in self.base_fields}
        super().__init__(data, initial=initial)


class AddressForm(forms.Form):
    email = Line(
        max_length=254, error_messages={"required": gettext_lazy("Enter the new e-mail address.")}
    )

    clean_email = ApplyForm.clean_email
